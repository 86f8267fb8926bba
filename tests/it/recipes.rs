//! The recipes of docs/recipes.md (`examples/recipes/`) that want nothing but common tools. Those that want a
//! daemon, a container or packages are run by tests/recipes/run.

use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_json::json;

use crate::docker;
use crate::support::authorization_server::{Answer, AuthorizationServer, Behaviour, USER};
use crate::support::program::program;
use crate::support::sandbox::{Finished, Running, Sandbox, first_grant, from_now};

/// In seconds.
const DAY: i64 = 24 * 60 * 60;

fn source(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(name)
}

fn folder() -> PathBuf {
    source("examples/recipes")
}

/// A recipe in the sandbox. `None`: what it wants is not here.
fn recipe(sandbox: &Sandbox, name: &str, wants: &str) -> Option<Command> {
    program(sandbox, wants)?;
    let mut command = program(sandbox, "sh")?;
    command.arg(folder().join(name));
    Some(command)
}

fn run(command: &mut Command) -> Finished {
    Running::spawn(command).finish()
}

/// Puts a program of this name in front of all others.
fn stand_in(sandbox: &Sandbox, command: &mut Command, name: &str, script: &str) {
    let file = sandbox.path(name);
    fs::write(&file, format!("#!/bin/sh\nset -eu\n{script}")).unwrap();
    fs::set_permissions(&file, fs::Permissions::from_mode(0o700)).unwrap();
    let set = |(name, value): (&std::ffi::OsStr, Option<&std::ffi::OsStr>)| {
        (name == "PATH").then(|| value.unwrap().to_str().unwrap().to_owned())
    };
    let path = command.get_envs().find_map(set).unwrap();
    command.env("PATH", format!("{}:{path}", sandbox.path("").display()));
}

/// A login whose token has expired, and is refreshed by the process that comes first.
fn expired() -> (AuthorizationServer, Sandbox) {
    let server = AuthorizationServer::start();
    let (sandbox, _) = Sandbox::logged_in(&server);
    sandbox.ends_in(&server, -5);
    (server, sandbox)
}

/// A login that the server has ended, which no process knows yet.
fn ended() -> (AuthorizationServer, Sandbox) {
    let (server, sandbox) = expired();
    server.revoke_everything();
    (server, sandbox)
}

#[test]
fn curl_has_the_token_and_a_failure_of_glauth_is_the_scripts_own() {
    let (server, sandbox) = expired();
    let Some(mut curl) = recipe(&sandbox, "curl.sh", "curl") else {
        return;
    };
    curl.args([server.url(), server.url() + USER]);
    let user: serde_json::Value = run(&mut curl).prints().parse().unwrap();
    assert_eq!(user["username"], "jane");

    server.revoke_everything();
    sandbox.ends_in(&server, -5);
    let failed = run(&mut curl);
    assert_eq!(failed.code(), Some(3), "{failed:?}");
    assert_eq!(server.count(USER), 1);
}

fn xargs(sandbox: &Sandbox, server: &AuthorizationServer, urls: usize) -> Option<Finished> {
    program(sandbox, "xargs")?;
    let mut command = recipe(sandbox, "xargs.sh", "curl")?;
    command.arg(server.url());
    let url = format!("{}{USER}\n", server.url());
    Some(Running::spawn_with_input(&mut command, &url.repeat(urls)).finish())
}

#[test]
fn of_eight_at_a_time_that_find_the_token_expired_one_refreshes_it() {
    let (server, sandbox) = expired();
    let Some(done) = xargs(&sandbox, &server, 30) else {
        return;
    };
    assert_eq!(done.succeeds().matches("jane").count(), 30);
    assert_eq!(server.refresh_requests(), 1);
    assert_eq!(server.refused_resource_requests(), 0);
}

