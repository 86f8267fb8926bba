//! What commands say where a shared store cannot be used, or a login is somewhere else.

use super::*;

/// A command of the machine's with other variables.
fn with(machine: &Machine, args: &[&str], variables: &[(&str, &str)]) -> Finished {
    let mut command = machine.command(args);
    command.envs(variables.iter().copied());
    Running::spawn(&mut command).finish()
}

/// That a command ends with this code and says all of this.
#[track_caller]
fn says(done: &Finished, code: i32, words: &[&str]) {
    assert_eq!(done.code(), Some(code), "{done:?}");
    let said = format!("{}{}", done.stdout, done.stderr);
    for word in words {
        assert!(said.contains(word), "no {word:?} in {said}");
    }
}

#[test]
fn what_the_database_does_not_allow_is_named_with_its_remedy() {
    let Some((postgres, [one])) = machines() else {
        return;
    };
    postgres.sql("CREATE ROLE guest LOGIN");
    postgres.sql("CREATE DATABASE empty");
    let as_guest = postgres.address().replace("glauth@", "guest@");
    let in_database = |address: &str, name: &str| {
        let (before, after) = address
            .split_once("/postgres?")
            .unwrap_or_else(|| (address.strip_suffix("/postgres").unwrap(), ""));
        format!("{before}/{name}?{after}")
    };
    let run = |args: &[&str], store: &str| with(&one, args, &[("GLAUTH_STORE", store)]);
    let refused = run(&["status", "--check"], &as_guest);
    let rights = ["permission denied for schema glauth", "store init --print"];
    says(&run(&["store", "check"], &as_guest), 5, &rights);
    assert!(!refused.stderr.contains("db error"), "{refused:?}");
    // The tables are there: nothing has to be made.
    says(&run(&["store", "init"], &as_guest), 0, &["has the tables"]);
    let printed = one.run(&["store", "init", "--print"]).succeeds();
    postgres.sql(
        &printed
            .replace("-- GRANT", "GRANT")
            .replace("ROLE;", "guest;"),
    );
    run(&["store", "check"], &as_guest).succeeds();
    let empty = in_database(&as_guest, "empty");
    let words = ["permission denied for database empty", "store init --print"];
    says(&run(&["store", "init"], &empty), 5, &words);
    let missing = in_database(&as_guest, "nodb");
    let words = [
        "refuses: database \"nodb\" does not exist",
        "name a database that is there",
    ];
    says(&run(&["store", "check"], &missing), 5, &words);
    postgres.sql("REVOKE DELETE ON glauth.lease FROM guest");
    let words = [
        "DELETE on glauth.lease",
        "GRANT USAGE ON SCHEMA glauth TO guest;",
    ];
    says(&run(&["store", "check"], &as_guest), 5, &words);
}

#[test]
fn an_address_that_cannot_be_used_says_what_to_write_instead() {
    let Some((_postgres, [one])) = machines() else {
        return;
    };
    let path = one.sandbox.path("here");
    std::fs::write(&path, "no certificate\n").unwrap();
    let empty = format!(
        "postgres://u@db.example.com/d?sslrootcert={}",
        path.display()
    );
    for (address, code, words) in [
        (
            "postgres://u@db.example.com/d?sslmode=require",
            2,
            ["always checks the certificate", "leave out `sslmode`"],
        ),
        (
            "postgres://u:a@b@db.example.com/d",
            2,
            ["can be read in two ways", "write %40"],
        ),
        (
            "postgres://u@db.invalid/d",
            4,
            ["cannot reach", "the host in the store's address"],
        ),
        (
            &empty,
            5,
            [
                "here` is of no use: there is no certificate in it",
                "the address names it",
            ],
        ),
    ] {
        let done = with(&one, &["store", "check"], &[("GLAUTH_STORE", address)]);
        says(&done, code, &words);
    }
}

#[test]
fn a_file_that_cannot_be_used_says_who_names_it() {
    let Some((postgres, [one])) = machines() else {
        return;
    };
    let missing = one.sandbox.path("missing").display().to_string();
    let check = ["store", "check"];
    let done = with(&one, &check, &[("GLAUTH_KEY_FILE", &missing)]);
    says(&done, 5, &["No such file", "GLAUTH_KEY_FILE names it"]);
    let add = one.run(&["store", "key", "add", &missing]);
    says(&add, 2, &["is not there", "store key new >"]);
    assert!(!std::path::Path::new(&missing).exists());
    let key = one.sandbox.path("glauth.key");
    let open = std::os::unix::fs::PermissionsExt::from_mode(0o644);
    std::fs::set_permissions(&key, open).unwrap();
    says(&one.run(&check), 5, &["every user", "run `chmod 600 "]);
    let closed = std::os::unix::fs::PermissionsExt::from_mode(0o600);
    std::fs::set_permissions(&key, closed).unwrap();
    one.run(&check).succeeds();
    // A server that asks for no password needs no file with one.
    with(&one, &check, &[("PGPASSFILE", &missing)]).succeeds();
    drop(postgres);
}

