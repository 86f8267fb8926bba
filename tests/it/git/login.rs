//! What git gets of a login.

use super::{credential, get, question, tell};
use crate::support::authorization_server::{
    Answer, AuthorizationServer, Behaviour, REVOKE, TOKEN, TOKEN_INFO,
};
use crate::support::sandbox::{Running, Sandbox};
use crate::support::watch::HeldLock;

const CAPABILITIES: &str = "capability[]=authtype\ncapability[]=state\n";

fn fingerprint(text: &str) -> String {
    let digest = ring::digest::digest(&ring::digest::SHA256, text.as_bytes());
    let first: [u8; 8] = digest.as_ref()[..8].try_into().unwrap();
    format!("{:010x}", u64::from_be_bytes(first) >> 24)
}

#[test]
fn an_old_git_gets_user_password_and_end_and_nothing_it_has_not_announced() {
    let server = AuthorizationServer::start();
    let (sandbox, pair) = Sandbox::logged_in(&server);
    let answer = get(&sandbox, &question(&server.host()));
    let keys: Vec<&str> = answer.keys().map(String::as_str).collect();
    assert_eq!(keys, ["password", "password_expiry_utc", "username"]);
    assert_eq!(answer["username"], "oauth2");
    assert_eq!(answer["password"], pair.access_token);
    let end: i64 = answer["password_expiry_utc"].parse().unwrap();
    let left = end - jiff::Timestamp::now().as_second();
    assert!((7100..=7200).contains(&left), "{left}");
    assert_eq!(server.requests().len(), 0);
}

#[test]
fn a_new_git_is_told_not_to_keep_it_and_to_ask_again() {
    let server = AuthorizationServer::start();
    let (sandbox, pair) = Sandbox::logged_in(&server);
    let asked = CAPABILITIES.to_owned() + &question(&server.host());
    let answer = get(&sandbox, &asked);
    assert_eq!(answer["ephemeral"], "1");
    assert_eq!(answer["continue"], "1");
    let state = format!("glauth:{}:default", fingerprint(&pair.access_token));
    assert_eq!(answer["state[]"], state);
    assert_eq!(answer["password"], pair.access_token);
    assert!(!answer.contains_key("oauth_refresh_token"));
    // A capability stands before what depends on it.
    let text = credential(&sandbox, "get", &asked).prints();
    assert!(text.starts_with(CAPABILITIES), "{text}");
}

#[test]
fn a_server_that_asks_for_bearer_gets_bearer_if_git_can() {
    let server = AuthorizationServer::start();
    let (sandbox, pair) = Sandbox::logged_in(&server);
    let bearer = question(&server.host()) + "wwwauth[]=Bearer realm=\"x\"\n";
    let answer = get(&sandbox, &(CAPABILITIES.to_owned() + &bearer));
    assert_eq!(answer["authtype"], "Bearer");
    assert_eq!(answer["credential"], pair.access_token);
    assert!(!answer.contains_key("password") && !answer.contains_key("username"));
    let answer = get(&sandbox, &bearer);
    assert_eq!(answer["password"], pair.access_token);
    assert!(!answer.contains_key("authtype"));
}

#[test]
fn asked_again_it_gives_the_newer_token_once() {
    let server = AuthorizationServer::start();
    let (sandbox, old) = Sandbox::logged_in(&server);
    sandbox.run(&["refresh", "--force"]).succeeds();
    let new = server.current_pair(&old.access_token);
    let again = format!(
        "{CAPABILITIES}{}state[]=glauth:{}\ncontinue=1\n",
        question(&server.host()),
        fingerprint(&old.access_token)
    );
    let answer = get(&sandbox, &again);
    assert_eq!(answer["password"], new.access_token);
    assert!(!answer.contains_key("continue") && !answer.contains_key("state[]"));
    assert_eq!((server.rotations(), server.count(TOKEN_INFO)), (1, 0));
}

