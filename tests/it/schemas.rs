//! The JSON that programs read is what docs/*.schema.json say (JSON Schema, draft 2020-12). Other tests
//! ask here about every such output that they see, in every state.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use boon::{Compiler, Schemas};
use glauth::code::Code;
use serde_json::{Value, json};

use crate::support::authorization_server::{Answer, AuthorizationServer, Behaviour, TOKEN};
use crate::support::mounts::skipped;
use crate::support::sandbox::{Sandbox, first_grant};

/// `None`: this package comes without docs/, which is said.
fn schema(name: &str) -> Option<Value> {
    let file = format!("docs/{name}.schema.json");
    let Ok(text) = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(&file)) else {
        skipped(&format!("{file}, which is not here"));
        return None;
    };
    Some(text.parse().unwrap())
}

/// The schema leaves room for keys of later versions; here each key must be described.
fn without_room(schema: &mut Value) {
    if let Some(object) = schema.as_object_mut() {
        if object.contains_key("properties") && !object.contains_key("oneOf") {
            object.insert("additionalProperties".to_owned(), false.into());
        }
        object.values_mut().for_each(without_room);
    } else if let Some(list) = schema.as_array_mut() {
        list.iter_mut().for_each(without_room);
    }
}

fn complaint(mut schema: Value, value: &Value) -> Option<String> {
    without_room(&mut schema);
    let mut schemas = Schemas::new();
    let mut compiler = Compiler::new();
    compiler.enable_format_assertions();
    compiler.add_resource("it.json", schema).unwrap();
    let it = compiler.compile("it.json", &mut schemas).unwrap();
    let judged = schemas.validate(value, it);
    judged.err().map(|error| format!("{error:#}\n{value:#}"))
}

/// The value is what docs/NAME.schema.json says, and has no key that is not there.
#[track_caller]
pub fn conforms(name: &str, value: &Value) {
    if let Some(complaint) = schema(name).and_then(|schema| complaint(schema, value)) {
        panic!("not as docs/{name}.schema.json says: {complaint}");
    }
}

#[test]
fn a_token_is_what_its_schema_says() {
    let server = AuthorizationServer::start();
    let (sandbox, _) = Sandbox::logged_in(&server);
    let token = || {
        let printed = sandbox.run(&["token", "--format", "json"]).prints();
        let token: Value = printed.parse().unwrap();
        conforms("token", &token);
        token
    };
    assert_eq!(token()["refreshed"], false);
    sandbox.ends_in(&server, -5);
    server.set_expires_in(None);
    assert_eq!(token()["refreshed"], true);
    sandbox.edit(&server, |record| {
        first_grant(record).remove("expires_at");
    });
    assert_eq!(token()["expires_at"], Value::Null);
}

#[test]
fn a_warning_is_what_its_schema_says() {
    let server = AuthorizationServer::start();
    let (sandbox, _) = Sandbox::logged_in(&server);
    sandbox.ends_in(&server, 30);
    server.script(TOKEN, Behaviour::Answer(Answer::new(429)));
    let done = sandbox.run(&["--json", "token"]);
    assert_eq!(done.code(), Some(0), "{done:?}");
    assert_ne!(done.stderr, "");
    for line in done.stderr.lines() {
        conforms("errors", &line.parse().unwrap());
    }
}

#[test]
fn the_schemas_know_every_code_of_an_error() {
    let known: BTreeSet<&str> = Code::ALL.iter().map(|code| code.as_str()).collect();
    for (name, path) in [
        ("status", "/$defs/error/properties/code/enum"),
        ("doctor", "/$defs/check/properties/code/enum"),
        ("errors", "/oneOf/0/properties/error/properties/code/enum"),
    ] {
        let Some(schema) = schema(name) else {
            return;
        };
        let codes = schema.pointer(path).unwrap().as_array().unwrap();
        let codes: BTreeSet<&str> = codes.iter().filter_map(Value::as_str).collect();
        assert_eq!(codes, known, "{name}");
    }
}

#[test]
fn what_is_not_as_the_schema_says_is_seen() {
    let Some(schema) = schema("errors") else {
        return;
    };
    let error = json!({"code": "stale", "message": "…", "hint": null, "said": null, "host": null, "account": null});
    let judge = |key: &str, value: Value| {
        let mut error = error.clone();
        error[key] = value;
        complaint(schema.clone(), &json!({ "error": error }))
    };
    assert_eq!(judge("code", "stale".into()), None);
    assert!(judge("code", "fine".into()).is_some());
    assert!(judge("message", 1.into()).is_some());
    assert!(judge("colour", "red".into()).is_some());
}

#[test]
fn the_token_in_the_document_is_what_its_schema_says() {
    let document = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/programs.md");
    let Ok(text) = fs::read_to_string(document) else {
        return skipped("docs/programs.md, which is not here");
    };
    let example = text.split("```json\n").nth(1).unwrap();
    let (example, _) = example.split_once("```").unwrap();
    conforms("token", &example.parse().unwrap());
}