#[test]
fn a_login_that_has_moved_says_where_it_is() {
    let Some((postgres, [one, other])) = machines() else {
        return;
    };
    let server = AuthorizationServer::start();
    one.sandbox.log_in(&server);
    let (address, url) = (postgres.address(), server.url());
    let folder = one.sandbox.store().display().to_string();
    let elsewhere = one.sandbox.path("elsewhere").display().to_string();
    let here = [("GLAUTH_STORE", &*folder)];
    let two = one.run(&["store", "move", &folder, &elsewhere]);
    says(&two, 2, &["two of a kind", "one folder and one database"]);
    let nowhere = one.run(&["store", "move", &folder, &address, "nohost.example"]);
    says(&nowhere, 3, &["no login for nohost.example in"]);
    let open = address.replace("glauth@", "glauth:secret@");
    let open = one.run(&["store", "move", &folder, &open]);
    says(&open, 2, &["PGPASSWORD or in ~/.pgpass, and leave"]);
    let is_marked = moves(&one, [&folder, &address, &url], Some("move_marked")).is_some();
    if is_marked {
        let way = format!("is on its way to `{address}`");
        says(&with(&one, &["status"], &here), 0, &[&way]);
        let json = with(&one, &["--json", "status"], &here).succeeds();
        let json: serde_json::Value = serde_json::from_str(&json).unwrap();
        crate::schemas::conforms("status", &json);
        assert_eq!(json["accounts"][0]["moving"]["store"], *address);
        let words = [&*way, "store move", "finishes it"];
        says(&with(&one, &["doctor", "--offline"], &here), 0, &words);
    }
    let moved = format!("{address}`");
    for _ in 0..2 {
        let done = moves(&one, [&folder, &address, &url], None).unwrap();
        says(&done, 0, &["moved to `", &moved]);
    }
    let set = format!("export GLAUTH_STORE={address}");
    let token = with(&one, &["token", &url], &here);
    assert!(token.stderr.contains("GLAUTH_STORE="), "{token:?} {set}");
    says(&token, 3, &["was moved to `", &moved]);
    says(&with(&one, &["status"], &here), 0, &["moved to `", &moved]);
    let back = one.run(&["store", "move", "--take-back", &folder, &address, &url]);
    says(&back, 0, &["no move to give up"]);
    moves(&one, [&address, &folder, &url], None)
        .unwrap()
        .succeeds();
    let token = other.run(&["token", &url]);
    says(
        &token,
        3,
        &["was moved to `", "on the machine that has that folder"],
    );
}

#[test]
fn a_logout_on_another_machine_is_not_called_this_users() {
    let Some((_postgres, [one, other])) = machines() else {
        return;
    };
    let server = AuthorizationServer::start();
    let pair = logged_in(&one, &other, &server);
    other.run(&["logout", &server.url()]).succeeds();
    let said = one.reject(&pair.access_token, &server.url());
    says(&said, 3, &["was logged out at"]);
}

#[test]
fn a_person_is_told_that_another_machine_refreshes() {
    let Some((_postgres, [one, other])) = machines() else {
        return;
    };
    let server = AuthorizationServer::start();
    logged_in(&one, &other, &server);
    if !dies_at(&one, "claimed", &server.url()) {
        return;
    }
    let url = server.url();
    let done = other.run(&["--lock-timeout", "1s", "refresh", "--force", &url]);
    let waits = "waiting for another machine (pid ";
    assert!(done.stderr.contains(waits), "{done:?}");
}

#[test]
fn what_is_wrong_with_the_database_is_said_once_and_not_called_fine() {
    let Some((mut postgres, [one, other])) = machines() else {
        return;
    };
    let server = AuthorizationServer::start();
    logged_in(&one, &other, &server);
    let key = postgres.sql("SELECT encode(key_id, 'hex') FROM glauth.record");
    let file = one.sandbox.path("glauth.key");
    let add = ["store", "key", "add", file.to_str().unwrap()];
    one.run(&add).succeeds();
    let first = format!("the key {key} seals on this machine; 1 login still needs it");
    let words = [
        &*first,
        "nothing that this machine can see needs the key",
        "synchronous_commit",
    ];
    says(&one.run(&["store", "check"]), 0, &words);
    let info = one.run(&["store", "info"]);
    says(&info, 0, &["Shared store   postgres://", "Cache  "]);
    postgres.stop();
    let words = ["cannot reach the shared store", "see the problems above"];
    says(&one.run(&["doctor"]), 4, &words);
    let status = one.run(&["status", "--check"]);
    says(&status, 0, &["hint: is the database up?"]);
    one.run(&["store", "info"]).succeeds();
    postgres.start_server();
    postgres.sql("DROP SCHEMA glauth CASCADE");
    let fresh = other.sandbox.path("another cache").display().to_string();
    let doctor = with(&other, &["doctor"], &[("GLAUTH_CACHE", &fresh)]);
    let said = doctor.stdout.matches("has no tables of glauth yet").count();
    assert_eq!(said, 1, "{doctor:?}");
    says(&doctor, 5, &["store init"]);
}
