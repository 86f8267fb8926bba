//! The problem: what many tools do with a token file. They read it, refresh with its refresh token if the access token
//! has expired, and write the file back. They take no lock, do not reread the file, and do not rename.

#![allow(
    clippy::disallowed_methods,
    reason = "glauth writes files and reads the clock in one place each; this is not glauth"
)]

use std::error::Error;
use std::ffi::OsString;
use std::fs;
use std::path::Path;
use std::process::ExitCode;
use std::time::{SystemTime, UNIX_EPOCH};

use serde_json::Value;

use super::authorization_server::TOKEN;
use super::http;

/// Stores a token response.
pub fn log_in(file: &Path, response: &str) -> Result<(), Box<dyn Error>> {
    store(file, response).map(drop)
}

/// Prints an access token, as a process of its own: FILE, the server's address, the client id.
pub fn run(args: &[OsString]) -> ExitCode {
    match token(args) {
        Ok(token) => {
            println!("{token}");
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("naive: {error}");
            ExitCode::FAILURE
        }
    }
}

fn token(args: &[OsString]) -> Result<String, Box<dyn Error>> {
    let [file, address, client_id] = args else {
        return Err("three arguments are needed".into());
    };
    let file = Path::new(file);
    let mut login: Value = serde_json::from_str(&fs::read_to_string(file)?)?;
    if login["expires_at"].as_f64().unwrap_or_default() <= now() {
        let refresh_token = text(&login, "refresh_token")?;
        let response = refresh(
            &address.to_string_lossy(),
            &client_id.to_string_lossy(),
            refresh_token,
        )?;
        login = store(file, &response)?;
    }
    Ok(text(&login, "access_token")?.to_owned())
}

fn refresh(address: &str, client_id: &str, refresh_token: &str) -> Result<String, Box<dyn Error>> {
    let form = url::form_urlencoded::Serializer::new(String::new())
        .append_pair("grant_type", "refresh_token")
        .append_pair("refresh_token", refresh_token)
        .append_pair("client_id", client_id)
        .finish();
    let answer = http::post(address, TOKEN, &form)?;
    match answer.status {
        200 => Ok(answer.body),
        status => Err(format!("the refresh was refused with {status}").into()),
    }
}

fn store(file: &Path, response: &str) -> Result<Value, Box<dyn Error>> {
    let mut login: Value = serde_json::from_str(response)?;
    let lifetime = login["expires_in"].as_f64().ok_or("no lifetime")?;
    login["expires_at"] = (now() + lifetime).into();
    fs::write(file, login.to_string())?;
    Ok(login)
}

fn text<'a>(login: &'a Value, key: &str) -> Result<&'a str, Box<dyn Error>> {
    Ok(login[key].as_str().ok_or("a key is missing")?)
}

fn now() -> f64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    since.unwrap_or_default().as_secs_f64()
}
