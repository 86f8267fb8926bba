//! How the time of `glauth doctor --offline` grows with the number of logins.

use std::fs;
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::Path;
use std::process::Stdio;
use std::time::{Duration, Instant};

use glauth_test_support::sandbox::Sandbox;

use super::{HOST, RECORD, glauth, median};

/// How many logins there are: many, and a hundred times as many.
const FEW: usize = 100;
const MANY: usize = 10_000;

/// How often each is looked at.
const RUNS: usize = 5;

/// With a host for each login, and with all logins at one host.
pub fn measure(program: &Path) {
    for (name, at) in [
        ("hosts", at_hosts as fn(usize) -> (String, String)),
        ("accounts of one host", at_one_host),
    ] {
        let [none, few, many] = [0, FEW, MANY].map(|number| time(program, number, at));
        let each = many.saturating_sub(none).as_micros() / 10_000;
        println!(
            "\n`glauth doctor --offline`, {name}: none {} ms, {FEW} {} ms, {MANY} {} ms, which is {each} \u{b5}s a login; \
             medians of {RUNS}",
            none.as_millis(),
            few.as_millis(),
            many.as_millis(),
        );
    }
}

fn at_hosts(number: usize) -> (String, String) {
    (format!("gitlab{number}.example.com"), "default".to_owned())
}

fn at_one_host(number: usize) -> (String, String) {
    (HOST.to_owned(), format!("account{number}"))
}

fn time(program: &Path, logins: usize, at: fn(usize) -> (String, String)) -> Duration {
    let sandbox = Sandbox::new();
    for number in 0..logins {
        let (host, account) = at(number);
        store(&sandbox, &host, &account, number);
    }
    let mut doctor = glauth(&sandbox, program, &["doctor", "--offline"]);
    doctor.stdout(Stdio::null());
    let mut times: Vec<Duration> = (0..RUNS)
        .map(|_| {
            let started = Instant::now();
            assert!(doctor.status().unwrap().success());
            started.elapsed()
        })
        .collect();
    median(&mut times)
}

/// A record with tokens of its own.
fn store(sandbox: &Sandbox, host: &str, account: &str, number: usize) {
    let folder = sandbox.store().join(host);
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true).mode(0o700).create(&folder).unwrap();
    let mut record: toml::Table = RECORD.parse().unwrap();
    record.insert("host".to_owned(), host.into());
    record.insert("account".to_owned(), account.into());
    let grant = record["grants"][0].as_table_mut().unwrap();
    grant.insert("origin".to_owned(), format!("{number:010x}").into());
    let token = format!("refresh-token-{number}");
    grant.insert("refresh_token".to_owned(), token.into());
    let text = format!("{}# end of record\n", toml::to_string(&record).unwrap());
    let path = folder.join(format!("{account}.toml"));
    let mut options = fs::OpenOptions::new();
    let file = options.write(true).create_new(true).mode(0o600);
    std::io::Write::write_all(&mut file.open(path).unwrap(), text.as_bytes()).unwrap();
}