#[test]
fn eight_at_a_time_stop_where_there_is_no_token() {
    let (server, sandbox) = ended();
    let Some(done) = xargs(&sandbox, &server, 30) else {
        return;
    };
    // xargs(1): "if the command exited with status 255".
    assert_eq!(done.code(), Some(124), "{done:?}");
    assert!(done.stderr.contains("glauth login"), "{done:?}");
    assert_eq!(server.count(USER), 0);
    assert_eq!(server.refresh_requests(), 1);
}

fn make(sandbox: &Sandbox, server: &AuthorizationServer) -> Option<Finished> {
    program(sandbox, "curl")?;
    let mut make = program(sandbox, "make")?;
    let url = server.url();
    make.args(["-j", "8", "-C"]).arg(sandbox.path("tmp"));
    make.arg("-f").arg(folder().join("Makefile"));
    make.args([format!("HOST={url}"), format!("API={url}/api/v4")]);
    Some(run(&mut make))
}

#[test]
fn the_jobs_of_make_share_one_refresh() {
    let (server, sandbox) = expired();
    let others = ["/api/v4/projects", "/api/v4/groups"];
    for path in others {
        let answer = Answer::json(200, &json!([]));
        server.always(path, Some(Behaviour::Answer(answer)));
    }
    let Some(done) = make(&sandbox, &server) else {
        return;
    };
    done.succeeds();
    let user = fs::read_to_string(sandbox.path("tmp/user.json")).unwrap();
    assert!(user.contains("jane"), "{user}");
    assert_eq!(server.refresh_requests(), 1);
    for one in server.requests() {
        if others.contains(&&*one.request.path) {
            assert!(server.is_alive(one.request.bearer_token().unwrap()));
        }
    }
}

#[test]
fn make_fails_where_there_is_no_token_and_leaves_no_file() {
    let (server, sandbox) = ended();
    let Some(done) = make(&sandbox, &server) else {
        return;
    };
    assert_eq!(done.code(), Some(2), "{done:?}");
    assert!(done.stderr.contains("glauth login"), "{done:?}");
    assert!(!sandbox.path("tmp/user.json").exists());
    assert_eq!(server.refresh_requests(), 1);
}

/// What glab does with its environment, as far as a token is concerned.
const GLAB: &str = r#"
if [ "${GLAB_IS_OAUTH2-}" = true ]; then header="Authorization: Bearer"; else header="Private-Token:"; fi
printf '%s %s\n' "$header" "$GITLAB_TOKEN" |
    curl --silent --fail --header @- "$GITLAB_HOST/api/v4/user"
echo " $*"
"#;

#[test]
fn glab_is_served_with_the_environment_that_it_is_given() {
    let (server, sandbox) = expired();
    let Some(mut glab) = recipe(&sandbox, "glab.sh", "curl") else {
        return;
    };
    stand_in(&sandbox, &mut glab, "glab", GLAB);
    glab.args([&server.url(), "mr", "list", "--per-page", "5"]);
    let said = run(&mut glab).prints();
    assert!(said.contains("jane"), "{said}");
    assert!(said.ends_with(" mr list --per-page 5"), "{said}");
    assert_eq!(server.refresh_requests(), 1);
}

/// The provider sends its token as a bearer, the backend its password by Basic, which the test server does
/// not know: it is compared.
const TERRAFORM: &str = r#"
[ "$TF_HTTP_USERNAME" = oauth2 ]
[ "$TF_HTTP_PASSWORD" = "$GITLAB_TOKEN" ]
printf 'Authorization: Bearer %s\n' "$GITLAB_TOKEN" |
    curl --silent --fail --header @- "$GITLAB_BASE_URL/user"
exit 2
"#;

