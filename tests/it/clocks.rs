//! How long a token lives, by whichever clock: the wall clock, which may be set, and the one that runs from
//! the machine's start.

use jiff::{Timestamp, ToSpan as _};
use toml::value::Datetime;

use crate::support::authorization_server::{AuthorizationServer, Settings};
use crate::support::sandbox::{Sandbox, first_grant};

fn in_hours(hours: i64) -> toml::Value {
    let at = Timestamp::now() + hours.hours();
    let at = at.to_string().parse::<Datetime>().unwrap();
    at.into()
}

/// The words of `issued_boot`: which generation, which start of the machine, and milliseconds since then.
fn issued_boot(sandbox: &Sandbox, server: &AuthorizationServer) -> Option<[String; 3]> {
    let mut record = sandbox.record(server);
    let text = first_grant(&mut record)
        .get("issued_boot")?
        .as_str()?
        .to_owned();
    let words: Vec<String> = text.split(' ').map(ToOwned::to_owned).collect();
    Some(words.try_into().unwrap())
}

/// By the wall clock the token was issued now, and lives for two hours.
fn issued_now_with(sandbox: &Sandbox, server: &AuthorizationServer, issued_boot: &str) {
    sandbox.edit(server, |record| {
        let grant = first_grant(record);
        grant.insert("issued_at".to_owned(), in_hours(0));
        grant.insert("expires_at".to_owned(), in_hours(2));
        grant.insert("issued_boot".to_owned(), issued_boot.into());
    });
}

#[test]
fn a_token_that_is_older_than_its_lifetime_by_the_boot_clock_is_stale() {
    let server = AuthorizationServer::start();
    let (sandbox, pair) = Sandbox::logged_in(&server);
    let url = server.url();
    let Some([generation, boot, millis]) = issued_boot(&sandbox, &server) else {
        return;
    };
    let three_hours_before = millis.parse::<i64>().unwrap() - 3 * 60 * 60 * 1000;
    let with = |generation: &str, boot: &str| {
        let text = format!("{generation} {boot} {three_hours_before}");
        issued_now_with(&sandbox, &server, &text);
        sandbox.run(&["token", &url]).prints()
    };
    // Another start of the machine: that clock says nothing.
    assert_eq!(with(&generation, "00000000"), pair.access_token);
    // An older glauth kept what it found when it refreshed.
    assert_eq!(with("7", &boot), pair.access_token);
    assert_eq!(server.refresh_requests(), 0);

    // The wall clock was set back by three hours.
    let new = with(&generation, &boot);
    assert_ne!(new, pair.access_token);
    assert!(server.is_alive(&new));
    assert_eq!(server.refresh_requests(), 1);
    assert_eq!(sandbox.run(&["token", &url]).prints(), new);
    let [generation, ..] = issued_boot(&sandbox, &server).unwrap();
    assert_eq!(generation, "2");
}

/// A server that leaves the lifetime out is not one whose tokens live for ever.
#[test]
fn a_refresh_without_a_lifetime_keeps_that_of_the_token_before() {
    let server = AuthorizationServer::start_with(Settings {
        expires_in: None,
        ..Settings::default()
    });
    let pair = server.log_in();
    let sandbox = Sandbox::new();
    let mut response: serde_json::Value = serde_json::from_str(&pair.response).unwrap();
    response["expires_in"] = 3600.into();
    let url = server.url();
    let client_id = server.client_id();
    let args = ["login", "--import", "--client-id", &client_id, &url];
    sandbox
        .run_with_input(&args, &response.to_string())
        .succeeds();
    for refreshes in 1..=2 {
        sandbox.run(&["refresh", "--force", &url]).succeeds();
        assert_eq!(server.refresh_requests(), refreshes);
        let status = sandbox.run(&["status", "--json", &url]).succeeds();
        let status: serde_json::Value = serde_json::from_str(&status).unwrap();
        let left = status["accounts"][0]["expires_in"].as_u64().unwrap();
        assert!((3500..=3600).contains(&left), "{status}");
    }
}

/// It is not known how long ago it was issued.
#[test]
fn a_token_from_the_future_is_not_fallen_back_on() {
    let server = AuthorizationServer::start();
    let (sandbox, _) = Sandbox::logged_in(&server);
    let url = server.url();
    sandbox.edit(&server, |record| {
        let grant = first_grant(record);
        grant.insert("issued_at".to_owned(), in_hours(2));
        grant.insert("expires_at".to_owned(), in_hours(4));
        let client = record["client"].as_table_mut().unwrap();
        client["token_endpoint"] = "http://127.0.0.1:1/oauth/token".into();
    });
    let args = ["token", "--json", &url];
    sandbox.run(&args).fails_in_json(4, "unreachable");
}
