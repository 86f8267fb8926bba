# Installs glauth with its completions, man pages and licences:
#
#   make install                        below /usr/local
#   make install PREFIX=$HOME/.local
#   make install PREFIX=/usr DESTDIR=…  for packagers
#
# `make uninstall` removes the same files, and says what stays. packaging/build builds the binary: a static one if this
# machine can, else the plain one. To install only the plain binary, run `cargo install --locked --path .`
#
# `make install-files BINARY=…` installs the same files with a binary that exists. packaging/release makes the tarballs
# and the packages with it, so this is the only list of files.

PREFIX ?= /usr/local
DESTDIR ?=
BINARY = target/shipped/glauth
BINDIR = $(DESTDIR)$(PREFIX)/bin
SHARE = $(DESTDIR)$(PREFIX)/share
BASH = $(SHARE)/bash-completion/completions
ZSH = $(SHARE)/zsh/site-functions
FISH = $(SHARE)/fish/vendor_completions.d
MAN = $(SHARE)/man
# the name of the packages, since the LDAP server glauth has a package of that name
DOC = $(SHARE)/doc/glauth-cli
DOCS = CHANGELOG.md LICENSE-APACHE LICENSE-MIT

.PHONY: build install install-files uninstall

build:
	packaging/build

install: build
	@$(MAKE) --no-print-directory install-files

# docker calls `docker-credential-glauth`.
install-files:
	install -d "$(BINDIR)" "$(BASH)" "$(ZSH)" "$(FISH)" "$(MAN)/man1" "$(MAN)/man5" "$(DOC)"
	install -m 755 "$(BINARY)" "$(BINDIR)/glauth"
	ln -sf glauth "$(BINDIR)/docker-credential-glauth"
	install -m 644 completions/glauth.bash "$(BASH)/glauth"
	install -m 644 completions/_glauth "$(ZSH)/_glauth"
	install -m 644 completions/glauth.fish "$(FISH)/glauth.fish"
	install -m 644 man/*.1 "$(MAN)/man1"
	install -m 644 man/*.5 "$(MAN)/man5"
	install -m 644 $(DOCS) "$(DOC)"

uninstall:
	rm -f "$(BINDIR)/glauth" "$(BINDIR)/docker-credential-glauth"
	rm -f "$(BASH)/glauth" "$(ZSH)/_glauth" "$(FISH)/glauth.fish"
	cd man && for page in *.[15]; do rm -f "$(MAN)/man$${page##*.}/$$page"; done
	for file in $(DOCS); do rm -f "$(DOC)/$$file"; done
	rmdir "$(DOC)" 2>/dev/null || true
	@echo "Not removed: logins, config.toml, git's and docker's configuration, timers. docs/moving.md says how to remove them."
