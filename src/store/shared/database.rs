//! The connection to the database: one for a call, closed before the token endpoint is asked. Every wait has a limit of
//! glauth's own, since the server's `statement_timeout` does not end a COMMIT that hangs.

use std::future::Future;
use std::io;
use std::time::{Duration, Instant};

use tokio::runtime::{Builder, Runtime};
use tokio::time::timeout;
use tokio_postgres::config::SslMode;
use tokio_postgres::error::SqlState;
use tokio_postgres::types::{ToSql, Type};
use tokio_postgres::{Client, Config, NoTls, Row};
use tokio_postgres_rustls::MakeRustlsConnect;

use super::address::{DatabaseAddress, DatabaseServer, Encryption, chain};
use super::error::{Denied, SharedError};
use super::password::{self, FoundPassword};
use crate::fault::hastened;
use crate::http::{for_database, is_of_other_name};
use crate::user_file::BadFile;

/// How long a server may take to answer a statement.
pub(super) const CALL_LIMIT: Duration = Duration::from_secs(10);

/// The shortest that a test makes of it: a busy machine needs some time.
const SHORTEST_LIMIT: Duration = Duration::from_secs(2);

fn call_limit() -> Duration {
    hastened(CALL_LIMIT).max(SHORTEST_LIMIT)
}

/// How long one server may take to take a connection.
const CONNECT_LIMIT: Duration = Duration::from_secs(5);

/// After how long without a word from the server the connection counts as cut.
const SILENCE_LIMIT: Duration = Duration::from_secs(10);

/// How long glauth tries to connect where nothing answers: as long as a server takes to start anew.
const RESTART_LIMIT: Duration = Duration::from_secs(4);

/// How long the first try takes at most, however little time is left.
const LEAST: Duration = Duration::from_secs(1);

/// How long to wait between two tries to connect; a random part of it is left out.
const PAUSE: Duration = Duration::from_millis(400);

/// A connection.
pub(super) struct Database {
    runtime: Runtime,
    client: Client,
    store: String,
}

impl std::fmt::Debug for Database {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Database({:?})", self.store)
    }
}

impl Database {
    /// Connects to the first server of the address that takes writes, and tries again until `deadline` where the
    /// database has too many connections, or starts or stops; for a moment, where nothing answers.
    pub fn connect(address: &DatabaseAddress, deadline: Instant) -> Result<Self, SharedError> {
        let silence = deadline.min(Instant::now() + RESTART_LIMIT);
        loop {
            let error = match Self::try_connect(address, deadline) {
                Ok(database) => return Ok(database),
                Err(error) => error,
            };
            let pause = super::jittered(PAUSE);
            let until = match error {
                TryError::Busy(_) => deadline,
                TryError::Silent(_) => silence,
                TryError::Final(error) => return Err(error),
            };
            if Instant::now() + pause >= until {
                return Err(error.into_inner());
            }
            super::sleep(pause);
        }
    }

    fn try_connect(address: &DatabaseAddress, deadline: Instant) -> Result<Self, TryError> {
        let store = address.to_string();
        let runtime = Builder::new_current_thread().enable_all().build();
        let runtime = runtime.map_err(|error| TryError::of_io(&store, &error))?;
        match first_that_answers(&runtime, address, deadline) {
            Ok(client) => Ok(Self {
                runtime,
                client,
                store,
            }),
            Err(error) => {
                // A look-up of a name can hang in a thread of its own.
                runtime.shutdown_background();
                Err(error)
            }
        }
    }

    /// Asks, and changes nothing.
    pub fn ask(
        &self,
        statement: &str,
        values: &[(&(dyn ToSql + Sync), Type)],
    ) -> Result<Vec<Row>, SharedError> {
        self.call(statement, values, false)
    }

    /// Changes something. Where no answer comes, the change may be there all the same.
    pub fn change(
        &self,
        statement: &str,
        values: &[(&(dyn ToSql + Sync), Type)],
    ) -> Result<Vec<Row>, SharedError> {
        self.call(statement, values, true)
    }

    /// Several statements without values, such as those that make the tables.
    pub fn run(&self, statements: &str) -> Result<(), SharedError> {
        self.within(self.client.batch_execute(statements), true)
    }

