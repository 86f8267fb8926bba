//! `glauth exec`: the command takes the place of glauth, and finds a token where it looks for one.

use std::io::{BufRead as _, BufReader, Write as _};
use std::os::unix::fs::PermissionsExt as _;
use std::process::{Command, Stdio};

use nix::sys::signal::Signal;

use crate::support::authorization_server::{Answer, AuthorizationServer, Behaviour, TOKEN};
use crate::support::sandbox::{Finished, Running, Sandbox, after, program};

/// Runs a shell's `script` with a token of the login at `server`.
fn exec(
    sandbox: &Sandbox,
    server: &AuthorizationServer,
    options: &[&str],
    script: &str,
) -> Finished {
    let url = server.url();
    let command = ["--", "/bin/sh", "-c", script];
    sandbox.run(&[&["exec"], options, &[&url], &command].concat())
}

#[test]
fn a_command_finds_the_token_where_the_tools_of_that_server_look() {
    let server = AuthorizationServer::start();
    let (sandbox, pair) = Sandbox::logged_in(&server);

    let done = exec(
        &sandbox,
        &server,
        &[],
        "echo \"$GITLAB_TOKEN $GLAB_IS_OAUTH2\"",
    );

    assert_eq!(done.prints(), format!("{} true", pair.access_token));
}

#[test]
fn a_command_finds_the_token_in_variables_that_were_named_and_in_no_other() {
    let server = AuthorizationServer::start();
    let (sandbox, pair) = Sandbox::logged_in(&server);
    let options = ["--env", "ONE", "--env", "_two2"];

    let done = exec(
        &sandbox,
        &server,
        &options,
        "echo $ONE $_two2 ${GITLAB_TOKEN-none}",
    );

    let token = pair.access_token;
    assert_eq!(done.prints(), format!("{token} {token} none"));
    for bad in ["", "A=B", "1A", "A-B", "Ä"] {
        let said = exec(&sandbox, &server, &["--env", bad], "echo no").fails(125);
        assert!(said.contains("is no name of a variable"), "{bad}: {said}");
    }
    let said = exec(&sandbox, &server, &["--token-file", "/tmp/x"], "echo no").fails(125);
    assert!(said.contains("hold the path of a file"), "{said}");
}

#[test]
fn a_command_reads_the_token_from_a_descriptor() {
    let server = AuthorizationServer::start();
    let (sandbox, pair) = Sandbox::logged_in(&server);
    let script = "IFS= read -r t <&N; echo \"$t ${GITLAB_TOKEN-none}\"";
    for number in ["3", "4", "5", "9"] {
        let done = exec(
            &sandbox,
            &server,
            &["--fd", number],
            &script.replace('N', number),
        );
        // `read` ends with 1 at the end of a file without a newline, and has read it.
        assert_eq!(done.prints(), format!("{} none", pair.access_token));
    }

    let url = server.url();
    let command = sandbox.command(&["exec", "--fd", "4", &url, "--", "/bin/true"]);
    let taken = Running::spawn(&mut after("exec 4</dev/null", &command)).finish();
    let said = taken.fails(125);
    assert!(said.contains("descriptor 4 is open already"), "{said}");
    let command = sandbox.command(&["exec", "--fd", "90", &url, "--", "/bin/true"]);
    let few = Running::spawn(&mut after("ulimit -n 80", &command)).finish();
    let said = few.fails(125);
    assert!(said.contains("descriptor 90 cannot be had: "), "{said}");
    for bad in ["0", "2", "-1", "x"] {
        exec(&sandbox, &server, &["--fd", bad], "echo no").fails(125);
    }
}

#[test]
fn a_command_and_its_children_read_the_token_from_a_file_that_is_on_no_disk() {
    let server = AuthorizationServer::start();
    let (sandbox, pair) = Sandbox::logged_in(&server);
    let script =
        "cat \"$F\"; echo; /bin/sh -c 'cat \"$F\"'; echo; echo \"$F ${GITLAB_TOKEN-none}\"";

    let done = exec(&sandbox, &server, &["--token-file", "F"], script).prints();

    let lines: Vec<&str> = done.lines().collect();
    assert_eq!(lines[..2], [&*pair.access_token, &*pair.access_token]);
    assert!(lines[2].ends_with(" none"), "{done}");
    let path = lines[2].trim_end_matches(" none");
    assert!(path.starts_with("/proc/self/fd/"), "{path}");

    // Also where there are few descriptors.
    let url = server.url();
    let script = ["--", "/bin/sh", "-c", "cat \"$F\""];
    let args = [&["exec", "--token-file", "F", &*url], &script[..]].concat();
    let few = after("ulimit -n 80", &sandbox.command(&args));
    let done = Running::spawn(&mut { few }).finish();
    assert_eq!(done.prints(), pair.access_token);
}

