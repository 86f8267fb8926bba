
use builtin;
use str;

set edit:completion:arg-completer[glauth] = {|@words|
    fn spaces {|n|
        builtin:repeat $n ' ' | str:join ''
    }
    fn cand {|text desc|
        edit:complex-candidate $text &display=$text' '(spaces (- 14 (wcswidth $text)))$desc
    }
    var command = 'glauth'
    for word $words[1..-1] {
        if (str:has-prefix $word '-') {
            break
        }
        set command = $command';'$word
    }
    var completions = [
        &'glauth'= {
            cand -a 'Which of several logins at a host'
            cand --account 'Which of several logins at a host'
            cand --host 'The host where none is named'
            cand --store 'The folder with the logins'
            cand --config 'The configuration file'
            cand --lock-timeout 'How long to wait for another process''s refresh, such as `90s` or `2m`'
            cand --json 'Results and errors as JSON'
            cand -q 'No warnings and no messages, only results and errors'
            cand --quiet 'No warnings and no messages, only results and errors'
            cand -v 'Say what is done; twice: each step. Tokens appear as fingerprints only'
            cand --verbose 'Say what is done; twice: each step. Tokens appear as fingerprints only'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
            cand -V 'Print version'
            cand --version 'Print version'
            cand login 'Log in, through a browser or on another device'
            cand token 'Print a working access token'
            cand refresh 'Make the next token ready, without ending one that is alive'
            cand status 'Show the logins'
            cand logout 'Revoke a login and forget its tokens'
            cand completions 'Print the completions of a shell'
            cand man 'Print a man page'
        }
        &'glauth;login'= {
            cand --client-id 'The client id of the application at the server; asked for where none is known'
            cand --client-secret-file 'A file that holds the client secret, for a confidential client'
            cand --auth-method 'How the client secret is sent (RFC 7591), where the server does not say'
            cand --scope 'A scope to ask for; may be repeated'
            cand --parameter 'A parameter for every request, such as `resource=…` or `audience=…`; may be repeated'
            cand --provider 'The kind of server, where its name or its own word does not tell; `oidc` asks the issuer HOST for its endpoints, `generic` is told them'
            cand --ca-file 'A certificate authority of the server''s own, as PEM'
            cand --redirect-uri 'The redirect URI, as it is registered: a loopback address or `localhost`, any port where it names none. Left out: `http://127.0.0.1/` (Bitbucket Cloud: `http://127.0.0.1:34871/`)'
            cand --authorization-endpoint 'Where a person consents (RFC 6749 §3.1)'
            cand --device-endpoint 'Where device codes come from (RFC 8628 §3.1)'
            cand --token-endpoint 'Where tokens are refreshed (RFC 6749 §3.2)'
            cand --revocation-endpoint 'Where tokens are revoked (RFC 7009)'
            cand -a 'Which of several logins at a host'
            cand --account 'Which of several logins at a host'
            cand --host 'The host where none is named'
            cand --store 'The folder with the logins'
            cand --config 'The configuration file'
            cand --lock-timeout 'How long to wait for another process''s refresh, such as `90s` or `2m`'
            cand --device 'Consent on another device: shows an address, a code and a QR code (RFC 8628)'
            cand --no-browser 'Open no browser: print the address, and take the address that the browser ends at from standard input'
            cand --import 'Read a token response (the JSON of RFC 6749 §5.1) from standard input'
            cand --with-token 'Read a personal access token from standard input'
            cand --json 'Results and errors as JSON'
            cand -q 'No warnings and no messages, only results and errors'
            cand --quiet 'No warnings and no messages, only results and errors'
            cand -v 'Say what is done; twice: each step. Tokens appear as fingerprints only'
            cand --verbose 'Say what is done; twice: each step. Tokens appear as fingerprints only'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'glauth;token'= {
            cand --min-ttl 'How long it must still live, nine tenths of its lifetime at most: a token with less is not printed'
            cand --format 'How to print it'
            cand -a 'Which of several logins at a host'
            cand --account 'Which of several logins at a host'
            cand --host 'The host where none is named'
            cand --store 'The folder with the logins'
            cand --config 'The configuration file'
            cand --lock-timeout 'How long to wait for another process''s refresh, such as `90s` or `2m`'
            cand --rejected 'Standard input holds an access token that the server refused; it is never printed again'
            cand --no-refresh 'Only what is stored and fresh: no lock, no network'
            cand --json 'Results and errors as JSON'
            cand -q 'No warnings and no messages, only results and errors'
            cand --quiet 'No warnings and no messages, only results and errors'
            cand -v 'Say what is done; twice: each step. Tokens appear as fingerprints only'
            cand --verbose 'Say what is done; twice: each step. Tokens appear as fingerprints only'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'glauth;refresh'= {
            cand --if-expiring 'Only tokens with less life than this'
            cand -a 'Which of several logins at a host'
            cand --account 'Which of several logins at a host'
            cand --host 'The host where none is named'
            cand --store 'The folder with the logins'
            cand --config 'The configuration file'
            cand --lock-timeout 'How long to wait for another process''s refresh, such as `90s` or `2m`'
            cand --all 'Every account of every host'
            cand --force 'Now, whoever holds the token'
            cand --json 'Results and errors as JSON'
            cand -q 'No warnings and no messages, only results and errors'
            cand --quiet 'No warnings and no messages, only results and errors'
            cand -v 'Say what is done; twice: each step. Tokens appear as fingerprints only'
            cand --verbose 'Say what is done; twice: each step. Tokens appear as fingerprints only'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'glauth;status'= {
            cand -a 'Which of several logins at a host'
            cand --account 'Which of several logins at a host'
            cand --host 'The host where none is named'
            cand --store 'The folder with the logins'
            cand --config 'The configuration file'
            cand --lock-timeout 'How long to wait for another process''s refresh, such as `90s` or `2m`'
            cand --check 'Ask each server whether the token is alive'
            cand --json 'Results and errors as JSON'
            cand -q 'No warnings and no messages, only results and errors'
            cand --quiet 'No warnings and no messages, only results and errors'
            cand -v 'Say what is done; twice: each step. Tokens appear as fingerprints only'
            cand --verbose 'Say what is done; twice: each step. Tokens appear as fingerprints only'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'glauth;logout'= {
            cand -a 'Which of several logins at a host'
            cand --account 'Which of several logins at a host'
            cand --host 'The host where none is named'
            cand --store 'The folder with the logins'
            cand --config 'The configuration file'
            cand --lock-timeout 'How long to wait for another process''s refresh, such as `90s` or `2m`'
            cand --all 'Every account of every host'
            cand --local 'Do not tell the server: its tokens live until they expire'
            cand --json 'Results and errors as JSON'
            cand -q 'No warnings and no messages, only results and errors'
            cand --quiet 'No warnings and no messages, only results and errors'
            cand -v 'Say what is done; twice: each step. Tokens appear as fingerprints only'
            cand --verbose 'Say what is done; twice: each step. Tokens appear as fingerprints only'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'glauth;completions'= {
            cand -a 'Which of several logins at a host'
            cand --account 'Which of several logins at a host'
            cand --host 'The host where none is named'
            cand --store 'The folder with the logins'
            cand --config 'The configuration file'
            cand --lock-timeout 'How long to wait for another process''s refresh, such as `90s` or `2m`'
            cand --json 'Results and errors as JSON'
            cand -q 'No warnings and no messages, only results and errors'
            cand --quiet 'No warnings and no messages, only results and errors'
            cand -v 'Say what is done; twice: each step. Tokens appear as fingerprints only'
            cand --verbose 'Say what is done; twice: each step. Tokens appear as fingerprints only'
            cand -h 'Print help'
            cand --help 'Print help'
        }
        &'glauth;man'= {
            cand -a 'Which of several logins at a host'
            cand --account 'Which of several logins at a host'
            cand --host 'The host where none is named'
            cand --store 'The folder with the logins'
            cand --config 'The configuration file'
            cand --lock-timeout 'How long to wait for another process''s refresh, such as `90s` or `2m`'
            cand --json 'Results and errors as JSON'
            cand -q 'No warnings and no messages, only results and errors'
            cand --quiet 'No warnings and no messages, only results and errors'
            cand -v 'Say what is done; twice: each step. Tokens appear as fingerprints only'
            cand --verbose 'Say what is done; twice: each step. Tokens appear as fingerprints only'
            cand -h 'Print help'
            cand --help 'Print help'
        }
    ]
    $completions[$command]
}
