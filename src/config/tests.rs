use super::*;
use crate::credential::EndpointName;

/// The line, what is wrong there, and what to write.
#[track_caller]
fn refused(text: &str, line: usize, said: &str, hint: &str) {
    let found = Config::parse(text).unwrap_err();
    let wanted = Mistake {
        line: Some(line),
        said: said.to_owned(),
        hint: Some(hint.to_owned()),
    };
    assert_eq!(found, wanted, "{text}");
}

/// The same for lines below the table of a host.
#[track_caller]
fn refused_at_host(lines: &str, said: &str, hint: &str) {
    refused(&format!("[hosts.\"gitlab.com\"]\n{lines}\n"), 2, said, hint);
}

#[test]
fn a_host_without_quotes_is_shown_with_them() {
    let nested = "without quotes around the host, which TOML reads as nested tables";
    for (line, host) in [
        ("[hosts.gitlab.com]", "gitlab.com"),
        ("[hosts.gitlab.example.com]", "gitlab.example.com"),
        ("[hosts.10.0.0.1]", "10.0.0.1"),
        ("[hosts.gitlab.com.parameters]", "gitlab.com"),
        ("hosts.gitlab.com.url = 'x'", "gitlab.com"),
    ] {
        let text = format!("# mine\n{line}\n");
        let (said, hint) = (
            format!("has `hosts.{host}` {nested}"),
            format!("write `[hosts.\"{host}\"]`"),
        );
        refused(&text, 2, &said, &hint);
    }
    for (line, host) in [
        ("[hosts.gitlab.com:8443]", "gitlab.com:8443"),
        ("[hosts.https://gitlab.com/a]", "https://gitlab.com/a"),
        ("[gitlab.com:8443]", "gitlab.com:8443"),
    ] {
        let text = format!("\n{line}\nclient_id = 'x'\n");
        let said = format!("has `{line}` without quotes around the host");
        refused(&text, 2, &said, &format!("write `[hosts.\"{host}\"]`"));
    }
    let said = "has `[hosts.\"gitlab.com]` with only one quote around the host";
    refused(
        "[hosts.\"gitlab.com]\n",
        1,
        said,
        "write `[hosts.\"gitlab.com\"]`",
    );
    let said = "has `hosts` in the table of a host";
    let hint = "begin the table of another host with a line such as `[hosts.\"gitlab.com\"]`";
    refused_at_host("hosts.'a.b'.url = 'x'", said, hint);
    for line in ["[gitlab.com]", "['gitlab.com']"] {
        let text = format!("{line}\nclient_id = 'x'\n");
        let said = "has a table for `gitlab.com` outside of `hosts`";
        refused(&text, 1, said, "write `[hosts.\"gitlab.com\"]`");
    }
}

#[test]
fn a_header_that_is_not_toml_is_shown_as_it_should_be() {
    let like = "write it as in `[hosts.\"gitlab.com\"]`";
    refused(
        "[hosts.\"gitlab.com\"\n",
        1,
        "has a `[` without its `]`",
        like,
    );
    refused(
        "[hosts.\"a b]\n",
        1,
        "has the name of a table that is not TOML",
        like,
    );
    let said = "has a list for `hosts`, which takes tables";
    let hint = "write `[hosts.\"gitlab.com\"]`, and the keys below it";
    refused("[[hosts]]\n", 1, said, hint);
    let said = "has a string for `hosts`, which takes tables";
    refused("hosts = 'gitlab.com'\n", 1, said, hint);
    let said = "has a string for the host `gitlab.com`, which takes a table";
    refused("[hosts]\n'gitlab.com' = 'x'\n", 2, said, hint);
}

