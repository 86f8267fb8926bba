
using namespace System.Management.Automation
using namespace System.Management.Automation.Language

Register-ArgumentCompleter -Native -CommandName 'glauth' -ScriptBlock {
    param($wordToComplete, $commandAst, $cursorPosition)

    $commandElements = $commandAst.CommandElements
    $command = @(
        'glauth'
        for ($i = 1; $i -lt $commandElements.Count; $i++) {
            $element = $commandElements[$i]
            if ($element -isnot [StringConstantExpressionAst] -or
                $element.StringConstantType -ne [StringConstantType]::BareWord -or
                $element.Value.StartsWith('-') -or
                $element.Value -eq $wordToComplete) {
                break
        }
        $element.Value
    }) -join ';'

    $completions = @(switch ($command) {
        'glauth' {
            [CompletionResult]::new('-a', '-a', [CompletionResultType]::ParameterName, 'Which of several logins at a host')
            [CompletionResult]::new('--account', '--account', [CompletionResultType]::ParameterName, 'Which of several logins at a host')
            [CompletionResult]::new('--host', '--host', [CompletionResultType]::ParameterName, 'The host where none is named')
            [CompletionResult]::new('--store', '--store', [CompletionResultType]::ParameterName, 'The folder with the logins')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'The configuration file')
            [CompletionResult]::new('--lock-timeout', '--lock-timeout', [CompletionResultType]::ParameterName, 'How long to wait for another process''s refresh, such as `90s` or `2m`')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Results and errors as JSON')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'No warnings and no messages, only results and errors')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'No warnings and no messages, only results and errors')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say what is done; twice: each step. Tokens appear as fingerprints only')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say what is done; twice: each step. Tokens appear as fingerprints only')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('-V', '-V ', [CompletionResultType]::ParameterName, 'Print version')
            [CompletionResult]::new('--version', '--version', [CompletionResultType]::ParameterName, 'Print version')
            [CompletionResult]::new('login', 'login', [CompletionResultType]::ParameterValue, 'Log in, through a browser or on another device')
            [CompletionResult]::new('token', 'token', [CompletionResultType]::ParameterValue, 'Print a working access token')
            [CompletionResult]::new('exec', 'exec', [CompletionResultType]::ParameterValue, 'Run a command with a working token, which nobody ends early while it runs')
            [CompletionResult]::new('refresh', 'refresh', [CompletionResultType]::ParameterValue, 'Make the next token ready, without ending one that is alive')
            [CompletionResult]::new('status', 'status', [CompletionResultType]::ParameterValue, 'Show the logins')
            [CompletionResult]::new('logout', 'logout', [CompletionResultType]::ParameterValue, 'Revoke a login and forget its tokens')
            [CompletionResult]::new('git-credential', 'git-credential', [CompletionResultType]::ParameterValue, 'Answer git as its credential helper')
            [CompletionResult]::new('setup-git', 'setup-git', [CompletionResultType]::ParameterValue, 'Make git ask glauth')
            [CompletionResult]::new('doctor', 'doctor', [CompletionResultType]::ParameterValue, 'Try what everything rests on, and say what to do about it')
            [CompletionResult]::new('completions', 'completions', [CompletionResultType]::ParameterValue, 'Print the completions of a shell')
            [CompletionResult]::new('man', 'man', [CompletionResultType]::ParameterValue, 'Print a man page')
            break
        }
        'glauth;login' {
            [CompletionResult]::new('--client-id', '--client-id', [CompletionResultType]::ParameterName, 'The client id of the application at the server; asked for where none is known')
            [CompletionResult]::new('--client-secret-file', '--client-secret-file', [CompletionResultType]::ParameterName, 'A file that holds the client secret, for a confidential client')
            [CompletionResult]::new('--auth-method', '--auth-method', [CompletionResultType]::ParameterName, 'How the client secret is sent (RFC 7591), where the server does not say')
            [CompletionResult]::new('--scope', '--scope', [CompletionResultType]::ParameterName, 'A scope to ask for; may be repeated')
            [CompletionResult]::new('--parameter', '--parameter', [CompletionResultType]::ParameterName, 'A parameter for every request, such as `resource=…` or `audience=…`; may be repeated')
            [CompletionResult]::new('--provider', '--provider', [CompletionResultType]::ParameterName, 'The kind of server, where its name or its own word does not tell; `oidc` asks the issuer HOST for its endpoints, `generic` is told them')
            [CompletionResult]::new('--ca-file', '--ca-file', [CompletionResultType]::ParameterName, 'Trust this certificate authority, or self-signed certificate, too (PEM)')
            [CompletionResult]::new('--redirect-uri', '--redirect-uri', [CompletionResultType]::ParameterName, 'The redirect URI, as it is registered: a loopback address or `localhost`, any port where it names none. Left out: `http://127.0.0.1/` (Bitbucket Cloud: `http://127.0.0.1:34871/`)')
            [CompletionResult]::new('--authorization-endpoint', '--authorization-endpoint', [CompletionResultType]::ParameterName, 'Where a person consents (RFC 6749 §3.1)')
            [CompletionResult]::new('--device-endpoint', '--device-endpoint', [CompletionResultType]::ParameterName, 'Where device codes come from (RFC 8628 §3.1)')
            [CompletionResult]::new('--token-endpoint', '--token-endpoint', [CompletionResultType]::ParameterName, 'Where tokens are refreshed (RFC 6749 §3.2)')
            [CompletionResult]::new('--revocation-endpoint', '--revocation-endpoint', [CompletionResultType]::ParameterName, 'Where tokens are revoked (RFC 7009)')
            [CompletionResult]::new('-a', '-a', [CompletionResultType]::ParameterName, 'Which of several logins at a host')
            [CompletionResult]::new('--account', '--account', [CompletionResultType]::ParameterName, 'Which of several logins at a host')
            [CompletionResult]::new('--host', '--host', [CompletionResultType]::ParameterName, 'The host where none is named')
            [CompletionResult]::new('--store', '--store', [CompletionResultType]::ParameterName, 'The folder with the logins')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'The configuration file')
            [CompletionResult]::new('--lock-timeout', '--lock-timeout', [CompletionResultType]::ParameterName, 'How long to wait for another process''s refresh, such as `90s` or `2m`')
            [CompletionResult]::new('--device', '--device', [CompletionResultType]::ParameterName, 'Consent on another device: shows an address, a code and a QR code (RFC 8628)')
            [CompletionResult]::new('--no-browser', '--no-browser', [CompletionResultType]::ParameterName, 'Open no browser: print the address, and take the address that the browser ends at from standard input')
            [CompletionResult]::new('--import', '--import', [CompletionResultType]::ParameterName, 'Read a token response (the JSON of RFC 6749 §5.1) from standard input')
            [CompletionResult]::new('--with-token', '--with-token', [CompletionResultType]::ParameterName, 'Read a personal access token from standard input')
            [CompletionResult]::new('--standby', '--standby', [CompletionResultType]::ParameterName, 'Ask for a standby grant too, or for one beside the login that is there: while one is refreshed, programs use the other. A browser login asks for it by itself where a refresh ends the old token')
            [CompletionResult]::new('--no-standby', '--no-standby', [CompletionResultType]::ParameterName, 'One grant only')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Results and errors as JSON')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'No warnings and no messages, only results and errors')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'No warnings and no messages, only results and errors')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say what is done; twice: each step. Tokens appear as fingerprints only')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say what is done; twice: each step. Tokens appear as fingerprints only')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'glauth;token' {
            [CompletionResult]::new('--min-ttl', '--min-ttl', [CompletionResultType]::ParameterName, 'How long it must still live, nine tenths of its lifetime at most: a token with less is not printed')
            [CompletionResult]::new('--format', '--format', [CompletionResultType]::ParameterName, 'How to print it')
            [CompletionResult]::new('-a', '-a', [CompletionResultType]::ParameterName, 'Which of several logins at a host')
            [CompletionResult]::new('--account', '--account', [CompletionResultType]::ParameterName, 'Which of several logins at a host')
            [CompletionResult]::new('--host', '--host', [CompletionResultType]::ParameterName, 'The host where none is named')
            [CompletionResult]::new('--store', '--store', [CompletionResultType]::ParameterName, 'The folder with the logins')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'The configuration file')
            [CompletionResult]::new('--lock-timeout', '--lock-timeout', [CompletionResultType]::ParameterName, 'How long to wait for another process''s refresh, such as `90s` or `2m`')
            [CompletionResult]::new('--rejected', '--rejected', [CompletionResultType]::ParameterName, 'Standard input holds an access token that the server refused; it is never printed again')
            [CompletionResult]::new('--no-refresh', '--no-refresh', [CompletionResultType]::ParameterName, 'Only what is stored and fresh: no lock, no network')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Results and errors as JSON')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'No warnings and no messages, only results and errors')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'No warnings and no messages, only results and errors')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say what is done; twice: each step. Tokens appear as fingerprints only')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say what is done; twice: each step. Tokens appear as fingerprints only')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'glauth;exec' {
            [CompletionResult]::new('--min-ttl', '--min-ttl', [CompletionResultType]::ParameterName, 'How long the token must still live, nine tenths of its lifetime at most. Left out: five minutes are preferred, and less is taken')
            [CompletionResult]::new('--env', '--env', [CompletionResultType]::ParameterName, 'A variable to put the token into, in place of those that the server''s tools read; may be repeated')
            [CompletionResult]::new('--fd', '--fd', [CompletionResultType]::ParameterName, 'A descriptor from which the command can read the token, once')
            [CompletionResult]::new('--token-file', '--token-file', [CompletionResultType]::ParameterName, 'A variable to put the path of a file with the token into; the file is in memory and goes with the command')
            [CompletionResult]::new('-a', '-a', [CompletionResultType]::ParameterName, 'Which of several logins at a host')
            [CompletionResult]::new('--account', '--account', [CompletionResultType]::ParameterName, 'Which of several logins at a host')
            [CompletionResult]::new('--host', '--host', [CompletionResultType]::ParameterName, 'The host where none is named')
            [CompletionResult]::new('--store', '--store', [CompletionResultType]::ParameterName, 'The folder with the logins')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'The configuration file')
            [CompletionResult]::new('--lock-timeout', '--lock-timeout', [CompletionResultType]::ParameterName, 'How long to wait for another process''s refresh, such as `90s` or `2m`')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Results and errors as JSON')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'No warnings and no messages, only results and errors')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'No warnings and no messages, only results and errors')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say what is done; twice: each step. Tokens appear as fingerprints only')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say what is done; twice: each step. Tokens appear as fingerprints only')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'glauth;refresh' {
            [CompletionResult]::new('--if-expiring', '--if-expiring', [CompletionResultType]::ParameterName, 'Only tokens with less life than this')
            [CompletionResult]::new('--alert-after', '--alert-after', [CompletionResultType]::ParameterName, 'Report passing failures only after this long')
            [CompletionResult]::new('-a', '-a', [CompletionResultType]::ParameterName, 'Which of several logins at a host')
            [CompletionResult]::new('--account', '--account', [CompletionResultType]::ParameterName, 'Which of several logins at a host')
            [CompletionResult]::new('--host', '--host', [CompletionResultType]::ParameterName, 'The host where none is named')
            [CompletionResult]::new('--store', '--store', [CompletionResultType]::ParameterName, 'The folder with the logins')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'The configuration file')
            [CompletionResult]::new('--lock-timeout', '--lock-timeout', [CompletionResultType]::ParameterName, 'How long to wait for another process''s refresh, such as `90s` or `2m`')
            [CompletionResult]::new('--all', '--all', [CompletionResultType]::ParameterName, 'Every account of every host')
            [CompletionResult]::new('--force', '--force', [CompletionResultType]::ParameterName, 'Refresh now, even an ended login')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Results and errors as JSON')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'No warnings and no messages, only results and errors')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'No warnings and no messages, only results and errors')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say what is done; twice: each step. Tokens appear as fingerprints only')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say what is done; twice: each step. Tokens appear as fingerprints only')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'glauth;status' {
            [CompletionResult]::new('-a', '-a', [CompletionResultType]::ParameterName, 'Which of several logins at a host')
            [CompletionResult]::new('--account', '--account', [CompletionResultType]::ParameterName, 'Which of several logins at a host')
            [CompletionResult]::new('--host', '--host', [CompletionResultType]::ParameterName, 'The host where none is named')
            [CompletionResult]::new('--store', '--store', [CompletionResultType]::ParameterName, 'The folder with the logins')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'The configuration file')
            [CompletionResult]::new('--lock-timeout', '--lock-timeout', [CompletionResultType]::ParameterName, 'How long to wait for another process''s refresh, such as `90s` or `2m`')
            [CompletionResult]::new('--check', '--check', [CompletionResultType]::ParameterName, 'Ask each server whether the token is alive')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Results and errors as JSON')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'No warnings and no messages, only results and errors')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'No warnings and no messages, only results and errors')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say what is done; twice: each step. Tokens appear as fingerprints only')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say what is done; twice: each step. Tokens appear as fingerprints only')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'glauth;logout' {
            [CompletionResult]::new('-a', '-a', [CompletionResultType]::ParameterName, 'Which of several logins at a host')
            [CompletionResult]::new('--account', '--account', [CompletionResultType]::ParameterName, 'Which of several logins at a host')
            [CompletionResult]::new('--host', '--host', [CompletionResultType]::ParameterName, 'The host where none is named')
            [CompletionResult]::new('--store', '--store', [CompletionResultType]::ParameterName, 'The folder with the logins')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'The configuration file')
            [CompletionResult]::new('--lock-timeout', '--lock-timeout', [CompletionResultType]::ParameterName, 'How long to wait for another process''s refresh, such as `90s` or `2m`')
            [CompletionResult]::new('--all', '--all', [CompletionResultType]::ParameterName, 'Every account of every host')
            [CompletionResult]::new('--local', '--local', [CompletionResultType]::ParameterName, 'Do not tell the server: its tokens live until they expire')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Results and errors as JSON')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'No warnings and no messages, only results and errors')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'No warnings and no messages, only results and errors')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say what is done; twice: each step. Tokens appear as fingerprints only')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say what is done; twice: each step. Tokens appear as fingerprints only')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'glauth;git-credential' {
            [CompletionResult]::new('--timeout', '--timeout', [CompletionResultType]::ParameterName, 'How long what `store` keeps is kept, in seconds')
            [CompletionResult]::new('-a', '-a', [CompletionResultType]::ParameterName, 'Which of several logins at a host')
            [CompletionResult]::new('--account', '--account', [CompletionResultType]::ParameterName, 'Which of several logins at a host')
            [CompletionResult]::new('--host', '--host', [CompletionResultType]::ParameterName, 'The host where none is named')
            [CompletionResult]::new('--store', '--store', [CompletionResultType]::ParameterName, 'The folder with the logins')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'The configuration file')
            [CompletionResult]::new('--lock-timeout', '--lock-timeout', [CompletionResultType]::ParameterName, 'How long to wait for another process''s refresh, such as `90s` or `2m`')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Results and errors as JSON')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'No warnings and no messages, only results and errors')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'No warnings and no messages, only results and errors')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say what is done; twice: each step. Tokens appear as fingerprints only')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say what is done; twice: each step. Tokens appear as fingerprints only')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'glauth;setup-git' {
            [CompletionResult]::new('-a', '-a', [CompletionResultType]::ParameterName, 'Which of several logins at a host')
            [CompletionResult]::new('--account', '--account', [CompletionResultType]::ParameterName, 'Which of several logins at a host')
            [CompletionResult]::new('--host', '--host', [CompletionResultType]::ParameterName, 'The host where none is named')
            [CompletionResult]::new('--store', '--store', [CompletionResultType]::ParameterName, 'The folder with the logins')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'The configuration file')
            [CompletionResult]::new('--lock-timeout', '--lock-timeout', [CompletionResultType]::ParameterName, 'How long to wait for another process''s refresh, such as `90s` or `2m`')
            [CompletionResult]::new('--undo', '--undo', [CompletionResultType]::ParameterName, 'Take it out again')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Results and errors as JSON')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'No warnings and no messages, only results and errors')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'No warnings and no messages, only results and errors')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say what is done; twice: each step. Tokens appear as fingerprints only')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say what is done; twice: each step. Tokens appear as fingerprints only')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'glauth;doctor' {
            [CompletionResult]::new('-a', '-a', [CompletionResultType]::ParameterName, 'Which of several logins at a host')
            [CompletionResult]::new('--account', '--account', [CompletionResultType]::ParameterName, 'Which of several logins at a host')
            [CompletionResult]::new('--host', '--host', [CompletionResultType]::ParameterName, 'The host where none is named')
            [CompletionResult]::new('--store', '--store', [CompletionResultType]::ParameterName, 'The folder with the logins')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'The configuration file')
            [CompletionResult]::new('--lock-timeout', '--lock-timeout', [CompletionResultType]::ParameterName, 'How long to wait for another process''s refresh, such as `90s` or `2m`')
            [CompletionResult]::new('--offline', '--offline', [CompletionResultType]::ParameterName, 'Contact nobody')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Results and errors as JSON')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'No warnings and no messages, only results and errors')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'No warnings and no messages, only results and errors')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say what is done; twice: each step. Tokens appear as fingerprints only')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say what is done; twice: each step. Tokens appear as fingerprints only')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'glauth;completions' {
            [CompletionResult]::new('--list', '--list', [CompletionResultType]::ParameterName, 'What a completion offers: the names of the logins here')
            [CompletionResult]::new('-a', '-a', [CompletionResultType]::ParameterName, 'Which of several logins at a host')
            [CompletionResult]::new('--account', '--account', [CompletionResultType]::ParameterName, 'Which of several logins at a host')
            [CompletionResult]::new('--host', '--host', [CompletionResultType]::ParameterName, 'The host where none is named')
            [CompletionResult]::new('--store', '--store', [CompletionResultType]::ParameterName, 'The folder with the logins')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'The configuration file')
            [CompletionResult]::new('--lock-timeout', '--lock-timeout', [CompletionResultType]::ParameterName, 'How long to wait for another process''s refresh, such as `90s` or `2m`')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Results and errors as JSON')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'No warnings and no messages, only results and errors')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'No warnings and no messages, only results and errors')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say what is done; twice: each step. Tokens appear as fingerprints only')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say what is done; twice: each step. Tokens appear as fingerprints only')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'glauth;man' {
            [CompletionResult]::new('-a', '-a', [CompletionResultType]::ParameterName, 'Which of several logins at a host')
            [CompletionResult]::new('--account', '--account', [CompletionResultType]::ParameterName, 'Which of several logins at a host')
            [CompletionResult]::new('--host', '--host', [CompletionResultType]::ParameterName, 'The host where none is named')
            [CompletionResult]::new('--store', '--store', [CompletionResultType]::ParameterName, 'The folder with the logins')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'The configuration file')
            [CompletionResult]::new('--lock-timeout', '--lock-timeout', [CompletionResultType]::ParameterName, 'How long to wait for another process''s refresh, such as `90s` or `2m`')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Results and errors as JSON')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'No warnings and no messages, only results and errors')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'No warnings and no messages, only results and errors')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say what is done; twice: each step. Tokens appear as fingerprints only')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say what is done; twice: each step. Tokens appear as fingerprints only')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
    })

    $completions.Where{ $_.CompletionText -like "$wordToComplete*" } |
        Sort-Object -Property ListItemText
}
