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

complete -c glauth -n "__fish_glauth_needs_command" -s a -l account -d 'Which of several logins at a host' -r
complete -c glauth -n "__fish_glauth_needs_command" -l host -d 'The host where none is named' -r
complete -c glauth -n "__fish_glauth_needs_command" -l store -d 'The folder with the logins' -r -F
complete -c glauth -n "__fish_glauth_needs_command" -l config -d 'The configuration file' -r -F
complete -c glauth -n "__fish_glauth_needs_command" -l lock-timeout -d 'How long to wait for another process\'s refresh, such as `90s` or `2m`' -r
complete -c glauth -n "__fish_glauth_needs_command" -l json -d 'Results and errors as JSON'
complete -c glauth -n "__fish_glauth_needs_command" -s q -l quiet -d 'No warnings and no messages, only results and errors'
complete -c glauth -n "__fish_glauth_needs_command" -s v -l verbose -d 'Say what is done; twice: each step. Tokens appear as fingerprints only'
complete -c glauth -n "__fish_glauth_needs_command" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c glauth -n "__fish_glauth_needs_command" -s V -l version -d 'Print version'
complete -c glauth -n "__fish_glauth_needs_command" -f -a "login" -d 'Log in, through a browser or on another device'
complete -c glauth -n "__fish_glauth_needs_command" -f -a "token" -d 'Print a working access token'
complete -c glauth -n "__fish_glauth_needs_command" -f -a "exec" -d 'Run a command with a working token, which nobody ends early while it runs'
complete -c glauth -n "__fish_glauth_needs_command" -f -a "refresh" -d 'Make the next token ready, without ending one that is alive'
complete -c glauth -n "__fish_glauth_needs_command" -f -a "status" -d 'Show the logins'
complete -c glauth -n "__fish_glauth_needs_command" -f -a "logout" -d 'Revoke a login and forget its tokens'
complete -c glauth -n "__fish_glauth_needs_command" -f -a "git-credential" -d 'Answer git as its credential helper'
complete -c glauth -n "__fish_glauth_needs_command" -f -a "setup-git" -d 'Make git ask glauth'
complete -c glauth -n "__fish_glauth_needs_command" -f -a "doctor" -d 'Try what everything rests on, and say what to do about it'
complete -c glauth -n "__fish_glauth_needs_command" -f -a "completions" -d 'Print the completions of a shell'
complete -c glauth -n "__fish_glauth_needs_command" -f -a "man" -d 'Print a man page'
complete -c glauth -n "__fish_glauth_using_subcommand login" -l client-id -d 'The client id of the application at the server; asked for where none is known' -r
complete -c glauth -n "__fish_glauth_using_subcommand login" -l client-secret-file -d 'A file that holds the client secret, for a confidential client' -r -F
complete -c glauth -n "__fish_glauth_using_subcommand login" -l auth-method -d 'How the client secret is sent (RFC 7591), where the server does not say' -r -f -a "none\t''
client_secret_basic\t''
client_secret_post\t''"
complete -c glauth -n "__fish_glauth_using_subcommand login" -l scope -d 'A scope to ask for; may be repeated' -r
complete -c glauth -n "__fish_glauth_using_subcommand login" -l parameter -d 'A parameter for every request, such as `resource=…` or `audience=…`; may be repeated' -r
complete -c glauth -n "__fish_glauth_using_subcommand login" -l provider -d 'The kind of server, where its name or its own word does not tell; `oidc` asks the issuer HOST for its endpoints, `generic` is told them' -r -f -a "gitlab\t''
gitea\t''
forgejo\t''
github\t''
github-enterprise\t''
bitbucket\t''
google\t''
oidc\t''
generic\t''"
complete -c glauth -n "__fish_glauth_using_subcommand login" -l ca-file -d 'Trust this certificate authority, or self-signed certificate, too (PEM)' -r -F
complete -c glauth -n "__fish_glauth_using_subcommand login" -l redirect-uri -d 'The redirect URI, as it is registered: a loopback address or `localhost`, any port where it names none. Left out: `http://127.0.0.1/` (Bitbucket Cloud: `http://127.0.0.1:34871/`)' -r
complete -c glauth -n "__fish_glauth_using_subcommand login" -l authorization-endpoint -d 'Where a person consents (RFC 6749 §3.1)' -r
complete -c glauth -n "__fish_glauth_using_subcommand login" -l device-endpoint -d 'Where device codes come from (RFC 8628 §3.1)' -r
complete -c glauth -n "__fish_glauth_using_subcommand login" -l token-endpoint -d 'Where tokens are refreshed (RFC 6749 §3.2)' -r
complete -c glauth -n "__fish_glauth_using_subcommand login" -l revocation-endpoint -d 'Where tokens are revoked (RFC 7009)' -r
complete -c glauth -n "__fish_glauth_using_subcommand login" -s a -l account -d 'Which of several logins at a host' -r
complete -c glauth -n "__fish_glauth_using_subcommand login" -l host -d 'The host where none is named' -r
complete -c glauth -n "__fish_glauth_using_subcommand login" -l store -d 'The folder with the logins' -r -F
complete -c glauth -n "__fish_glauth_using_subcommand login" -l config -d 'The configuration file' -r -F
complete -c glauth -n "__fish_glauth_using_subcommand login" -l lock-timeout -d 'How long to wait for another process\'s refresh, such as `90s` or `2m`' -r
complete -c glauth -n "__fish_glauth_using_subcommand login" -l device -d 'Consent on another device: shows an address, a code and a QR code (RFC 8628)'
complete -c glauth -n "__fish_glauth_using_subcommand login" -l no-browser -d 'Open no browser: print the address, and take the address that the browser ends at from standard input'
complete -c glauth -n "__fish_glauth_using_subcommand login" -l import -d 'Read a token response (the JSON of RFC 6749 §5.1) from standard input'
complete -c glauth -n "__fish_glauth_using_subcommand login" -l with-token -d 'Read a personal access token from standard input'
complete -c glauth -n "__fish_glauth_using_subcommand login" -l standby -d 'Ask for a standby grant too, or for one beside the login that is there: while one is refreshed, programs use the other. A browser login asks for it by itself where a refresh ends the old token'
complete -c glauth -n "__fish_glauth_using_subcommand login" -l no-standby -d 'One grant only'
complete -c glauth -n "__fish_glauth_using_subcommand login" -l json -d 'Results and errors as JSON'
complete -c glauth -n "__fish_glauth_using_subcommand login" -s q -l quiet -d 'No warnings and no messages, only results and errors'
complete -c glauth -n "__fish_glauth_using_subcommand login" -s v -l verbose -d 'Say what is done; twice: each step. Tokens appear as fingerprints only'
complete -c glauth -n "__fish_glauth_using_subcommand login" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c glauth -n "__fish_glauth_using_subcommand token" -l min-ttl -d 'How long it must still live, nine tenths of its lifetime at most: a token with less is not printed' -r
complete -c glauth -n "__fish_glauth_using_subcommand token" -l format -d 'How to print it' -r -f -a "plain\t'The token and a newline'
json\t'With what is known of it'
header\t'`Authorization: Bearer …`'
curl\t'A configuration for `curl -K -`'
env\t'`export NAME=\'…\'` for a shell'"
complete -c glauth -n "__fish_glauth_using_subcommand token" -s a -l account -d 'Which of several logins at a host' -r
complete -c glauth -n "__fish_glauth_using_subcommand token" -l host -d 'The host where none is named' -r
complete -c glauth -n "__fish_glauth_using_subcommand token" -l store -d 'The folder with the logins' -r -F
complete -c glauth -n "__fish_glauth_using_subcommand token" -l config -d 'The configuration file' -r -F
complete -c glauth -n "__fish_glauth_using_subcommand token" -l lock-timeout -d 'How long to wait for another process\'s refresh, such as `90s` or `2m`' -r
complete -c glauth -n "__fish_glauth_using_subcommand token" -l rejected -d 'Standard input holds an access token that the server refused; it is never printed again'
complete -c glauth -n "__fish_glauth_using_subcommand token" -l no-refresh -d 'Only what is stored and fresh: no lock, no network'
complete -c glauth -n "__fish_glauth_using_subcommand token" -l json -d 'Results and errors as JSON'
complete -c glauth -n "__fish_glauth_using_subcommand token" -s q -l quiet -d 'No warnings and no messages, only results and errors'
complete -c glauth -n "__fish_glauth_using_subcommand token" -s v -l verbose -d 'Say what is done; twice: each step. Tokens appear as fingerprints only'
complete -c glauth -n "__fish_glauth_using_subcommand token" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c glauth -n "__fish_glauth_using_subcommand exec" -l min-ttl -d 'How long the token must still live, nine tenths of its lifetime at most. Left out: five minutes are preferred, and less is taken' -r
complete -c glauth -n "__fish_glauth_using_subcommand exec" -l env -d 'A variable to put the token into, in place of those that the server\'s tools read; may be repeated' -r
complete -c glauth -n "__fish_glauth_using_subcommand exec" -l fd -d 'A descriptor from which the command can read the token, once' -r
complete -c glauth -n "__fish_glauth_using_subcommand exec" -l token-file -d 'A variable to put the path of a file with the token into; the file is in memory and goes with the command' -r
complete -c glauth -n "__fish_glauth_using_subcommand exec" -s a -l account -d 'Which of several logins at a host' -r
complete -c glauth -n "__fish_glauth_using_subcommand exec" -l host -d 'The host where none is named' -r
complete -c glauth -n "__fish_glauth_using_subcommand exec" -l store -d 'The folder with the logins' -r -F
complete -c glauth -n "__fish_glauth_using_subcommand exec" -l config -d 'The configuration file' -r -F
complete -c glauth -n "__fish_glauth_using_subcommand exec" -l lock-timeout -d 'How long to wait for another process\'s refresh, such as `90s` or `2m`' -r
complete -c glauth -n "__fish_glauth_using_subcommand exec" -l json -d 'Results and errors as JSON'
complete -c glauth -n "__fish_glauth_using_subcommand exec" -s q -l quiet -d 'No warnings and no messages, only results and errors'
complete -c glauth -n "__fish_glauth_using_subcommand exec" -s v -l verbose -d 'Say what is done; twice: each step. Tokens appear as fingerprints only'
complete -c glauth -n "__fish_glauth_using_subcommand exec" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c glauth -n "__fish_glauth_using_subcommand refresh" -l if-expiring -d 'Only tokens with less life than this' -r
complete -c glauth -n "__fish_glauth_using_subcommand refresh" -l alert-after -d 'Report passing failures only after this long' -r
complete -c glauth -n "__fish_glauth_using_subcommand refresh" -s a -l account -d 'Which of several logins at a host' -r
complete -c glauth -n "__fish_glauth_using_subcommand refresh" -l host -d 'The host where none is named' -r
complete -c glauth -n "__fish_glauth_using_subcommand refresh" -l store -d 'The folder with the logins' -r -F
complete -c glauth -n "__fish_glauth_using_subcommand refresh" -l config -d 'The configuration file' -r -F
complete -c glauth -n "__fish_glauth_using_subcommand refresh" -l lock-timeout -d 'How long to wait for another process\'s refresh, such as `90s` or `2m`' -r
complete -c glauth -n "__fish_glauth_using_subcommand refresh" -l all -d 'Every account of every host'
complete -c glauth -n "__fish_glauth_using_subcommand refresh" -l force -d 'Refresh now, even an ended login'
complete -c glauth -n "__fish_glauth_using_subcommand refresh" -l json -d 'Results and errors as JSON'
complete -c glauth -n "__fish_glauth_using_subcommand refresh" -s q -l quiet -d 'No warnings and no messages, only results and errors'
complete -c glauth -n "__fish_glauth_using_subcommand refresh" -s v -l verbose -d 'Say what is done; twice: each step. Tokens appear as fingerprints only'
complete -c glauth -n "__fish_glauth_using_subcommand refresh" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c glauth -n "__fish_glauth_using_subcommand status" -s a -l account -d 'Which of several logins at a host' -r
complete -c glauth -n "__fish_glauth_using_subcommand status" -l host -d 'The host where none is named' -r
complete -c glauth -n "__fish_glauth_using_subcommand status" -l store -d 'The folder with the logins' -r -F
complete -c glauth -n "__fish_glauth_using_subcommand status" -l config -d 'The configuration file' -r -F
complete -c glauth -n "__fish_glauth_using_subcommand status" -l lock-timeout -d 'How long to wait for another process\'s refresh, such as `90s` or `2m`' -r
complete -c glauth -n "__fish_glauth_using_subcommand status" -l check -d 'Ask each server whether the token is alive'
complete -c glauth -n "__fish_glauth_using_subcommand status" -l json -d 'Results and errors as JSON'
complete -c glauth -n "__fish_glauth_using_subcommand status" -s q -l quiet -d 'No warnings and no messages, only results and errors'
complete -c glauth -n "__fish_glauth_using_subcommand status" -s v -l verbose -d 'Say what is done; twice: each step. Tokens appear as fingerprints only'
complete -c glauth -n "__fish_glauth_using_subcommand status" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c glauth -n "__fish_glauth_using_subcommand logout" -s a -l account -d 'Which of several logins at a host' -r
complete -c glauth -n "__fish_glauth_using_subcommand logout" -l host -d 'The host where none is named' -r
complete -c glauth -n "__fish_glauth_using_subcommand logout" -l store -d 'The folder with the logins' -r -F
complete -c glauth -n "__fish_glauth_using_subcommand logout" -l config -d 'The configuration file' -r -F
complete -c glauth -n "__fish_glauth_using_subcommand logout" -l lock-timeout -d 'How long to wait for another process\'s refresh, such as `90s` or `2m`' -r
complete -c glauth -n "__fish_glauth_using_subcommand logout" -l all -d 'Every account of every host'
complete -c glauth -n "__fish_glauth_using_subcommand logout" -l local -d 'Do not tell the server: its tokens live until they expire'
complete -c glauth -n "__fish_glauth_using_subcommand logout" -l json -d 'Results and errors as JSON'
complete -c glauth -n "__fish_glauth_using_subcommand logout" -s q -l quiet -d 'No warnings and no messages, only results and errors'
complete -c glauth -n "__fish_glauth_using_subcommand logout" -s v -l verbose -d 'Say what is done; twice: each step. Tokens appear as fingerprints only'
complete -c glauth -n "__fish_glauth_using_subcommand logout" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c glauth -n "__fish_glauth_using_subcommand git-credential" -l timeout -d 'How long what `store` keeps is kept, in seconds' -r
complete -c glauth -n "__fish_glauth_using_subcommand git-credential" -s a -l account -d 'Which of several logins at a host' -r
complete -c glauth -n "__fish_glauth_using_subcommand git-credential" -l host -d 'The host where none is named' -r
complete -c glauth -n "__fish_glauth_using_subcommand git-credential" -l store -d 'The folder with the logins' -r -F
complete -c glauth -n "__fish_glauth_using_subcommand git-credential" -l config -d 'The configuration file' -r -F
complete -c glauth -n "__fish_glauth_using_subcommand git-credential" -l lock-timeout -d 'How long to wait for another process\'s refresh, such as `90s` or `2m`' -r
complete -c glauth -n "__fish_glauth_using_subcommand git-credential" -l json -d 'Results and errors as JSON'
complete -c glauth -n "__fish_glauth_using_subcommand git-credential" -s q -l quiet -d 'No warnings and no messages, only results and errors'
complete -c glauth -n "__fish_glauth_using_subcommand git-credential" -s v -l verbose -d 'Say what is done; twice: each step. Tokens appear as fingerprints only'
complete -c glauth -n "__fish_glauth_using_subcommand git-credential" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c glauth -n "__fish_glauth_using_subcommand setup-git" -s a -l account -d 'Which of several logins at a host' -r
complete -c glauth -n "__fish_glauth_using_subcommand setup-git" -l host -d 'The host where none is named' -r
complete -c glauth -n "__fish_glauth_using_subcommand setup-git" -l store -d 'The folder with the logins' -r -F
complete -c glauth -n "__fish_glauth_using_subcommand setup-git" -l config -d 'The configuration file' -r -F
complete -c glauth -n "__fish_glauth_using_subcommand setup-git" -l lock-timeout -d 'How long to wait for another process\'s refresh, such as `90s` or `2m`' -r
complete -c glauth -n "__fish_glauth_using_subcommand setup-git" -l undo -d 'Take it out again'
complete -c glauth -n "__fish_glauth_using_subcommand setup-git" -l json -d 'Results and errors as JSON'
complete -c glauth -n "__fish_glauth_using_subcommand setup-git" -s q -l quiet -d 'No warnings and no messages, only results and errors'
complete -c glauth -n "__fish_glauth_using_subcommand setup-git" -s v -l verbose -d 'Say what is done; twice: each step. Tokens appear as fingerprints only'
complete -c glauth -n "__fish_glauth_using_subcommand setup-git" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c glauth -n "__fish_glauth_using_subcommand doctor" -s a -l account -d 'Which of several logins at a host' -r
complete -c glauth -n "__fish_glauth_using_subcommand doctor" -l host -d 'The host where none is named' -r
complete -c glauth -n "__fish_glauth_using_subcommand doctor" -l store -d 'The folder with the logins' -r -F
complete -c glauth -n "__fish_glauth_using_subcommand doctor" -l config -d 'The configuration file' -r -F
complete -c glauth -n "__fish_glauth_using_subcommand doctor" -l lock-timeout -d 'How long to wait for another process\'s refresh, such as `90s` or `2m`' -r
complete -c glauth -n "__fish_glauth_using_subcommand doctor" -l offline -d 'Contact nobody'
complete -c glauth -n "__fish_glauth_using_subcommand doctor" -l json -d 'Results and errors as JSON'
complete -c glauth -n "__fish_glauth_using_subcommand doctor" -s q -l quiet -d 'No warnings and no messages, only results and errors'
complete -c glauth -n "__fish_glauth_using_subcommand doctor" -s v -l verbose -d 'Say what is done; twice: each step. Tokens appear as fingerprints only'
complete -c glauth -n "__fish_glauth_using_subcommand doctor" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c glauth -n "__fish_glauth_using_subcommand completions" -l list -d 'What a completion offers: the names of the logins here' -r -f -a "hosts\t'Every host with a login'
accounts\t'Every name of a login'"
complete -c glauth -n "__fish_glauth_using_subcommand completions" -s a -l account -d 'Which of several logins at a host' -r
complete -c glauth -n "__fish_glauth_using_subcommand completions" -l host -d 'The host where none is named' -r
complete -c glauth -n "__fish_glauth_using_subcommand completions" -l store -d 'The folder with the logins' -r -F
complete -c glauth -n "__fish_glauth_using_subcommand completions" -l config -d 'The configuration file' -r -F
complete -c glauth -n "__fish_glauth_using_subcommand completions" -l lock-timeout -d 'How long to wait for another process\'s refresh, such as `90s` or `2m`' -r
complete -c glauth -n "__fish_glauth_using_subcommand completions" -l json -d 'Results and errors as JSON'
complete -c glauth -n "__fish_glauth_using_subcommand completions" -s q -l quiet -d 'No warnings and no messages, only results and errors'
complete -c glauth -n "__fish_glauth_using_subcommand completions" -s v -l verbose -d 'Say what is done; twice: each step. Tokens appear as fingerprints only'
complete -c glauth -n "__fish_glauth_using_subcommand completions" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c glauth -n "__fish_glauth_using_subcommand man" -s a -l account -d 'Which of several logins at a host' -r
complete -c glauth -n "__fish_glauth_using_subcommand man" -l host -d 'The host where none is named' -r
complete -c glauth -n "__fish_glauth_using_subcommand man" -l store -d 'The folder with the logins' -r -F
complete -c glauth -n "__fish_glauth_using_subcommand man" -l config -d 'The configuration file' -r -F
complete -c glauth -n "__fish_glauth_using_subcommand man" -l lock-timeout -d 'How long to wait for another process\'s refresh, such as `90s` or `2m`' -r
complete -c glauth -n "__fish_glauth_using_subcommand man" -l json -d 'Results and errors as JSON'
complete -c glauth -n "__fish_glauth_using_subcommand man" -s q -l quiet -d 'No warnings and no messages, only results and errors'
complete -c glauth -n "__fish_glauth_using_subcommand man" -s v -l verbose -d 'Say what is done; twice: each step. Tokens appear as fingerprints only'
complete -c glauth -n "__fish_glauth_using_subcommand man" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c glauth -l host -x -a '(glauth completions --list hosts 2>/dev/null)'
complete -c glauth -s a -l account -x -a '(glauth completions --list accounts 2>/dev/null)'
complete -c glauth -n "__fish_glauth_using_subcommand login" -f -a '(glauth completions --list hosts 2>/dev/null)'
complete -c glauth -n "__fish_glauth_using_subcommand token" -f -a '(glauth completions --list hosts 2>/dev/null)'
complete -c glauth -n "__fish_glauth_using_subcommand exec; and not __fish_glauth_command_line >/dev/null" -f -a '(glauth completions --list hosts 2>/dev/null)'
complete -c glauth -n "__fish_glauth_using_subcommand refresh" -f -a '(glauth completions --list hosts 2>/dev/null)'
complete -c glauth -n "__fish_glauth_using_subcommand status" -f -a '(glauth completions --list hosts 2>/dev/null)'
complete -c glauth -n "__fish_glauth_using_subcommand logout" -f -a '(glauth completions --list hosts 2>/dev/null)'
complete -c glauth -n "__fish_glauth_using_subcommand setup-git" -f -a '(glauth completions --list hosts 2>/dev/null)'
complete -c glauth -n "__fish_glauth_using_subcommand doctor" -f -a '(glauth completions --list hosts 2>/dev/null)'

# What stands behind `exec HOST --`, as a line of its own; fails where nothing does.
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
complete -c glauth -n "__fish_glauth_using_subcommand exec; and __fish_glauth_command_line >/dev/null" -f -a '(complete -C "$(__fish_glauth_command_line)")'
complete -c glauth -n "__fish_glauth_using_subcommand man" -f -a 'login token exec refresh status logout git-credential setup-git doctor completions man'
