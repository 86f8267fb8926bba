//! The password of the database's user: in the address, in `PGPASSWORD`, or in the password file as libpq reads it.

use std::path::PathBuf;

use zeroize::Zeroizing;

use super::address::{DatabaseAddress, DatabaseServer};
use crate::env;
use crate::user_file::{self, Unusable};

/// The largest password file that is read, in bytes.
const LIMIT: u64 = 1024 * 1024;

/// What is known of a password.
pub(super) enum FoundPassword {
    Is(Zeroizing<String>),
    None,
    /// There is a file that is not used, as libpq leaves it aside: a server that wants no password needs none of it.
    Unusable(PathBuf, Unusable),
}

/// The password for one of an address's servers.
pub(super) fn find(address: &DatabaseAddress, server: &DatabaseServer) -> FoundPassword {
    if let Some(password) = env::pg_password() {
        return FoundPassword::Is(password);
    }
    let Some(path) = env::pg_passfile() else {
        return FoundPassword::None;
    };
    match user_file::read_secret(&path, LIMIT) {
        Ok(text) => in_file(&text, address, server).map_or(FoundPassword::None, FoundPassword::Is),
        Err(error) if error.is_missing() && !env::names_passfile() => FoundPassword::None,
        Err(error) => FoundPassword::Unusable(path, error),
    }
}

/// What names the password file, where that is not its usual place.
pub(super) fn named_by() -> Option<String> {
    env::names_passfile().then(|| "PGPASSFILE".to_owned())
}

/// The folders of sockets in which libpq looks if no host is named.
const USUAL_FOLDERS: [&str; 3] = ["/var/run/postgresql", "/run/postgresql", "/tmp"];

/// The first line that fits: `host:port:database:user:password`, where `*` fits all, and `\` stands before a `:` or a
/// `\` that is meant.
fn in_file(
    text: &str,
    address: &DatabaseAddress,
    server: &DatabaseServer,
) -> Option<Zeroizing<String>> {
    let port = server.port.to_string();
    let is_usual = server.is_socket && USUAL_FOLDERS.contains(&&*server.host);
    let of_host = |line| {
        let usual = || after("localhost", line).filter(|_| is_usual);
        after(&server.host, line).or_else(usual)
    };
    let wanted = [&port, address.database(), address.user()];
    let lines = text.lines().filter(|line| !line.starts_with('#'));
    let mut found = lines.filter_map(|line| {
        let others = wanted.iter();
        others.fold(of_host(line), |rest, wanted| after(wanted, rest?))
    });
    found.next().map(unescaped)
}

/// What stands after the first field of a line, if that fits.
fn after<'l>(wanted: &str, line: &'l str) -> Option<&'l str> {
    if let Some(rest) = line.strip_prefix("*:") {
        return Some(rest);
    }
    let mut wanted = wanted.chars();
    let mut chars = line.char_indices();
    while let Some((at, c)) = chars.next() {
        let c = match c {
            ':' => return wanted.next().is_none().then(|| &line[at + 1..]),
            '\\' => chars.next()?.1,
            c => c,
        };
        (wanted.next() == Some(c)).then_some(())?;
    }
    None
}

fn unescaped(password: &str) -> Zeroizing<String> {
    let mut text = Zeroizing::new(String::with_capacity(password.len()));
    let mut chars = password.chars();
    while let Some(c) = chars.next() {
        text.extend(if c == '\\' { chars.next() } else { Some(c) });
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::shared::address::NamedIn;

    fn password(file: &str, address: &str) -> Option<String> {
        let address = DatabaseAddress::parse(address, NamedIn::Environment).unwrap();
        in_file(file, &address, &address.servers[0]).map(|found| found.to_string())
    }

    #[test]
    fn the_first_line_that_fits_has_the_password() {
        let file = "# all of them\n\
            other.example.com:5432:logins:glauth:other\n\
            db.example.com:*:logins:glauth:first:with:colons\n\
            *:*:*:*:last\\\\\\:one\n";
        let at = |address: &str| password(file, address).unwrap();
        assert_eq!(
            at("postgres://glauth@db.example.com:6000/logins"),
            "first:with:colons"
        );
        assert_eq!(at("postgres://glauth@db.example.com/another"), "last\\:one");
        assert_eq!(
            at("postgres:///logins?host=/run/x&user=glauth"),
            "last\\:one"
        );
        let none = password(
            "db:5432:a:b:c\nbroken\n",
            "postgres://glauth@db.example.com/logins",
        );
        assert_eq!(none, None);
        let socket = "localhost:5432:logins:glauth:usual\n/run/x:5432:logins:glauth:by its folder";
        for (folder, expected) in [
            ("/run/x", Some("by its folder")),
            ("/var/run/postgresql", Some("usual")),
            ("/run/y", None),
        ] {
            let address = format!("postgres:///logins?host={folder}&user=glauth");
            assert_eq!(password(socket, &address).as_deref(), expected, "{folder}");
        }
        let star = "db.example.com:5432:logins:\\*:of a user called *";
        assert_eq!(
            password(star, "postgres://glauth@db.example.com/logins"),
            None
        );
        let found = password(star, "postgres://%2A@db.example.com/logins");
        assert_eq!(found.unwrap(), "of a user called *");
    }
}
