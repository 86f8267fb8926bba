//! Who may connect: passwords, privileges and certificates.

use super::*;

/// A database that asks the user `asker` for a password.
fn that_asks() -> Option<(Postgres, Machine)> {
    let (mut postgres, [one]) = machines::<1>()?;
    let rules = one.sandbox.path("hba");
    let text = "host all asker 127.0.0.1/32 scram-sha-256\nhost all all 127.0.0.1/32 trust\n";
    std::fs::write(&rules, text).unwrap();
    open_to_all(&rules);
    postgres.set(&format!("hba_file={}", rules.display()));
    restart(&mut postgres);
    postgres.sql(
        "CREATE ROLE asker LOGIN PASSWORD 'pw-SECRET'; GRANT USAGE ON SCHEMA glauth TO asker; \
         GRANT SELECT, INSERT, UPDATE, DELETE ON glauth.record, glauth.lease TO asker",
    );
    Some((postgres, one))
}

/// What a check prints that ends with this code.
#[track_caller]
fn told(done: &Finished, code: i32) -> String {
    assert_eq!(done.code(), Some(code), "{done:?}");
    done.stdout.clone()
}

fn restart(postgres: &mut Postgres) {
    postgres.stop_in_order();
    postgres.start_server();
}

/// The server is another user.
fn open_to_all(path: &std::path::Path) {
    for folder in path
        .ancestors()
        .take_while(|folder| folder.starts_with(std::env::temp_dir()))
    {
        if folder == std::env::temp_dir() {
            break;
        }
        let mode = if folder.is_dir() { 0o755 } else { 0o644 };
        set_mode(folder, mode);
    }
}

fn set_mode(path: &std::path::Path, mode: u32) {
    let permissions = std::os::unix::fs::PermissionsExt::from_mode(mode);
    std::fs::set_permissions(path, permissions).unwrap();
}

#[test]
fn a_password_file_is_read_as_libpq_reads_it() {
    let Some((postgres, one)) = that_asks() else {
        return;
    };
    let asker = postgres.address().replace("glauth@", "asker@");
    let check = |store: &str, password: Option<&str>| {
        let mut command = one.command(&["store", "check"]);
        command.env("GLAUTH_STORE", store);
        if let Some(password) = password {
            command.env("PGPASSWORD", password);
        }
        Running::spawn(&mut command).finish()
    };
    let said = told(&check(&asker, None), 5);
    assert!(
        said.contains("asks for a password, and none is named"),
        "{said}"
    );
    let wrong = told(&check(&asker, Some("wrong-SECRET")), 5);
    assert!(wrong.contains("password authentication failed"), "{wrong}");
    assert!(!wrong.contains("SECRET"), "{wrong}");
    check(&asker, Some("pw-SECRET")).succeeds();
    let file = one.sandbox.path("home/.pgpass");
    std::fs::write(&file, "127.0.0.1:*:postgres:asker:pw-SECRET\n").unwrap();
    set_mode(&file, 0o600);
    check(&asker, None).succeeds();
    // One that others can read is left aside, and named where a password is needed.
    set_mode(&file, 0o644);
    let said = told(&check(&asker, None), 5);
    assert!(
        said.contains(".pgpass` can be read by every user"),
        "{said}"
    );
    check(&postgres.address(), None).succeeds();
}

#[test]
fn a_user_who_may_only_read_is_found_before_the_first_refresh() {
    let Some((postgres, [one])) = machines() else {
        return;
    };
    postgres.sql(
        "CREATE ROLE reader LOGIN; GRANT USAGE ON SCHEMA glauth TO reader; \
         GRANT SELECT ON glauth.record, glauth.lease TO reader",
    );
    let mut command = one.command(&["store", "check"]);
    command.env(
        "GLAUTH_STORE",
        postgres.address().replace("glauth@", "reader@"),
    );
    let text = told(&Running::spawn(&mut command).finish(), 5);
    for word in [
        "INSERT on glauth.record",
        "DELETE on glauth.lease",
        "GRANT SELECT",
    ] {
        assert!(text.contains(word), "{text}");
    }
}

