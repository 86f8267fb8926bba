//! `store move` where another machine does something at the same time.

use super::*;

/// A login in the folder of a machine, whose move into the database was ended at this point; `false`: the binary has no
/// such points.
fn dies_on_its_way(
    postgres: &Postgres,
    one: &Machine,
    server: &AuthorizationServer,
    point: &str,
) -> bool {
    one.sandbox.log_in(server);
    let folder = one.sandbox.store().display().to_string();
    moves(
        one,
        [&folder, &postgres.address(), &server.url()],
        Some(point),
    )
    .is_some()
}

/// A command about the machine's folder, which is a store of its own.
fn in_folder(machine: &Machine, args: &[&str]) -> Finished {
    let mut command = machine.command(args);
    Running::spawn(command.env("GLAUTH_STORE", machine.sandbox.store())).finish()
}

#[test]
fn a_login_on_its_way_does_not_take_the_place_of_one_that_came_meanwhile() {
    let Some((postgres, [one, other])) = machines() else {
        return;
    };
    for point in ["move_marked", "move_arrived"] {
        let server = AuthorizationServer::start();
        if !dies_on_its_way(&postgres, &one, &server, point) {
            return;
        }
        let has_arrived = point == "move_arrived";
        if has_arrived {
            other.run(&["logout", &server.url()]).succeeds();
        }
        let pair = server.log_in();
        let (id, url) = (server.client_id(), server.url());
        let login = ["login", "--import", "--client-id", &id, &url];
        other.run_with_input(&login, &pair.response).succeeds();
        let found = in_folder(&one, &["refresh", "--force", &url]);
        if has_arrived {
            // It was logged out there, and so it is here.
            found.fails(3);
        } else {
            assert!(found.stderr.contains("is on its way to"), "{found:?}");
            assert!(found.stderr.contains("--take-back"), "{found:?}");
            found.fails(5);
        }
        assert_eq!(server.refresh_requests(), 0);
        for machine in [&one, &other] {
            machine.run(&["refresh", "--force", &url]).succeeds();
            let new = server.current_pair(&pair.access_token).access_token;
            assert_eq!(machine.prints(&["token", &url]), new);
        }
    }
}

/// A move out of the database that was ended at this point, into the folder of a machine.
fn dies_on_its_way_back(
    postgres: &Postgres,
    one: &Machine,
    server: &AuthorizationServer,
    point: &str,
) -> bool {
    let folder = one.sandbox.store().display().to_string();
    let way = [&*postgres.address(), &folder, &server.url()];
    moves(one, way, Some(point)).is_some()
}

#[test]
fn a_login_that_another_machine_has_moved_away_is_not_taken_for_arrived() {
    let Some((postgres, [one, other])) = machines() else {
        return;
    };
    let server = AuthorizationServer::start();
    logged_in(&one, &other, &server);
    if !dies_on_its_way_back(&postgres, &one, &server, "move_arriving") {
        return;
    }
    let folder = other.sandbox.store().display().to_string();
    let way = [&*postgres.address(), &folder, &server.url()];
    moves(&other, way, None).unwrap().succeeds();
    in_folder(&other, &["refresh", "--force", &server.url()]).succeeds();
    in_folder(&one, &["refresh", "--force", &server.url()]).fails(5);
    in_folder(&other, &["refresh", "--force", &server.url()]).succeeds();
    assert_eq!((server.refresh_requests(), server.replays()), (2, 0));
}

#[test]
fn where_the_row_is_gone_a_person_decides_whether_the_login_had_left() {
    let Some((postgres, [one, other])) = machines() else {
        return;
    };
    let server = AuthorizationServer::start();
    logged_in(&one, &other, &server);
    if !dies_on_its_way_back(&postgres, &one, &server, "move_left") {
        return;
    }
    let url = server.url();
    other
        .run(&["logout", "--local", "--forget", &url])
        .succeeds();
    let said = in_folder(&one, &["refresh", "--force", &url]).fails(5);
    assert!(
        said.contains("does not know any more whether it has left"),
        "{said}"
    );
    let folder = one.sandbox.store().display().to_string();
    let address = postgres.address();
    let take_back = ["store", "move", "--take-back", &folder, &address, &url];
    let said = one.run(&take_back);
    assert!(said.stderr.contains("is removed"), "{said:?}");
    in_folder(&one, &["token", &url]).fails(3);
    assert_eq!(server.refresh_requests(), 0);
}

#[test]
fn what_cannot_be_looked_at_is_not_taken_back() {
    let Some((mut postgres, [one])) = machines() else {
        return;
    };
    let server = AuthorizationServer::start();
    if !dies_on_its_way(&postgres, &one, &server, "move_arrived") {
        return;
    }
    let folder = one.sandbox.store().display().to_string();
    let (address, url) = (postgres.address(), server.url());
    let take_back = ["store", "move", "--take-back", &folder, &address, &url];
    let key = one.sandbox.path("glauth.key");
    let kept = std::fs::read(&key).unwrap();
    std::fs::write(&key, "").unwrap();
    one.run(&take_back).fails(5);
    std::fs::write(&key, kept).unwrap();
    let said = one.run(&take_back);
    assert!(said.stderr.contains("has arrived"), "{said:?}");
    // One that is gone for good is a person's word.
    postgres.stop();
    let said = one.run(&take_back);
    assert!(said.stderr.contains("could not be asked"), "{said:?}");
    in_folder(&one, &["refresh", "--force", &url]).succeeds();
}

#[test]
fn a_move_that_never_arrived_is_taken_back_and_one_that_has_is_not() {
    let Some((postgres, [one, _other])) = machines::<2>() else {
        return;
    };
    for (point, is_back) in [("move_marked", true), ("move_arrived", false)] {
        let server = AuthorizationServer::start();
        if !dies_on_its_way(&postgres, &one, &server, point) {
            return;
        }
        let folder = one.sandbox.store().display().to_string();
        let address = postgres.address();
        let take_back = [
            "store",
            "move",
            "--take-back",
            &folder,
            &address,
            &server.url(),
        ];
        one.run(&take_back).succeeds();
        let here = in_folder(&one, &["refresh", "--force", &server.url()]);
        assert_eq!(here.code() == Some(0), is_back, "{here:?}");
        let there = one.run(&["refresh", "--force", &server.url()]);
        assert_eq!(there.code() == Some(0), !is_back, "{there:?}");
        assert_eq!(server.refresh_requests(), 1);
    }
}

#[test]
fn a_login_that_left_the_database_stays_left_though_another_one_came() {
    let Some((postgres, [one, other])) = machines() else {
        return;
    };
    let server = AuthorizationServer::start();
    let pair = logged_in(&one, &other, &server);
    let folder = one.sandbox.store().display().to_string();
    let way = [&*postgres.address(), &folder, &server.url()];
    if moves(&one, way, Some("move_left")).is_none() {
        return;
    }
    let again = server.log_in();
    let login = ["login", "--import", &server.url()];
    other.run_with_input(&login, &again.response).succeeds();
    in_folder(&one, &["refresh", "--force", &server.url()]).succeeds();
    other.run(&["refresh", "--force", &server.url()]).succeeds();
    let tokens = [
        in_folder(&one, &["token", &server.url()]).succeeds(),
        other.run(&["token", &server.url()]).succeeds(),
    ];
    for (token, pair) in tokens.iter().zip([pair, again]) {
        let new = server.current_pair(&pair.access_token).access_token;
        assert_eq!(token.trim_end(), new);
    }
    assert_eq!(server.replays(), 0);
}
