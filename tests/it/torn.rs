//! A record that is not whole, or not of this version, is refused as it stands, and hides no
//! other one. What others wrote into a whole one is kept.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;

use toml::Value;

use crate::support::authorization_server::{Answer, AuthorizationServer, Behaviour, Pair, TOKEN};
use crate::support::sandbox::{Sandbox, first_grant};

/// Refused by all that could read or replace it, and not touched.
#[track_caller]
fn is_refused(server: &AuthorizationServer, sandbox: &Sandbox, text: &[u8], code: &str) {
    let path = sandbox.file(server, "toml");
    fs::write(&path, text).unwrap();
    let url = server.url();
    let pair = server.log_in();
    let commands = [
        &["token", "--json", &url][..],
        &["refresh", "--force", "--json", &url],
        &["logout", "--json", &url],
        &[
            "login",
            "--import",
            "--json",
            "--client-id",
            "the-client",
            &url,
        ],
    ];
    for args in commands {
        let finished = sandbox.run_with_input(args, &pair.response);
        let error = finished.fails_in_json(5, code);
        let message = error["message"].as_str().unwrap();
        assert!(message.contains(path.to_str().unwrap()), "{message}");
        assert_eq!(fs::read(&path).unwrap(), text, "{args:?}");
    }
    assert_eq!(server.requests().len(), 0);
}

#[test]
fn a_record_that_is_cut_anywhere_is_refused_and_left_as_it_is() {
    let server = AuthorizationServer::start();
    let (sandbox, pair) = Sandbox::logged_in(&server);
    let whole = sandbox.record_text(&server);
    for tenth in 0..10 {
        let cut = &whole.as_bytes()[..whole.len() * tenth / 10];
        is_refused(&server, &sandbox, cut, "corrupt");
    }
    let without_the_newline = &whole.as_bytes()[..whole.len() - 1];
    is_refused(&server, &sandbox, without_the_newline, "corrupt");
    fs::write(sandbox.file(&server, "toml"), &whole).unwrap();
    assert_eq!(
        sandbox.run(&["token", &server.url()]).prints(),
        pair.access_token
    );
}

#[test]
fn what_is_no_text_or_no_record_or_too_large_is_refused() {
    let server = AuthorizationServer::start();
    let (sandbox, _) = Sandbox::logged_in(&server);
    let whole = sandbox.record_text(&server);
    let end = "# end of record\n";
    let large = format!("{}{whole}", "#".repeat(255) + "\n").repeat(300);
    for text in [
        end.as_bytes(),
        &[b"\xff\xfe", whole.as_bytes()].concat(),
        &[&[0; 4096], whole.as_bytes()].concat(),
        [&whole, "more\n"].concat().as_bytes(),
        [&whole, end]
            .concat()
            .replace("default", "other")
            .as_bytes(),
        large.as_bytes(),
    ] {
        is_refused(&server, &sandbox, text, "corrupt");
    }
}

#[test]
fn a_wrong_value_is_named_by_its_line_and_not_quoted() {
    let server = AuthorizationServer::start();
    let (sandbox, pair) = Sandbox::logged_in(&server);
    let text = sandbox.record_text(&server);
    let quoted = format!("\"{}\"", pair.access_token);
    let wrong = text.replace(&quoted, &format!("[{quoted}]"));
    fs::write(sandbox.file(&server, "toml"), &wrong).unwrap();
    let place = wrong
        .lines()
        .position(|line| line.starts_with("access_token"));
    let line = place.unwrap() + 1;
    // That no token is on stderr is checked by the caller.
    let said = sandbox.run(&["token", &server.url()]).fails(5);
    assert!(
        said.contains(&format!("default.toml`, line {line}, is not")),
        "{said}"
    );
}

#[test]
fn a_record_of_a_newer_version_is_refused_and_left_as_it_is() {
    let server = AuthorizationServer::start();
    let (sandbox, _) = Sandbox::logged_in(&server);
    sandbox.ends_in(&server, -5);
    let newer = sandbox
        .record_text(&server)
        .replace("version = 1", "version = 2");
    is_refused(&server, &sandbox, newer.as_bytes(), "unsupported_version");
    // Also where nothing else fits.
    let other = "version = 2\nkind = [\"anything\"]\n# end of record\n";
    is_refused(&server, &sandbox, other.as_bytes(), "unsupported_version");
}

