# Installs glauth with its completions and man pages:
#
#   make install                        below /usr/local
#   make install PREFIX=$HOME/.local
#   make install PREFIX=/usr DESTDIR=…  for packagers
#
# `make uninstall` removes the same files, and says what stays. packaging/build builds the binary: a static one if this
# machine can, else the plain one. To install only the plain binary, run `cargo install --locked --path .`

PREFIX ?= /usr/local
DESTDIR ?=
BINDIR = $(DESTDIR)$(PREFIX)/bin
SHARE = $(DESTDIR)$(PREFIX)/share
BASH = $(SHARE)/bash-completion/completions
ZSH = $(SHARE)/zsh/site-functions
FISH = $(SHARE)/fish/vendor_completions.d
MAN = $(SHARE)/man

.PHONY: build install uninstall

build:
	packaging/build

install: build
	install -d "$(BINDIR)" "$(BASH)" "$(ZSH)" "$(FISH)" "$(MAN)/man1" "$(MAN)/man5"
	install -m 755 target/shipped/glauth "$(BINDIR)/glauth"
	ln -sf glauth "$(BINDIR)/docker-credential-glauth"
	install -m 644 completions/glauth.bash "$(BASH)/glauth"
	install -m 644 completions/_glauth "$(ZSH)/_glauth"
	install -m 644 completions/glauth.fish "$(FISH)/glauth.fish"
	install -m 644 man/*.1 "$(MAN)/man1"
	install -m 644 man/*.5 "$(MAN)/man5"

uninstall:
	rm -f "$(BINDIR)/docker-credential-glauth"
	rm -f "$(BINDIR)/glauth" "$(BASH)/glauth" "$(ZSH)/_glauth" "$(FISH)/glauth.fish"
	cd man && for page in *.[15]; do rm -f "$(MAN)/man$${page##*.}/$$page"; done
	@echo "Not removed: logins, config.toml, git's and docker's configuration, timers. docs/moving.md says how to remove them."
