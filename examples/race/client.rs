//! The two kinds of client: how each logs in, and how it asks for a token in a process of its own.

use std::error::Error;
use std::io::Write as _;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use tempfile::TempDir;

use super::authorization_server::AuthorizationServer;
use super::naive;

/// A login, and the processes that share it.
pub struct Client {
    program: PathBuf,
    folder: TempDir,
    /// The arguments of a process that prints a token.
    ask: Vec<String>,
    /// The same, with a refused token on standard input; `None` if the client does not support that.
    ask_again: Option<Vec<String>>,
}

impl Client {
    /// `glauth login --import`, then `glauth token`.
    pub fn glauth(server: &AuthorizationServer) -> Result<Self, Box<dyn Error>> {
        let url = server.url();
        let client = Self {
            program: std::env::current_exe()?,
            folder: tempfile::tempdir()?,
            ask: words(&["glauth", "token", &url]),
            ask_again: Some(words(&["glauth", "token", "--rejected", &url])),
        };
        let id = server.client_id();
        let login = words(&["glauth", "login", "--import", "--client-id", &id, &url]);
        let response = server.log_in().response;
        client
            .run(&login, Some(&response))
            .ok_or("the login could not be stored")?;
        Ok(client)
    }

    /// A file with the token response in it.
    pub fn naive(server: &AuthorizationServer) -> Result<Self, Box<dyn Error>> {
        let folder = tempfile::tempdir()?;
        let file = folder.path().join("token.json");
        naive::log_in(&file, &server.log_in().response)?;
        let file = file.to_string_lossy();
        Ok(Self {
            program: std::env::current_exe()?,
            ask: words(&["naive", &file, &server.host(), &server.client_id()]),
            ask_again: None,
            folder,
        })
    }

    /// A process prints a token.
    pub fn token(&self) -> Option<String> {
        self.run(&self.ask, None)
    }

    /// Tells a process which token the server refused. The process prints another one; `None` if the client does not
    /// support that.
    pub fn token_after(&self, refused: &str) -> Option<String> {
        self.run(self.ask_again.as_ref()?, Some(refused))
    }

    /// Runs this program as a client, and returns what it printed if it succeeded.
    fn run(&self, args: &[String], input: Option<&str>) -> Option<String> {
        let mut child = Command::new(&self.program)
            .args(args)
            .env_clear()
            .env("HOME", self.folder.path())
            .env("GLAUTH_STORE", self.folder.path().join("store"))
            .stdin(input.map_or_else(Stdio::null, |_| Stdio::piped()))
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .ok()?;
        if let (Some(input), Some(mut stdin)) = (input, child.stdin.take()) {
            stdin.write_all(input.as_bytes()).ok()?;
        }
        let output = child.wait_with_output().ok()?;
        let text = String::from_utf8(output.stdout).ok()?;
        output.status.success().then(|| text.trim_end().to_owned())
    }
}

fn words(words: &[&str]) -> Vec<String> {
    words.iter().map(|&word| word.to_owned()).collect()
}