#[test]
fn a_database_that_takes_no_writes_is_named_so() {
    let Some((postgres, [one])) = machines() else {
        return;
    };
    postgres.sql("ALTER SYSTEM SET default_transaction_read_only = on");
    postgres.sql("SELECT pg_reload_conf()");
    postgres.wait_for("SHOW default_transaction_read_only", "on");
    let said = one.run(&["token", "gitlab.example.com"]).fails(4);
    assert!(said.contains("takes no writes now"), "{said}");
    assert!(said.contains("name the primary"), "{said}");
}

#[test]
fn a_certificate_is_checked_and_tls_that_was_asked_for_is_used_on_loopback_too() {
    let Some((mut postgres, [one])) = machines() else {
        return;
    };
    let check = |query: &str| {
        let mut command = one.command(&["store", "check"]);
        command.env("GLAUTH_STORE", format!("{}?{query}", one.store));
        Running::spawn(&mut command).finish()
    };
    let said = told(&check("sslmode=verify-full"), 2);
    assert!(said.contains("server does not support TLS"), "{said}");
    let (certificate, key) = postgres.certificate_for("127.0.0.1");
    postgres.set("ssl=on");
    postgres.set(&format!("ssl_cert_file={}", certificate.display()));
    postgres.set(&format!("ssl_key_file={}", key.display()));
    restart(&mut postgres);
    let authority = one.sandbox.path("ca.pem");
    std::fs::copy(&certificate, &authority).unwrap();
    let said = told(&check("sslmode=verify-full"), 2);
    assert!(said.contains("cannot be trusted"), "{said}");
    assert!(said.contains("sslrootcert=FILE"), "{said}");
    let known = format!("sslmode=verify-full&sslrootcert={}", authority.display());
    let said = check(&known).succeeds();
    assert!(
        said.contains("over TLS, with its certificate checked"),
        "{said}"
    );
    // Of another name.
    let (other, _) = postgres.certificate_for("db.example.com");
    let other = std::fs::read(other).unwrap();
    std::fs::write(&certificate, other).unwrap();
    restart(&mut postgres);
    std::fs::copy(&certificate, &authority).unwrap();
    let said = told(&check(&known), 2);
    assert!(said.contains("cannot be trusted"), "{said}");
}

/// A database whose triggers leave every write of this kind out.
fn that_swallows(postgres: &Postgres, what: &str) {
    postgres.sql(&format!(
        "CREATE FUNCTION glauth.swallow() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END'; \
         CREATE TRIGGER swallow BEFORE {what} ON glauth.record FOR EACH ROW EXECUTE FUNCTION glauth.swallow()"
    ));
}

#[test]
fn a_database_that_stores_nothing_of_what_it_takes_is_found_out() {
    let Some((postgres, [one, other])) = machines() else {
        return;
    };
    let server = AuthorizationServer::start();
    let (id, url) = (server.client_id(), server.url());
    let login = ["login", "--import", "--client-id", &id, &url];
    that_swallows(&postgres, "INSERT");
    let said = one
        .run_with_input(&login, &server.log_in().response)
        .fails(5);
    assert!(said.contains("stored nothing"), "{said}");
    postgres.sql("DROP FUNCTION glauth.swallow CASCADE");
    let pair = logged_in(&one, &other, &server);
    that_swallows(&postgres, "UPDATE");
    for args in [
        &["logout", "--local", &url][..],
        &["refresh", "--force", &url],
    ] {
        one.run(args).fails(5);
    }
    let said = one
        .run_with_input(&login, &server.log_in().response)
        .fails(5);
    assert!(said.contains("stored nothing"), "{said}");
    postgres.sql("DROP FUNCTION glauth.swallow CASCADE");
    let found = one.prints(&["token", &url]);
    assert_eq!(found, pair.access_token);
}
