//! `glauth setup-docker`: docker's and podman's files.

use std::fs::{self, Permissions};
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, chown, symlink};
use std::path::PathBuf;

use serde_json::Value;

use super::{configure, credentials, get, log_in};
use crate::support::mounts::{Mounts, is_root, skipped};
use crate::support::sandbox::{Finished, Running, Sandbox, copy_program};

const DOCKER: &str = "home/.docker/config.json";
const PODMAN: &str = "home/.config/containers/auth.json";

/// As a file is that glauth makes.
const NEW: &str = "{\n\t\"credHelpers\": {\n\t\t\"registry.gitlab.com\": \"glauth\"\n\t}\n}";

fn sandbox() -> Sandbox {
    let sandbox = Sandbox::new();
    log_in(&sandbox, "gitlab.com");
    sandbox
}

fn setup(sandbox: &Sandbox, args: &[&str]) -> Finished {
    sandbox.run(&[&["setup-docker"], args].concat())
}

fn read(sandbox: &Sandbox, file: &str) -> String {
    fs::read_to_string(sandbox.path(file)).unwrap()
}

fn write(sandbox: &Sandbox, file: &str, text: &str) -> PathBuf {
    let path = sandbox.path(file);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(&path, text).unwrap();
    fs::set_permissions(&path, Permissions::from_mode(0o640)).unwrap();
    path
}

#[test]
fn both_files_are_made_and_what_changed_is_shown() {
    let sandbox = sandbox();
    let finished = setup(&sandbox, &[]);
    for line in [
        "docker now asks glauth for registry.gitlab.com\n",
        "podman now asks glauth for registry.gitlab.com\n",
        "/.docker/config.json:\n",
        "/.config/containers/auth.json:\n",
        "  + registry.gitlab.com: glauth\n",
    ] {
        assert!(finished.stderr.contains(line), "{line}: {finished:?}");
    }
    assert_eq!(finished.succeeds(), "");
    for file in [DOCKER, PODMAN] {
        assert_eq!(read(&sandbox, file), NEW);
        let mode = sandbox.path(file).metadata().unwrap().mode();
        assert_eq!(mode & 0o777, 0o600);
    }

    let again = setup(&sandbox, &[]);
    assert!(
        again.stderr.contains("docker already asks glauth"),
        "{again:?}"
    );
    assert!(!again.stderr.contains("config.json"), "{again:?}");
    assert_eq!(read(&sandbox, DOCKER), NEW);

    let undone = setup(&sandbox, &["--undo"]);
    assert!(
        undone
            .stderr
            .contains("podman no longer asks glauth for registry.gitlab.com\n"),
        "{undone:?}"
    );
    assert!(
        undone.stderr.contains("  - registry.gitlab.com: glauth\n"),
        "{undone:?}"
    );
    assert_eq!(undone.succeeds(), "");
    assert_eq!(read(&sandbox, PODMAN), "{}");
    let again = setup(&sandbox, &["--undo"]);
    assert_eq!(
        again.stderr,
        "neither docker nor podman uses glauth for any registry\n"
    );
}

/// Odd in every way that JSON allows.
const OTHER: &str = "{\n   \"auths\" : {\"registry.gitlab.com\":{\"auth\": \"SECRET\" } },\r\n\t \"HttpHeaders\": {\"X\\u002d\": \"\\/\"},\n\n   \"n\" : 1.50e+3,\n   \"credHelpers\" : { \"gcr.io\" : \"gcloud\" }\n , \"credsStore\":\"pass\"}\n\n";