#[test]
fn terraform_has_a_token_with_enough_life_and_its_exit_code_is_its_own() {
    let server = AuthorizationServer::start();
    let (sandbox, _) = Sandbox::logged_in(&server);
    sandbox.ends_in(&server, 600);
    let Some(mut terraform) = recipe(&sandbox, "terraform.sh", "curl") else {
        return;
    };
    stand_in(&sandbox, &mut terraform, "terraform", TERRAFORM);
    let url = server.url();
    terraform.env("GITLAB_BASE_URL", format!("{url}/api/v4"));
    terraform.args([&url, "plan", "-detailed-exitcode"]);
    let planned = run(&mut terraform);
    assert_eq!(planned.code(), Some(2), "{planned:?}");
    assert!(planned.stdout.contains("jane"), "{planned:?}");
    assert_eq!(server.refresh_requests(), 1);

    server.set_expires_in(Some(std::time::Duration::from_secs(60)));
    sandbox.ends_in(&server, -5);
    server.revoke_everything();
    let failed = run(&mut terraform);
    assert_eq!(failed.code(), Some(125), "{failed:?}");
}

/// A recipe's text, for the test's server.
fn for_server(name: &str, server: &AuthorizationServer) -> String {
    let text = fs::read_to_string(folder().join(name)).unwrap();
    text.replace("https://mcp.example.com/mcp", &server.url())
        .replace("https://llm.example.com", &server.url())
}

/// The token in the one line that a helper printed: a JSON object with one header.
fn bearer_of_headers(said: &str) -> String {
    let headers: serde_json::Value = said.parse().unwrap();
    assert_eq!(headers.as_object().unwrap().len(), 1, "{said}");
    let header = headers["Authorization"].as_str().unwrap();
    header.strip_prefix("Bearer ").unwrap().to_owned()
}

#[test]
fn the_helper_of_claude_code_prints_the_headers_for_the_server_that_it_is_told() {
    let (server, sandbox) = expired();
    let settings: serde_json::Value = for_server("claude-code.json", &server).parse().unwrap();
    let helper = &settings["mcpServers"]["example"]["headersHelper"];
    let mut shell = program(&sandbox, "sh").unwrap();
    shell.args(["-c", helper.as_str().unwrap()]);
    shell.env("CLAUDE_CODE_MCP_SERVER_URL", server.url() + "/mcp");
    let said = run(&mut shell);
    assert_eq!(said.stderr, "", "{said:?}");
    assert!(server.is_alive(&bearer_of_headers(&said.prints())));
    assert_eq!(server.refresh_requests(), 1);
}

/// codex passes on few variables, and none of glauth's. A store in another place is named by an option.
fn by_codex(sandbox: &Sandbox, helper: &str) -> Command {
    let mut shell = program(sandbox, "sh").unwrap();
    shell.args(["-c", helper]);
    let set: Vec<_> = shell.get_envs().map(|(name, _)| name.to_owned()).collect();
    for name in set {
        if name != "HOME" && name != "PATH" {
            shell.env_remove(name);
        }
    }
    shell
}

#[test]
fn the_helpers_of_codex_print_headers_and_a_bare_token() {
    let (server, sandbox) = expired();
    let settings: toml::Table = for_server("codex.toml", &server).parse().unwrap();
    let store = format!("glauth --store '{}' ", sandbox.store().display());

    let helper = &settings["mcp_servers"]["example"]["http_headers_helper"];
    let helper = helper.as_str().unwrap().replace("glauth ", &store);
    let said = run(&mut by_codex(&sandbox, &helper)).prints();
    let token = bearer_of_headers(&said);
    assert!(server.is_alive(&token));

    let auth = &settings["model_providers"]["gateway"]["auth"];
    assert_eq!(auth["command"].as_str(), Some("glauth"));
    let words = auth["args"].as_array().unwrap().iter();
    let words: Vec<_> = words.map(|word| word.as_str().unwrap()).collect();
    let said = run(&mut by_codex(&sandbox, &(store + &words.join(" ")))).prints();
    assert_eq!(said.trim_end(), token);
    assert_eq!(server.refresh_requests(), 1);
}

/// mcp-remote takes an address.
const NPX: &str = r#"
[ "$1 $2" = "-y mcp-remote" ]
curl --silent --fail "$3/api/v4/user"
"#;

