//! A machine: a namespace with folders of its own.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;

use glauth_test_support::authorization_server::AuthorizationServer;
use glauth_test_support::sandbox::{Finished, Running, Sandbox, wrapped};

use super::network::Namespace;

pub struct Machine {
    pub namespace: Arc<Namespace>,
    pub sandbox: Sandbox,
    store: String,
    /// How many times shorter the protocol's deadlines are.
    haste: u32,
}

impl Machine {
    pub fn new(namespace: Namespace, store: &str, key: &str, haste: u32) -> Self {
        Self::in_namespace(Arc::new(namespace), store, key, haste)
    }

    /// The same machine with folders of their own for a store.
    pub fn with_store(&self, store: &str) -> Self {
        let key = std::fs::read_to_string(self.sandbox.path("glauth.key")).unwrap();
        Self::in_namespace(Arc::clone(&self.namespace), store, &key, self.haste)
    }

    fn in_namespace(namespace: Arc<Namespace>, store: &str, key: &str, haste: u32) -> Self {
        let sandbox = Sandbox::new();
        let path = sandbox.path("glauth.key");
        std::fs::write(&path, key).unwrap();
        let private = std::os::unix::fs::PermissionsExt::from_mode(0o600);
        std::fs::set_permissions(&path, private).unwrap();
        Self {
            namespace,
            sandbox,
            store: store.to_owned(),
            haste,
        }
    }

    pub fn command(&self, args: &[&str]) -> Command {
        let mut command = self.sandbox.command(args);
        command
            .env("GLAUTH_STORE", &self.store)
            .env("GLAUTH_KEY_FILE", self.sandbox.path("glauth.key"))
            .env("GLAUTH_CACHE", self.sandbox.path("cache"))
            .env("GLAUTH_HASTE", self.haste.to_string());
        wrapped(self.namespace.runner(), &command)
    }

    pub fn run(&self, args: &[&str]) -> Finished {
        Running::spawn(&mut self.command(args)).finish()
    }

    pub fn run_with_input(&self, args: &[&str], input: &str) -> Finished {
        Running::spawn_with_input(&mut self.command(args), input).finish()
    }

    /// A file of this machine's for an account, by its ending.
    pub fn file(&self, server: &AuthorizationServer, account: &str, ending: &str) -> PathBuf {
        let stores = std::fs::read_dir(self.sandbox.path("cache")).unwrap();
        let store: PathBuf = stores.flatten().next().unwrap().path();
        let host = server.host().replace(':', "%3A");
        Path::new(&store)
            .join(host)
            .join(format!("{account}.{ending}"))
    }
}