#[test]
fn all_else_in_the_files_stays_as_it_is_and_undo_restores_it() {
    let sandbox = sandbox();
    let paths = [DOCKER, PODMAN].map(|file| write(&sandbox, file, OTHER));
    let finished = setup(&sandbox, &["gitlab.com"]);
    assert!(!finished.stderr.contains("SECRET"), "{finished:?}");
    finished.succeeds();
    let expected = OTHER.replace(
        "\"gcr.io\" : \"gcloud\"",
        "\"gcr.io\" : \"gcloud\", \"registry.gitlab.com\":\"glauth\"",
    );
    for path in &paths {
        assert_eq!(fs::read_to_string(path).unwrap(), expected);
        assert_eq!(path.metadata().unwrap().mode() & 0o777, 0o640);
    }
    setup(&sandbox, &["--undo", "gitlab.com"]).succeeds();
    for path in &paths {
        assert_eq!(fs::read_to_string(path).unwrap(), OTHER);
    }
}

#[test]
fn another_helper_of_the_registry_is_replaced_and_others_are_not_undone() {
    let sandbox = sandbox();
    let text = "{\"credHelpers\": {\"registry.gitlab.com\": \"pass\", \"gcr.io\": \"gcloud\"}}";
    write(&sandbox, DOCKER, text);
    let finished = setup(&sandbox, &[]);
    let shown = "  - registry.gitlab.com: pass\n  + registry.gitlab.com: glauth\n";
    assert!(finished.stderr.contains(shown), "{finished:?}");
    assert_eq!(read(&sandbox, DOCKER), text.replace("pass", "glauth"));
    write(&sandbox, PODMAN, text);
    let undone = setup(&sandbox, &["--undo", "gitlab.com"]);
    assert!(
        undone.stderr.contains("podman does not ask glauth"),
        "{undone:?}"
    );
    assert_eq!(read(&sandbox, PODMAN), text);
    assert_eq!(
        read(&sandbox, DOCKER),
        "{\"credHelpers\": {\"gcr.io\": \"gcloud\"}}"
    );
}

#[test]
fn a_file_that_cannot_be_changed_is_refused_and_neither_file_is() {
    let deep = format!("{}{}", "{\"a\":".repeat(200), "}".repeat(200)).replace(":}", ":1}");
    let other_form = "has a `credHelpers` that is not an object of strings";
    for (text, said) in [
        (
            "{\n\"a\": 1,\n}",
            "line 3, cannot be read by glauth as JSON",
        ),
        ("// mine\n{}", "line 1, cannot be read by glauth as JSON"),
        // docker may read these.
        (&deep, "hint: correct it, or add `\"credHelpers\""),
        ("{\"a\": 1e400}", "cannot be read by glauth as JSON"),
        ("{\"a\": \"\\ud800\"}", "cannot be read by glauth as JSON"),
        ("[]", "is not a JSON object"),
        ("{\"credHelpers\": [\"registry.gitlab.com\"]}", other_form),
        ("{\"credHelpers\": {\"a\": 5}}", other_form),
        ("{\"credHelpers\": {}, \"credHelpers\": {\"a\": \"b\"}}", ""),
    ] {
        let sandbox = sandbox();
        write(&sandbox, PODMAN, text);
        let finished = setup(&sandbox, &[]);
        if said.is_empty() {
            finished.succeeds();
            let file: Value = read(&sandbox, PODMAN).parse().unwrap();
            assert_eq!(file["credHelpers"]["registry.gitlab.com"], "glauth");
            continue;
        }
        let problem = finished.fails(2);
        assert!(problem.contains(said), "{problem}");
        assert!(problem.contains("containers/auth.json`"), "{problem}");
        assert_eq!(read(&sandbox, PODMAN), text);
        assert!(!sandbox.path(DOCKER).exists());
        assert_eq!(setup(&sandbox, &["--undo"]).code(), Some(2));
    }
}

#[test]
fn an_entry_that_would_still_count_is_left_to_the_user() {
    let sandbox = sandbox();
    let helpers = "\"credHelpers\": {\"registry.gitlab.com\": \"glauth\"}";
    let twice = format!("{{{helpers}, {helpers}}}");
    write(&sandbox, DOCKER, &twice);
    let said = setup(&sandbox, &["--undo"]).fails(2);
    let wanted = "config.json` is written in a way that glauth cannot change";
    assert!(said.contains(wanted), "{said}");
    assert_eq!(read(&sandbox, DOCKER), twice);
}