/// Nothing of the outer one's is in the way of what the inner one is asked for.
#[test]
fn a_command_in_a_command_finds_the_low_descriptors_free() {
    let server = AuthorizationServer::start();
    let (sandbox, pair) = Sandbox::logged_in(&server);
    let glauth = program();
    let script = format!(
        "'{}' exec --fd 3 {} -- /bin/cat /proc/self/fd/3",
        glauth.display(),
        server.url()
    );

    let done = exec(&sandbox, &server, &[], &script);

    assert_eq!(done.prints(), pair.access_token);
}

#[test]
fn the_command_takes_the_place_of_glauth() {
    let server = AuthorizationServer::start();
    let (sandbox, _) = Sandbox::logged_in(&server);
    let url = server.url();
    let running = sandbox.start(&["exec", &url, "--", "/bin/sh", "-c", "echo $$; cat; exit 42"]);
    let pid = running.pid();
    let done = running.finish();
    assert_eq!(done.code(), Some(42));
    assert_eq!(done.stdout.trim(), pid.to_string());
    assert_eq!(done.stderr, "");

    let killed = exec(&sandbox, &server, &[], "kill -TERM $$");
    assert_eq!(killed.signal(), Some(Signal::SIGTERM as i32));
}

/// What a process has by its birth: signals that are blocked and ignored, limits, places, arguments.
const BORN_WITH: &str = "grep -E '^Sig(Blk|Ign):' /proc/self/status | grep -oE '.{16}$'
                         ulimit -c; ulimit -Hc; pwd; umask
                         echo $HOME; echo \"$@\"";

#[cfg(target_os = "linux")]
#[test]
fn a_command_has_the_signals_limits_and_places_that_it_would_have_without_glauth() {
    let server = AuthorizationServer::start();
    let (sandbox, _) = Sandbox::logged_in(&server);
    // A refresh before it holds signals back and starts threads.
    sandbox.ends_in(&server, -5);
    let url = server.url();
    let arguments = ["two words", "--", "-x", "$HOME"];
    let script = ["/bin/sh", "-c", BORN_WITH, "sh"];
    let args = [&["exec", &url, "--"][..], &script, &arguments].concat();
    let first = "ulimit -c 7; umask 027; trap '' HUP; cd /";

    let with = Running::spawn(&mut after(first, &sandbox.command(&args))).finish();
    let mut plain = Command::new(script[0]);
    plain.args(&script[1..]).args(arguments);
    plain.env("HOME", sandbox.path("home"));
    let without = Running::spawn(&mut after(first, &plain)).finish();

    assert_eq!(with.prints(), without.prints());
    assert_eq!(server.rotations(), 1);
}

/// What was asked for, and the lease.
#[cfg(target_os = "linux")]
#[test]
fn a_command_inherits_no_descriptor_but_its_lease() {
    let server = AuthorizationServer::start();
    let (sandbox, _) = Sandbox::logged_in(&server);
    // Sockets, pipes and files were open before it.
    sandbox.ends_in(&server, -5);
    let script = "for n in /proc/$$/fd/*; do readlink $n; done; true";
    let mut plain = Command::new("/bin/sh");
    plain.args(["-c", script]);
    let usual = Running::spawn(&mut after(":", &plain)).finish().succeeds();
    let usual = usual.lines().count();

    let with_file = exec(&sandbox, &server, &["--fd", "7"], script).succeeds();
    let without = exec(&sandbox, &server, &[], script).succeeds();

    assert_eq!(with_file.lines().count(), usual + 2, "{with_file}");
    assert_eq!(with_file.matches(".lease\n").count(), 1, "{with_file}");
    assert_eq!(with_file.matches("/memfd:").count(), 1, "{with_file}");
    assert_eq!(without.lines().count(), usual + 1, "{without}");
    assert_eq!(without.matches(".lease\n").count(), 1, "{without}");
}

#[test]
fn a_command_that_cannot_be_run_ends_as_in_a_shell() {
    let server = AuthorizationServer::start();
    let (sandbox, _) = Sandbox::logged_in(&server);
    let url = server.url();
    let plain = sandbox.path("plain");
    std::fs::write(&plain, "#!/bin/sh\n").unwrap();
    std::fs::set_permissions(&plain, std::fs::Permissions::from_mode(0o600)).unwrap();
    let plain = plain.to_str().unwrap();
    for (program, code) in [("/nowhere/at-all", 127), (plain, 126), ("/", 126)] {
        let said = sandbox.run(&["exec", &url, "--", program]).fails(code);
        assert!(
            said.contains(&format!("cannot run `{program}`: ")),
            "{said}"
        );
    }
}