    /// That the database has something in it that glauth did not write.
    pub fn unreadable(&self, reason: &str) -> SharedError {
        SharedError::Unreadable {
            store: self.store.clone(),
            reason: reason.to_owned(),
        }
    }

    fn call(
        &self,
        statement: &str,
        values: &[(&(dyn ToSql + Sync), Type)],
        changes: bool,
    ) -> Result<Vec<Row>, SharedError> {
        let values: Vec<_> = values
            .iter()
            .map(|(value, of)| (*value, of.clone()))
            .collect();
        // `query_typed` leaves no named statement behind, so it works behind pgbouncer.
        self.within(self.client.query_typed(statement, &values), changes)
    }

    fn within<T>(
        &self,
        call: impl Future<Output = Result<T, tokio_postgres::Error>>,
        changes: bool,
    ) -> Result<T, SharedError> {
        let store = self.store.clone();
        let lost = |reason: String| {
            if changes {
                SharedError::Unanswered {
                    store: self.store.clone(),
                    reason,
                }
            } else {
                SharedError::Away {
                    store: self.store.clone(),
                    reason,
                }
            }
        };
        let answer = self
            .runtime
            .block_on(async { timeout(call_limit(), call).await });
        match answer {
            Err(_) => Err(lost(format!(
                "it has not answered for {} s",
                call_limit().as_secs()
            ))),
            Ok(Ok(found)) => Ok(found),
            Ok(Err(error)) => Err(match error.code() {
                Some(&SqlState::UNDEFINED_TABLE | &SqlState::INVALID_SCHEMA_NAME) => {
                    SharedError::NoTables { store }
                }
                Some(&SqlState::READ_ONLY_SQL_TRANSACTION) => {
                    let reason = words(&error);
                    SharedError::ReadOnly { store, reason }
                }
                Some(code) if is_of_shutdown(code) => lost(words(&error)),
                Some(code) => SharedError::Refused {
                    store,
                    reason: words(&error),
                    denied: denied(code),
                },
                None => lost(chain(&error)),
            }),
        }
    }
}

/// Why one try to connect failed.
enum TryError {
    /// The server says that it may work in a moment.
    Busy(SharedError),
    /// Nothing that says so answers: a server that is being restarted, or none.
    Silent(SharedError),
    Final(SharedError),
}

impl TryError {
    fn of_io(store: &str, error: &io::Error) -> Self {
        Self::Final(SharedError::Away {
            store: store.to_owned(),
            reason: error.to_string(),
        })
    }

    fn into_inner(self) -> SharedError {
        match self {
            Self::Busy(error) | Self::Silent(error) | Self::Final(error) => error,
        }
    }
}

/// The database starts, stops, or has lost the connection: 57P01 to 57P05, and class 08.
fn is_of_shutdown(code: &SqlState) -> bool {
    code.code().starts_with("57P") || code.code().starts_with("08")
}

/// What the server says of an error, without the names that the driver gives it.
fn words(error: &tokio_postgres::Error) -> String {
    error
        .as_db_error()
        .map_or_else(|| chain(error), |told| told.message().to_owned())
}

fn denied(code: &SqlState) -> Denied {
    match code.code() {
        "3D000" => Denied::Database,
        "42501" => Denied::Tables,
        code if code.starts_with("28") => Denied::User,
        _ => Denied::Statement,
    }
}

fn first_that_answers(
    runtime: &Runtime,
    address: &DatabaseAddress,
    deadline: Instant,
) -> Result<Client, TryError> {
    let mut last = None;
    for server in &address.servers {
        // A call with no time left tries once all the same.
        let left = deadline.saturating_duration_since(Instant::now());
        if left.is_zero() && last.is_some() {
            break;
        }
        match connect_to(runtime, address, server, left.max(LEAST)) {
            Ok(client) => return Ok(client),
            // The other servers would be told the same.
            Err(
                error @ TryError::Final(SharedError::Refused { .. } | SharedError::File { .. }),
            ) => return Err(error),
            Err(error) => last = Some(error),
        }
    }
    Err(last.unwrap_or_else(|| {
        TryError::Silent(SharedError::Away {
            store: address.to_string(),
            reason: "its address names no server".to_owned(),
        })
    }))
}