#[test]
fn a_file_that_another_user_can_change_is_refused() {
    let sandbox = sandbox();
    let path = write(&sandbox, DOCKER, "{}");
    fs::set_permissions(&path, Permissions::from_mode(0o666)).unwrap();
    let said = setup(&sandbox, &[]).fails(2);
    assert!(said.contains("can be written by every user"), "{said}");
    assert_eq!(read(&sandbox, DOCKER), "{}");
}

#[test]
fn a_link_stays_a_link_even_if_it_leads_nowhere_yet() {
    let sandbox = sandbox();
    let real = write(&sandbox, "home/dotfiles/docker.json", "{}\n");
    for (link, target) in [
        (DOCKER, real),
        (PODMAN, PathBuf::from("../../dotfiles/podman.json")),
    ] {
        let link = sandbox.path(link);
        fs::create_dir_all(link.parent().unwrap()).unwrap();
        symlink(target, link).unwrap();
    }
    setup(&sandbox, &[]).succeeds();
    for (link, real) in [(DOCKER, "docker"), (PODMAN, "podman")] {
        assert!(sandbox.path(link).is_symlink());
        let text = read(&sandbox, &format!("home/dotfiles/{real}.json"));
        assert!(text.contains("registry.gitlab.com"), "{text}");
    }
}

#[test]
fn a_folder_that_is_read_only_is_told_with_what_to_write() {
    let sandbox = sandbox();
    let docker = write(&sandbox, DOCKER, "{}");
    let script = "mount --bind \"$DOCKER\" \"$DOCKER\"
                  mount -o remount,bind,ro \"$DOCKER\"";
    let Some(mounts) = Mounts::new(script, &[("DOCKER", docker.parent().unwrap())]) else {
        return;
    };
    let mut command = mounts.inside(&sandbox.command(&["setup-docker"]));
    let said = Running::spawn(&mut command).finish().fails(2);
    assert!(
        said.contains("config.json` cannot be changed: Read-only file system"),
        "{said}"
    );
    assert!(said.contains("hint: add `\"credHelpers\""), "{said}");
    assert_eq!(read(&sandbox, DOCKER), "{}");
    assert!(!sandbox.path(PODMAN).exists());
}

#[test]
fn the_variables_say_where_the_files_are() {
    let sandbox = sandbox();
    let mut command = sandbox.command(&["setup-docker", "--json"]);
    command.env("DOCKER_CONFIG", sandbox.path("docker"));
    command.env("REGISTRY_AUTH_FILE", sandbox.path("registries.json"));
    let said: Value = Running::spawn(&mut command)
        .finish()
        .succeeds()
        .parse()
        .unwrap();
    assert_eq!(read(&sandbox, "docker/config.json"), NEW);
    assert_eq!(read(&sandbox, "registries.json"), NEW);
    assert_eq!(said["docker"][0]["tool"], "docker");
    assert_eq!(
        said["docker"][1]["changes"][0],
        "+ registry.gitlab.com: glauth"
    );
    let path = sandbox.path("registries.json");
    assert_eq!(said["docker"][1]["file"], path.to_str().unwrap());
    assert!(!sandbox.path(DOCKER).exists() && !sandbox.path(PODMAN).exists());
    let mut command = sandbox.command(&["setup-docker"]);
    command.env("XDG_CONFIG_HOME", sandbox.path("xdg"));
    Running::spawn(&mut command).finish().succeeds();
    assert_eq!(read(&sandbox, "xdg/containers/auth.json"), NEW);
}

