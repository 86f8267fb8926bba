//! The real kubectl, where it is here, at an API server on loopback that takes no token but a living one.

use std::fs;
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use serde_json::json;

use crate::support::authorization_server::AuthorizationServer;
use crate::support::mounts::skipped;
use crate::support::program::program;
use crate::support::received::Received;
use crate::support::sandbox::{Finished, Running, Sandbox};
use crate::support::token_site::{Page, TokenSite};
use crate::tls::self_signed;

/// The first kubectl that knows `client.authentication.k8s.io/v1`.
const FIRST: u32 = 22;

/// What an API server says of a cluster without pods.
fn page(request: &Received) -> Page {
    let page = match &*request.path {
        "/api" => json!({"kind": "APIVersions", "versions": ["v1"]}),
        "/apis" => json!({"kind": "APIGroupList", "apiVersion": "v1", "groups": []}),
        "/api/v1" => json!({
            "kind": "APIResourceList",
            "groupVersion": "v1",
            "resources": [{
                "name": "pods", "singularName": "pod", "namespaced": true, "kind": "Pod", "verbs": ["get", "list"],
            }],
        }),
        "/api/v1/namespaces/default/pods" => {
            json!({"kind": "PodList", "apiVersion": "v1", "metadata": {}, "items": []})
        }
        _ => return Page::new(404, "application/json", "{}"),
    };
    Page::new(200, "application/json", page.to_string())
}

struct World {
    api: Arc<TokenSite>,
    sandbox: Arc<Sandbox>,
    url: String,
}

impl World {
    fn new(standby: bool) -> Self {
        let server = AuthorizationServer::start();
        let sandbox = if standby {
            Sandbox::with_standby(&server).0
        } else {
            Sandbox::logged_in(&server).0
        };
        let url = server.url();
        let (certificate, tls) = self_signed();
        let api = TokenSite::start(server, Some(tls), "Bearer", "", |request, _| page(request));
        fs::write(sandbox.path("ca.pem"), certificate).unwrap();
        let recipe = env!("CARGO_MANIFEST_DIR").to_owned() + "/examples/recipes/kubeconfig.yaml";
        let recipe = fs::read_to_string(recipe).unwrap();
        let file = recipe
            .replace(
                "https://kubernetes.example.com:6443",
                &format!("https://{}", api.host()),
            )
            .replace(
                "/etc/ssl/kubernetes.pem",
                sandbox.path("ca.pem").to_str().unwrap(),
            )
            .replace(
                "kubectl, gitlab.example.com",
                &format!("kubectl, \"{url}\""),
            );
        fs::write(sandbox.path("kubeconfig"), file).unwrap();
        Self {
            api: Arc::new(api),
            sandbox: Arc::new(sandbox),
            url,
        }
    }

    /// `None`: there is no kubectl that could do it, which is said.
    fn kubectl(&self) -> Option<Command> {
        let mut version = program(&self.sandbox, "kubectl")?;
        version.args(["version", "--client", "-o", "json"]);
        let version: serde_json::Value =
            Running::spawn(&mut version).finish().stdout.parse().ok()?;
        let minor = version["clientVersion"]["minor"].as_str()?;
        let minor: String = minor.chars().take_while(char::is_ascii_digit).collect();
        if minor.parse().is_ok_and(|minor: u32| minor < FIRST) {
            skipped("kubectl, which is older than 1.22");
            return None;
        }
        let mut command = program(&self.sandbox, "kubectl")?;
        command.args(["get", "pods"]);
        command.env("KUBECONFIG", self.sandbox.path("kubeconfig"));
        Some(command)
    }

    fn get_pods(&self) -> Option<Finished> {
        Some(Running::spawn(&mut self.kubectl()?).finish())
    }

    /// Lets the login be rotated once, when the answer at this path is on its way.
    fn rotate_at(&self, path: &'static str) {
        let (sandbox, url) = (Arc::clone(&self.sandbox), self.url.clone());
        let is_done = AtomicBool::new(false);
        self.api.before_answer(move |asked| {
            let is_there = asked.path == path && asked.status == 200;
            if is_there && !is_done.swap(true, Ordering::SeqCst) {
                sandbox.run(&["refresh", "--force", &url]).succeeds();
            }
        });
    }
}

/// What stands in the table of docs/clients.md, behind the version.
const ROW: &str = "| `kubectl` | yes | fails | works | 1 |";

/// The request that a person wants: what comes before it, kubectl repeats.
const BEFORE: &str = "/api/v1";
const PODS: &str = "/api/v1/namespaces/default/pods";

#[test]
fn kubectl_gets_the_token_by_the_recipe() {
    let server_is_asked_with_a_token = |world: &World| {
        let asked = world.api.asked();
        assert!(
            asked
                .iter()
                .any(|asked| asked.path == PODS && asked.status == 200)
        );
        assert!(asked.iter().all(|asked| asked.status != 401), "{asked:?}");
    };
    let world = World::new(false);
    let Some(done) = world.get_pods() else {
        return;
    };
    assert_eq!(done.stderr, "No resources found in default namespace.\n");
    assert_eq!(done.succeeds(), "");
    server_is_asked_with_a_token(&world);
}

#[test]
fn kubectl_fails_once_with_one_grant_and_goes_on_with_a_standby_grant() {
    let document = env!("CARGO_MANIFEST_DIR").to_owned() + "/docs/clients.md";
    assert!(fs::read_to_string(document).unwrap().contains(ROW));

    let world = World::new(false);
    world.rotate_at(BEFORE);
    let Some(failed) = world.get_pods() else {
        return;
    };
    assert!(!failed.status.success(), "{failed:?}");
    world.get_pods().unwrap().succeeds();
    // The requests before that one it repeats, with a new token.
    let world = World::new(false);
    world.rotate_at("/api");
    world.get_pods().unwrap().succeeds();
    let asked = world.api.asked();
    assert!(asked.iter().any(|asked| asked.status == 401), "{asked:?}");

    for path in ["/api", BEFORE] {
        let world = World::new(true);
        world.rotate_at(path);
        world.get_pods().unwrap().succeeds();
        let asked = world.api.asked();
        assert!(asked.iter().all(|asked| asked.status != 401), "{asked:?}");
        assert_eq!(world.api.authorization().rotations(), 1);
    }
}

#[test]
fn the_end_of_the_login_is_told_by_kubectl() {
    let world = World::new(false);
    world.api.authorization().revoke_everything();
    let host = world.url.strip_prefix("http://").unwrap();
    world.sandbox.ends_in_at(host, -5);
    let Some(ended) = world.get_pods() else {
        return;
    };
    assert!(!ended.status.success(), "{ended:?}");
    let wanted = format!("hint: run `glauth login {}`", world.url);
    assert!(ended.stderr.contains(&wanted), "{ended:?}");
    assert!(world.api.asked().is_empty());
}