#[test]
fn mcp_remote_uses_the_address_of_the_proxy() {
    let (server, sandbox) = expired();
    let settings: serde_json::Value = for_server("vscode.json", &server).parse().unwrap();
    let example = &settings["servers"]["example"];
    let Some(_) = program(&sandbox, "curl") else {
        return;
    };
    let mut command = program(&sandbox, example["command"].as_str().unwrap()).unwrap();
    let words = example["args"].as_array().unwrap().iter();
    command.args(words.map(|word| word.as_str().unwrap()));
    stand_in(&sandbox, &mut command, "npx", NPX);
    let said = run(&mut command).prints();
    assert!(said.contains("jane"), "{said}");
    assert_eq!(server.refresh_requests(), 1);
}

#[test]
fn tools_that_take_an_address_only_read_it_from_the_variable_that_proxy_sets() {
    let server = AuthorizationServer::start();
    for (name, list, key, variable) in [
        ("opencode.json", "mcp", "url", "{env:GLAUTH_PROXY_URL}"),
        (
            "gemini-cli.json",
            "mcpServers",
            "httpUrl",
            "$GLAUTH_PROXY_URL",
        ),
    ] {
        let settings: serde_json::Value = for_server(name, &server).parse().unwrap();
        assert_eq!(settings[list]["example"][key], variable, "{name}");
    }
}

/// What npm does with its configuration: `registry` and the token of its host.
const NPM: &str = r#"
settings=$(sed "s|\${GLAUTH_PROXY_HOST}|$GLAUTH_PROXY_HOST|; s|\${GLAUTH_PROXY_SECRET}|$GLAUTH_PROXY_SECRET|" "$1")
registry=$(echo "$settings" | sed -n 's/^registry=//p')
token=$(echo "$settings" | sed -n "s|^//$GLAUTH_PROXY_HOST/:_authToken=||p")
curl --silent --fail --header "Authorization: Bearer $token" "${registry%packages/npm/}user"
"#;

#[test]
fn npm_reaches_its_registry_with_the_secret_as_its_token() {
    let (server, sandbox) = expired();
    let Some(_) = program(&sandbox, "curl") else {
        return;
    };
    let mut command = program(&sandbox, "glauth").unwrap();
    let npmrc = folder().join("npmrc");
    let npmrc = npmrc.to_str().unwrap();
    command.args(["proxy", &server.url(), "--", "npm", npmrc]);
    stand_in(&sandbox, &mut command, "npm", NPM);
    let said = run(&mut command).prints();
    assert!(said.contains("jane"), "{said}");
    assert_eq!(server.refresh_requests(), 1);
}

/// Two logins, of which one has been ended by its server an hour ago.
fn one_of_two_needs_a_person() -> (AuthorizationServer, AuthorizationServer, Sandbox) {
    let (good, bad) = (AuthorizationServer::start(), AuthorizationServer::start());
    let (sandbox, _) = Sandbox::logged_in(&good);
    sandbox.log_in(&bad);
    sandbox.edit(&bad, |record| {
        let grant = first_grant(record);
        grant.insert("state".to_owned(), "login_required".into());
        grant.insert("state_since".to_owned(), from_now(-3600));
    });
    (good, bad, sandbox)
}

#[test]
fn monitoring_is_told_which_login_needs_a_person_and_since_when() {
    let (_good, bad, sandbox) = one_of_two_needs_a_person();
    let Some(mut question) = recipe(&sandbox, "needs-a-person.sh", "jq") else {
        return;
    };
    let said = run(&mut question).prints();
    let [host, account, since] = said.split(' ').collect::<Vec<_>>()[..] else {
        panic!("{said}");
    };
    assert_eq!([host, account], [&*bad.host(), "default"]);
    let since: jiff::Timestamp = since.parse().unwrap();
    let ago = jiff::Timestamp::now().duration_since(since).as_secs();
    assert!((3599..3700).contains(&ago), "{ago}");
}