#[test]
fn a_registry_and_a_host_can_be_named_and_what_is_not_known_is_asked_for() {
    let sandbox = sandbox();
    log_in(&sandbox, "gitlab.example.com");
    let said = setup(&sandbox, &["gitlab.example.com"]).fails(2);
    assert!(
        said.contains("the registry of gitlab.example.com is not known"),
        "{said}"
    );
    assert!(
        said.contains(
            "write `registries = [\"registry.example.com\"]` below `[hosts.\"gitlab.example.com\"]`"
        ),
        "{said}"
    );
    assert!(!sandbox.path(DOCKER).exists());
    // With others it is left out, and named.
    let finished = setup(&sandbox, &[]);
    assert!(
        finished
            .stderr
            .contains("warning: the registry of gitlab.example.com is not known"),
        "{finished:?}"
    );
    assert_eq!(read(&sandbox, DOCKER), NEW);

    let hosts =
        "[hosts.\"gitlab.example.com\"]\nregistries = ['registry.example.com:5000', 'docker.io']\n";
    configure(&sandbox, hosts);
    for named in [
        "registry.example.com:5000",
        "https://gitlab.example.com/group/project",
    ] {
        setup(&sandbox, &["--undo"]).succeeds();
        setup(&sandbox, &[named]).succeeds();
        let file: Value = read(&sandbox, DOCKER).parse().unwrap();
        assert_eq!(file["credHelpers"]["registry.example.com:5000"], "glauth");
        let hub = &file["credHelpers"]["https://index.docker.io/v1/"];
        assert_eq!(hub == "glauth", named.contains("gitlab"), "{file}");
        let file: Value = read(&sandbox, PODMAN).parse().unwrap();
        assert_eq!(
            file["credHelpers"]["docker.io"] == "glauth",
            named.contains("gitlab")
        );
        assert!(file["credHelpers"].get("registry.gitlab.com").is_none());
    }
}

/// A registry has no path, so docker would ask for a host without a login.
#[test]
fn a_forge_below_a_path_is_set_up_only_with_a_registry_that_is_answered() {
    let sandbox = Sandbox::new();
    let response = r#"{"access_token": "at-SECRET", "refresh_token": "rt-SECRET"}"#;
    let args = ["login", "--import", "--client-id", "x", "--provider"];
    let args = [&args[..], &["gitea", "forge.example.com/gitea"]].concat();
    sandbox.run_with_input(&args, response).succeeds();
    for args in [&[][..], &["forge.example.com/gitea"]] {
        let said = setup(&sandbox, args).fails(2);
        let wanted = "below `[hosts.\"forge.example.com/gitea\"]`";
        assert!(said.contains(wanted), "{said}");
        assert!(!sandbox.path(DOCKER).exists());
    }
    let hosts = "[hosts.\"forge.example.com/gitea\"]\nregistries = ['forge.example.com']\n";
    configure(&sandbox, hosts);
    setup(&sandbox, &[]).succeeds();
    let file: Value = read(&sandbox, DOCKER).parse().unwrap();
    assert_eq!(file["credHelpers"]["forge.example.com"], "glauth");
    let found = credentials(get(&sandbox, "forge.example.com"));
    assert_eq!(found["Secret"], "at-SECRET");
}

#[test]
fn a_host_without_a_login_is_set_up_and_how_to_log_in_is_said() {
    let sandbox = Sandbox::new();
    let said = setup(&sandbox, &[]).fails(2);
    assert!(said.contains("run `glauth login HOST`"), "{said}");
    for (named, registry, login) in [
        ("gitlab.com", "registry.gitlab.com", "gitlab.com"),
        ("registry.gitlab.com", "registry.gitlab.com", "gitlab.com"),
        ("codeberg.org", "codeberg.org", "codeberg.org"),
        (
            "registry.example.com:5000",
            "registry.example.com:5000",
            "registry.example.com:5000",
        ),
    ] {
        let finished = setup(&sandbox, &[named]);
        let wanted =
            format!("there is no login for {login} yet; `glauth login {login}` makes one\n");
        assert!(finished.stderr.contains(&wanted), "{finished:?}");
        finished.succeeds();
        let file: Value = read(&sandbox, DOCKER).parse().unwrap();
        assert_eq!(file["credHelpers"][registry], "glauth");
    }
}