/// Connects to one server, for `left` at most.
fn connect_to(
    runtime: &Runtime,
    address: &DatabaseAddress,
    server: &DatabaseServer,
    left: Duration,
) -> Result<Client, TryError> {
    let store = address.to_string();
    let mut config = address.config_for(server);
    let unusable = set_password(&mut config, address, server);
    config
        .application_name("glauth")
        .connect_timeout(CONNECT_LIMIT.min(left))
        .keepalives_idle(SILENCE_LIMIT / 2)
        .keepalives_interval(Duration::from_secs(2))
        .keepalives_retries(2)
        .tcp_user_timeout(SILENCE_LIMIT);
    let tls = match &address.encryption {
        Encryption::None => None,
        Encryption::Tls {
            authorities,
            client,
        } => {
            let tls = for_database(authorities.as_deref(), client.as_ref());
            let tls = tls.map_err(|bad| not_used(bad, Some("the address".to_owned())))?;
            Some(MakeRustlsConnect::new(tls))
        }
    };
    config.ssl_mode(match tls {
        Some(_) => SslMode::Require,
        None => SslMode::Disable,
    });
    let answer = runtime.block_on(async {
        let connecting = async {
            match tls {
                None => {
                    let (client, connection) = config.connect(NoTls).await?;
                    runtime.spawn(connection);
                    Ok(client)
                }
                Some(tls) => {
                    let (client, connection) = config.connect(tls).await?;
                    runtime.spawn(connection);
                    Ok(client)
                }
            }
        };
        timeout(call_limit().min(left), connecting).await
    });
    match answer {
        Ok(Ok(client)) => Ok(client),
        Err(_) => Err(TryError::Silent(SharedError::Away {
            store,
            reason: "it takes no connection".to_owned(),
        })),
        Ok(Err(error)) => Err(match unusable {
            Some(bad) if wants_password(&error) => not_used(bad, password::named_by()),
            _ => of_connecting(store, &error),
        }),
    }
}

/// Gives the driver the password, where there is one; or says why the file with it is not used.
fn set_password(
    config: &mut Config,
    address: &DatabaseAddress,
    server: &DatabaseServer,
) -> Option<BadFile> {
    if address.has_password() {
        return None;
    }
    match password::find(address, server) {
        FoundPassword::Is(password) => drop(config.password(password.as_bytes())),
        FoundPassword::None => {}
        FoundPassword::Unusable(path, error) => return Some(BadFile::of(&path, &error)),
    }
    None
}

fn not_used(bad: BadFile, named_by: Option<String>) -> TryError {
    TryError::Final(SharedError::File {
        path: bad.path,
        reason: bad.reason,
        is_open: bad.is_open,
        named_by,
    })
}

/// Whether the server asks for a password, and the driver was given none.
fn wants_password(error: &tokio_postgres::Error) -> bool {
    chain(error).contains("password missing")
}

fn of_connecting(store: String, error: &tokio_postgres::Error) -> TryError {
    let reason = words(error);
    if let Some(code) = error.code() {
        return if is_of_shutdown(code) || *code == SqlState::TOO_MANY_CONNECTIONS {
            TryError::Busy(SharedError::Away { store, reason })
        } else {
            TryError::Final(SharedError::Refused {
                store,
                reason,
                denied: denied(code),
            })
        };
    }
    if wants_password(error) {
        let reason = "it asks for a password, and none is named".to_owned();
        return TryError::Final(SharedError::Refused {
            store,
            reason,
            denied: Denied::User,
        });
    }
    let io = std::error::Error::source(error).and_then(|cause| cause.downcast_ref::<io::Error>());
    // The driver says so itself of a server that takes no writes.
    if io.is_some_and(|io| io.kind() == io::ErrorKind::PermissionDenied && is_told(io)) {
        return TryError::Final(SharedError::ReadOnly { store, reason });
    }
    let is_of_tls = reason.starts_with("error performing TLS handshake");
    if is_of_tls && io.is_none_or(|io| io.kind() == io::ErrorKind::InvalidData) {
        let is_other_name = io.is_some_and(is_of_other_name);
        return TryError::Final(SharedError::Untrusted {
            store,
            reason,
            is_other_name,
        });
    }
    TryError::Silent(SharedError::Away { store, reason })
}

/// Whether an error is not the system's own.
fn is_told(error: &io::Error) -> bool {
    error.raw_os_error().is_none()
}
