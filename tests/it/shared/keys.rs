//! The keys of a shared store, and what `store check` says of them.

use super::*;

#[test]
fn the_database_is_checked() {
    let Some((postgres, [one, other])) = machines() else {
        return;
    };
    let server = AuthorizationServer::start();
    logged_in(&one, &other, &server);
    let text = one.run(&["store", "check"]).succeeds();
    assert!(text.contains("has 1 login"), "{text}");
    assert!(text.contains("fsync = off"), "{text}");
    let key = Sandbox::new().run(&["store", "key", "new"]).succeeds();
    let stranger = Machine::new(&postgres, &key).run(&["store", "check"]);
    let id = postgres.sql("SELECT encode(key_id, 'hex') FROM glauth.record");
    assert!(
        stranger.stdout.contains(&format!("lacks the key {id}")),
        "{stranger:?}"
    );
    assert_eq!(stranger.code(), Some(5));
}

#[test]
fn a_key_is_rotated_in_three_steps() {
    let Some((postgres, [one, other])) = machines() else {
        return;
    };
    let server = AuthorizationServer::start();
    logged_in(&one, &other, &server);
    let old = postgres.sql("SELECT encode(key_id, 'hex') FROM glauth.record");
    let file = one.sandbox.path("glauth.key");
    one.run(&["store", "key", "add", file.to_str().unwrap()])
        .succeeds();
    let text = std::fs::read_to_string(&file).unwrap();
    std::fs::write(other.sandbox.path("glauth.key"), &text).unwrap();
    one.run(&["refresh", "--force", &server.url()]).succeeds();
    let key = "SELECT encode(key_id, 'hex') FROM glauth.record";
    assert_eq!(postgres.sql(key), old);
    let lines: Vec<&str> = text.lines().rev().collect();
    std::fs::write(&file, format!("{}\n", lines.join("\n"))).unwrap();
    one.run(&["refresh", "--force", &server.url()]).succeeds();
    assert_ne!(postgres.sql(key), old);
    other.run(&["refresh", "--force", &server.url()]).succeeds();
    assert_eq!(server.replays(), 0);
}
