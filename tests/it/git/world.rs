//! A forge with one repository, a login there, and a git that knows of it.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::support::authorization_server::{Pair, USER};
use crate::support::git_server::GitServer;
use crate::support::sandbox::{Finished, Running, Sandbox};

pub struct World {
    pub forge: GitServer,
    pub sandbox: Sandbox,
    pub pair: Pair,
    git: PathBuf,
}

impl World {
    /// Starts a forge that serves the folder that it is given, logs in there, and makes a bare repository.
    pub fn new(git: &Path, start: impl FnOnce(&Path) -> GitServer) -> Self {
        let sandbox = Sandbox::new();
        let root = sandbox.path("repositories");
        std::fs::create_dir(&root).unwrap();
        let forge = start(&root);
        let pair = forge.authorization().log_in();
        let url = forge.url();
        let args = ["login", "--import", "--client-id", "the-client", &url];
        sandbox.run_with_input(&args, &pair.response).succeeds();
        forge.authorization().forget(USER);
        let mut setup = sandbox.command(&["setup-git"]);
        setup.env("PATH", std::env::var_os("PATH").unwrap());
        Running::spawn(&mut setup).finish().succeeds();
        let world = Self {
            forge,
            sandbox,
            pair,
            git: git.to_owned(),
        };
        let bare = world.path("repositories/project.git");
        world
            .git(&["init", "-q", "--bare", "-b", "main", &bare])
            .succeeds();
        world
    }

    /// git in an environment of its own, that never asks a person.
    pub fn git(&self, args: &[&str]) -> Finished {
        Running::spawn(&mut self.command(args)).finish()
    }

    pub fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(&self.git);
        command
            .args(args)
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap())
            .env("HOME", self.sandbox.path("home"))
            .env("GIT_CONFIG_NOSYSTEM", "1")
            .env("GIT_TERMINAL_PROMPT", "0")
            .env("GIT_AUTHOR_NAME", "Jane")
            .env("GIT_AUTHOR_EMAIL", "jane@example.com")
            .env("GIT_COMMITTER_NAME", "Jane")
            .env("GIT_COMMITTER_EMAIL", "jane@example.com")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        command
    }

    pub fn path(&self, name: &str) -> String {
        self.sandbox.path(name).to_str().unwrap().to_owned()
    }

    pub fn repository(&self) -> String {
        self.forge.repository("project.git")
    }
}
