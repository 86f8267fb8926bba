//! pgbouncer in transaction mode: each statement of a connection may reach the database on another one.

use std::fs;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use glauth_test_support::postgres::Postgres;
use glauth_test_support::watch::eventually;

use super::network::HERE;

pub struct Pooler {
    process: Child,
    pub port: u16,
    log: PathBuf,
}

impl Pooler {
    /// `None`: there is no pgbouncer.
    ///
    /// It shows the database's own certificate, which the machines know.
    pub fn start(
        postgres: &Postgres,
        (certificate, key): &(PathBuf, PathBuf),
        folder: &Path,
    ) -> Option<Self> {
        let program = Path::new("/usr/sbin/pgbouncer");
        if !program.exists() {
            return None;
        }
        let port = {
            let free = TcpListener::bind((HERE, 0)).unwrap();
            free.local_addr().unwrap().port()
        };
        let settings = format!(
            "[databases]\n* = host=127.0.0.1 port={} user=glauth\n\
             [pgbouncer]\nlisten_addr={HERE}\nlisten_port={port}\nunix_socket_dir=\nauth_type=any\npool_mode=transaction\n\
             max_client_conn=100\ndefault_pool_size=4\nclient_tls_sslmode=require\nclient_tls_cert_file={}\n\
             client_tls_key_file={}\n",
            postgres.port(),
            certificate.display(),
            key.display()
        );
        let file = folder.join("pgbouncer.ini");
        fs::write(&file, settings).unwrap();
        let log = folder.join("pgbouncer.log");
        let mut command = Command::new(program);
        command
            .arg(&file)
            .stdout(Stdio::null())
            .stderr(fs::File::create(&log).unwrap());
        postgres.as_its_user(&mut command);
        let process = command.spawn().unwrap();
        eventually("pgbouncer to listen", || {
            std::net::TcpStream::connect((HERE, port)).is_ok()
        });
        Some(Self { process, port, log })
    }

    /// Everything that it has said.
    pub fn log(&self) -> String {
        fs::read_to_string(&self.log).unwrap()
    }
}

impl Drop for Pooler {
    fn drop(&mut self) {
        self.process.kill().ok();
        self.process.wait().ok();
    }
}