#[test]
fn asked_again_for_the_current_token_it_asks_the_server_and_refreshes_a_dead_one() {
    let server = AuthorizationServer::start();
    let (sandbox, old) = Sandbox::logged_in(&server);
    let again = format!(
        "{CAPABILITIES}{}state[]=other:1\nstate[]=glauth:{}\n",
        question(&server.host()),
        fingerprint(&old.access_token)
    );
    // It is good: something else is wrong, which no rotation can mend.
    let finished = credential(&sandbox, "get", &again);
    assert!(
        finished
            .stderr
            .contains("refused the request for another reason")
    );
    assert_eq!(finished.stderr.lines().count(), 1, "{finished:?}");
    assert_eq!(finished.succeeds(), "");
    assert_eq!(server.rotations(), 0);

    server.expire_access_tokens();
    let answer = get(&sandbox, &again);
    assert!(server.is_alive(&answer["password"]));
    assert_ne!(answer["password"], old.access_token);
    assert_eq!(server.rotations(), 1);
}

#[test]
fn an_unknown_state_is_no_refusal() {
    let server = AuthorizationServer::start();
    let (sandbox, pair) = Sandbox::logged_in(&server);
    for state in [
        "glauth:",
        "glauth:xyz:default",
        "cache:1",
        "glauth:0123456789ab",
    ] {
        let asked = format!(
            "{CAPABILITIES}{}state[]={state}\n",
            question(&server.host())
        );
        let answer = get(&sandbox, &asked);
        assert_eq!(answer["password"], pair.access_token);
        assert_eq!(answer["continue"], "1");
    }
}

#[test]
fn a_stale_token_is_refreshed_first_and_a_crowd_of_gits_asks_once() {
    let server = AuthorizationServer::start();
    let (sandbox, old) = Sandbox::logged_in(&server);
    sandbox.ends_in(&server, -10);
    let asked = question(&server.host());
    let gits: Vec<Running> = (0..20)
        .map(|_| sandbox.start_with_input(&["git-credential", "get"], &asked))
        .collect();
    let new: Vec<String> = gits.into_iter().map(|git| git.finish().prints()).collect();
    assert!(new.iter().all(|answer| *answer == new[0]));
    assert!(!new[0].contains(&old.access_token));
    assert_eq!(server.refresh_requests(), 1);
}

#[test]
fn erase_has_the_token_checked_and_marked_and_keeps_the_login() {
    let server = AuthorizationServer::start();
    let (sandbox, old) = Sandbox::logged_in(&server);
    let refused = |token: &str| {
        format!(
            "{}username=oauth2\npassword={token}\n",
            question(&server.host())
        )
    };
    let before = sandbox.record_text(&server);
    // Alive: something else was wrong.
    tell(&sandbox, "erase", &refused(&old.access_token));
    assert_eq!(server.count(TOKEN_INFO), 1);
    // Not ours, and no server is asked.
    tell(&sandbox, "erase", &refused("something-else"));
    tell(&sandbox, "erase", &question(&server.host()));
    tell(&sandbox, "erase", &refused("no\u{7f}token"));
    // The server cannot say.
    server.script(TOKEN_INFO, Behaviour::Answer(Answer::new(503)));
    tell(&sandbox, "erase", &refused(&old.access_token));
    assert_eq!(server.count(TOKEN_INFO), 2);
    assert_eq!(sandbox.record_text(&server), before);

    // Dead: marked, and not refreshed before a call needs one.
    server.expire_access_tokens();
    tell(&sandbox, "erase", &refused(&old.access_token));
    let refused_now = sandbox.record(&server)["grants"][0]["refused"].as_bool();
    assert_eq!(refused_now, Some(true));
    assert_eq!((server.count(TOKEN), server.count(REVOKE)), (0, 0));
    let answer = get(&sandbox, &question(&server.host()));
    assert!(server.is_alive(&answer["password"]));
}

