# Print an optspec for argparse to handle cmd's options that are independent of any subcommand.
function __fish_glauth_global_optspecs
    string join \n a/account= host= store= config= lock-timeout= json q/quiet v/verbose h/help V/version
end

function __fish_glauth_needs_command
    # Figure out if the current invocation already has a command.
    set -l cmd (commandline -opc)
    set -e cmd[1]
    argparse -s (__fish_glauth_global_optspecs) -- $cmd 2>/dev/null
    or return
    if set -q argv[1]
        # Also print the command, so this can be used to figure out what it is.
        echo $argv[1]
        return 1
    end
    return 0
end

function __fish_glauth_using_subcommand
    set -l cmd (__fish_glauth_needs_command)
    test -z "$cmd"
    and return 1
    contains -- $cmd[1] $argv
end

complete -c glauth -n "__fish_glauth_needs_command" -s a -l account -d 'Name of the login, if a host has several' -r
complete -c glauth -n "__fish_glauth_needs_command" -l host -d 'Default host' -r
complete -c glauth -n "__fish_glauth_needs_command" -l store -d 'Folder with the logins, or the address of a shared store' -r -F
complete -c glauth -n "__fish_glauth_needs_command" -l config -d 'Configuration file' -r -F
complete -c glauth -n "__fish_glauth_needs_command" -l lock-timeout -d 'Longest wait for another process\'s refresh, such as `90s` or `2m`' -r
complete -c glauth -n "__fish_glauth_needs_command" -l json -d 'Print results and errors as JSON'
complete -c glauth -n "__fish_glauth_needs_command" -s q -l quiet -d 'Print only results and errors'
complete -c glauth -n "__fish_glauth_needs_command" -s v -l verbose -d 'Explain decisions; repeat for each step'
complete -c glauth -n "__fish_glauth_needs_command" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c glauth -n "__fish_glauth_needs_command" -s V -l version -d 'Print version'
complete -c glauth -n "__fish_glauth_needs_command" -f -a "login" -d 'Log in with a browser or another device'
complete -c glauth -n "__fish_glauth_needs_command" -f -a "token" -d 'Print a working access token'
complete -c glauth -n "__fish_glauth_needs_command" -f -a "exec" -d 'Run a command with a token that stays valid'
complete -c glauth -n "__fish_glauth_needs_command" -f -a "proxy" -d 'Run a command whose requests get the token'
complete -c glauth -n "__fish_glauth_needs_command" -f -a "refresh" -d 'Refresh tokens before they expire'
complete -c glauth -n "__fish_glauth_needs_command" -f -a "status" -d 'Show your logins'
complete -c glauth -n "__fish_glauth_needs_command" -f -a "logout" -d 'Revoke a login and delete its tokens'
complete -c glauth -n "__fish_glauth_needs_command" -f -a "switch" -d 'Choose the account that a host means'
complete -c glauth -n "__fish_glauth_needs_command" -f -a "rename" -d 'Give an account another name'
complete -c glauth -n "__fish_glauth_needs_command" -f -a "git-credential" -d 'Answer git as a credential helper'
complete -c glauth -n "__fish_glauth_needs_command" -f -a "setup-git" -d 'Configure git to use glauth'
complete -c glauth -n "__fish_glauth_needs_command" -f -a "docker-credential" -d 'Answer docker and podman as a credential helper'
complete -c glauth -n "__fish_glauth_needs_command" -f -a "setup-docker" -d 'Configure docker and podman to use glauth'
complete -c glauth -n "__fish_glauth_needs_command" -f -a "doctor" -d 'Check the store, the servers and git'
complete -c glauth -n "__fish_glauth_needs_command" -f -a "store" -d 'Show where glauth keeps its files, and set up a store for several machines'
complete -c glauth -n "__fish_glauth_needs_command" -f -a "completions" -d 'Print shell completions'
complete -c glauth -n "__fish_glauth_needs_command" -f -a "man" -d 'Print a man page'
complete -c glauth -n "__fish_glauth_needs_command" -f -a "help" -d 'Explain a command'
complete -c glauth -n "__fish_glauth_using_subcommand login" -l client-id -d 'Client id of the application at the server' -r
complete -c glauth -n "__fish_glauth_using_subcommand login" -l client-secret-file -d 'File with the client secret' -r -F
complete -c glauth -n "__fish_glauth_using_subcommand login" -l client-key-file -d 'File with the client\'s private key (PEM)' -r -F
complete -c glauth -n "__fish_glauth_using_subcommand login" -l client-key-id -d 'Name of the key at the server (`kid`)' -r
complete -c glauth -n "__fish_glauth_using_subcommand login" -l client-key-audience -d 'What the key\'s signature is for (`aud`)' -r -f -a "issuer\t''
token_endpoint\t''"
complete -c glauth -n "__fish_glauth_using_subcommand login" -l auth-method -d 'How to send the client secret (RFC 7591)' -r -f -a "none\t''
client_secret_basic\t''
client_secret_post\t''"
complete -c glauth -n "__fish_glauth_using_subcommand login" -l scope -d 'Scope to ask for; can be repeated' -r
complete -c glauth -n "__fish_glauth_using_subcommand login" -l parameter -d 'Extra parameter for every request; can be repeated' -r
complete -c glauth -n "__fish_glauth_using_subcommand login" -l provider -d 'Kind of server' -r -f -a "gitlab\t''
gitea\t''
forgejo\t''
github\t''
github-enterprise\t''
bitbucket\t''
google\t''
oidc\t''
mcp\t''
generic\t''"
complete -c glauth -n "__fish_glauth_using_subcommand login" -l ca-file -d 'Additional certificate authority (PEM)' -r -F
complete -c glauth -n "__fish_glauth_using_subcommand login" -l redirect-uri -d 'Redirect URI, as registered at the server' -r
complete -c glauth -n "__fish_glauth_using_subcommand login" -l authorization-endpoint -d 'Authorization endpoint (RFC 6749 §3.1)' -r
complete -c glauth -n "__fish_glauth_using_subcommand login" -l device-endpoint -d 'Device authorization endpoint (RFC 8628 §3.1)' -r
complete -c glauth -n "__fish_glauth_using_subcommand login" -l token-endpoint -d 'Token endpoint (RFC 6749 §3.2)' -r
complete -c glauth -n "__fish_glauth_using_subcommand login" -l revocation-endpoint -d 'Revocation endpoint (RFC 7009)' -r
complete -c glauth -n "__fish_glauth_using_subcommand login" -s a -l account -d 'Name of the login, if a host has several' -r
complete -c glauth -n "__fish_glauth_using_subcommand login" -l host -d 'Default host' -r
complete -c glauth -n "__fish_glauth_using_subcommand login" -l store -d 'Folder with the logins, or the address of a shared store' -r -F
complete -c glauth -n "__fish_glauth_using_subcommand login" -l config -d 'Configuration file' -r -F
complete -c glauth -n "__fish_glauth_using_subcommand login" -l lock-timeout -d 'Longest wait for another process\'s refresh, such as `90s` or `2m`' -r
complete -c glauth -n "__fish_glauth_using_subcommand login" -l device -d 'Consent on another device, such as a phone (RFC 8628)'
complete -c glauth -n "__fish_glauth_using_subcommand login" -l no-browser -d 'Print the address instead of opening a browser'
complete -c glauth -n "__fish_glauth_using_subcommand login" -l import -d 'Read a token response from standard input'
complete -c glauth -n "__fish_glauth_using_subcommand login" -l with-token -d 'Read a personal access token from standard input'
complete -c glauth -n "__fish_glauth_using_subcommand login" -l client-credentials -d 'Log in a machine with its own credentials'
complete -c glauth -n "__fish_glauth_using_subcommand login" -l standby -d 'Ask for a standby grant, too'
complete -c glauth -n "__fish_glauth_using_subcommand login" -l no-standby -d 'Ask for one grant only'
complete -c glauth -n "__fish_glauth_using_subcommand login" -l replace-scopes -d 'Ask for no other scopes than --scope'
complete -c glauth -n "__fish_glauth_using_subcommand login" -l json -d 'Print results and errors as JSON'
complete -c glauth -n "__fish_glauth_using_subcommand login" -s q -l quiet -d 'Print only results and errors'
complete -c glauth -n "__fish_glauth_using_subcommand login" -s v -l verbose -d 'Explain decisions; repeat for each step'
complete -c glauth -n "__fish_glauth_using_subcommand login" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c glauth -n "__fish_glauth_using_subcommand token" -l min-ttl -d 'Minimum remaining lifetime' -r
complete -c glauth -n "__fish_glauth_using_subcommand token" -l format -d 'Output format' -r -f -a "plain\t'Token and newline'
json\t'Token, expiry, scopes and more'
header\t'`Authorization: Bearer …`'
curl\t'Configuration for `curl -K -`'
env\t'`export NAME=\'…\'` for a shell'
bearer\t'`Bearer …`, the value of the header'
headers-json\t'`{"Authorization":"Bearer …"}`, as AI tools ask for it'
kubectl\t'Credential for `kubectl`'
goauth\t'Header for the go command, by `GOAUTH`'"
complete -c glauth -n "__fish_glauth_using_subcommand token" -s a -l account -d 'Name of the login, if a host has several' -r
complete -c glauth -n "__fish_glauth_using_subcommand token" -l host -d 'Default host' -r
complete -c glauth -n "__fish_glauth_using_subcommand token" -l store -d 'Folder with the logins, or the address of a shared store' -r -F
complete -c glauth -n "__fish_glauth_using_subcommand token" -l config -d 'Configuration file' -r -F
complete -c glauth -n "__fish_glauth_using_subcommand token" -l lock-timeout -d 'Longest wait for another process\'s refresh, such as `90s` or `2m`' -r
complete -c glauth -n "__fish_glauth_using_subcommand token" -l rejected -d 'Read a refused access token from standard input'
complete -c glauth -n "__fish_glauth_using_subcommand token" -l no-refresh -d 'Print only a stored, fresh token'
complete -c glauth -n "__fish_glauth_using_subcommand token" -l json -d 'Print results and errors as JSON'
complete -c glauth -n "__fish_glauth_using_subcommand token" -s q -l quiet -d 'Print only results and errors'
complete -c glauth -n "__fish_glauth_using_subcommand token" -s v -l verbose -d 'Explain decisions; repeat for each step'
complete -c glauth -n "__fish_glauth_using_subcommand token" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c glauth -n "__fish_glauth_using_subcommand exec" -l min-ttl -d 'Minimum remaining lifetime' -r
complete -c glauth -n "__fish_glauth_using_subcommand exec" -l env -d 'Variable for the token; can be repeated' -r
complete -c glauth -n "__fish_glauth_using_subcommand exec" -l fd -d 'File descriptor to read the token from, once' -r
complete -c glauth -n "__fish_glauth_using_subcommand exec" -l token-file -d 'Variable for the path of a token file' -r
complete -c glauth -n "__fish_glauth_using_subcommand exec" -s a -l account -d 'Name of the login, if a host has several' -r
complete -c glauth -n "__fish_glauth_using_subcommand exec" -l host -d 'Default host' -r
complete -c glauth -n "__fish_glauth_using_subcommand exec" -l store -d 'Folder with the logins, or the address of a shared store' -r -F
complete -c glauth -n "__fish_glauth_using_subcommand exec" -l config -d 'Configuration file' -r -F
complete -c glauth -n "__fish_glauth_using_subcommand exec" -l lock-timeout -d 'Longest wait for another process\'s refresh, such as `90s` or `2m`' -r
complete -c glauth -n "__fish_glauth_using_subcommand exec" -l json -d 'Print results and errors as JSON'
complete -c glauth -n "__fish_glauth_using_subcommand exec" -s q -l quiet -d 'Print only results and errors'
complete -c glauth -n "__fish_glauth_using_subcommand exec" -s v -l verbose -d 'Explain decisions; repeat for each step'
complete -c glauth -n "__fish_glauth_using_subcommand exec" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c glauth -n "__fish_glauth_using_subcommand proxy" -s a -l account -d 'Name of the login, if a host has several' -r
complete -c glauth -n "__fish_glauth_using_subcommand proxy" -l host -d 'Default host' -r
complete -c glauth -n "__fish_glauth_using_subcommand proxy" -l store -d 'Folder with the logins, or the address of a shared store' -r -F
complete -c glauth -n "__fish_glauth_using_subcommand proxy" -l config -d 'Configuration file' -r -F
complete -c glauth -n "__fish_glauth_using_subcommand proxy" -l lock-timeout -d 'Longest wait for another process\'s refresh, such as `90s` or `2m`' -r
complete -c glauth -n "__fish_glauth_using_subcommand proxy" -l json -d 'Print results and errors as JSON'
complete -c glauth -n "__fish_glauth_using_subcommand proxy" -s q -l quiet -d 'Print only results and errors'
complete -c glauth -n "__fish_glauth_using_subcommand proxy" -s v -l verbose -d 'Explain decisions; repeat for each step'
complete -c glauth -n "__fish_glauth_using_subcommand proxy" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c glauth -n "__fish_glauth_using_subcommand refresh" -l if-expiring -d 'Only tokens with less time left' -r
complete -c glauth -n "__fish_glauth_using_subcommand refresh" -l alert-after -d 'Report temporary failures only after this long' -r
complete -c glauth -n "__fish_glauth_using_subcommand refresh" -s a -l account -d 'Name of the login, if a host has several' -r
complete -c glauth -n "__fish_glauth_using_subcommand refresh" -l host -d 'Default host' -r
complete -c glauth -n "__fish_glauth_using_subcommand refresh" -l store -d 'Folder with the logins, or the address of a shared store' -r -F
complete -c glauth -n "__fish_glauth_using_subcommand refresh" -l config -d 'Configuration file' -r -F
complete -c glauth -n "__fish_glauth_using_subcommand refresh" -l lock-timeout -d 'Longest wait for another process\'s refresh, such as `90s` or `2m`' -r
complete -c glauth -n "__fish_glauth_using_subcommand refresh" -l all -d 'Refresh all logins, or all of HOST'
complete -c glauth -n "__fish_glauth_using_subcommand refresh" -l force -d 'Refresh now, even a login that has ended'
complete -c glauth -n "__fish_glauth_using_subcommand refresh" -l json -d 'Print results and errors as JSON'
complete -c glauth -n "__fish_glauth_using_subcommand refresh" -s q -l quiet -d 'Print only results and errors'
complete -c glauth -n "__fish_glauth_using_subcommand refresh" -s v -l verbose -d 'Explain decisions; repeat for each step'
complete -c glauth -n "__fish_glauth_using_subcommand refresh" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c glauth -n "__fish_glauth_using_subcommand status" -s a -l account -d 'Name of the login, if a host has several' -r
complete -c glauth -n "__fish_glauth_using_subcommand status" -l host -d 'Default host' -r
complete -c glauth -n "__fish_glauth_using_subcommand status" -l store -d 'Folder with the logins, or the address of a shared store' -r -F
complete -c glauth -n "__fish_glauth_using_subcommand status" -l config -d 'Configuration file' -r -F
complete -c glauth -n "__fish_glauth_using_subcommand status" -l lock-timeout -d 'Longest wait for another process\'s refresh, such as `90s` or `2m`' -r
complete -c glauth -n "__fish_glauth_using_subcommand status" -l check -d 'Ask each server whether the token works'
complete -c glauth -n "__fish_glauth_using_subcommand status" -l json -d 'Print results and errors as JSON'
complete -c glauth -n "__fish_glauth_using_subcommand status" -s q -l quiet -d 'Print only results and errors'
complete -c glauth -n "__fish_glauth_using_subcommand status" -s v -l verbose -d 'Explain decisions; repeat for each step'
complete -c glauth -n "__fish_glauth_using_subcommand status" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c glauth -n "__fish_glauth_using_subcommand logout" -s a -l account -d 'Name of the login, if a host has several' -r
complete -c glauth -n "__fish_glauth_using_subcommand logout" -l host -d 'Default host' -r
complete -c glauth -n "__fish_glauth_using_subcommand logout" -l store -d 'Folder with the logins, or the address of a shared store' -r -F
complete -c glauth -n "__fish_glauth_using_subcommand logout" -l config -d 'Configuration file' -r -F
complete -c glauth -n "__fish_glauth_using_subcommand logout" -l lock-timeout -d 'Longest wait for another process\'s refresh, such as `90s` or `2m`' -r
complete -c glauth -n "__fish_glauth_using_subcommand logout" -l all -d 'Log out of all accounts, or of all at HOST'
complete -c glauth -n "__fish_glauth_using_subcommand logout" -l forget -d 'Also forget the client id and the rest'
complete -c glauth -n "__fish_glauth_using_subcommand logout" -l local -d 'Delete the tokens without revoking them'
complete -c glauth -n "__fish_glauth_using_subcommand logout" -l json -d 'Print results and errors as JSON'
complete -c glauth -n "__fish_glauth_using_subcommand logout" -s q -l quiet -d 'Print only results and errors'
complete -c glauth -n "__fish_glauth_using_subcommand logout" -s v -l verbose -d 'Explain decisions; repeat for each step'
complete -c glauth -n "__fish_glauth_using_subcommand logout" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c glauth -n "__fish_glauth_using_subcommand switch" -s a -l account -d 'Name of the login, if a host has several' -r
complete -c glauth -n "__fish_glauth_using_subcommand switch" -l host -d 'Default host' -r
complete -c glauth -n "__fish_glauth_using_subcommand switch" -l store -d 'Folder with the logins, or the address of a shared store' -r -F
complete -c glauth -n "__fish_glauth_using_subcommand switch" -l config -d 'Configuration file' -r -F
complete -c glauth -n "__fish_glauth_using_subcommand switch" -l lock-timeout -d 'Longest wait for another process\'s refresh, such as `90s` or `2m`' -r
complete -c glauth -n "__fish_glauth_using_subcommand switch" -l json -d 'Print results and errors as JSON'
complete -c glauth -n "__fish_glauth_using_subcommand switch" -s q -l quiet -d 'Print only results and errors'
complete -c glauth -n "__fish_glauth_using_subcommand switch" -s v -l verbose -d 'Explain decisions; repeat for each step'
complete -c glauth -n "__fish_glauth_using_subcommand switch" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c glauth -n "__fish_glauth_using_subcommand rename" -s a -l account -d 'Name of the login, if a host has several' -r
complete -c glauth -n "__fish_glauth_using_subcommand rename" -l host -d 'Default host' -r
complete -c glauth -n "__fish_glauth_using_subcommand rename" -l store -d 'Folder with the logins, or the address of a shared store' -r -F
complete -c glauth -n "__fish_glauth_using_subcommand rename" -l config -d 'Configuration file' -r -F
complete -c glauth -n "__fish_glauth_using_subcommand rename" -l lock-timeout -d 'Longest wait for another process\'s refresh, such as `90s` or `2m`' -r
complete -c glauth -n "__fish_glauth_using_subcommand rename" -l json -d 'Print results and errors as JSON'
complete -c glauth -n "__fish_glauth_using_subcommand rename" -s q -l quiet -d 'Print only results and errors'
complete -c glauth -n "__fish_glauth_using_subcommand rename" -s v -l verbose -d 'Explain decisions; repeat for each step'
complete -c glauth -n "__fish_glauth_using_subcommand rename" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c glauth -n "__fish_glauth_using_subcommand git-credential" -l timeout -d 'Lifetime of a kept password, in seconds' -r
complete -c glauth -n "__fish_glauth_using_subcommand git-credential" -s a -l account -d 'Name of the login, if a host has several' -r
complete -c glauth -n "__fish_glauth_using_subcommand git-credential" -l host -d 'Default host' -r
complete -c glauth -n "__fish_glauth_using_subcommand git-credential" -l store -d 'Folder with the logins, or the address of a shared store' -r -F
complete -c glauth -n "__fish_glauth_using_subcommand git-credential" -l config -d 'Configuration file' -r -F
complete -c glauth -n "__fish_glauth_using_subcommand git-credential" -l lock-timeout -d 'Longest wait for another process\'s refresh, such as `90s` or `2m`' -r
complete -c glauth -n "__fish_glauth_using_subcommand git-credential" -l json -d 'Print results and errors as JSON'
complete -c glauth -n "__fish_glauth_using_subcommand git-credential" -s q -l quiet -d 'Print only results and errors'
complete -c glauth -n "__fish_glauth_using_subcommand git-credential" -s v -l verbose -d 'Explain decisions; repeat for each step'
complete -c glauth -n "__fish_glauth_using_subcommand git-credential" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c glauth -n "__fish_glauth_using_subcommand setup-git" -s a -l account -d 'Name of the login, if a host has several' -r
complete -c glauth -n "__fish_glauth_using_subcommand setup-git" -l host -d 'Default host' -r
complete -c glauth -n "__fish_glauth_using_subcommand setup-git" -l store -d 'Folder with the logins, or the address of a shared store' -r -F
complete -c glauth -n "__fish_glauth_using_subcommand setup-git" -l config -d 'Configuration file' -r -F
complete -c glauth -n "__fish_glauth_using_subcommand setup-git" -l lock-timeout -d 'Longest wait for another process\'s refresh, such as `90s` or `2m`' -r
complete -c glauth -n "__fish_glauth_using_subcommand setup-git" -l undo -d 'Remove glauth from git\'s configuration'
complete -c glauth -n "__fish_glauth_using_subcommand setup-git" -l json -d 'Print results and errors as JSON'
complete -c glauth -n "__fish_glauth_using_subcommand setup-git" -s q -l quiet -d 'Print only results and errors'
complete -c glauth -n "__fish_glauth_using_subcommand setup-git" -s v -l verbose -d 'Explain decisions; repeat for each step'
complete -c glauth -n "__fish_glauth_using_subcommand setup-git" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c glauth -n "__fish_glauth_using_subcommand docker-credential" -s a -l account -d 'Name of the login, if a host has several' -r
complete -c glauth -n "__fish_glauth_using_subcommand docker-credential" -l host -d 'Default host' -r
complete -c glauth -n "__fish_glauth_using_subcommand docker-credential" -l store -d 'Folder with the logins, or the address of a shared store' -r -F
complete -c glauth -n "__fish_glauth_using_subcommand docker-credential" -l config -d 'Configuration file' -r -F
complete -c glauth -n "__fish_glauth_using_subcommand docker-credential" -l lock-timeout -d 'Longest wait for another process\'s refresh, such as `90s` or `2m`' -r
complete -c glauth -n "__fish_glauth_using_subcommand docker-credential" -l json -d 'Print results and errors as JSON'
complete -c glauth -n "__fish_glauth_using_subcommand docker-credential" -s q -l quiet -d 'Print only results and errors'
complete -c glauth -n "__fish_glauth_using_subcommand docker-credential" -s v -l verbose -d 'Explain decisions; repeat for each step'
complete -c glauth -n "__fish_glauth_using_subcommand docker-credential" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c glauth -n "__fish_glauth_using_subcommand setup-docker" -s a -l account -d 'Name of the login, if a host has several' -r
complete -c glauth -n "__fish_glauth_using_subcommand setup-docker" -l host -d 'Default host' -r
complete -c glauth -n "__fish_glauth_using_subcommand setup-docker" -l store -d 'Folder with the logins, or the address of a shared store' -r -F
complete -c glauth -n "__fish_glauth_using_subcommand setup-docker" -l config -d 'Configuration file' -r -F
complete -c glauth -n "__fish_glauth_using_subcommand setup-docker" -l lock-timeout -d 'Longest wait for another process\'s refresh, such as `90s` or `2m`' -r
complete -c glauth -n "__fish_glauth_using_subcommand setup-docker" -l undo -d 'Remove glauth from both files'
complete -c glauth -n "__fish_glauth_using_subcommand setup-docker" -l json -d 'Print results and errors as JSON'
complete -c glauth -n "__fish_glauth_using_subcommand setup-docker" -s q -l quiet -d 'Print only results and errors'
complete -c glauth -n "__fish_glauth_using_subcommand setup-docker" -s v -l verbose -d 'Explain decisions; repeat for each step'
complete -c glauth -n "__fish_glauth_using_subcommand setup-docker" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c glauth -n "__fish_glauth_using_subcommand doctor" -s a -l account -d 'Name of the login, if a host has several' -r
complete -c glauth -n "__fish_glauth_using_subcommand doctor" -l host -d 'Default host' -r
complete -c glauth -n "__fish_glauth_using_subcommand doctor" -l store -d 'Folder with the logins, or the address of a shared store' -r -F
complete -c glauth -n "__fish_glauth_using_subcommand doctor" -l config -d 'Configuration file' -r -F
complete -c glauth -n "__fish_glauth_using_subcommand doctor" -l lock-timeout -d 'Longest wait for another process\'s refresh, such as `90s` or `2m`' -r
complete -c glauth -n "__fish_glauth_using_subcommand doctor" -l offline -d 'Contact no server'
complete -c glauth -n "__fish_glauth_using_subcommand doctor" -l json -d 'Print results and errors as JSON'
complete -c glauth -n "__fish_glauth_using_subcommand doctor" -s q -l quiet -d 'Print only results and errors'
complete -c glauth -n "__fish_glauth_using_subcommand doctor" -s v -l verbose -d 'Explain decisions; repeat for each step'
complete -c glauth -n "__fish_glauth_using_subcommand doctor" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c glauth -n "__fish_glauth_using_subcommand store; and not __fish_seen_subcommand_from info init move check key help" -s a -l account -d 'Name of the login, if a host has several' -r
complete -c glauth -n "__fish_glauth_using_subcommand store; and not __fish_seen_subcommand_from info init move check key help" -l host -d 'Default host' -r
complete -c glauth -n "__fish_glauth_using_subcommand store; and not __fish_seen_subcommand_from info init move check key help" -l store -d 'Folder with the logins, or the address of a shared store' -r -F
complete -c glauth -n "__fish_glauth_using_subcommand store; and not __fish_seen_subcommand_from info init move check key help" -l config -d 'Configuration file' -r -F
complete -c glauth -n "__fish_glauth_using_subcommand store; and not __fish_seen_subcommand_from info init move check key help" -l lock-timeout -d 'Longest wait for another process\'s refresh, such as `90s` or `2m`' -r
complete -c glauth -n "__fish_glauth_using_subcommand store; and not __fish_seen_subcommand_from info init move check key help" -l json -d 'Print results and errors as JSON'
complete -c glauth -n "__fish_glauth_using_subcommand store; and not __fish_seen_subcommand_from info init move check key help" -s q -l quiet -d 'Print only results and errors'
complete -c glauth -n "__fish_glauth_using_subcommand store; and not __fish_seen_subcommand_from info init move check key help" -s v -l verbose -d 'Explain decisions; repeat for each step'
complete -c glauth -n "__fish_glauth_using_subcommand store; and not __fish_seen_subcommand_from info init move check key help" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c glauth -n "__fish_glauth_using_subcommand store; and not __fish_seen_subcommand_from info init move check key help" -f -a "info" -d 'Show where glauth keeps its files'
complete -c glauth -n "__fish_glauth_using_subcommand store; and not __fish_seen_subcommand_from info init move check key help" -f -a "init" -d 'Make the tables of a shared store'
complete -c glauth -n "__fish_glauth_using_subcommand store; and not __fish_seen_subcommand_from info init move check key help" -f -a "move" -d 'Move logins between a folder and a shared store'
complete -c glauth -n "__fish_glauth_using_subcommand store; and not __fish_seen_subcommand_from info init move check key help" -f -a "check" -d 'Check the database of a shared store'
complete -c glauth -n "__fish_glauth_using_subcommand store; and not __fish_seen_subcommand_from info init move check key help" -f -a "key" -d 'Make and change the keys of a shared store'
complete -c glauth -n "__fish_glauth_using_subcommand store; and not __fish_seen_subcommand_from info init move check key help" -f -a "help" -d 'Explain a command'
complete -c glauth -n "__fish_glauth_using_subcommand store; and __fish_seen_subcommand_from info" -s a -l account -d 'Name of the login, if a host has several' -r
complete -c glauth -n "__fish_glauth_using_subcommand store; and __fish_seen_subcommand_from info" -l host -d 'Default host' -r
complete -c glauth -n "__fish_glauth_using_subcommand store; and __fish_seen_subcommand_from info" -l store -d 'Folder with the logins, or the address of a shared store' -r -F
complete -c glauth -n "__fish_glauth_using_subcommand store; and __fish_seen_subcommand_from info" -l config -d 'Configuration file' -r -F
complete -c glauth -n "__fish_glauth_using_subcommand store; and __fish_seen_subcommand_from info" -l lock-timeout -d 'Longest wait for another process\'s refresh, such as `90s` or `2m`' -r
complete -c glauth -n "__fish_glauth_using_subcommand store; and __fish_seen_subcommand_from info" -l json -d 'Print results and errors as JSON'
complete -c glauth -n "__fish_glauth_using_subcommand store; and __fish_seen_subcommand_from info" -s q -l quiet -d 'Print only results and errors'
complete -c glauth -n "__fish_glauth_using_subcommand store; and __fish_seen_subcommand_from info" -s v -l verbose -d 'Explain decisions; repeat for each step'
complete -c glauth -n "__fish_glauth_using_subcommand store; and __fish_seen_subcommand_from info" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c glauth -n "__fish_glauth_using_subcommand store; and __fish_seen_subcommand_from init" -s a -l account -d 'Name of the login, if a host has several' -r
complete -c glauth -n "__fish_glauth_using_subcommand store; and __fish_seen_subcommand_from init" -l host -d 'Default host' -r
complete -c glauth -n "__fish_glauth_using_subcommand store; and __fish_seen_subcommand_from init" -l store -d 'Folder with the logins, or the address of a shared store' -r -F
complete -c glauth -n "__fish_glauth_using_subcommand store; and __fish_seen_subcommand_from init" -l config -d 'Configuration file' -r -F
complete -c glauth -n "__fish_glauth_using_subcommand store; and __fish_seen_subcommand_from init" -l lock-timeout -d 'Longest wait for another process\'s refresh, such as `90s` or `2m`' -r
complete -c glauth -n "__fish_glauth_using_subcommand store; and __fish_seen_subcommand_from init" -l print -d 'Print the SQL, for an administrator to run'
complete -c glauth -n "__fish_glauth_using_subcommand store; and __fish_seen_subcommand_from init" -l json -d 'Print results and errors as JSON'
complete -c glauth -n "__fish_glauth_using_subcommand store; and __fish_seen_subcommand_from init" -s q -l quiet -d 'Print only results and errors'
complete -c glauth -n "__fish_glauth_using_subcommand store; and __fish_seen_subcommand_from init" -s v -l verbose -d 'Explain decisions; repeat for each step'
complete -c glauth -n "__fish_glauth_using_subcommand store; and __fish_seen_subcommand_from init" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c glauth -n "__fish_glauth_using_subcommand store; and __fish_seen_subcommand_from move" -s a -l account -d 'Name of the login, if a host has several' -r
complete -c glauth -n "__fish_glauth_using_subcommand store; and __fish_seen_subcommand_from move" -l store -d 'Folder with the logins, or the address of a shared store' -r -F
complete -c glauth -n "__fish_glauth_using_subcommand store; and __fish_seen_subcommand_from move" -l config -d 'Configuration file' -r -F
complete -c glauth -n "__fish_glauth_using_subcommand store; and __fish_seen_subcommand_from move" -l lock-timeout -d 'Longest wait for another process\'s refresh, such as `90s` or `2m`' -r
complete -c glauth -n "__fish_glauth_using_subcommand store; and __fish_seen_subcommand_from move" -l take-back -d 'Give up a move that was cut off, before the login arrived'
complete -c glauth -n "__fish_glauth_using_subcommand store; and __fish_seen_subcommand_from move" -l json -d 'Print results and errors as JSON'
complete -c glauth -n "__fish_glauth_using_subcommand store; and __fish_seen_subcommand_from move" -s q -l quiet -d 'Print only results and errors'
complete -c glauth -n "__fish_glauth_using_subcommand store; and __fish_seen_subcommand_from move" -s v -l verbose -d 'Explain decisions; repeat for each step'
complete -c glauth -n "__fish_glauth_using_subcommand store; and __fish_seen_subcommand_from move" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c glauth -n "__fish_glauth_using_subcommand store; and __fish_seen_subcommand_from check" -s a -l account -d 'Name of the login, if a host has several' -r
complete -c glauth -n "__fish_glauth_using_subcommand store; and __fish_seen_subcommand_from check" -l host -d 'Default host' -r
complete -c glauth -n "__fish_glauth_using_subcommand store; and __fish_seen_subcommand_from check" -l store -d 'Folder with the logins, or the address of a shared store' -r -F
complete -c glauth -n "__fish_glauth_using_subcommand store; and __fish_seen_subcommand_from check" -l config -d 'Configuration file' -r -F
complete -c glauth -n "__fish_glauth_using_subcommand store; and __fish_seen_subcommand_from check" -l lock-timeout -d 'Longest wait for another process\'s refresh, such as `90s` or `2m`' -r
complete -c glauth -n "__fish_glauth_using_subcommand store; and __fish_seen_subcommand_from check" -l json -d 'Print results and errors as JSON'
complete -c glauth -n "__fish_glauth_using_subcommand store; and __fish_seen_subcommand_from check" -s q -l quiet -d 'Print only results and errors'
complete -c glauth -n "__fish_glauth_using_subcommand store; and __fish_seen_subcommand_from check" -s v -l verbose -d 'Explain decisions; repeat for each step'
complete -c glauth -n "__fish_glauth_using_subcommand store; and __fish_seen_subcommand_from check" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c glauth -n "__fish_glauth_using_subcommand store; and __fish_seen_subcommand_from key" -s a -l account -d 'Name of the login, if a host has several' -r
complete -c glauth -n "__fish_glauth_using_subcommand store; and __fish_seen_subcommand_from key" -l host -d 'Default host' -r
complete -c glauth -n "__fish_glauth_using_subcommand store; and __fish_seen_subcommand_from key" -l store -d 'Folder with the logins, or the address of a shared store' -r -F
complete -c glauth -n "__fish_glauth_using_subcommand store; and __fish_seen_subcommand_from key" -l config -d 'Configuration file' -r -F
complete -c glauth -n "__fish_glauth_using_subcommand store; and __fish_seen_subcommand_from key" -l lock-timeout -d 'Longest wait for another process\'s refresh, such as `90s` or `2m`' -r
complete -c glauth -n "__fish_glauth_using_subcommand store; and __fish_seen_subcommand_from key" -l json -d 'Print results and errors as JSON'
complete -c glauth -n "__fish_glauth_using_subcommand store; and __fish_seen_subcommand_from key" -s q -l quiet -d 'Print only results and errors'
complete -c glauth -n "__fish_glauth_using_subcommand store; and __fish_seen_subcommand_from key" -s v -l verbose -d 'Explain decisions; repeat for each step'
complete -c glauth -n "__fish_glauth_using_subcommand store; and __fish_seen_subcommand_from key" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c glauth -n "__fish_glauth_using_subcommand store; and __fish_seen_subcommand_from key" -f -a "new" -d 'Print a new key'
complete -c glauth -n "__fish_glauth_using_subcommand store; and __fish_seen_subcommand_from key" -f -a "add" -d 'Add a new key to a file'
complete -c glauth -n "__fish_glauth_using_subcommand store; and __fish_seen_subcommand_from key" -f -a "help" -d 'Explain a command'
complete -c glauth -n "__fish_glauth_using_subcommand store; and __fish_seen_subcommand_from help" -f -a "info" -d 'Show where glauth keeps its files'
complete -c glauth -n "__fish_glauth_using_subcommand store; and __fish_seen_subcommand_from help" -f -a "init" -d 'Make the tables of a shared store'
complete -c glauth -n "__fish_glauth_using_subcommand store; and __fish_seen_subcommand_from help" -f -a "move" -d 'Move logins between a folder and a shared store'
complete -c glauth -n "__fish_glauth_using_subcommand store; and __fish_seen_subcommand_from help" -f -a "check" -d 'Check the database of a shared store'
complete -c glauth -n "__fish_glauth_using_subcommand store; and __fish_seen_subcommand_from help" -f -a "key" -d 'Make and change the keys of a shared store'
complete -c glauth -n "__fish_glauth_using_subcommand store; and __fish_seen_subcommand_from help" -f -a "help" -d 'Explain a command'
complete -c glauth -n "__fish_glauth_using_subcommand completions" -s a -l account -d 'Name of the login, if a host has several' -r
complete -c glauth -n "__fish_glauth_using_subcommand completions" -l host -d 'Default host' -r
complete -c glauth -n "__fish_glauth_using_subcommand completions" -l store -d 'Folder with the logins, or the address of a shared store' -r -F
complete -c glauth -n "__fish_glauth_using_subcommand completions" -l config -d 'Configuration file' -r -F
complete -c glauth -n "__fish_glauth_using_subcommand completions" -l lock-timeout -d 'Longest wait for another process\'s refresh, such as `90s` or `2m`' -r
complete -c glauth -n "__fish_glauth_using_subcommand completions" -l json -d 'Print results and errors as JSON'
complete -c glauth -n "__fish_glauth_using_subcommand completions" -s q -l quiet -d 'Print only results and errors'
complete -c glauth -n "__fish_glauth_using_subcommand completions" -s v -l verbose -d 'Explain decisions; repeat for each step'
complete -c glauth -n "__fish_glauth_using_subcommand completions" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c glauth -n "__fish_glauth_using_subcommand man" -s a -l account -d 'Name of the login, if a host has several' -r
complete -c glauth -n "__fish_glauth_using_subcommand man" -l host -d 'Default host' -r
complete -c glauth -n "__fish_glauth_using_subcommand man" -l store -d 'Folder with the logins, or the address of a shared store' -r -F
complete -c glauth -n "__fish_glauth_using_subcommand man" -l config -d 'Configuration file' -r -F
complete -c glauth -n "__fish_glauth_using_subcommand man" -l lock-timeout -d 'Longest wait for another process\'s refresh, such as `90s` or `2m`' -r
complete -c glauth -n "__fish_glauth_using_subcommand man" -l json -d 'Print results and errors as JSON'
complete -c glauth -n "__fish_glauth_using_subcommand man" -s q -l quiet -d 'Print only results and errors'
complete -c glauth -n "__fish_glauth_using_subcommand man" -s v -l verbose -d 'Explain decisions; repeat for each step'
complete -c glauth -n "__fish_glauth_using_subcommand man" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c glauth -n "__fish_glauth_using_subcommand help; and not __fish_seen_subcommand_from login token exec proxy refresh status logout switch rename git-credential setup-git docker-credential setup-docker doctor store completions man help" -f -a "login" -d 'Log in with a browser or another device'
complete -c glauth -n "__fish_glauth_using_subcommand help; and not __fish_seen_subcommand_from login token exec proxy refresh status logout switch rename git-credential setup-git docker-credential setup-docker doctor store completions man help" -f -a "token" -d 'Print a working access token'
complete -c glauth -n "__fish_glauth_using_subcommand help; and not __fish_seen_subcommand_from login token exec proxy refresh status logout switch rename git-credential setup-git docker-credential setup-docker doctor store completions man help" -f -a "exec" -d 'Run a command with a token that stays valid'
complete -c glauth -n "__fish_glauth_using_subcommand help; and not __fish_seen_subcommand_from login token exec proxy refresh status logout switch rename git-credential setup-git docker-credential setup-docker doctor store completions man help" -f -a "proxy" -d 'Run a command whose requests get the token'
complete -c glauth -n "__fish_glauth_using_subcommand help; and not __fish_seen_subcommand_from login token exec proxy refresh status logout switch rename git-credential setup-git docker-credential setup-docker doctor store completions man help" -f -a "refresh" -d 'Refresh tokens before they expire'
complete -c glauth -n "__fish_glauth_using_subcommand help; and not __fish_seen_subcommand_from login token exec proxy refresh status logout switch rename git-credential setup-git docker-credential setup-docker doctor store completions man help" -f -a "status" -d 'Show your logins'
complete -c glauth -n "__fish_glauth_using_subcommand help; and not __fish_seen_subcommand_from login token exec proxy refresh status logout switch rename git-credential setup-git docker-credential setup-docker doctor store completions man help" -f -a "logout" -d 'Revoke a login and delete its tokens'
complete -c glauth -n "__fish_glauth_using_subcommand help; and not __fish_seen_subcommand_from login token exec proxy refresh status logout switch rename git-credential setup-git docker-credential setup-docker doctor store completions man help" -f -a "switch" -d 'Choose the account that a host means'
complete -c glauth -n "__fish_glauth_using_subcommand help; and not __fish_seen_subcommand_from login token exec proxy refresh status logout switch rename git-credential setup-git docker-credential setup-docker doctor store completions man help" -f -a "rename" -d 'Give an account another name'
complete -c glauth -n "__fish_glauth_using_subcommand help; and not __fish_seen_subcommand_from login token exec proxy refresh status logout switch rename git-credential setup-git docker-credential setup-docker doctor store completions man help" -f -a "git-credential" -d 'Answer git as a credential helper'
complete -c glauth -n "__fish_glauth_using_subcommand help; and not __fish_seen_subcommand_from login token exec proxy refresh status logout switch rename git-credential setup-git docker-credential setup-docker doctor store completions man help" -f -a "setup-git" -d 'Configure git to use glauth'
complete -c glauth -n "__fish_glauth_using_subcommand help; and not __fish_seen_subcommand_from login token exec proxy refresh status logout switch rename git-credential setup-git docker-credential setup-docker doctor store completions man help" -f -a "docker-credential" -d 'Answer docker and podman as a credential helper'
complete -c glauth -n "__fish_glauth_using_subcommand help; and not __fish_seen_subcommand_from login token exec proxy refresh status logout switch rename git-credential setup-git docker-credential setup-docker doctor store completions man help" -f -a "setup-docker" -d 'Configure docker and podman to use glauth'
complete -c glauth -n "__fish_glauth_using_subcommand help; and not __fish_seen_subcommand_from login token exec proxy refresh status logout switch rename git-credential setup-git docker-credential setup-docker doctor store completions man help" -f -a "doctor" -d 'Check the store, the servers and git'
complete -c glauth -n "__fish_glauth_using_subcommand help; and not __fish_seen_subcommand_from login token exec proxy refresh status logout switch rename git-credential setup-git docker-credential setup-docker doctor store completions man help" -f -a "store" -d 'Show where glauth keeps its files, and set up a store for several machines'
complete -c glauth -n "__fish_glauth_using_subcommand help; and not __fish_seen_subcommand_from login token exec proxy refresh status logout switch rename git-credential setup-git docker-credential setup-docker doctor store completions man help" -f -a "completions" -d 'Print shell completions'
complete -c glauth -n "__fish_glauth_using_subcommand help; and not __fish_seen_subcommand_from login token exec proxy refresh status logout switch rename git-credential setup-git docker-credential setup-docker doctor store completions man help" -f -a "man" -d 'Print a man page'
complete -c glauth -n "__fish_glauth_using_subcommand help; and not __fish_seen_subcommand_from login token exec proxy refresh status logout switch rename git-credential setup-git docker-credential setup-docker doctor store completions man help" -f -a "help" -d 'Explain a command'
complete -c glauth -n "__fish_glauth_using_subcommand help; and __fish_seen_subcommand_from store" -f -a "info" -d 'Show where glauth keeps its files'
complete -c glauth -n "__fish_glauth_using_subcommand help; and __fish_seen_subcommand_from store" -f -a "init" -d 'Make the tables of a shared store'
complete -c glauth -n "__fish_glauth_using_subcommand help; and __fish_seen_subcommand_from store" -f -a "move" -d 'Move logins between a folder and a shared store'
complete -c glauth -n "__fish_glauth_using_subcommand help; and __fish_seen_subcommand_from store" -f -a "check" -d 'Check the database of a shared store'
complete -c glauth -n "__fish_glauth_using_subcommand help; and __fish_seen_subcommand_from store" -f -a "key" -d 'Make and change the keys of a shared store'
complete -c glauth -l host -x -a '(glauth completions --list hosts 2>/dev/null)' -d 'Default host'
complete -c glauth -s a -l account -x -a '(glauth completions --list accounts 2>/dev/null)' -d 'Name of the login, if a host has several'
complete -c glauth -n "__fish_glauth_using_subcommand login" -f -a '(glauth completions --list hosts 2>/dev/null)' -d 'Host with a login'
complete -c glauth -n "__fish_glauth_using_subcommand token" -f -a '(glauth completions --list hosts 2>/dev/null)' -d 'Host with a login'
complete -c glauth -n "__fish_glauth_using_subcommand exec; and not __fish_glauth_command_line >/dev/null" -f -a '(glauth completions --list hosts 2>/dev/null)' -d 'Host with a login'
complete -c glauth -n "__fish_glauth_using_subcommand proxy; and not __fish_glauth_command_line >/dev/null" -f -a '(glauth completions --list hosts 2>/dev/null)' -d 'Host with a login'
complete -c glauth -n "__fish_glauth_using_subcommand refresh" -f -a '(glauth completions --list hosts 2>/dev/null)' -d 'Host with a login'
complete -c glauth -n "__fish_glauth_using_subcommand status" -f -a '(glauth completions --list hosts 2>/dev/null)' -d 'Host with a login'
complete -c glauth -n "__fish_glauth_using_subcommand logout" -f -a '(glauth completions --list hosts 2>/dev/null)' -d 'Host with a login'
complete -c glauth -n "__fish_glauth_using_subcommand switch" -f -a '(glauth completions --list hosts 2>/dev/null)' -d 'Host with a login'
complete -c glauth -n "__fish_glauth_using_subcommand switch" -f -a '(glauth completions --list accounts 2>/dev/null)' -d 'Account'
complete -c glauth -n "__fish_glauth_using_subcommand rename" -f -a '(glauth completions --list hosts 2>/dev/null)' -d 'Host with a login'
complete -c glauth -n "__fish_glauth_using_subcommand rename" -f -a '(glauth completions --list accounts 2>/dev/null)' -d 'Account'
complete -c glauth -n "__fish_glauth_using_subcommand setup-git" -f -a '(glauth completions --list hosts 2>/dev/null)' -d 'Host with a login'
complete -c glauth -n "__fish_glauth_using_subcommand setup-docker" -f -a '(glauth completions --list hosts 2>/dev/null)' -d 'Host with a login'
complete -c glauth -n "__fish_glauth_using_subcommand doctor" -f -a '(glauth completions --list hosts 2>/dev/null)' -d 'Host with a login'

# What stands behind `exec HOST --` or `proxy HOST --`, as a line of its own; fails where nothing does.
function __fish_glauth_command_line
    set -l words (commandline -opc)
    set -l at (contains -i -- -- $words)
    or return 1
    set -e words[1..$at]
    # With nothing to escape it would read standard input.
    set -q words[1]
    and set words (string escape -- $words)
    echo $words (commandline -ct)
end
complete -c glauth -n "__fish_glauth_using_subcommand exec proxy; and __fish_glauth_command_line >/dev/null" -f -a '(complete -C "$(__fish_glauth_command_line)")'
complete -c glauth -n "__fish_glauth_using_subcommand man" -f -a 'login token exec proxy refresh status logout switch rename git-credential setup-git docker-credential setup-docker doctor store completions man config'
complete -c glauth -n "__fish_glauth_using_subcommand help" -f -a 'login token exec proxy refresh status logout switch rename git-credential setup-git docker-credential setup-docker doctor store completions man'
complete -c glauth -n "__fish_glauth_using_subcommand completions" -f -a 'bash elvish fish powershell zsh'