#[test]
fn a_registry_that_may_be_of_another_host_is_asked_about() {
    let finished = setup(&sandbox(), &["registry.example.com"]);
    let wanted = "makes one; if it takes the tokens of another host, name it there in config.toml";
    assert!(finished.stderr.contains(wanted), "{finished:?}");
}

#[test]
fn what_would_still_go_wrong_is_warned_of() {
    let sandbox = sandbox();
    let run = write(
        &sandbox,
        "run/containers/auth.json",
        "{\"auths\": {\"registry.gitlab.com/group\": {\"auth\": \"SECRET\"}}}",
    );
    let options = ["--store", sandbox.store().to_str().unwrap(), "setup-docker"].map(str::to_owned);
    let options: Vec<&str> = options.iter().map(String::as_str).collect();
    let mut command = sandbox.command(&options);
    command.env_remove("GLAUTH_STORE");
    let finished = Running::spawn(&mut command).finish();
    for warning in [
        format!(
            "podman uses the password for registry.gitlab.com in `{}` first",
            run.display()
        ),
        "set GLAUTH_STORE where they run".to_owned(),
        "docker-credential-glauth is not in PATH; run `ln -sf ".to_owned(),
    ] {
        assert!(
            finished.stderr.contains(&warning),
            "{warning}: {finished:?}"
        );
    }
    assert!(!finished.stderr.contains("SECRET"), "{finished:?}");
    finished.succeeds();
}

#[test]
fn the_link_is_beside_glauth_and_is_missed_only_while_it_is_not_there() {
    let sandbox = sandbox();
    let folder = sandbox.path("bin");
    fs::create_dir(&folder).unwrap();
    let program = folder.join("glauth");
    copy_program(&program);
    let inside = |args: &[&str]| {
        let plain = sandbox.command(args);
        let mut command = std::process::Command::new(&program);
        command
            .args(args)
            .env_clear()
            .stdin(std::process::Stdio::null());
        command
            .stdout(std::process::Stdio::piped())
            .stderr(std::process::Stdio::piped());
        for (name, value) in plain.get_envs() {
            command.env(name, value.unwrap_or_default());
        }
        command.env("PATH", &folder);
        Running::spawn(&mut command).finish()
    };
    let said = inside(&["setup-docker"]).stderr;
    let link = folder.join("docker-credential-glauth");
    let wanted = format!("run `ln -sf {} {}`", program.display(), link.display());
    assert!(said.contains(&wanted), "{said}");
    symlink(&program, link).unwrap();
    let said = inside(&["setup-docker"]).stderr;
    assert!(!said.contains("warning"), "{said}");
}

#[test]
fn a_login_without_a_scope_for_its_registry_is_told() {
    for (scope, is_enough) in [
        ("read_user read_repository", false),
        ("read_user read_registry", true),
        ("api", true),
    ] {
        let sandbox = Sandbox::new();
        let response = format!(
            r#"{{"access_token": "at-SECRET", "refresh_token": "rt-SECRET", "scope": "{scope}"}}"#
        );
        let args = ["login", "--import", "--client-id", "x", "gitlab.com"];
        sandbox.run_with_input(&args, &response).succeeds();
        let said = setup(&sandbox, &[]).stderr;
        let wanted = "`glauth login --scope write_registry gitlab.com` asks for one";
        assert_eq!(said.contains(wanted), !is_enough, "{said}");
    }
}