#[test]
fn a_value_that_does_not_fit_is_an_error_with_one_that_does() {
    let list = "write it as in `scopes = [\"api\"]`";
    refused_at_host(
        "scopes = 'api'",
        "has a string for `scopes`, which takes a list of strings",
        list,
    );
    refused_at_host(
        "scopes = 5",
        "has a number for `scopes`, which takes a list of strings",
        list,
    );
    refused_at_host(
        "scopes = ['a', 5]",
        "has a number in `scopes`, which takes a list of strings",
        list,
    );
    let id = "write it as in `client_id = \"3f5c0a91\"`";
    refused_at_host(
        "client_id = 5",
        "has a number for `client_id`, which takes a string",
        id,
    );
    refused_at_host(
        "client_id = ['x']",
        "has a list for `client_id`, which takes a string",
        id,
    );
    refused_at_host(
        "client_id = true",
        "has true or false for `client_id`, which takes a string",
        id,
    );
    let file = "write it as in `ca_file = \"/etc/ssl/corp.pem\"`";
    refused_at_host(
        "ca_file = {}",
        "has a table for `ca_file`, which takes a path in quotes",
        file,
    );
    let pairs = "write it as in `parameters = { resource = \"https://api.example.com\" }`";
    refused_at_host(
        "parameters = 'a=b'",
        "has a string for `parameters`, which takes a table of strings",
        pairs,
    );
    refused_at_host(
        "parameters.a = 1979-05-27",
        "has a date in `parameters`, which takes a table of strings",
        pairs,
    );
    let host = "write it as in `default_host = \"gitlab.example.com\"`";
    refused(
        "default_host = 5",
        1,
        "has a number for `default_host`, which takes a host in quotes",
        host,
    );
}

#[test]
fn a_value_that_is_not_toml_is_an_error_with_one_that_is() {
    let id = "write it as in `client_id = \"3f5c0a91\"`";
    refused_at_host(
        "client_id = abc",
        "has a value without quotes for `client_id`",
        id,
    );
    refused_at_host(
        "client_id = 3f5c # mine",
        "has a value without quotes for `client_id`",
        id,
    );
    refused_at_host(
        "client_id = \"abc",
        "has no closing quote for `client_id`",
        id,
    );
    refused_at_host(
        "client_id = “abc”",
        "has typographic quotes for `client_id`",
        id,
    );
    refused_at_host("client_id =", "has no value for `client_id`", id);
    refused_at_host(
        "client_id: \"abc\"",
        "has `:` in place of `=` behind `client_id`",
        id,
    );
    refused_at_host("client_id \"abc\"", "has no `=` behind `client_id`", id);
    let said = "has a value for `scopes` that is not TOML";
    refused_at_host(
        "scopes = [api]",
        said,
        "write it as in `scopes = [\"api\"]`",
    );
    refused_at_host(
        "scopes = [\"api\"",
        said,
        "write it as in `scopes = [\"api\"]`",
    );
    let said = "has a backslash in the value of `ca_file` that is not TOML";
    refused_at_host(
        "ca_file = \"C:\\ca\"",
        said,
        "put the value in single quotes, or write `\\\\`",
    );
    refused_at_host(
        "// mine",
        "has a comment that is not TOML",
        "begin a comment with `#`",
    );
    let hint = "write `key = \"value\"`, or a table such as `[hosts.\"gitlab.com\"]`";
    refused_at_host("gitlab.com", "is not TOML", hint);
    let alone = "write each key on a line of its own, without a comma";
    let said = "has text after the value of `client_id`";
    refused_at_host("client_id = \"x\", url = \"y\"", said, alone);
    refused_at_host("client_id = 'x',", said, alone);
    let said = "has no closing `]` for `scopes`";
    refused_at_host(
        "scopes = [\"a\",\n\"b\"\n",
        said,
        "write it as in `scopes = [\"api\"]`",
    );
    let host = "write it as in `default_host = \"gitlab.example.com\"`";
    refused(
        "default_host = gitlab.com\n",
        1,
        "has a value without quotes for `default_host`",
        host,
    );
}

#[test]
fn http_is_for_loopback_only() {
    let clear = "is plain `http`; tokens would cross the network in clear (allowed for loopback addresses only)";
    let hint = "write `https://` in place of the scheme";
    let said = format!("has a value for `url` that {clear}");
    refused_at_host("url = 'http://gitlab.com'", &said, hint);
    let said = format!("has a value for `default_host` that {clear}");
    refused("default_host = 'http://gitlab.com'\n", 1, &said, hint);
    let said = format!("names `http://gitlab.com`, which {clear}");
    refused("\n[hosts.'http://gitlab.com']\n", 2, &said, hint);
    let said =
        "has a value for `token_endpoint` that is not an `https://` URL (or `http://` on loopback)";
    let hint = "write it as in `token_endpoint = \"https://gitlab.example.com/oauth/token\"`";
    refused_at_host(
        "token_endpoint = 'http://gitlab.com/oauth/token'",
        said,
        hint,
    );
    refused_at_host("token_endpoint = '/oauth/token'", said, hint);
    let said = "has a value for `redirect_uri` that is not `http://` with `127.0.0.1`, `[::1]` or `localhost`";
    let hint = "write it as in `redirect_uri = \"http://localhost:7171/callback\"`";
    refused_at_host("redirect_uri = 'http://gitlab.com/callback'", said, hint);
    Config::parse("[hosts.a]\nurl = 'http://127.0.0.1:3000'\n").unwrap();
}