#[test]
fn erase_takes_a_credential_of_an_authtype_too() {
    let server = AuthorizationServer::start();
    let (sandbox, old) = Sandbox::logged_in(&server);
    server.expire_access_tokens();
    let refused = format!(
        "capability[]=authtype\nauthtype=Bearer\ncredential={}\n{}",
        old.access_token,
        question(&server.host())
    );
    tell(&sandbox, "erase", &refused);
    let refused_now = sandbox.record(&server)["grants"][0]["refused"].as_bool();
    assert_eq!(refused_now, Some(true));
}

#[test]
fn store_keeps_nothing_where_a_login_is_of_any_user() {
    let server = AuthorizationServer::start();
    let (sandbox, pair) = Sandbox::logged_in(&server);
    let before = sandbox.files();
    for user in ["oauth2", "jane", "somebody"] {
        for host in [server.host(), format!("{}\npath=a/b.git", server.host())] {
            let text = format!("{}username={user}\npassword=x\n", question(&host));
            tell(&sandbox, "store", &text);
            tell(
                &sandbox,
                "store",
                &text.replace("protocol=http\n", "protocol=https\n"),
            );
        }
    }
    assert_eq!(sandbox.files(), before);
    // Nor where it has ended.
    server.revoke_everything();
    sandbox.run(&["refresh", "--force"]).fails(3);
    let text = format!("{}username=u\npassword=x\n", question(&server.host()));
    tell(&sandbox, "store", &text);
    assert!(
        !sandbox
            .files()
            .iter()
            .any(|(path, _)| path.ends_with("git"))
    );
    let finished = credential(&sandbox, "get", &question(&server.host()));
    assert_eq!(finished.stdout, "", "{finished:?}");
    drop(pair);
}

#[test]
fn where_a_login_was_git_is_a_helper_as_any_other() {
    let server = AuthorizationServer::start();
    let (sandbox, _) = Sandbox::logged_in(&server);
    sandbox.run(&["logout"]).succeeds();
    let text = format!("{}username=u\npassword=x\n", question(&server.host()));
    tell(&sandbox, "store", &text);
    assert_eq!(get(&sandbox, &question(&server.host()))["password"], "x");
    // A login that comes goes first, and what was kept is not seen any more.
    let pair = sandbox.log_in(&server);
    let answer = get(&sandbox, &question(&server.host()));
    assert_eq!(answer["password"], pair.access_token);
    let asked = question(&server.host()) + "username=u\n";
    assert_ne!(
        get(&sandbox, &asked).get("password").map(String::as_str),
        Some("x")
    );
}

#[test]
fn an_ended_login_says_one_line_and_answers_nothing() {
    let server = AuthorizationServer::start();
    let (sandbox, _) = Sandbox::logged_in(&server);
    server.revoke_everything();
    sandbox.ends_in(&server, -10);
    for _ in 0..2 {
        let finished = credential(&sandbox, "get", &question(&server.host()));
        assert_eq!(finished.stderr.lines().count(), 1, "{finished:?}");
        let command = format!("run `glauth login {}`", server.url());
        assert!(finished.stderr.contains(&command), "{finished:?}");
        assert_eq!(finished.succeeds(), "");
    }
}

#[test]
fn why_there_is_no_token_now_is_said_in_one_line() {
    let server = AuthorizationServer::start();
    let (sandbox, _) = Sandbox::logged_in(&server);
    sandbox.ends_in(&server, -10);
    server.always(TOKEN, Some(Behaviour::Answer(Answer::new(503))));
    let finished = credential(&sandbox, "get", &question(&server.host()));
    assert_eq!(finished.stderr.lines().count(), 1, "{finished:?}");
    assert!(finished.stderr.contains("status 503"), "{finished:?}");
    assert_eq!(finished.succeeds(), "");
}

#[test]
fn a_token_that_lives_is_given_where_no_newer_one_can_be_had() {
    let server = AuthorizationServer::start();
    let (sandbox, pair) = Sandbox::logged_in(&server);
    sandbox.ends_in(&server, 30);
    server.always(TOKEN, Some(Behaviour::Answer(Answer::new(429))));
    let answer = get(&sandbox, &question(&server.host()));
    assert_eq!(answer["password"], pair.access_token);
}