/// A word that this glauth does not know means something to the one that wrote it: the record is not
/// broken, and must not be moved away.
#[test]
fn a_record_with_a_value_of_a_newer_glauth_is_refused_and_left_as_it_is() {
    let server = AuthorizationServer::start();
    let (sandbox, _) = Sandbox::logged_in(&server);
    sandbox.edit(&server, |record| {
        let attempt = r#"
            sequence = 1
            grant = 0
            cause = "asked"
            by = "pid 1 on build7"
            started_at = 2026-11-23T10:00:00Z
            outcome = "unreachable"
            finished_at = 2026-11-23T10:00:01Z
        "#;
        let attempt: toml::Table = attempt.parse().unwrap();
        record.insert("last_attempt".to_owned(), attempt.into());
    });
    sandbox.ends_in(&server, -5);
    let record = sandbox.record_text(&server);
    for (known, newer) in [
        ("kind = \"oauth\"", "kind = \"of_2030\""),
        ("state = \"active\"", "state = \"resting\""),
        ("outcome = \"unreachable\"", "outcome = \"postponed\""),
        ("cause = \"asked\"", "cause = \"scheduled\""),
        (
            "auth_method = \"none\"",
            "auth_method = \"tls_client_auth\"",
        ),
        ("rotation = \"kills\"", "rotation = \"delays\""),
    ] {
        assert!(record.contains(known), "{known}");
        let newer = record.replace(known, newer);
        is_refused(&server, &sandbox, newer.as_bytes(), "unsupported_version");
    }
}

/// Writes keys of a glauth that is yet to come, wherever there is a table.
fn write_unknown_keys(sandbox: &Sandbox, server: &AuthorizationServer) {
    sandbox.edit(server, |record| {
        let unknown = || Value::String("kept".to_owned());
        for table in ["client", "identity"] {
            let table = record
                .entry(table)
                .or_insert(Value::Table(toml::Table::new()));
            table
                .as_table_mut()
                .unwrap()
                .insert("unknown".to_owned(), unknown());
        }
        let identity = record["identity"].as_table_mut().unwrap();
        identity.insert("username".to_owned(), Value::String("jane".to_owned()));
        first_grant(record).insert("unknown".to_owned(), unknown());
        record.insert("unknown".to_owned(), unknown());
        let table = toml::Table::from_iter([("unknown".to_owned(), unknown())]);
        record.insert("unknown_table".to_owned(), Value::Table(table));
    });
}

#[track_caller]
fn unknown_keys_are_there(sandbox: &Sandbox, server: &AuthorizationServer) {
    let mut record = sandbox.record(server);
    let kept = Some("kept");
    assert_eq!(first_grant(&mut record)["unknown"].as_str(), kept);
    for table in ["client", "identity", "unknown_table"] {
        assert_eq!(record[table]["unknown"].as_str(), kept, "{table}");
    }
    assert_eq!(record["unknown"].as_str(), kept);
}

#[test]
fn keys_of_others_survive_a_refresh() {
    let server = AuthorizationServer::start();
    let (sandbox, _) = Sandbox::logged_in(&server);
    sandbox.ends_in(&server, -5);
    write_unknown_keys(&sandbox, &server);
    sandbox.run(&["token", &server.url()]).prints();
    unknown_keys_are_there(&sandbox, &server);
    sandbox
        .run(&["refresh", "--force", &server.url()])
        .succeeds();
    unknown_keys_are_there(&sandbox, &server);
    assert_eq!(server.rotations(), 2);
}