#[test]
fn an_unknown_key_is_an_error_with_the_nearest_known_one() {
    for (key, meant) in [
        ("client-id = 'x'", "client_id"),
        ("clientid = 'x'", "client_id"),
        ("scope = ['x']", "scopes"),
        ("redirect_url = 'x'", "redirect_uri"),
        ("paramters.a = 'x'", "parameters"),
    ] {
        let name = key.split([' ', '.']).next().unwrap();
        let said = format!("has the unknown key `{name}`");
        refused_at_host(key, &said, &format!("write `{meant}`"));
    }
    let said = "has the unknown key `default_hots`";
    refused("default_hots = 'a'\n", 1, said, "write `default_host`");
    refused(
        "[host.'a']\n",
        1,
        "has the unknown key `host`",
        "write `hosts`",
    );
    let names: Vec<&str> = HOST_KEYS.iter().map(|key| key.name).collect();
    let hint = format!("write one of {}", names.join(", "));
    refused_at_host("zzz = 'x'", "has the unknown key `zzz`", &hint);
}

#[test]
fn a_key_in_the_wrong_place_is_an_error_with_the_right_one() {
    let said = "has `client_id` outside of the table of a host";
    let hint = "put it below a line such as `[hosts.\"gitlab.com\"]`";
    refused("client_id = 'x'\n", 1, said, hint);
    refused("[hosts]\nclient_id = 'x'\n", 2, said, hint);
    let hint = "move it to the top of the file, above the first table";
    refused_at_host(
        "default_host = 'x'",
        "has `default_host` in the table of a host",
        hint,
    );
}

#[test]
fn an_unknown_word_is_an_error_with_the_known_ones() {
    let said = "has the unknown value `gitlb` for `provider`";
    refused_at_host("provider = 'gitlb'", said, "write `provider = \"gitlab\"`");
    let all = "write one of gitlab, gitea, forgejo, github, github-enterprise, bitbucket, google, oidc, mcp, generic";
    let said = "has the unknown value `zzz` for `provider`";
    refused_at_host("provider = 'zzz'", said, all);
    let said = "has the unknown value `client_basic` for `auth_method`";
    let hint = "write `auth_method = \"client_secret_basic\"`";
    refused_at_host("auth_method = 'client_basic'", said, hint);
}

#[test]
fn what_is_there_twice_is_no_wrong_value() {
    let one = "remove one of the two";
    refused(
        "default_host = 'a'\ndefault_host = 'a'\n",
        2,
        "has `default_host` twice",
        one,
    );
    let both = "put the keys of both into one table";
    refused("[hosts.a]\n[hosts.a]\n", 2, "has a table twice", both);
    let text = "[hosts.'a.b']\n[hosts.'https://a.b/']\n";
    refused(text, 2, "has `a.b` twice, spelled in two ways", both);
}

#[test]
fn an_error_quotes_no_value() {
    let values = [
        "{ SECRET = 1 }",
        "SECRET",
        "\"SECRET",
        "[SECRET",
        "['SECRET', 5]",
        "SECRET\nSECRET",
    ];
    for key in HOST_KEYS {
        for value in values {
            let text = format!("[hosts.\"gitlab.com\"]\n{} = {value}\n", key.name);
            if let Err(problem) = Config::parse(&text) {
                assert!(
                    !format!("{problem:?}").contains("SECRET"),
                    "{text}: {problem:?}"
                );
            }
        }
    }
}

