//! Exit code 2 without a server: a call, an input or a configuration that must be mended.

use super::{Said, args, fails_as};
use crate::support::authorization_server::AuthorizationServer;
use crate::support::sandbox::{Running, Sandbox};

/// A call that cannot be understood.
#[track_caller]
fn usage(rest: &[&str]) -> Said {
    fails_as(2, "usage", |form| Sandbox::new().run(&args(form, rest)))
}

/// Something on standard input that cannot be used.
#[track_caller]
fn bad_input(rest: &[&str], input: &str) -> Said {
    fails_as(2, "bad_input", |form| {
        let sandbox = Sandbox::new();
        sandbox.run_with_input(&args(form, rest), input)
    })
}

/// `login --import` of a good response with this `config.toml`.
#[track_caller]
fn config(text: &str, rest: &[&str]) -> Said {
    fails_as(2, "config", |form| {
        let sandbox = Sandbox::new();
        let path = sandbox.path("config.toml");
        std::fs::write(&path, text).unwrap();
        let path = path.to_str().unwrap();
        let words = args(form, &["--config", path, "login", "--import"]);
        let input = AuthorizationServer::start().log_in().response;
        sandbox.run_with_input(&args(&words, rest), &input)
    })
}

#[test]
fn an_unknown_option_is_named_with_the_nearest_known_one() {
    let said = usage(&["refresh", "--forse", "gitlab.example"]);
    assert!(said.message.contains("`--forse`"), "{}", said.message);
    assert!(said.hint.contains("`--force`"), "{}", said.hint);
    assert_eq!((said.host, said.account), (None, None));
}

#[test]
fn a_command_that_is_missing_or_unknown_is_refused() {
    let said = usage(&[]);
    assert!(said.message.contains("token, exec"), "{}", said.message);
    assert_eq!(said.hint, "see `glauth --help`");
    let said = usage(&["tokne"]);
    assert!(said.message.contains("`tokne`"), "{}", said.message);
    let said = usage(&["man", "tokne"]);
    assert!(said.message.contains("`tokne`"), "{}", said.message);
    usage(&["completions"]);
    usage(&["completions", "tcsh"]);
}

#[test]
fn a_command_of_exec_without_dashes_is_refused_with_where_they_go() {
    for words in [&["exec", "gitlab.example", "true"][..], &["exec", "true"]] {
        let refused = Sandbox::new().run(words);
        assert_eq!(refused.code(), Some(125), "{refused:?}");
        let hint = "hint: write the command after `--`: `glauth exec HOST -- CMD`\n";
        assert!(refused.stderr.ends_with(hint), "{refused:?}");
    }
    let refused = Sandbox::new().run(&["exec", "--min-tll", "5m", "--", "true"]);
    assert!(refused.stderr.contains("`--min-ttl`"), "{refused:?}");
}

#[test]
fn a_port_that_is_none_is_called_so() {
    for host in ["127.0.0.1:99999", "gitlab.example:x", "gitlab.example:0"] {
        let said = usage(&["login", host]);
        assert!(said.message.contains("port"), "{}", said.message);
    }
}

#[test]
fn help_and_version_are_no_failure() {
    for word in ["--help", "-h", "--version"] {
        let text = Sandbox::new().run(&[word]).prints();
        assert!(text.contains("glauth"), "{text}");
    }
    let text = Sandbox::new().run(&["token", "--help"]).prints();
    assert!(text.contains("--min-ttl"), "{text}");
}

#[test]
fn values_that_do_not_fit_are_refused_with_the_commands_own_help() {
    usage(&["--lock-timeout", "-1s", "token", "gitlab.example"]);
    for rest in [
        &["token", "--min-ttl", "5 parsecs", "gitlab.example"][..],
        &["token", "--format", "xml", "gitlab.example"],
        &["--lock-timeout", "1", "token", "gitlab.example"],
        &["token", "gitlab.example:abc"],
        &["--account", "../x", "token", "gitlab.example"],
        &["login", "--import", "--parameter", "x", "gitlab.example"],
        &["login", "--import", "--provider", "x", "gitlab.example"],
        &["login", "--scope", "a\"b", "gitlab.example"],
    ] {
        let command = rest.iter().find(|word| ["token", "login"].contains(word));
        let help = format!("see `glauth {} --help`", command.unwrap());
        assert_eq!(usage(rest).hint, help);
    }
}

