
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
            cand login 'Store a login'
            cand token 'Print a working access token'
            cand refresh 'Make the next token ready, without ending one that is alive'
            cand status 'Show the logins'
            cand logout 'Revoke a login and forget its tokens'
            cand completions 'Print the completions of a shell'
            cand man 'Print a man page'
        }
        &'glauth;login'= {
            cand --client-id 'The client id of the application at the server; needed with a refresh token'
            cand --client-secret-file 'A file that holds the client secret, for a confidential client'
            cand --scope 'A scope that the token has, where the response does not say; may be repeated'
            cand --parameter 'A parameter for every token request, such as `resource=…`; may be repeated'
            cand --provider 'The kind of server: `gitlab`, or `generic` with its endpoints'
            cand --token-endpoint 'Where tokens are refreshed (RFC 6749 §3.2)'
            cand --revocation-endpoint 'Where tokens are revoked (RFC 7009)'
            cand -a 'Which of several logins at a host'
            cand --account 'Which of several logins at a host'
            cand --host 'The host where none is named'
            cand --store 'The folder with the logins'
            cand --config 'The configuration file'
            cand --lock-timeout 'How long to wait for another process''s refresh, such as `90s` or `2m`'
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
