
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
            [CompletionResult]::new('-a', '-a', [CompletionResultType]::ParameterName, 'Name of the login, if a host has several')
            [CompletionResult]::new('--account', '--account', [CompletionResultType]::ParameterName, 'Name of the login, if a host has several')
            [CompletionResult]::new('--host', '--host', [CompletionResultType]::ParameterName, 'Default host')
            [CompletionResult]::new('--store', '--store', [CompletionResultType]::ParameterName, 'Folder with the logins, or the address of a shared store')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'Configuration file')
            [CompletionResult]::new('--lock-timeout', '--lock-timeout', [CompletionResultType]::ParameterName, 'Longest wait for another process''s refresh, such as `90s` or `2m`')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Print results and errors as JSON')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Print only results and errors')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Print only results and errors')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Explain decisions; repeat for each step')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Explain decisions; repeat for each step')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('-V', '-V ', [CompletionResultType]::ParameterName, 'Print version')
            [CompletionResult]::new('--version', '--version', [CompletionResultType]::ParameterName, 'Print version')
            [CompletionResult]::new('login', 'login', [CompletionResultType]::ParameterValue, 'Log in with a browser or another device')
            [CompletionResult]::new('token', 'token', [CompletionResultType]::ParameterValue, 'Print a working access token')
            [CompletionResult]::new('exec', 'exec', [CompletionResultType]::ParameterValue, 'Run a command with a token that stays valid')
            [CompletionResult]::new('proxy', 'proxy', [CompletionResultType]::ParameterValue, 'Run a command whose requests get the token')
            [CompletionResult]::new('refresh', 'refresh', [CompletionResultType]::ParameterValue, 'Refresh tokens before they expire')
            [CompletionResult]::new('status', 'status', [CompletionResultType]::ParameterValue, 'Show your logins')
            [CompletionResult]::new('logout', 'logout', [CompletionResultType]::ParameterValue, 'Revoke a login and delete its tokens')
            [CompletionResult]::new('switch', 'switch', [CompletionResultType]::ParameterValue, 'Choose the account that a host means')
            [CompletionResult]::new('rename', 'rename', [CompletionResultType]::ParameterValue, 'Give an account another name')
            [CompletionResult]::new('git-credential', 'git-credential', [CompletionResultType]::ParameterValue, 'Answer git as a credential helper')
            [CompletionResult]::new('setup-git', 'setup-git', [CompletionResultType]::ParameterValue, 'Configure git to use glauth')
            [CompletionResult]::new('docker-credential', 'docker-credential', [CompletionResultType]::ParameterValue, 'Answer docker and podman as a credential helper')
            [CompletionResult]::new('setup-docker', 'setup-docker', [CompletionResultType]::ParameterValue, 'Configure docker and podman to use glauth')
            [CompletionResult]::new('doctor', 'doctor', [CompletionResultType]::ParameterValue, 'Check the store, the servers and git')
            [CompletionResult]::new('store', 'store', [CompletionResultType]::ParameterValue, 'Show where glauth keeps its files, and set up a store for several machines')
            [CompletionResult]::new('completions', 'completions', [CompletionResultType]::ParameterValue, 'Print shell completions')
            [CompletionResult]::new('man', 'man', [CompletionResultType]::ParameterValue, 'Print a man page')
            [CompletionResult]::new('help', 'help', [CompletionResultType]::ParameterValue, 'Explain a command')
            break
        }
        'glauth;login' {
            [CompletionResult]::new('--client-id', '--client-id', [CompletionResultType]::ParameterName, 'Client id of the application at the server')
            [CompletionResult]::new('--client-secret-file', '--client-secret-file', [CompletionResultType]::ParameterName, 'File with the client secret')
            [CompletionResult]::new('--client-key-file', '--client-key-file', [CompletionResultType]::ParameterName, 'File with the client''s private key (PEM)')
            [CompletionResult]::new('--client-key-id', '--client-key-id', [CompletionResultType]::ParameterName, 'Name of the key at the server (`kid`)')
            [CompletionResult]::new('--client-key-audience', '--client-key-audience', [CompletionResultType]::ParameterName, 'What the key''s signature is for (`aud`)')
            [CompletionResult]::new('--auth-method', '--auth-method', [CompletionResultType]::ParameterName, 'How to send the client secret (RFC 7591)')
            [CompletionResult]::new('--scope', '--scope', [CompletionResultType]::ParameterName, 'Scope to ask for; can be repeated')
            [CompletionResult]::new('--parameter', '--parameter', [CompletionResultType]::ParameterName, 'Extra parameter for every request; can be repeated')
            [CompletionResult]::new('--provider', '--provider', [CompletionResultType]::ParameterName, 'Kind of server')
            [CompletionResult]::new('--ca-file', '--ca-file', [CompletionResultType]::ParameterName, 'Additional certificate authority (PEM)')
            [CompletionResult]::new('--redirect-uri', '--redirect-uri', [CompletionResultType]::ParameterName, 'Redirect URI, as registered at the server')
            [CompletionResult]::new('--authorization-endpoint', '--authorization-endpoint', [CompletionResultType]::ParameterName, 'Authorization endpoint (RFC 6749 §3.1)')
            [CompletionResult]::new('--device-endpoint', '--device-endpoint', [CompletionResultType]::ParameterName, 'Device authorization endpoint (RFC 8628 §3.1)')
            [CompletionResult]::new('--token-endpoint', '--token-endpoint', [CompletionResultType]::ParameterName, 'Token endpoint (RFC 6749 §3.2)')
            [CompletionResult]::new('--revocation-endpoint', '--revocation-endpoint', [CompletionResultType]::ParameterName, 'Revocation endpoint (RFC 7009)')
            [CompletionResult]::new('-a', '-a', [CompletionResultType]::ParameterName, 'Name of the login, if a host has several')
            [CompletionResult]::new('--account', '--account', [CompletionResultType]::ParameterName, 'Name of the login, if a host has several')
            [CompletionResult]::new('--host', '--host', [CompletionResultType]::ParameterName, 'Default host')
            [CompletionResult]::new('--store', '--store', [CompletionResultType]::ParameterName, 'Folder with the logins, or the address of a shared store')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'Configuration file')
            [CompletionResult]::new('--lock-timeout', '--lock-timeout', [CompletionResultType]::ParameterName, 'Longest wait for another process''s refresh, such as `90s` or `2m`')
            [CompletionResult]::new('--device', '--device', [CompletionResultType]::ParameterName, 'Consent on another device, such as a phone (RFC 8628)')
            [CompletionResult]::new('--no-browser', '--no-browser', [CompletionResultType]::ParameterName, 'Print the address instead of opening a browser')
            [CompletionResult]::new('--import', '--import', [CompletionResultType]::ParameterName, 'Read a token response from standard input')
            [CompletionResult]::new('--with-token', '--with-token', [CompletionResultType]::ParameterName, 'Read a personal access token from standard input')
            [CompletionResult]::new('--client-credentials', '--client-credentials', [CompletionResultType]::ParameterName, 'Log in a machine with its own credentials')
            [CompletionResult]::new('--standby', '--standby', [CompletionResultType]::ParameterName, 'Ask for a standby grant, too')
            [CompletionResult]::new('--no-standby', '--no-standby', [CompletionResultType]::ParameterName, 'Ask for one grant only')
            [CompletionResult]::new('--replace-scopes', '--replace-scopes', [CompletionResultType]::ParameterName, 'Ask for no other scopes than --scope')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Print results and errors as JSON')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Print only results and errors')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Print only results and errors')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Explain decisions; repeat for each step')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Explain decisions; repeat for each step')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'glauth;token' {
            [CompletionResult]::new('--min-ttl', '--min-ttl', [CompletionResultType]::ParameterName, 'Minimum remaining lifetime')
            [CompletionResult]::new('--format', '--format', [CompletionResultType]::ParameterName, 'Output format')
            [CompletionResult]::new('-a', '-a', [CompletionResultType]::ParameterName, 'Name of the login, if a host has several')
            [CompletionResult]::new('--account', '--account', [CompletionResultType]::ParameterName, 'Name of the login, if a host has several')
            [CompletionResult]::new('--host', '--host', [CompletionResultType]::ParameterName, 'Default host')
            [CompletionResult]::new('--store', '--store', [CompletionResultType]::ParameterName, 'Folder with the logins, or the address of a shared store')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'Configuration file')
            [CompletionResult]::new('--lock-timeout', '--lock-timeout', [CompletionResultType]::ParameterName, 'Longest wait for another process''s refresh, such as `90s` or `2m`')
            [CompletionResult]::new('--rejected', '--rejected', [CompletionResultType]::ParameterName, 'Read a refused access token from standard input')
            [CompletionResult]::new('--no-refresh', '--no-refresh', [CompletionResultType]::ParameterName, 'Print only a stored, fresh token')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Print results and errors as JSON')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Print only results and errors')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Print only results and errors')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Explain decisions; repeat for each step')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Explain decisions; repeat for each step')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'glauth;exec' {
            [CompletionResult]::new('--min-ttl', '--min-ttl', [CompletionResultType]::ParameterName, 'Minimum remaining lifetime')
            [CompletionResult]::new('--env', '--env', [CompletionResultType]::ParameterName, 'Variable for the token; can be repeated')
            [CompletionResult]::new('--fd', '--fd', [CompletionResultType]::ParameterName, 'File descriptor to read the token from, once')
            [CompletionResult]::new('--token-file', '--token-file', [CompletionResultType]::ParameterName, 'Variable for the path of a token file')
            [CompletionResult]::new('-a', '-a', [CompletionResultType]::ParameterName, 'Name of the login, if a host has several')
            [CompletionResult]::new('--account', '--account', [CompletionResultType]::ParameterName, 'Name of the login, if a host has several')
            [CompletionResult]::new('--host', '--host', [CompletionResultType]::ParameterName, 'Default host')
            [CompletionResult]::new('--store', '--store', [CompletionResultType]::ParameterName, 'Folder with the logins, or the address of a shared store')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'Configuration file')
            [CompletionResult]::new('--lock-timeout', '--lock-timeout', [CompletionResultType]::ParameterName, 'Longest wait for another process''s refresh, such as `90s` or `2m`')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Print results and errors as JSON')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Print only results and errors')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Print only results and errors')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Explain decisions; repeat for each step')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Explain decisions; repeat for each step')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'glauth;proxy' {
            [CompletionResult]::new('-a', '-a', [CompletionResultType]::ParameterName, 'Name of the login, if a host has several')
            [CompletionResult]::new('--account', '--account', [CompletionResultType]::ParameterName, 'Name of the login, if a host has several')
            [CompletionResult]::new('--host', '--host', [CompletionResultType]::ParameterName, 'Default host')
            [CompletionResult]::new('--store', '--store', [CompletionResultType]::ParameterName, 'Folder with the logins, or the address of a shared store')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'Configuration file')
            [CompletionResult]::new('--lock-timeout', '--lock-timeout', [CompletionResultType]::ParameterName, 'Longest wait for another process''s refresh, such as `90s` or `2m`')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Print results and errors as JSON')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Print only results and errors')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Print only results and errors')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Explain decisions; repeat for each step')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Explain decisions; repeat for each step')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'glauth;refresh' {
            [CompletionResult]::new('--if-expiring', '--if-expiring', [CompletionResultType]::ParameterName, 'Only tokens with less time left')
            [CompletionResult]::new('--alert-after', '--alert-after', [CompletionResultType]::ParameterName, 'Report temporary failures only after this long')
            [CompletionResult]::new('-a', '-a', [CompletionResultType]::ParameterName, 'Name of the login, if a host has several')
            [CompletionResult]::new('--account', '--account', [CompletionResultType]::ParameterName, 'Name of the login, if a host has several')
            [CompletionResult]::new('--host', '--host', [CompletionResultType]::ParameterName, 'Default host')
            [CompletionResult]::new('--store', '--store', [CompletionResultType]::ParameterName, 'Folder with the logins, or the address of a shared store')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'Configuration file')
            [CompletionResult]::new('--lock-timeout', '--lock-timeout', [CompletionResultType]::ParameterName, 'Longest wait for another process''s refresh, such as `90s` or `2m`')
            [CompletionResult]::new('--all', '--all', [CompletionResultType]::ParameterName, 'Refresh all logins, or all of HOST')
            [CompletionResult]::new('--force', '--force', [CompletionResultType]::ParameterName, 'Refresh now, even a login that has ended')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Print results and errors as JSON')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Print only results and errors')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Print only results and errors')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Explain decisions; repeat for each step')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Explain decisions; repeat for each step')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'glauth;status' {
            [CompletionResult]::new('-a', '-a', [CompletionResultType]::ParameterName, 'Name of the login, if a host has several')
            [CompletionResult]::new('--account', '--account', [CompletionResultType]::ParameterName, 'Name of the login, if a host has several')
            [CompletionResult]::new('--host', '--host', [CompletionResultType]::ParameterName, 'Default host')
            [CompletionResult]::new('--store', '--store', [CompletionResultType]::ParameterName, 'Folder with the logins, or the address of a shared store')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'Configuration file')
            [CompletionResult]::new('--lock-timeout', '--lock-timeout', [CompletionResultType]::ParameterName, 'Longest wait for another process''s refresh, such as `90s` or `2m`')
            [CompletionResult]::new('--check', '--check', [CompletionResultType]::ParameterName, 'Ask each server whether the token works')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Print results and errors as JSON')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Print only results and errors')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Print only results and errors')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Explain decisions; repeat for each step')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Explain decisions; repeat for each step')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'glauth;logout' {
            [CompletionResult]::new('-a', '-a', [CompletionResultType]::ParameterName, 'Name of the login, if a host has several')
            [CompletionResult]::new('--account', '--account', [CompletionResultType]::ParameterName, 'Name of the login, if a host has several')
            [CompletionResult]::new('--host', '--host', [CompletionResultType]::ParameterName, 'Default host')
            [CompletionResult]::new('--store', '--store', [CompletionResultType]::ParameterName, 'Folder with the logins, or the address of a shared store')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'Configuration file')
            [CompletionResult]::new('--lock-timeout', '--lock-timeout', [CompletionResultType]::ParameterName, 'Longest wait for another process''s refresh, such as `90s` or `2m`')
            [CompletionResult]::new('--all', '--all', [CompletionResultType]::ParameterName, 'Log out of all accounts, or of all at HOST')
            [CompletionResult]::new('--forget', '--forget', [CompletionResultType]::ParameterName, 'Also forget the client id and the rest')
            [CompletionResult]::new('--local', '--local', [CompletionResultType]::ParameterName, 'Delete the tokens without revoking them')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Print results and errors as JSON')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Print only results and errors')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Print only results and errors')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Explain decisions; repeat for each step')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Explain decisions; repeat for each step')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'glauth;switch' {
            [CompletionResult]::new('-a', '-a', [CompletionResultType]::ParameterName, 'Name of the login, if a host has several')
            [CompletionResult]::new('--account', '--account', [CompletionResultType]::ParameterName, 'Name of the login, if a host has several')
            [CompletionResult]::new('--host', '--host', [CompletionResultType]::ParameterName, 'Default host')
            [CompletionResult]::new('--store', '--store', [CompletionResultType]::ParameterName, 'Folder with the logins, or the address of a shared store')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'Configuration file')
            [CompletionResult]::new('--lock-timeout', '--lock-timeout', [CompletionResultType]::ParameterName, 'Longest wait for another process''s refresh, such as `90s` or `2m`')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Print results and errors as JSON')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Print only results and errors')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Print only results and errors')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Explain decisions; repeat for each step')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Explain decisions; repeat for each step')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'glauth;rename' {
            [CompletionResult]::new('-a', '-a', [CompletionResultType]::ParameterName, 'Name of the login, if a host has several')
            [CompletionResult]::new('--account', '--account', [CompletionResultType]::ParameterName, 'Name of the login, if a host has several')
            [CompletionResult]::new('--host', '--host', [CompletionResultType]::ParameterName, 'Default host')
            [CompletionResult]::new('--store', '--store', [CompletionResultType]::ParameterName, 'Folder with the logins, or the address of a shared store')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'Configuration file')
            [CompletionResult]::new('--lock-timeout', '--lock-timeout', [CompletionResultType]::ParameterName, 'Longest wait for another process''s refresh, such as `90s` or `2m`')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Print results and errors as JSON')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Print only results and errors')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Print only results and errors')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Explain decisions; repeat for each step')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Explain decisions; repeat for each step')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'glauth;git-credential' {
            [CompletionResult]::new('--timeout', '--timeout', [CompletionResultType]::ParameterName, 'Lifetime of a kept password, in seconds')
            [CompletionResult]::new('-a', '-a', [CompletionResultType]::ParameterName, 'Name of the login, if a host has several')
            [CompletionResult]::new('--account', '--account', [CompletionResultType]::ParameterName, 'Name of the login, if a host has several')
            [CompletionResult]::new('--host', '--host', [CompletionResultType]::ParameterName, 'Default host')
            [CompletionResult]::new('--store', '--store', [CompletionResultType]::ParameterName, 'Folder with the logins, or the address of a shared store')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'Configuration file')
            [CompletionResult]::new('--lock-timeout', '--lock-timeout', [CompletionResultType]::ParameterName, 'Longest wait for another process''s refresh, such as `90s` or `2m`')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Print results and errors as JSON')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Print only results and errors')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Print only results and errors')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Explain decisions; repeat for each step')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Explain decisions; repeat for each step')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'glauth;setup-git' {
            [CompletionResult]::new('-a', '-a', [CompletionResultType]::ParameterName, 'Name of the login, if a host has several')
            [CompletionResult]::new('--account', '--account', [CompletionResultType]::ParameterName, 'Name of the login, if a host has several')
            [CompletionResult]::new('--host', '--host', [CompletionResultType]::ParameterName, 'Default host')
            [CompletionResult]::new('--store', '--store', [CompletionResultType]::ParameterName, 'Folder with the logins, or the address of a shared store')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'Configuration file')
            [CompletionResult]::new('--lock-timeout', '--lock-timeout', [CompletionResultType]::ParameterName, 'Longest wait for another process''s refresh, such as `90s` or `2m`')
            [CompletionResult]::new('--undo', '--undo', [CompletionResultType]::ParameterName, 'Remove glauth from git''s configuration')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Print results and errors as JSON')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Print only results and errors')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Print only results and errors')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Explain decisions; repeat for each step')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Explain decisions; repeat for each step')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'glauth;docker-credential' {
            [CompletionResult]::new('-a', '-a', [CompletionResultType]::ParameterName, 'Name of the login, if a host has several')
            [CompletionResult]::new('--account', '--account', [CompletionResultType]::ParameterName, 'Name of the login, if a host has several')
            [CompletionResult]::new('--host', '--host', [CompletionResultType]::ParameterName, 'Default host')
            [CompletionResult]::new('--store', '--store', [CompletionResultType]::ParameterName, 'Folder with the logins, or the address of a shared store')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'Configuration file')
            [CompletionResult]::new('--lock-timeout', '--lock-timeout', [CompletionResultType]::ParameterName, 'Longest wait for another process''s refresh, such as `90s` or `2m`')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Print results and errors as JSON')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Print only results and errors')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Print only results and errors')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Explain decisions; repeat for each step')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Explain decisions; repeat for each step')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'glauth;setup-docker' {
            [CompletionResult]::new('-a', '-a', [CompletionResultType]::ParameterName, 'Name of the login, if a host has several')
            [CompletionResult]::new('--account', '--account', [CompletionResultType]::ParameterName, 'Name of the login, if a host has several')
            [CompletionResult]::new('--host', '--host', [CompletionResultType]::ParameterName, 'Default host')
            [CompletionResult]::new('--store', '--store', [CompletionResultType]::ParameterName, 'Folder with the logins, or the address of a shared store')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'Configuration file')
            [CompletionResult]::new('--lock-timeout', '--lock-timeout', [CompletionResultType]::ParameterName, 'Longest wait for another process''s refresh, such as `90s` or `2m`')
            [CompletionResult]::new('--undo', '--undo', [CompletionResultType]::ParameterName, 'Remove glauth from both files')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Print results and errors as JSON')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Print only results and errors')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Print only results and errors')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Explain decisions; repeat for each step')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Explain decisions; repeat for each step')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'glauth;doctor' {
            [CompletionResult]::new('-a', '-a', [CompletionResultType]::ParameterName, 'Name of the login, if a host has several')
            [CompletionResult]::new('--account', '--account', [CompletionResultType]::ParameterName, 'Name of the login, if a host has several')
            [CompletionResult]::new('--host', '--host', [CompletionResultType]::ParameterName, 'Default host')
            [CompletionResult]::new('--store', '--store', [CompletionResultType]::ParameterName, 'Folder with the logins, or the address of a shared store')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'Configuration file')
            [CompletionResult]::new('--lock-timeout', '--lock-timeout', [CompletionResultType]::ParameterName, 'Longest wait for another process''s refresh, such as `90s` or `2m`')
            [CompletionResult]::new('--offline', '--offline', [CompletionResultType]::ParameterName, 'Contact no server')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Print results and errors as JSON')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Print only results and errors')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Print only results and errors')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Explain decisions; repeat for each step')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Explain decisions; repeat for each step')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'glauth;store' {
            [CompletionResult]::new('-a', '-a', [CompletionResultType]::ParameterName, 'Name of the login, if a host has several')
            [CompletionResult]::new('--account', '--account', [CompletionResultType]::ParameterName, 'Name of the login, if a host has several')
            [CompletionResult]::new('--host', '--host', [CompletionResultType]::ParameterName, 'Default host')
            [CompletionResult]::new('--store', '--store', [CompletionResultType]::ParameterName, 'Folder with the logins, or the address of a shared store')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'Configuration file')
            [CompletionResult]::new('--lock-timeout', '--lock-timeout', [CompletionResultType]::ParameterName, 'Longest wait for another process''s refresh, such as `90s` or `2m`')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Print results and errors as JSON')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Print only results and errors')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Print only results and errors')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Explain decisions; repeat for each step')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Explain decisions; repeat for each step')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('info', 'info', [CompletionResultType]::ParameterValue, 'Show where glauth keeps its files')
            [CompletionResult]::new('init', 'init', [CompletionResultType]::ParameterValue, 'Make the tables of a shared store')
            [CompletionResult]::new('move', 'move', [CompletionResultType]::ParameterValue, 'Move logins between a folder and a shared store')
            [CompletionResult]::new('check', 'check', [CompletionResultType]::ParameterValue, 'Check the database of a shared store')
            [CompletionResult]::new('key', 'key', [CompletionResultType]::ParameterValue, 'Make and change the keys of a shared store')
            [CompletionResult]::new('help', 'help', [CompletionResultType]::ParameterValue, 'Explain a command')
            break
        }
        'glauth;store;info' {
            [CompletionResult]::new('-a', '-a', [CompletionResultType]::ParameterName, 'Name of the login, if a host has several')
            [CompletionResult]::new('--account', '--account', [CompletionResultType]::ParameterName, 'Name of the login, if a host has several')
            [CompletionResult]::new('--host', '--host', [CompletionResultType]::ParameterName, 'Default host')
            [CompletionResult]::new('--store', '--store', [CompletionResultType]::ParameterName, 'Folder with the logins, or the address of a shared store')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'Configuration file')
            [CompletionResult]::new('--lock-timeout', '--lock-timeout', [CompletionResultType]::ParameterName, 'Longest wait for another process''s refresh, such as `90s` or `2m`')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Print results and errors as JSON')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Print only results and errors')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Print only results and errors')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Explain decisions; repeat for each step')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Explain decisions; repeat for each step')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'glauth;store;init' {
            [CompletionResult]::new('-a', '-a', [CompletionResultType]::ParameterName, 'Name of the login, if a host has several')
            [CompletionResult]::new('--account', '--account', [CompletionResultType]::ParameterName, 'Name of the login, if a host has several')
            [CompletionResult]::new('--host', '--host', [CompletionResultType]::ParameterName, 'Default host')
            [CompletionResult]::new('--store', '--store', [CompletionResultType]::ParameterName, 'Folder with the logins, or the address of a shared store')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'Configuration file')
            [CompletionResult]::new('--lock-timeout', '--lock-timeout', [CompletionResultType]::ParameterName, 'Longest wait for another process''s refresh, such as `90s` or `2m`')
            [CompletionResult]::new('--print', '--print', [CompletionResultType]::ParameterName, 'Print the SQL, for an administrator to run')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Print results and errors as JSON')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Print only results and errors')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Print only results and errors')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Explain decisions; repeat for each step')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Explain decisions; repeat for each step')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'glauth;store;move' {
            [CompletionResult]::new('-a', '-a', [CompletionResultType]::ParameterName, 'Name of the login, if a host has several')
            [CompletionResult]::new('--account', '--account', [CompletionResultType]::ParameterName, 'Name of the login, if a host has several')
            [CompletionResult]::new('--store', '--store', [CompletionResultType]::ParameterName, 'Folder with the logins, or the address of a shared store')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'Configuration file')
            [CompletionResult]::new('--lock-timeout', '--lock-timeout', [CompletionResultType]::ParameterName, 'Longest wait for another process''s refresh, such as `90s` or `2m`')
            [CompletionResult]::new('--take-back', '--take-back', [CompletionResultType]::ParameterName, 'Give up a move that was cut off, before the login arrived')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Print results and errors as JSON')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Print only results and errors')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Print only results and errors')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Explain decisions; repeat for each step')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Explain decisions; repeat for each step')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'glauth;store;check' {
            [CompletionResult]::new('-a', '-a', [CompletionResultType]::ParameterName, 'Name of the login, if a host has several')
            [CompletionResult]::new('--account', '--account', [CompletionResultType]::ParameterName, 'Name of the login, if a host has several')
            [CompletionResult]::new('--host', '--host', [CompletionResultType]::ParameterName, 'Default host')
            [CompletionResult]::new('--store', '--store', [CompletionResultType]::ParameterName, 'Folder with the logins, or the address of a shared store')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'Configuration file')
            [CompletionResult]::new('--lock-timeout', '--lock-timeout', [CompletionResultType]::ParameterName, 'Longest wait for another process''s refresh, such as `90s` or `2m`')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Print results and errors as JSON')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Print only results and errors')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Print only results and errors')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Explain decisions; repeat for each step')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Explain decisions; repeat for each step')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'glauth;store;key' {
            [CompletionResult]::new('-a', '-a', [CompletionResultType]::ParameterName, 'Name of the login, if a host has several')
            [CompletionResult]::new('--account', '--account', [CompletionResultType]::ParameterName, 'Name of the login, if a host has several')
            [CompletionResult]::new('--host', '--host', [CompletionResultType]::ParameterName, 'Default host')
            [CompletionResult]::new('--store', '--store', [CompletionResultType]::ParameterName, 'Folder with the logins, or the address of a shared store')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'Configuration file')
            [CompletionResult]::new('--lock-timeout', '--lock-timeout', [CompletionResultType]::ParameterName, 'Longest wait for another process''s refresh, such as `90s` or `2m`')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Print results and errors as JSON')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Print only results and errors')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Print only results and errors')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Explain decisions; repeat for each step')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Explain decisions; repeat for each step')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('new', 'new', [CompletionResultType]::ParameterValue, 'Print a new key')
            [CompletionResult]::new('add', 'add', [CompletionResultType]::ParameterValue, 'Add a new key to a file')
            [CompletionResult]::new('help', 'help', [CompletionResultType]::ParameterValue, 'Explain a command')
            break
        }
        'glauth;store;key;new' {
            [CompletionResult]::new('-a', '-a', [CompletionResultType]::ParameterName, 'Name of the login, if a host has several')
            [CompletionResult]::new('--account', '--account', [CompletionResultType]::ParameterName, 'Name of the login, if a host has several')
            [CompletionResult]::new('--host', '--host', [CompletionResultType]::ParameterName, 'Default host')
            [CompletionResult]::new('--store', '--store', [CompletionResultType]::ParameterName, 'Folder with the logins, or the address of a shared store')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'Configuration file')
            [CompletionResult]::new('--lock-timeout', '--lock-timeout', [CompletionResultType]::ParameterName, 'Longest wait for another process''s refresh, such as `90s` or `2m`')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Print results and errors as JSON')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Print only results and errors')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Print only results and errors')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Explain decisions; repeat for each step')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Explain decisions; repeat for each step')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'glauth;store;key;add' {
            [CompletionResult]::new('-a', '-a', [CompletionResultType]::ParameterName, 'Name of the login, if a host has several')
            [CompletionResult]::new('--account', '--account', [CompletionResultType]::ParameterName, 'Name of the login, if a host has several')
            [CompletionResult]::new('--host', '--host', [CompletionResultType]::ParameterName, 'Default host')
            [CompletionResult]::new('--store', '--store', [CompletionResultType]::ParameterName, 'Folder with the logins, or the address of a shared store')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'Configuration file')
            [CompletionResult]::new('--lock-timeout', '--lock-timeout', [CompletionResultType]::ParameterName, 'Longest wait for another process''s refresh, such as `90s` or `2m`')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Print results and errors as JSON')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Print only results and errors')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Print only results and errors')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Explain decisions; repeat for each step')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Explain decisions; repeat for each step')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'glauth;store;key;help' {
            [CompletionResult]::new('new', 'new', [CompletionResultType]::ParameterValue, 'Print a new key')
            [CompletionResult]::new('add', 'add', [CompletionResultType]::ParameterValue, 'Add a new key to a file')
            [CompletionResult]::new('help', 'help', [CompletionResultType]::ParameterValue, 'Explain a command')
            break
        }
        'glauth;store;key;help;new' {
            break
        }
        'glauth;store;key;help;add' {
            break
        }
        'glauth;store;key;help;help' {
            break
        }
        'glauth;store;help' {
            [CompletionResult]::new('info', 'info', [CompletionResultType]::ParameterValue, 'Show where glauth keeps its files')
            [CompletionResult]::new('init', 'init', [CompletionResultType]::ParameterValue, 'Make the tables of a shared store')
            [CompletionResult]::new('move', 'move', [CompletionResultType]::ParameterValue, 'Move logins between a folder and a shared store')
            [CompletionResult]::new('check', 'check', [CompletionResultType]::ParameterValue, 'Check the database of a shared store')
            [CompletionResult]::new('key', 'key', [CompletionResultType]::ParameterValue, 'Make and change the keys of a shared store')
            [CompletionResult]::new('help', 'help', [CompletionResultType]::ParameterValue, 'Explain a command')
            break
        }
        'glauth;store;help;info' {
            break
        }
        'glauth;store;help;init' {
            break
        }
        'glauth;store;help;move' {
            break
        }
        'glauth;store;help;check' {
            break
        }
        'glauth;store;help;key' {
            [CompletionResult]::new('new', 'new', [CompletionResultType]::ParameterValue, 'Print a new key')
            [CompletionResult]::new('add', 'add', [CompletionResultType]::ParameterValue, 'Add a new key to a file')
            break
        }
        'glauth;store;help;key;new' {
            break
        }
        'glauth;store;help;key;add' {
            break
        }
        'glauth;store;help;help' {
            break
        }
        'glauth;completions' {
            [CompletionResult]::new('-a', '-a', [CompletionResultType]::ParameterName, 'Name of the login, if a host has several')
            [CompletionResult]::new('--account', '--account', [CompletionResultType]::ParameterName, 'Name of the login, if a host has several')
            [CompletionResult]::new('--host', '--host', [CompletionResultType]::ParameterName, 'Default host')
            [CompletionResult]::new('--store', '--store', [CompletionResultType]::ParameterName, 'Folder with the logins, or the address of a shared store')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'Configuration file')
            [CompletionResult]::new('--lock-timeout', '--lock-timeout', [CompletionResultType]::ParameterName, 'Longest wait for another process''s refresh, such as `90s` or `2m`')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Print results and errors as JSON')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Print only results and errors')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Print only results and errors')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Explain decisions; repeat for each step')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Explain decisions; repeat for each step')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'glauth;man' {
            [CompletionResult]::new('-a', '-a', [CompletionResultType]::ParameterName, 'Name of the login, if a host has several')
            [CompletionResult]::new('--account', '--account', [CompletionResultType]::ParameterName, 'Name of the login, if a host has several')
            [CompletionResult]::new('--host', '--host', [CompletionResultType]::ParameterName, 'Default host')
            [CompletionResult]::new('--store', '--store', [CompletionResultType]::ParameterName, 'Folder with the logins, or the address of a shared store')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'Configuration file')
            [CompletionResult]::new('--lock-timeout', '--lock-timeout', [CompletionResultType]::ParameterName, 'Longest wait for another process''s refresh, such as `90s` or `2m`')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Print results and errors as JSON')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Print only results and errors')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Print only results and errors')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Explain decisions; repeat for each step')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Explain decisions; repeat for each step')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'glauth;help' {
            [CompletionResult]::new('login', 'login', [CompletionResultType]::ParameterValue, 'Log in with a browser or another device')
            [CompletionResult]::new('token', 'token', [CompletionResultType]::ParameterValue, 'Print a working access token')
            [CompletionResult]::new('exec', 'exec', [CompletionResultType]::ParameterValue, 'Run a command with a token that stays valid')
            [CompletionResult]::new('proxy', 'proxy', [CompletionResultType]::ParameterValue, 'Run a command whose requests get the token')
            [CompletionResult]::new('refresh', 'refresh', [CompletionResultType]::ParameterValue, 'Refresh tokens before they expire')
            [CompletionResult]::new('status', 'status', [CompletionResultType]::ParameterValue, 'Show your logins')
            [CompletionResult]::new('logout', 'logout', [CompletionResultType]::ParameterValue, 'Revoke a login and delete its tokens')
            [CompletionResult]::new('switch', 'switch', [CompletionResultType]::ParameterValue, 'Choose the account that a host means')
            [CompletionResult]::new('rename', 'rename', [CompletionResultType]::ParameterValue, 'Give an account another name')
            [CompletionResult]::new('git-credential', 'git-credential', [CompletionResultType]::ParameterValue, 'Answer git as a credential helper')
            [CompletionResult]::new('setup-git', 'setup-git', [CompletionResultType]::ParameterValue, 'Configure git to use glauth')
            [CompletionResult]::new('docker-credential', 'docker-credential', [CompletionResultType]::ParameterValue, 'Answer docker and podman as a credential helper')
            [CompletionResult]::new('setup-docker', 'setup-docker', [CompletionResultType]::ParameterValue, 'Configure docker and podman to use glauth')
            [CompletionResult]::new('doctor', 'doctor', [CompletionResultType]::ParameterValue, 'Check the store, the servers and git')
            [CompletionResult]::new('store', 'store', [CompletionResultType]::ParameterValue, 'Show where glauth keeps its files, and set up a store for several machines')
            [CompletionResult]::new('completions', 'completions', [CompletionResultType]::ParameterValue, 'Print shell completions')
            [CompletionResult]::new('man', 'man', [CompletionResultType]::ParameterValue, 'Print a man page')
            [CompletionResult]::new('help', 'help', [CompletionResultType]::ParameterValue, 'Explain a command')
            break
        }
        'glauth;help;login' {
            break
        }
        'glauth;help;token' {
            break
        }
        'glauth;help;exec' {
            break
        }
        'glauth;help;proxy' {
            break
        }
        'glauth;help;refresh' {
            break
        }
        'glauth;help;status' {
            break
        }
        'glauth;help;logout' {
            break
        }
        'glauth;help;switch' {
            break
        }
        'glauth;help;rename' {
            break
        }
        'glauth;help;git-credential' {
            break
        }
        'glauth;help;setup-git' {
            break
        }
        'glauth;help;docker-credential' {
            break
        }
        'glauth;help;setup-docker' {
            break
        }
        'glauth;help;doctor' {
            break
        }
        'glauth;help;store' {
            [CompletionResult]::new('info', 'info', [CompletionResultType]::ParameterValue, 'Show where glauth keeps its files')
            [CompletionResult]::new('init', 'init', [CompletionResultType]::ParameterValue, 'Make the tables of a shared store')
            [CompletionResult]::new('move', 'move', [CompletionResultType]::ParameterValue, 'Move logins between a folder and a shared store')
            [CompletionResult]::new('check', 'check', [CompletionResultType]::ParameterValue, 'Check the database of a shared store')
            [CompletionResult]::new('key', 'key', [CompletionResultType]::ParameterValue, 'Make and change the keys of a shared store')
            break
        }
        'glauth;help;store;info' {
            break
        }
        'glauth;help;store;init' {
            break
        }
        'glauth;help;store;move' {
            break
        }
        'glauth;help;store;check' {
            break
        }
        'glauth;help;store;key' {
            [CompletionResult]::new('new', 'new', [CompletionResultType]::ParameterValue, 'Print a new key')
            [CompletionResult]::new('add', 'add', [CompletionResultType]::ParameterValue, 'Add a new key to a file')
            break
        }
        'glauth;help;store;key;new' {
            break
        }
        'glauth;help;store;key;add' {
            break
        }
        'glauth;help;completions' {
            break
        }
        'glauth;help;man' {
            break
        }
        'glauth;help;help' {
            break
        }
    })

    $completions.Where{ $_.CompletionText -like "$wordToComplete*" } |
        Sort-Object -Property ListItemText
}