#[test]
fn options_that_exclude_each_other_are_refused() {
    for rest in [
        &["refresh", "--all", "--force"][..],
        &["refresh", "--if-expiring", "1h", "--force"],
        &["login", "--import", "--with-token", "gitlab.example"],
    ] {
        usage(rest);
    }
}

#[test]
fn a_login_without_a_client_id_names_the_page_where_one_is_made() {
    let said = fails_as(2, "config", |form| {
        Sandbox::new().run(&args(
            form,
            &["login", "--provider=gitlab", "gitlab.example"],
        ))
    });
    let page = "https://gitlab.example/-/user_settings/applications";
    for part in [page, "`http://127.0.0.1/`", "`api`", "--client-id"] {
        assert!(said.hint.contains(part), "{part} in {}", said.hint);
    }
}

#[test]
fn plain_http_is_for_loopback_only() {
    for host in ["http://gitlab.example", "http://127.0.0.1.gitlab.example"] {
        let said = usage(&["token", host]);
        assert!(said.message.contains("in clear"), "{}", said.message);
    }
}

#[test]
fn what_is_no_host_is_refused() {
    for host in [
        "",
        "..",
        "ftp://gitlab.example",
        "jane@gitlab.example",
        "gitlab.example#x",
    ] {
        let said = usage(&["token", host]);
        assert!(said.hint.contains("--help"), "{}", said.hint);
    }
}

#[test]
fn an_empty_rejected_token_is_refused() {
    for input in ["", "\n"] {
        let said = fails_as(2, "usage", |form| {
            let rest = args(form, &["token", "--rejected", "gitlab.example"]);
            Sandbox::new().run_with_input(&rest, input)
        });
        assert!(said.message.contains("--rejected"), "{}", said.message);
    }
}

#[test]
fn a_refused_token_that_cannot_be_one_is_bad_input() {
    let rest = ["token", "--rejected", "gitlab.example"];
    bad_input(&rest, "two\nlines");
    bad_input(&rest, &"x".repeat(16 * 1024 + 1));
}

#[test]
fn an_import_that_is_no_token_response_is_bad_input() {
    let rest = ["login", "--import", "--client-id", "x", "gitlab.example"];
    for input in [
        "",
        "at-SECRET-1",
        "[]",
        "\"at-SECRET-1\"",
        "{}",
        r#"{"access_token": 5}"#,
        r#"{"access_token": ""}"#,
        r#"{"access_token": "at-SECRET-\n1"}"#,
        r#"{"access_token": "at-SECRET-1", "refresh_token": "rt-SECRET-\u0000"}"#,
        r#"{"error": "invalid_grant", "error_description": "no"}"#,
    ] {
        let said = bad_input(&rest, input);
        assert!(!said.message.contains("SECRET"), "{}", said.message);
    }
    bad_input(&rest, &" ".repeat(64 * 1024 + 1));
}

#[test]
fn an_import_that_is_no_text_is_bad_input() {
    let said = fails_as(2, "bad_input", |form| {
        let sandbox = Sandbox::new();
        let path = sandbox.path("bytes");
        std::fs::write(&path, b"\xff\xfe").unwrap();
        let rest = args(form, &["login", "--import", "gitlab.example"]);
        let mut command = sandbox.command(&rest);
        Running::spawn(command.stdin(std::fs::File::open(path).unwrap())).finish()
    });
    assert!(said.message.contains("token response"), "{}", said.message);
}

#[test]
fn a_personal_token_that_cannot_be_one_is_bad_input() {
    let rest = ["login", "--with-token", "gitlab.example"];
    for input in ["", "\n", "two\nlines", "ümlaut", "a\tb", "a b"] {
        bad_input(&rest, input);
    }
    bad_input(&rest, &"x".repeat(16 * 1024 + 1));
}

#[test]
fn an_unknown_key_of_the_configuration_is_an_error_with_a_suggestion() {
    let said = config("\ndefault_hots = 'gitlab.example'\n", &["gitlab.example"]);
    let message = &said.message;
    let wanted = "config.toml`, line 2, has the unknown key `default_hots`";
    assert!(message.ends_with(wanted), "{message}");
    assert_eq!(said.hint, "write `default_host`");
    let said = config("[hosts.'a.example']\nclient-id = 'x'\n", &["a.example"]);
    assert_eq!(said.hint, "write `client_id`");
}

