# Installs glauth with its completions and man pages:
#
#   make install                        below /usr/local
#   make install PREFIX=$HOME/.local
#   make install PREFIX=/usr DESTDIR=…  for packagers
#
# `make uninstall` takes the same files away again. The binary is that of packaging/build: static where the
# machine can build that, else the plain one. For the plain one alone: `cargo install --locked --path .`

PREFIX ?= /usr/local
DESTDIR ?=
BINDIR = $(DESTDIR)$(PREFIX)/bin
SHARE = $(DESTDIR)$(PREFIX)/share
BASH = $(SHARE)/bash-completion/completions/glauth
ZSH = $(SHARE)/zsh/site-functions/_glauth
FISH = $(SHARE)/fish/vendor_completions.d/glauth.fish
MAN = $(patsubst man/%,$(SHARE)/man/man1/%,$(wildcard man/*.1))

.PHONY: build install uninstall

build:
	packaging/build

install: build
	install -D -m 755 target/shipped/glauth $(BINDIR)/glauth
	install -D -m 644 completions/glauth.bash $(BASH)
	install -D -m 644 completions/_glauth $(ZSH)
	install -D -m 644 completions/glauth.fish $(FISH)
	install -d $(SHARE)/man/man1
	install -m 644 man/*.1 $(SHARE)/man/man1

uninstall:
	rm -f $(BINDIR)/glauth $(BASH) $(ZSH) $(FISH) $(MAN)