/// Otherwise a script could not tell whose failure it was.
#[test]
fn every_failure_of_glauths_own_is_125() {
    let server = AuthorizationServer::start();
    let (sandbox, _) = Sandbox::logged_in(&server);
    let url = server.url();
    let no_command = sandbox.run(&["exec", &url]).fails(125);
    assert!(no_command.contains("CMD"), "{no_command}");
    assert!(
        no_command.contains("glauth exec HOST -- CMD"),
        "{no_command}"
    );
    let store = sandbox.store();
    let store = store.to_str().unwrap();
    sandbox
        .run(&["--store", store, "exec", "--nonsense"])
        .fails(125);
    let nobody = ["exec", "nobody.example", "--", "/bin/true"];
    let said = sandbox.run(&nobody).fails(125);
    assert!(said.contains("glauth login nobody.example"), "{said}");
    let as_json = [&["--json"], &nobody[..]].concat();
    sandbox.run(&as_json).fails_in_json(125, "login_required");
    sandbox.run(&["exec", "--help"]).succeeds();
}

#[test]
fn where_no_variable_is_known_one_must_be_named() {
    let server = AuthorizationServer::start();
    let (sandbox, pair) = Sandbox::logged_in(&server);
    sandbox.edit(&server, |record| {
        let client = record["client"].as_table_mut().unwrap();
        client.remove("environment");
    });

    let said = exec(&sandbox, &server, &[], "echo no").fails(125);

    assert!(said.contains("--env TOKEN"), "{said}");
    let done = exec(&sandbox, &server, &["--env", "TOKEN"], "echo $TOKEN");
    assert_eq!(done.prints(), pair.access_token);
}

#[test]
fn a_command_gets_five_minutes_where_they_can_be_had() {
    let server = AuthorizationServer::start();
    let (sandbox, old) = Sandbox::logged_in(&server);
    sandbox.ends_in(&server, 290);
    let new = exec(&sandbox, &server, &[], "echo $GITLAB_TOKEN").prints();
    assert_ne!(new, old.access_token);
    assert!(server.is_alive(&new));

    // Else with what there is.
    sandbox.ends_in(&server, 290);
    server.script(TOKEN, Behaviour::Answer(Answer::new(429)));
    let done = exec(&sandbox, &server, &[], "echo $GITLAB_TOKEN");
    assert!(
        done.stderr.contains("the token at hand lives for "),
        "{done:?}"
    );
    assert_eq!(done.succeeds().trim(), new);
}

#[test]
fn a_command_is_not_run_with_less_life_than_was_demanded() {
    let server = AuthorizationServer::start();
    let (sandbox, old) = Sandbox::logged_in(&server);
    sandbox.ends_in(&server, 290);
    server.script(TOKEN, Behaviour::Answer(Answer::new(429)));
    let said = exec(&sandbox, &server, &["--min-ttl", "10m"], "echo no").fails(125);
    assert!(said.contains("429"), "{said}");
    sandbox.let_waits_pass(&server);
    let new = exec(
        &sandbox,
        &server,
        &["--min-ttl", "10m"],
        "echo $GITLAB_TOKEN",
    );
    assert_ne!(new.succeeds().trim(), old.access_token);
}

/// Nothing of glauth's stands between the command and who talks to it.
#[test]
fn standard_input_is_the_commands_own() {
    let server = AuthorizationServer::start();
    let (sandbox, _) = Sandbox::logged_in(&server);
    let url = server.url();
    let mut command = sandbox.command(&["exec", &url, "--", "/bin/cat"]);
    let mut running = Running::spawn(command.stdin(Stdio::piped()));
    let mut stdin = running.child.stdin.take().unwrap();
    let mut stdout = BufReader::new(running.child.stdout.take().unwrap());
    for line in ["one\n", "two\n"] {
        stdin.write_all(line.as_bytes()).unwrap();
        let mut came = String::new();
        stdout.read_line(&mut came).unwrap();
        assert_eq!(came, line);
    }
    drop(stdin);
    assert_eq!(running.finish().code(), Some(0));
}

/// No process can refresh a personal token: no lock, and no lease.
#[test]
fn a_command_with_a_personal_token_takes_no_lease() {
    let server = AuthorizationServer::start();
    let sandbox = Sandbox::new();
    let url = server.url();
    let login = ["login", "--with-token", &url];
    sandbox
        .run_with_input(&login, "glpat-SECRET-1\n")
        .succeeds();
    std::fs::remove_file(sandbox.file(&server, "lock")).unwrap();

    let done = exec(&sandbox, &server, &[], "echo $GITLAB_TOKEN");

    assert_eq!(done.prints(), "glpat-SECRET-1");
    let names: Vec<_> = sandbox.files().into_iter().map(|(path, _)| path).collect();
    let ending = |ending: &str| {
        names
            .iter()
            .any(|path| path.to_string_lossy().ends_with(ending))
    };
    assert!(
        ending(".toml") && !ending(".lease") && !ending(".lock"),
        "{names:?}"
    );
}