#[test]
fn a_lock_that_a_process_holds_is_waited_for_and_only_the_end_is_said() {
    let server = AuthorizationServer::start();
    let (sandbox, _) = Sandbox::logged_in(&server);
    sandbox.ends_in(&server, -10);
    let held = HeldLock::take(&sandbox, &server);
    let args = ["--lock-timeout", "1s", "git-credential", "get"];
    let finished = sandbox.run_with_input(&args, &question(&server.host()));
    assert_eq!(finished.stderr.lines().count(), 1, "{finished:?}");
    assert!(
        finished.stderr.contains("the lock was held by"),
        "{finished:?}"
    );
    assert_eq!(finished.succeeds(), "");
    held.release();
}

#[test]
fn a_personal_token_answers_too() {
    let server = AuthorizationServer::start();
    let sandbox = Sandbox::new();
    let with_token = ["login", "--with-token", &server.url()];
    sandbox
        .run_with_input(&with_token, "glpat-SECRET-1\n")
        .succeeds();
    let answer = get(&sandbox, &question(&server.host()));
    assert_eq!(answer["password"], "glpat-SECRET-1");
    assert_eq!(answer["username"], "oauth2");
    assert!(!answer.contains_key("password_expiry_utc"));
}

#[test]
fn a_broken_record_is_told_and_nothing_is_kept_in_its_place() {
    let server = AuthorizationServer::start();
    let (sandbox, _) = Sandbox::logged_in(&server);
    std::fs::write(sandbox.file(&server, "toml"), "version = 1\n").unwrap();
    let text = format!("{}username=u\npassword=x\n", question(&server.host()));
    for operation in ["get", "store", "erase"] {
        let finished = credential(&sandbox, operation, &text);
        assert!(
            finished.stderr.contains("is not a usable record"),
            "{finished:?}"
        );
        assert_eq!(finished.succeeds(), "");
    }
    assert!(
        !sandbox
            .files()
            .iter()
            .any(|(_, text)| text.contains("password"))
    );
}

#[test]
fn what_this_helper_does_not_know_it_leaves_alone() {
    let sandbox = Sandbox::new();
    assert_eq!(sandbox.run(&["git-credential", "approve"]).prints(), "");
    assert_eq!(sandbox.run(&["git-credential", ""]).prints(), "");
    let capabilities = sandbox.run(&["git-credential", "capability"]).prints();
    assert_eq!(
        capabilities,
        "version 0\ncapability authtype\ncapability state"
    );
    sandbox.run(&["git-credential"]).fails(2);
    assert!(sandbox.files().is_empty());
}

/// Neither a torn record nor one of another version.
#[test]
fn a_broken_record_keeps_git_from_no_other_login_of_its_host() {
    for text in ["version = 1\n", "version = 2\n# end of record\n"] {
        let server = AuthorizationServer::start();
        let (sandbox, _) = Sandbox::logged_in(&server);
        let (client_id, url) = (server.client_id(), server.url());
        let pair = server.log_in();
        let import = [
            "login",
            "--import",
            "-a",
            "work",
            "--client-id",
            &client_id,
            &url,
        ];
        sandbox.run_with_input(&import, &pair.response).succeeds();
        std::fs::write(sandbox.file(&server, "toml"), text).unwrap();
        let asked = format!("{}username=work\n", question(&server.host()));
        assert_eq!(get(&sandbox, &asked)["password"], pair.access_token);
        // The broken one is meant, or may be: that is told.
        for user in ["", "username=somebody\n"] {
            let asked = format!("{}{user}", question(&server.host()));
            let finished = credential(&sandbox, "get", &asked);
            assert!(finished.stderr.contains("default.toml"), "{finished:?}");
            assert_eq!(finished.succeeds(), "");
        }
        // Where `default` is not there, the only one that can be read is meant.
        let broken = sandbox.file(&server, "toml");
        std::fs::rename(&broken, broken.with_file_name("other.toml")).unwrap();
        let asked = question(&server.host());
        assert_eq!(get(&sandbox, &asked)["password"], pair.access_token);
    }
}
