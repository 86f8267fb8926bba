use serde_json::json;

use super::*;

fn read_from(document: &Value) -> Result<DeviceAuthorization, &'static str> {
    read(document.as_object().unwrap().clone())
}

fn sound() -> Value {
    json!({
        "device_code": "dc",
        "user_code": "WDJB-MJHT",
        "verification_uri": "https://a.example/device",
        "verification_uri_complete": "https://a.example/device?user_code=WDJB-MJHT",
        "expires_in": 900,
        "interval": 7,
    })
}

#[test]
fn the_example_of_rfc_8628_is_read() {
    let found = read_from(&sound()).unwrap();
    assert_eq!(found.user_code, "WDJB-MJHT");
    assert_eq!(found.expires_in, Duration::from_secs(900));
    assert_eq!(found.interval, Duration::from_secs(7));
    assert!(found.verification_uri_complete.is_some());
}

#[test]
fn a_server_that_names_no_interval_is_polled_every_five_seconds() {
    for (interval, expected) in [
        (Value::Null, 5),
        (json!("x"), 5),
        (json!(0), 5),
        (json!(-3), 5),
        (json!(0.1), 1),
        (json!(2), 2),
        (json!(100_000), 60),
    ] {
        let mut document = sound();
        document["interval"] = interval.clone();
        let found = read_from(&document).unwrap();
        assert_eq!(found.interval.as_secs(), expected, "{interval}");
    }
}

#[test]
fn an_address_that_is_not_https_is_not_shown() {
    for url in [
        "http://a.example/device",
        "javascript:alert(1)",
        "file:///etc/passwd",
        "device",
        "",
    ] {
        let mut document = sound();
        document["verification_uri"] = url.into();
        assert!(read_from(&document).is_err(), "{url}");
        let mut document = sound();
        document["verification_uri_complete"] = url.into();
        let found = read_from(&document).unwrap();
        assert_eq!(found.verification_uri_complete, None, "{url}");
    }
    let mut document = sound();
    document["verification_uri"] = "http://127.0.0.1:3000/device".into();
    assert!(read_from(&document).is_ok());
}

#[test]
fn googles_older_name_of_the_address_is_taken() {
    let mut document = sound();
    let object = document.as_object_mut().unwrap();
    let url = object.remove("verification_uri").unwrap();
    object.insert("verification_url".to_owned(), url);
    assert!(read_from(&document).is_ok());
}

#[test]
fn what_is_missing_is_named() {
    for (key, what) in [
        ("device_code", "a usable `device_code`"),
        ("user_code", "a usable `user_code`"),
        ("verification_uri", "an https `verification_uri`"),
        ("expires_in", "a usable `expires_in`"),
    ] {
        let mut document = sound();
        document.as_object_mut().unwrap().remove(key);
        assert_eq!(read_from(&document).unwrap_err(), what);
    }
}

#[test]
fn a_user_code_cannot_move_the_cursor() {
    let mut document = sound();
    document["user_code"] = "AB\u{1b}[2J\nCD".into();
    assert_eq!(read_from(&document).unwrap().user_code, "AB[2JCD");
    document["user_code"] = "A".repeat(65).into();
    assert!(read_from(&document).is_err());
}