#[test]
fn each_key_takes_its_example() {
    let lines = |keys: &[Key]| keys.iter().map(Key::line).collect::<Vec<_>>().join("\n");
    let (top, host) = (lines(TOP_KEYS), lines(HOST_KEYS));
    let text = format!("{top}\n[hosts.\"gitlab.example.com\"]\n{host}\n");
    let config = Config::parse(&text).unwrap();
    assert!(config.default_host.is_some() && config.client_metadata_url.is_some());
    let (_, options) = &config.hosts[0];
    let LoginOptions {
        account: Some(_),
        registries,
        provider: Some(_),
        url: Some(_),
        client_id: Some(_),
        client_secret: Some(_),
        client_secret_file: Some(_),
        client_key_file: Some(_),
        client_key_id: Some(_),
        client_key_audience: Some(_),
        auth_method: Some(_),
        scopes: Some(_),
        // An option of the command line alone.
        replace_scopes: _,
        parameters,
        ca_file: Some(_),
        redirect_uri: Some(_),
        endpoints,
    } = options
    else {
        panic!("an example is not read: {options:?}");
    };
    assert!(config.default_host.is_some());
    assert_eq!(parameters.len(), 1);
    assert_eq!(registries.len(), 1);
    for name in EndpointName::ALL {
        assert!(endpoints.get(*name).is_some(), "{}", name.key());
    }
}

#[test]
fn a_host_is_found_however_it_is_written() {
    let text = "default_host = 'GitLab.com'\n[hosts.\"https://gitlab.com/\"]\nclient_id = 'x'\n";
    let config = Config::parse(text).unwrap();
    let host = config.default_host.as_ref().unwrap().host.clone();
    assert_eq!(config.host(&host).unwrap().client_id.as_deref(), Some("x"));
}

/// A file that changes meanwhile must not give one call two configurations.
#[test]
fn a_call_reads_its_configuration_once() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("config.toml");
    let text = "default_host = 'a.example'".to_owned();
    let edit = |_: &str| Ok::<_, ()>(Some(text.clone().into()));
    user_file::change(&path, SIZE_LIMIT, edit).unwrap();
    let config = CallConfig::new(Some(&path));
    let host = |config: &CallConfig<'_>| config.get().unwrap().default_host.clone().unwrap().host;
    assert_eq!(host(&config).to_string(), "a.example");
    drop(folder);
    assert_eq!(host(&config).to_string(), "a.example");
    assert!(CallConfig::new(Some(&path)).get().is_err());
}

#[test]
fn a_registry_is_one_however_it_is_written_and_belongs_to_one_host() {
    let text = "[hosts.\"gitlab.example.com\"]\nregistries = ['https://Registry.example.com/v2/', 'registry.example.com:5050']\n";
    let config = Config::parse(text).unwrap();
    let registry = |name: &str| HostArg::parse(name).unwrap().host;
    for name in ["registry.example.com", "registry.example.com:5050"] {
        let host = config.host_of_registry(&registry(name)).unwrap();
        assert_eq!(host.as_str(), "gitlab.example.com");
    }
    assert!(
        config
            .host_of_registry(&registry("registry.example.com:5000"))
            .is_none()
    );
    let hint = "leave it at the host whose tokens it accepts";
    let said = "has the registry `registry.example.com` twice";
    let other = "[hosts.\"other.example.com\"]\nregistries = ['registry.example.com']\n";
    refused(&format!("{text}{other}"), 4, said, hint);
}

#[test]
fn what_is_no_registry_is_refused_and_not_shown() {
    let as_in = "write it as in `registries = [\"registry.example.com\"]`";
    for (line, said, hint) in [
        (
            "registries = 'registry.example.com'",
            "has a string for `registries`, which takes a list of registries in quotes",
            as_in,
        ),
        (
            "registries = ['a', 5]",
            "has a number in `registries`, which takes a list of registries in quotes",
            as_in,
        ),
        (
            "registries = ['glpat-SECRET secret']",
            "has a value in `registries` that is not a host name, a host with a port, or a URL of one",
            "write it as in `registry.example.com:5000`",
        ),
        (
            "registries = ['http://registry.example.com']",
            "has a value in `registries` that is plain `http`; tokens would cross the network in clear (allowed for loopback addresses only)",
            "write it as in `registry.example.com:5000`",
        ),
    ] {
        refused_at_host(line, said, hint);
    }
}