#[test]
fn undo_needs_no_login_and_no_configuration() {
    let sandbox = sandbox();
    let hosts = "[hosts.\"gitlab.example.com\"]\nregistries = ['registry.example.com']\n";
    configure(&sandbox, hosts);
    setup(&sandbox, &["gitlab.example.com"]).succeeds();
    setup(&sandbox, &[]).succeeds();
    configure(&sandbox, "broken");
    // What else this host means, only the configuration could say.
    setup(&sandbox, &["--undo", "gitlab.example.com"]).fails(2);
    setup(&sandbox, &["--undo", "registry.example.com"]).succeeds();
    assert_eq!(read(&sandbox, DOCKER), NEW);
    setup(&sandbox, &["--undo", "gitlab.com"]).succeeds();
    assert_eq!(read(&sandbox, DOCKER), "{}");
    write(&sandbox, DOCKER, NEW);
    sandbox
        .run(&["logout", "--forget", "--local", "gitlab.com"])
        .succeeds();
    setup(&sandbox, &["--undo"]).succeeds();
    assert_eq!(read(&sandbox, DOCKER), "{}");
    // A registry can be named as well.
    configure(&sandbox, "");
    setup(&sandbox, &["registry.example.com"]).succeeds();
    let undone = setup(&sandbox, &["--undo", "gitlab.example.com"]);
    assert!(
        undone
            .stderr
            .contains("docker does not ask glauth for gitlab.example.com"),
        "{undone:?}"
    );
    setup(&sandbox, &["--undo", "registry.example.com"]).succeeds();
    assert_eq!(read(&sandbox, DOCKER), "{}");
}

#[test]
fn what_was_changed_is_said_even_if_the_other_file_cannot_be_written() {
    let sandbox = sandbox();
    let podman = write(&sandbox, PODMAN, "{}");
    let script = "mount --bind \"$PODMAN\" \"$PODMAN\"
                  mount -o remount,bind,ro \"$PODMAN\"";
    let Some(mounts) = Mounts::new(script, &[("PODMAN", podman.parent().unwrap())]) else {
        return;
    };
    let mut command = mounts.inside(&sandbox.command(&["setup-docker"]));
    let finished = Running::spawn(&mut command).finish();
    assert_eq!(finished.code(), Some(2), "{finished:?}");
    for said in [
        "docker now asks glauth for registry.gitlab.com\n",
        "containers/auth.json` cannot be changed: Read-only file system",
    ] {
        assert!(finished.stderr.contains(said), "{said}: {finished:?}");
    }
    assert_eq!(read(&sandbox, DOCKER), NEW);
    assert_eq!(read(&sandbox, PODMAN), "{}");
}

/// A file for both tools, too: docker's change is there when podman's is made.
#[test]
fn calls_at_the_same_time_lose_no_entry() {
    let sandbox = sandbox();
    let auths = "{\"auths\": {\"gcr.io\": {\"auth\": \"SECRET\"}}}";
    let both = write(&sandbox, DOCKER, auths);
    let registries: Vec<String> = (0..6).map(|n| format!("r{n}.example.com")).collect();
    let calls: Vec<_> = registries
        .iter()
        .map(|registry| {
            let mut command = sandbox.command(&["setup-docker", registry]);
            Running::spawn(command.env("REGISTRY_AUTH_FILE", &both))
        })
        .collect();
    for call in calls {
        call.finish().succeeds();
    }
    let file: Value = read(&sandbox, DOCKER).parse().unwrap();
    for registry in &registries {
        assert_eq!(file["credHelpers"][registry], "glauth", "{file}");
    }
    assert_eq!(file["auths"]["gcr.io"]["auth"], "SECRET");
    let folder = both.parent().unwrap();
    assert_eq!(fs::read_dir(folder).unwrap().count(), 1);
}

#[test]
fn root_changes_nothing_in_the_home_of_another_user() {
    if !is_root() {
        return skipped("root in another user's home");
    }
    let sandbox = sandbox();
    chown(sandbox.path("home"), Some(4711), Some(4711)).unwrap();
    let said = setup(&sandbox, &[]).fails(2);
    assert!(said.contains("config.json` is that of user 4711"), "{said}");
    assert!(said.contains("nothing was changed"), "{said}");
    assert!(!sandbox.path(DOCKER).exists());
}
