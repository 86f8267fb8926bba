//! `store info`: where glauth keeps its files.

use serde_json::Value;

use crate::schemas::conforms;
use crate::support::authorization_server::AuthorizationServer;
use crate::support::sandbox::Sandbox;

fn info(sandbox: &Sandbox) -> Value {
    let printed = sandbox.run(&["store", "info", "--json"]).prints();
    let info: Value = printed.parse().unwrap();
    conforms("store", &info);
    info
}

#[test]
fn it_names_the_store_the_configuration_and_the_rescue_places() {
    let sandbox = Sandbox::new();
    let before = info(&sandbox);
    assert_eq!(before["logins"]["path"], sandbox.store().to_str().unwrap());
    assert_eq!(before["logins"]["exists"], false);
    assert_eq!(before["logins"]["count"], 0);
    assert_eq!(before["configuration"]["exists"], false);
    assert!(!sandbox.store().exists());
    let places = before["rescue_places"].as_array().unwrap();
    assert!(places.len() > 1, "{before}");
    for place in places {
        assert!(place["path"].as_str().unwrap().contains("glauth-rescue-"));
    }

    let server = AuthorizationServer::start();
    sandbox.log_in(&server);
    let after = info(&sandbox);
    assert_eq!(after["logins"]["exists"], true);
    assert_eq!(after["logins"]["count"], 1);
    if cfg!(target_os = "linux") {
        assert!(after["logins"]["file_system"].is_string(), "{after}");
    }
    // A login that a person has ended is none.
    sandbox.run(&["logout"]).succeeds();
    assert_eq!(info(&sandbox)["logins"]["count"], 0);
}

#[test]
fn people_read_a_line_for_each() {
    let sandbox = Sandbox::new();
    let text = sandbox.run(&["store", "info"]).succeeds();
    let lines: Vec<&str> = text.lines().collect();
    let store = sandbox.store();
    let first = format!("Logins         {} (not there yet)", store.display());
    assert_eq!(lines[0], first);
    assert!(lines[1].starts_with("               0 logins"), "{text}");
    assert!(lines[2].starts_with("Configuration  "), "{text}");
    assert!(lines[3].starts_with("Rescue places  "), "{text}");
    // What is missing is said, and no store is made.
    sandbox.run(&["store"]).fails(2);
    assert!(!store.exists());
}