#[test]
fn keys_of_others_survive_the_mark_of_a_refused_token() {
    let server = AuthorizationServer::start();
    let (sandbox, pair) = Sandbox::logged_in(&server);
    write_unknown_keys(&sandbox, &server);
    server.expire_access_tokens();
    server.script(TOKEN, Behaviour::Answer(Answer::new(503)));
    let rejected = ["token", "--rejected", &server.url()];
    sandbox
        .run_with_input(&rejected, &pair.access_token)
        .fails(4);
    let mut record = sandbox.record(&server);
    assert_eq!(first_grant(&mut record)["refused"].as_bool(), Some(true));
    unknown_keys_are_there(&sandbox, &server);
    sandbox.let_waits_pass(&server);
    let new = sandbox
        .run_with_input(&rejected, &pair.access_token)
        .prints();
    assert!(server.is_alive(&new));
    unknown_keys_are_there(&sandbox, &server);
}

#[test]
fn keys_of_others_survive_what_a_dead_process_left() {
    let Some((server, sandbox, _)) = crate::crash::dead_at("pending:kill") else {
        return;
    };
    write_unknown_keys(&sandbox, &server);
    sandbox.run(&["token", &server.url()]).prints();
    unknown_keys_are_there(&sandbox, &server);
}

/// The default login, which is to be spoilt, and the pair of a second one, `good`.
fn beside_a_good_one(server: &AuthorizationServer) -> (Sandbox, Pair) {
    let (sandbox, _) = Sandbox::logged_in(server);
    let good = server.log_in();
    let url = server.url();
    let login = [
        "login",
        "--import",
        "--client-id",
        "the-client",
        "--account",
        "good",
        &url,
    ];
    sandbox.run_with_input(&login, &good.response).succeeds();
    (sandbox, good)
}

#[test]
fn a_broken_record_hides_no_other_one() {
    let server = AuthorizationServer::start();
    let (sandbox, good) = beside_a_good_one(&server);
    let url = server.url();
    fs::write(sandbox.file(&server, "toml"), "torn").unwrap();

    let token = sandbox.run(&["token", "--account", "good", &url]);
    assert_eq!(token.prints(), good.access_token);
    // No other user's token is printed in its place, and the hint says how to get that one.
    for args in [&["token", &url][..], &["token"], &["refresh", &url]] {
        let said = sandbox.run(args).fails(5);
        assert!(said.contains("default.toml"), "{said}");
        assert!(
            said.contains("\nhint: use another account with `--account good`; for this one: "),
            "{said}"
        );
    }
    let status = sandbox.run(&["status", "--json"]);
    assert_eq!(status.code(), Some(5), "{status:?}");
    let status: serde_json::Value = serde_json::from_str(&status.stdout).unwrap();
    let [broken, whole] = &status["accounts"].as_array().unwrap()[..] else {
        panic!("two accounts: {status}");
    };
    assert_eq!(
        (&broken["account"], &broken["state"]),
        (&"default".into(), &"unreadable".into())
    );
    assert_eq!(broken["error"]["code"], "corrupt");
    assert_eq!(
        (&whole["account"], &whole["state"]),
        (&"good".into(), &"fresh".into())
    );

    let status = sandbox.run(&["status"]);
    assert_eq!(status.code(), Some(5), "{status:?}");
    assert!(status.stdout.contains("unreadable"), "{status:?}");
    assert!(status.stdout.contains("fresh"), "{status:?}");
    assert!(status.stderr.contains("default.toml"), "{status:?}");
    let refreshed = sandbox.run(&["refresh", "--all"]);
    assert_eq!(refreshed.code(), Some(5), "{refreshed:?}");
}

#[test]
fn a_record_that_cannot_be_opened_hides_no_other_one() {
    let server = AuthorizationServer::start();
    let (sandbox, _) = beside_a_good_one(&server);
    let mode = fs::Permissions::from_mode(0o644);
    fs::set_permissions(sandbox.file(&server, "toml"), mode).unwrap();
    let status = sandbox.run(&["status", "--json"]);
    assert_eq!(status.code(), Some(5), "{status:?}");
    let status: serde_json::Value = serde_json::from_str(&status.stdout).unwrap();
    assert_eq!(status["accounts"][0]["error"]["code"], "permission");
    assert_eq!(status["accounts"][1]["state"], "fresh");
}
