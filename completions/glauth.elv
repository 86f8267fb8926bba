
use builtin;
use str;

set edit:completion:arg-completer[glauth] = {|@words|
    fn spaces {|n|
        builtin:repeat $n ' ' | str:join ''
    }
    fn cand {|text desc|
        edit:complex-candidate $text &display=$text' '(spaces (- 14 (wcswidth $text)))$desc
    }
    fn names {|what|
        try {
            e:glauth completions --list $what 2>/dev/null | from-lines
        } catch {
            nop
        }
    }
    var completions = [
        &'glauth'= {
            cand -a 'Name of the login, if a host has several'
            cand --account 'Name of the login, if a host has several'
            cand --host 'Default host'
            cand --store 'Folder with the logins, or the address of a shared store'
            cand --config 'Configuration file'
            cand --lock-timeout 'Longest wait for another process''s refresh, such as `90s` or `2m`'
            cand --json 'Print results and errors as JSON'
            cand -q 'Print only results and errors'
            cand --quiet 'Print only results and errors'
            cand -v 'Explain decisions; repeat for each step'
            cand --verbose 'Explain decisions; repeat for each step'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
            cand -V 'Print version'
            cand --version 'Print version'
            cand login 'Log in with a browser or another device'
            cand token 'Print a working access token'
            cand exec 'Run a command with a token that stays valid'
            cand proxy 'Run a command whose requests get the token'
            cand refresh 'Refresh tokens before they expire'
            cand status 'Show your logins'
            cand logout 'Revoke a login and delete its tokens'
            cand switch 'Choose the account that a host means'
            cand rename 'Give an account another name'
            cand git-credential 'Answer git as a credential helper'
            cand setup-git 'Configure git to use glauth'
            cand docker-credential 'Answer docker and podman as a credential helper'
            cand setup-docker 'Configure docker and podman to use glauth'
            cand doctor 'Check the store, the servers and git'
            cand store 'Show where glauth keeps its files, and set up a store for several machines'
            cand completions 'Print shell completions'
            cand man 'Print a man page'
            cand help 'Explain a command'
        }
        &'glauth;login'= {
            names hosts
            cand --client-id 'Client id of the application at the server'
            cand --client-secret-file 'File with the client secret'
            cand --client-key-file 'File with the client''s private key (PEM)'
            cand --client-key-id 'Name of the key at the server (`kid`)'
            cand --client-key-audience 'What the key''s signature is for (`aud`)'
            cand --auth-method 'How to send the client secret (RFC 7591)'
            cand --scope 'Scope to ask for; can be repeated'
            cand --parameter 'Extra parameter for every request; can be repeated'
            cand --provider 'Kind of server'
            cand --ca-file 'Additional certificate authority (PEM)'
            cand --redirect-uri 'Redirect URI, as registered at the server'
            cand --authorization-endpoint 'Authorization endpoint (RFC 6749 §3.1)'
            cand --device-endpoint 'Device authorization endpoint (RFC 8628 §3.1)'
            cand --token-endpoint 'Token endpoint (RFC 6749 §3.2)'
            cand --revocation-endpoint 'Revocation endpoint (RFC 7009)'
            cand -a 'Name of the login, if a host has several'
            cand --account 'Name of the login, if a host has several'
            cand --host 'Default host'
            cand --store 'Folder with the logins, or the address of a shared store'
            cand --config 'Configuration file'
            cand --lock-timeout 'Longest wait for another process''s refresh, such as `90s` or `2m`'
            cand --device 'Consent on another device, such as a phone (RFC 8628)'
            cand --no-browser 'Print the address instead of opening a browser'
            cand --import 'Read a token response from standard input'
            cand --with-token 'Read a personal access token from standard input'
            cand --client-credentials 'Log in a machine with its own credentials'
            cand --standby 'Ask for a standby grant, too'
            cand --no-standby 'Ask for one grant only'
            cand --replace-scopes 'Ask for no other scopes than --scope'
            cand --json 'Print results and errors as JSON'
            cand -q 'Print only results and errors'
            cand --quiet 'Print only results and errors'
            cand -v 'Explain decisions; repeat for each step'
            cand --verbose 'Explain decisions; repeat for each step'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'glauth;token'= {
            names hosts
            cand --min-ttl 'Minimum remaining lifetime'
            cand --format 'Output format'
            cand -a 'Name of the login, if a host has several'
            cand --account 'Name of the login, if a host has several'
            cand --host 'Default host'
            cand --store 'Folder with the logins, or the address of a shared store'
            cand --config 'Configuration file'
            cand --lock-timeout 'Longest wait for another process''s refresh, such as `90s` or `2m`'
            cand --rejected 'Read a refused access token from standard input'
            cand --no-refresh 'Print only a stored, fresh token'
            cand --json 'Print results and errors as JSON'
            cand -q 'Print only results and errors'
            cand --quiet 'Print only results and errors'
            cand -v 'Explain decisions; repeat for each step'
            cand --verbose 'Explain decisions; repeat for each step'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'glauth;exec'= {
            names hosts
            cand --min-ttl 'Minimum remaining lifetime'
            cand --env 'Variable for the token; can be repeated'
            cand --fd 'File descriptor to read the token from, once'
            cand --token-file 'Variable for the path of a token file'
            cand -a 'Name of the login, if a host has several'
            cand --account 'Name of the login, if a host has several'
            cand --host 'Default host'
            cand --store 'Folder with the logins, or the address of a shared store'
            cand --config 'Configuration file'
            cand --lock-timeout 'Longest wait for another process''s refresh, such as `90s` or `2m`'
            cand --json 'Print results and errors as JSON'
            cand -q 'Print only results and errors'
            cand --quiet 'Print only results and errors'
            cand -v 'Explain decisions; repeat for each step'
            cand --verbose 'Explain decisions; repeat for each step'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'glauth;proxy'= {
            names hosts
            cand -a 'Name of the login, if a host has several'
            cand --account 'Name of the login, if a host has several'
            cand --host 'Default host'
            cand --store 'Folder with the logins, or the address of a shared store'
            cand --config 'Configuration file'
            cand --lock-timeout 'Longest wait for another process''s refresh, such as `90s` or `2m`'
            cand --json 'Print results and errors as JSON'
            cand -q 'Print only results and errors'
            cand --quiet 'Print only results and errors'
            cand -v 'Explain decisions; repeat for each step'
            cand --verbose 'Explain decisions; repeat for each step'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'glauth;refresh'= {
            names hosts
            cand --if-expiring 'Only tokens with less time left'
            cand --alert-after 'Report temporary failures only after this long'
            cand -a 'Name of the login, if a host has several'
            cand --account 'Name of the login, if a host has several'
            cand --host 'Default host'
            cand --store 'Folder with the logins, or the address of a shared store'
            cand --config 'Configuration file'
            cand --lock-timeout 'Longest wait for another process''s refresh, such as `90s` or `2m`'
            cand --all 'Refresh all logins, or all of HOST'
            cand --force 'Refresh now, even a login that has ended'
            cand --json 'Print results and errors as JSON'
            cand -q 'Print only results and errors'
            cand --quiet 'Print only results and errors'
            cand -v 'Explain decisions; repeat for each step'
            cand --verbose 'Explain decisions; repeat for each step'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'glauth;status'= {
            names hosts
            cand -a 'Name of the login, if a host has several'
            cand --account 'Name of the login, if a host has several'
            cand --host 'Default host'
            cand --store 'Folder with the logins, or the address of a shared store'
            cand --config 'Configuration file'
            cand --lock-timeout 'Longest wait for another process''s refresh, such as `90s` or `2m`'
            cand --check 'Ask each server whether the token works'
            cand --json 'Print results and errors as JSON'
            cand -q 'Print only results and errors'
            cand --quiet 'Print only results and errors'
            cand -v 'Explain decisions; repeat for each step'
            cand --verbose 'Explain decisions; repeat for each step'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'glauth;logout'= {
            names hosts
            cand -a 'Name of the login, if a host has several'
            cand --account 'Name of the login, if a host has several'
            cand --host 'Default host'
            cand --store 'Folder with the logins, or the address of a shared store'
            cand --config 'Configuration file'
            cand --lock-timeout 'Longest wait for another process''s refresh, such as `90s` or `2m`'
            cand --all 'Log out of all accounts, or of all at HOST'
            cand --forget 'Also forget the client id and the rest'
            cand --local 'Delete the tokens without revoking them'
            cand --json 'Print results and errors as JSON'
            cand -q 'Print only results and errors'
            cand --quiet 'Print only results and errors'
            cand -v 'Explain decisions; repeat for each step'
            cand --verbose 'Explain decisions; repeat for each step'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'glauth;switch'= {
            names hosts
            cand -a 'Name of the login, if a host has several'
            cand --account 'Name of the login, if a host has several'
            cand --host 'Default host'
            cand --store 'Folder with the logins, or the address of a shared store'
            cand --config 'Configuration file'
            cand --lock-timeout 'Longest wait for another process''s refresh, such as `90s` or `2m`'
            cand --json 'Print results and errors as JSON'
            cand -q 'Print only results and errors'
            cand --quiet 'Print only results and errors'
            cand -v 'Explain decisions; repeat for each step'
            cand --verbose 'Explain decisions; repeat for each step'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'glauth;rename'= {
            names hosts
            cand -a 'Name of the login, if a host has several'
            cand --account 'Name of the login, if a host has several'
            cand --host 'Default host'
            cand --store 'Folder with the logins, or the address of a shared store'
            cand --config 'Configuration file'
            cand --lock-timeout 'Longest wait for another process''s refresh, such as `90s` or `2m`'
            cand --json 'Print results and errors as JSON'
            cand -q 'Print only results and errors'
            cand --quiet 'Print only results and errors'
            cand -v 'Explain decisions; repeat for each step'
            cand --verbose 'Explain decisions; repeat for each step'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'glauth;git-credential'= {
            cand --timeout 'Lifetime of a kept password, in seconds'
            cand -a 'Name of the login, if a host has several'
            cand --account 'Name of the login, if a host has several'
            cand --host 'Default host'
            cand --store 'Folder with the logins, or the address of a shared store'
            cand --config 'Configuration file'
            cand --lock-timeout 'Longest wait for another process''s refresh, such as `90s` or `2m`'
            cand --json 'Print results and errors as JSON'
            cand -q 'Print only results and errors'
            cand --quiet 'Print only results and errors'
            cand -v 'Explain decisions; repeat for each step'
            cand --verbose 'Explain decisions; repeat for each step'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'glauth;setup-git'= {
            names hosts
            cand -a 'Name of the login, if a host has several'
            cand --account 'Name of the login, if a host has several'
            cand --host 'Default host'
            cand --store 'Folder with the logins, or the address of a shared store'
            cand --config 'Configuration file'
            cand --lock-timeout 'Longest wait for another process''s refresh, such as `90s` or `2m`'
            cand --undo 'Remove glauth from git''s configuration'
            cand --json 'Print results and errors as JSON'
            cand -q 'Print only results and errors'
            cand --quiet 'Print only results and errors'
            cand -v 'Explain decisions; repeat for each step'
            cand --verbose 'Explain decisions; repeat for each step'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'glauth;docker-credential'= {
            cand -a 'Name of the login, if a host has several'
            cand --account 'Name of the login, if a host has several'
            cand --host 'Default host'
            cand --store 'Folder with the logins, or the address of a shared store'
            cand --config 'Configuration file'
            cand --lock-timeout 'Longest wait for another process''s refresh, such as `90s` or `2m`'
            cand --json 'Print results and errors as JSON'
            cand -q 'Print only results and errors'
            cand --quiet 'Print only results and errors'
            cand -v 'Explain decisions; repeat for each step'
            cand --verbose 'Explain decisions; repeat for each step'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'glauth;setup-docker'= {
            names hosts
            cand -a 'Name of the login, if a host has several'
            cand --account 'Name of the login, if a host has several'
            cand --host 'Default host'
            cand --store 'Folder with the logins, or the address of a shared store'
            cand --config 'Configuration file'
            cand --lock-timeout 'Longest wait for another process''s refresh, such as `90s` or `2m`'
            cand --undo 'Remove glauth from both files'
            cand --json 'Print results and errors as JSON'
            cand -q 'Print only results and errors'
            cand --quiet 'Print only results and errors'
            cand -v 'Explain decisions; repeat for each step'
            cand --verbose 'Explain decisions; repeat for each step'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'glauth;doctor'= {
            names hosts
            cand -a 'Name of the login, if a host has several'
            cand --account 'Name of the login, if a host has several'
            cand --host 'Default host'
            cand --store 'Folder with the logins, or the address of a shared store'
            cand --config 'Configuration file'
            cand --lock-timeout 'Longest wait for another process''s refresh, such as `90s` or `2m`'
            cand --offline 'Contact no server'
            cand --json 'Print results and errors as JSON'
            cand -q 'Print only results and errors'
            cand --quiet 'Print only results and errors'
            cand -v 'Explain decisions; repeat for each step'
            cand --verbose 'Explain decisions; repeat for each step'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'glauth;store'= {
            cand -a 'Name of the login, if a host has several'
            cand --account 'Name of the login, if a host has several'
            cand --host 'Default host'
            cand --store 'Folder with the logins, or the address of a shared store'
            cand --config 'Configuration file'
            cand --lock-timeout 'Longest wait for another process''s refresh, such as `90s` or `2m`'
            cand --json 'Print results and errors as JSON'
            cand -q 'Print only results and errors'
            cand --quiet 'Print only results and errors'
            cand -v 'Explain decisions; repeat for each step'
            cand --verbose 'Explain decisions; repeat for each step'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
            cand info 'Show where glauth keeps its files'
            cand init 'Make the tables of a shared store'
            cand move 'Move logins between a folder and a shared store'
            cand check 'Check the database of a shared store'
            cand key 'Make and change the keys of a shared store'
            cand help 'Explain a command'
        }
        &'glauth;store;info'= {
            cand -a 'Name of the login, if a host has several'
            cand --account 'Name of the login, if a host has several'
            cand --host 'Default host'
            cand --store 'Folder with the logins, or the address of a shared store'
            cand --config 'Configuration file'
            cand --lock-timeout 'Longest wait for another process''s refresh, such as `90s` or `2m`'
            cand --json 'Print results and errors as JSON'
            cand -q 'Print only results and errors'
            cand --quiet 'Print only results and errors'
            cand -v 'Explain decisions; repeat for each step'
            cand --verbose 'Explain decisions; repeat for each step'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'glauth;store;init'= {
            cand -a 'Name of the login, if a host has several'
            cand --account 'Name of the login, if a host has several'
            cand --host 'Default host'
            cand --store 'Folder with the logins, or the address of a shared store'
            cand --config 'Configuration file'
            cand --lock-timeout 'Longest wait for another process''s refresh, such as `90s` or `2m`'
            cand --print 'Print the SQL, for an administrator to run'
            cand --json 'Print results and errors as JSON'
            cand -q 'Print only results and errors'
            cand --quiet 'Print only results and errors'
            cand -v 'Explain decisions; repeat for each step'
            cand --verbose 'Explain decisions; repeat for each step'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'glauth;store;move'= {
            cand -a 'Name of the login, if a host has several'
            cand --account 'Name of the login, if a host has several'
            cand --store 'Folder with the logins, or the address of a shared store'
            cand --config 'Configuration file'
            cand --lock-timeout 'Longest wait for another process''s refresh, such as `90s` or `2m`'
            cand --take-back 'Give up a move that was cut off, before the login arrived'
            cand --json 'Print results and errors as JSON'
            cand -q 'Print only results and errors'
            cand --quiet 'Print only results and errors'
            cand -v 'Explain decisions; repeat for each step'
            cand --verbose 'Explain decisions; repeat for each step'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'glauth;store;check'= {
            cand -a 'Name of the login, if a host has several'
            cand --account 'Name of the login, if a host has several'
            cand --host 'Default host'
            cand --store 'Folder with the logins, or the address of a shared store'
            cand --config 'Configuration file'
            cand --lock-timeout 'Longest wait for another process''s refresh, such as `90s` or `2m`'
            cand --json 'Print results and errors as JSON'
            cand -q 'Print only results and errors'
            cand --quiet 'Print only results and errors'
            cand -v 'Explain decisions; repeat for each step'
            cand --verbose 'Explain decisions; repeat for each step'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'glauth;store;key'= {
            cand -a 'Name of the login, if a host has several'
            cand --account 'Name of the login, if a host has several'
            cand --host 'Default host'
            cand --store 'Folder with the logins, or the address of a shared store'
            cand --config 'Configuration file'
            cand --lock-timeout 'Longest wait for another process''s refresh, such as `90s` or `2m`'
            cand --json 'Print results and errors as JSON'
            cand -q 'Print only results and errors'
            cand --quiet 'Print only results and errors'
            cand -v 'Explain decisions; repeat for each step'
            cand --verbose 'Explain decisions; repeat for each step'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
            cand new 'Print a new key'
            cand add 'Add a new key to a file'
            cand help 'Explain a command'
        }
        &'glauth;store;key;new'= {
            cand -a 'Name of the login, if a host has several'
            cand --account 'Name of the login, if a host has several'
            cand --host 'Default host'
            cand --store 'Folder with the logins, or the address of a shared store'
            cand --config 'Configuration file'
            cand --lock-timeout 'Longest wait for another process''s refresh, such as `90s` or `2m`'
            cand --json 'Print results and errors as JSON'
            cand -q 'Print only results and errors'
            cand --quiet 'Print only results and errors'
            cand -v 'Explain decisions; repeat for each step'
            cand --verbose 'Explain decisions; repeat for each step'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'glauth;store;key;add'= {
            cand -a 'Name of the login, if a host has several'
            cand --account 'Name of the login, if a host has several'
            cand --host 'Default host'
            cand --store 'Folder with the logins, or the address of a shared store'
            cand --config 'Configuration file'
            cand --lock-timeout 'Longest wait for another process''s refresh, such as `90s` or `2m`'
            cand --json 'Print results and errors as JSON'
            cand -q 'Print only results and errors'
            cand --quiet 'Print only results and errors'
            cand -v 'Explain decisions; repeat for each step'
            cand --verbose 'Explain decisions; repeat for each step'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'glauth;store;key;help'= {
            cand new 'Print a new key'
            cand add 'Add a new key to a file'
            cand help 'Explain a command'
        }
        &'glauth;store;key;help;new'= {
        }
        &'glauth;store;key;help;add'= {
        }
        &'glauth;store;key;help;help'= {
        }
        &'glauth;store;help'= {
            cand info 'Show where glauth keeps its files'
            cand init 'Make the tables of a shared store'
            cand move 'Move logins between a folder and a shared store'
            cand check 'Check the database of a shared store'
            cand key 'Make and change the keys of a shared store'
            cand help 'Explain a command'
        }
        &'glauth;store;help;info'= {
        }
        &'glauth;store;help;init'= {
        }
        &'glauth;store;help;move'= {
        }
        &'glauth;store;help;check'= {
        }
        &'glauth;store;help;key'= {
            cand new 'Print a new key'
            cand add 'Add a new key to a file'
        }
        &'glauth;store;help;key;new'= {
        }
        &'glauth;store;help;key;add'= {
        }
        &'glauth;store;help;help'= {
        }
        &'glauth;completions'= {
            cand -a 'Name of the login, if a host has several'
            cand --account 'Name of the login, if a host has several'
            cand --host 'Default host'
            cand --store 'Folder with the logins, or the address of a shared store'
            cand --config 'Configuration file'
            cand --lock-timeout 'Longest wait for another process''s refresh, such as `90s` or `2m`'
            cand --json 'Print results and errors as JSON'
            cand -q 'Print only results and errors'
            cand --quiet 'Print only results and errors'
            cand -v 'Explain decisions; repeat for each step'
            cand --verbose 'Explain decisions; repeat for each step'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'glauth;man'= {
            cand -a 'Name of the login, if a host has several'
            cand --account 'Name of the login, if a host has several'
            cand --host 'Default host'
            cand --store 'Folder with the logins, or the address of a shared store'
            cand --config 'Configuration file'
            cand --lock-timeout 'Longest wait for another process''s refresh, such as `90s` or `2m`'
            cand --json 'Print results and errors as JSON'
            cand -q 'Print only results and errors'
            cand --quiet 'Print only results and errors'
            cand -v 'Explain decisions; repeat for each step'
            cand --verbose 'Explain decisions; repeat for each step'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'glauth;help'= {
            cand login 'Log in with a browser or another device'
            cand token 'Print a working access token'
            cand exec 'Run a command with a token that stays valid'
            cand proxy 'Run a command whose requests get the token'
            cand refresh 'Refresh tokens before they expire'
            cand status 'Show your logins'
            cand logout 'Revoke a login and delete its tokens'
            cand switch 'Choose the account that a host means'
            cand rename 'Give an account another name'
            cand git-credential 'Answer git as a credential helper'
            cand setup-git 'Configure git to use glauth'
            cand docker-credential 'Answer docker and podman as a credential helper'
            cand setup-docker 'Configure docker and podman to use glauth'
            cand doctor 'Check the store, the servers and git'
            cand store 'Show where glauth keeps its files, and set up a store for several machines'
            cand completions 'Print shell completions'
            cand man 'Print a man page'
            cand help 'Explain a command'
        }
        &'glauth;help;login'= {
        }
        &'glauth;help;token'= {
        }
        &'glauth;help;exec'= {
        }
        &'glauth;help;proxy'= {
        }
        &'glauth;help;refresh'= {
        }
        &'glauth;help;status'= {
        }
        &'glauth;help;logout'= {
        }
        &'glauth;help;switch'= {
        }
        &'glauth;help;rename'= {
        }
        &'glauth;help;git-credential'= {
        }
        &'glauth;help;setup-git'= {
        }
        &'glauth;help;docker-credential'= {
        }
        &'glauth;help;setup-docker'= {
        }
        &'glauth;help;doctor'= {
        }
        &'glauth;help;store'= {
            cand info 'Show where glauth keeps its files'
            cand init 'Make the tables of a shared store'
            cand move 'Move logins between a folder and a shared store'
            cand check 'Check the database of a shared store'
            cand key 'Make and change the keys of a shared store'
        }
        &'glauth;help;store;info'= {
        }
        &'glauth;help;store;init'= {
        }
        &'glauth;help;store;move'= {
        }
        &'glauth;help;store;check'= {
        }
        &'glauth;help;store;key'= {
            cand new 'Print a new key'
            cand add 'Add a new key to a file'
        }
        &'glauth;help;store;key;new'= {
        }
        &'glauth;help;store;key;add'= {
        }
        &'glauth;help;completions'= {
        }
        &'glauth;help;man'= {
        }
        &'glauth;help;help'= {
        }
    ]
    var command = 'glauth'
    for word $words[1..-1] {
        if (has-key $completions $command';'$word) {
            set command = $command';'$word
        }
    }
    if (has-value $words[..-1] --) {
        edit:complete-filename $words[-1]
    } elif (has-value [-a --account] $words[-2]) {
        names accounts
    } elif (eq $words[-2] --host) {
        names hosts
    } else {
        $completions[$command]
    }
}