#[test]
fn monitoring_is_told_before_a_login_ends_for_good() {
    let (renewed, ending) = (AuthorizationServer::start(), AuthorizationServer::start());
    let (sandbox, _) = Sandbox::logged_in(&renewed);
    sandbox.log_in(&ending);
    sandbox.ends_in(&ending, 3 * DAY);
    let Some(mut question) = recipe(&sandbox, "needs-a-person-soon.sh", "jq") else {
        return;
    };
    let mut names = |key: &str, end: Option<i64>| {
        sandbox.edit(&ending, |record| {
            let grant = first_grant(record);
            grant.remove(key);
            grant.extend(end.map(|end| (key.to_owned(), from_now(end))));
        });
        run(&mut question).prints()
    };
    let host = ending.host();

    assert_eq!(names("refresh_expires_at", None), "");
    let said = names("refresh_expires_at", Some(6 * DAY));
    assert!(said.starts_with(&format!("{host} default 20")), "{said}");
    assert_eq!(said.lines().count(), 1, "{said}");
    assert_eq!(names("refresh_expires_at", Some(8 * DAY)), "");
    let said = names("refresh_token", None);
    assert!(said.starts_with(&format!("{host} default 20")), "{said}");
    sandbox.ends_in(&ending, 8 * DAY);
    assert_eq!(names("refresh_token", None), "");
}

#[test]
fn a_check_is_critical_where_a_person_is_needed_and_unknown_where_nothing_can_be_read() {
    let (good, bad, sandbox) = one_of_two_needs_a_person();
    let check = || {
        let mut check = recipe(&sandbox, "check_glauth.sh", "sh").unwrap();
        let done = run(check.stdin(Stdio::null()));
        assert_eq!(done.stderr, "", "{done:?}");
        (done.code(), done.stdout)
    };
    let (code, said) = check();
    assert_eq!(code, Some(2), "{said}");
    assert!(
        said.starts_with("CRITICAL: ") && said.contains(&bad.host()),
        "{said}"
    );

    fs::write(sandbox.file(&good, "toml"), "torn").unwrap();
    let (code, said) = check();
    assert_eq!(code, Some(3), "{said}");
    assert!(
        said.starts_with("UNKNOWN: ") && said.contains("default.toml"),
        "{said}"
    );

    sandbox.log_in(&bad);
    fs::remove_file(sandbox.file(&good, "toml")).unwrap();
    let (code, said) = check();
    assert_eq!(code, Some(0), "{said}");
    assert_eq!(said, "OK: no login needs a person\n");
    assert_eq!(good.requests().len() + bad.requests().len(), 0);
}

/// The first cell of each row between the marks of docs/clients.md.
fn measured_clients() -> BTreeSet<String> {
    let page = fs::read_to_string(source("docs/clients.md")).unwrap();
    let (_, table) = page.split_once("<!-- measured -->").unwrap();
    let (table, _) = table.split_once("<!-- end of measured -->").unwrap();
    let rows = table.lines().filter_map(|line| line.strip_prefix("| "));
    let cells = rows.skip(2).filter_map(|row| row.split(" | ").next());
    cells.map(str::to_owned).collect()
}

#[test]
fn each_row_of_the_clients_is_measured_by_a_case_and_each_case_has_its_row() {
    let cases = fs::read_dir(source("tests/recipes/cases")).unwrap();
    let texts = cases.map(|case| fs::read_to_string(case.unwrap().path()).unwrap());
    let name = |text: String| {
        let call = text
            .lines()
            .find_map(|line| line.strip_prefix("measure "))?;
        let quoted = call
            .strip_prefix('\'')
            .and_then(|rest| rest.split('\'').next());
        let name = quoted.unwrap_or_else(|| call.split(' ').next().unwrap());
        Some(name.to_owned())
    };
    let mut cases: BTreeSet<String> = texts.filter_map(name).collect();
    assert!(cases.len() > 15, "{cases:?}");
    // These are measured by tests of this suite.
    cases.extend(docker::clients::titles().map(str::to_owned));
    cases.insert("kubectl".to_owned());
    assert_eq!(measured_clients(), cases);
}