#[test]
fn a_mistake_in_the_configuration_is_named_with_its_line_and_what_to_write() {
    for (text, message, hint) in [
        (
            "[hosts.gitlab.com]\nclient_id = 'SECRET'\n",
            "line 1, has `hosts.gitlab.com` without quotes around the host, which TOML reads as nested tables",
            "write `[hosts.\"gitlab.com\"]`",
        ),
        (
            "[hosts.'gitlab.com']\nscopes = 'SECRET'\n",
            "line 2, has a string for `scopes`, which takes a list of strings",
            "write it as in `scopes = [\"api\"]`",
        ),
        (
            "[hosts.'gitlab.com']\n\nclient_id = SECRET\n",
            "line 3, has a value without quotes for `client_id`",
            "write it as in `client_id = \"3f5c0a91\"`",
        ),
        (
            "[hosts.'gitlab.com']\nurl = 'http://gitlab.example/SECRET'\n",
            "line 2, has a value for `url` that is plain `http`; tokens would cross the network in clear (allowed for loopback addresses only)",
            "write `https://` in place of the scheme",
        ),
        (
            "[hosts.'gitlab.com']\nprovider = 'gitlb'\n",
            "line 2, has the unknown value `gitlb` for `provider`",
            "write `provider = \"gitlab\"`",
        ),
    ] {
        let said = config(text, &["gitlab.example"]);
        let wanted = format!("/config.toml`, {message}");
        assert!(said.message.ends_with(&wanted), "{}", said.message);
        assert_eq!(said.hint, hint);
    }
}

#[test]
fn a_configuration_that_cannot_be_read_is_an_error() {
    for text in [
        "default_host = ",
        "default_host = 5",
        "default_host = 'http://gitlab.example'",
        "[hosts.'a#b']",
        "[hosts.'gitlab.example']\nprovider = 'unheard-of'\n",
    ] {
        let said = config(text, &["--client-id", "x", "gitlab.example"]);
        assert!(!said.message.contains("SECRET"), "{}", said.message);
    }
}

#[test]
fn a_refresh_token_without_a_client_id_is_refused_and_no_new_application_would_do() {
    let said = config("", &["https://gitlab.example/sub"]);
    assert!(said.hint.contains("--client-id"), "{}", said.hint);
    assert!(said.hint.contains("were issued to"), "{}", said.hint);
}

#[test]
fn endpoints_elsewhere_or_in_clear_are_refused() {
    let with = |option, url| config("", &["--client-id", "x", option, url, "gitlab.example"]);
    with("--token-endpoint", "https://evil.example/oauth/token");
    with("--revocation-endpoint", "https://gitlab.example:8443/r");
    with("--token-endpoint", "http://gitlab.example/oauth/token");
    with("--token-endpoint", "no URL");
    let said = config(
        "",
        &["--provider", "generic", "--client-id", "x", "a.example"],
    );
    assert!(said.hint.contains("--token-endpoint"), "{}", said.hint);
}

#[test]
fn a_client_secret_that_cannot_be_had_is_refused() {
    let rest = ["--client-id", "x", "--client-secret-file"];
    let said = config("", &[&rest[..], &["/nowhere", "gitlab.example"]].concat());
    assert!(said.message.contains("`/nowhere`"), "{}", said.message);
    config("", &[&rest[..], &["/dev/null", "gitlab.example"]].concat());
}

#[test]
fn the_configuration_is_not_opened_where_a_host_is_named() {
    let server = AuthorizationServer::start();
    let (sandbox, pair) = Sandbox::logged_in(&server);
    let path = sandbox.path("config.toml");
    std::fs::write(&path, "no TOML").unwrap();
    let (path, url) = (path.to_str().unwrap(), server.url());
    let token = sandbox.run(&["--config", path, "token", &url]).prints();
    assert_eq!(token, pair.access_token);
    let refused = sandbox.run(&["--json", "--config", path, "token"]);
    refused.fails_in_json(2, "config");
}
