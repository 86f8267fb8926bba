//! A registry of container images (the API of docker's registry, version 2) with one image, which takes pushes too.
//! Real registries sign tokens of their own, which outlive the login's: this one takes the login's at each request.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::{Arc, Mutex, PoisonError};

use ring::digest::{SHA256, digest};
use rustls::ServerConfig;
use serde_json::json;

use super::authorization_server::AuthorizationServer;
use super::received::Received;
use super::token_site::{Page, TokenSite};

/// The image that is there from the start.
pub const IMAGE: &str = "group/image";

const MANIFEST: &str = "application/vnd.docker.distribution.manifest.v2+json";

/// What the version 2 of the API says of itself.
const VERSION: &str = "Docker-Distribution-Api-Version: registry/2.0\r\n";

/// How a registry asks for a token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Challenge {
    /// With each request: GitHub's and other package servers.
    Basic,
    /// At another address, which gives a token for the requests: GitLab, Gitea, docker's own.
    Bearer,
}

/// Starts a registry whose users are those of the authorization server.
pub fn start(
    authorization: AuthorizationServer,
    tls: Arc<ServerConfig>,
    challenge: Challenge,
) -> TokenSite {
    let challenge = match challenge {
        Challenge::Basic => r#"Basic realm="registry""#.to_owned(),
        Challenge::Bearer => format!(
            r#"Bearer realm="https://{{site}}/jwt/auth",service="container_registry",scope="repository:{IMAGE}:pull,push""#
        ),
    };
    let content = Mutex::new(image());
    TokenSite::start(
        authorization,
        Some(tls),
        &challenge,
        VERSION,
        move |request, token| {
            let mut content = content.lock().unwrap_or_else(PoisonError::into_inner);
            answer(request, token, &mut content)
        },
    )
}

/// Each blob and manifest, below its path.
type Content = BTreeMap<String, Vec<u8>>;

/// An image with one empty layer.
fn image() -> Content {
    let layer = vec![0; 1024];
    let config = json!({
        "architecture": "amd64",
        "os": "linux",
        "config": {},
        "rootfs": {"type": "layers", "diff_ids": [digest_of(&layer)]},
        "history": [{"created": "2026-01-01T00:00:00Z"}],
    });
    let config = config.to_string().into_bytes();
    let manifest = json!({
        "schemaVersion": 2,
        "mediaType": MANIFEST,
        "config": {
            "mediaType": "application/vnd.docker.container.image.v1+json",
            "size": config.len(),
            "digest": digest_of(&config),
        },
        "layers": [{
            "mediaType": "application/vnd.docker.image.rootfs.diff.tar",
            "size": layer.len(),
            "digest": digest_of(&layer),
        }],
    });
    let manifest = manifest.to_string().into_bytes();
    let at = |kind: &str, name: &str| format!("/v2/{IMAGE}/{kind}/{name}");
    BTreeMap::from([
        (at("blobs", &digest_of(&layer)), layer),
        (at("blobs", &digest_of(&config)), config),
        (at("manifests", &digest_of(&manifest)), manifest.clone()),
        (at("manifests", "latest"), manifest),
    ])
}

fn digest_of(bytes: &[u8]) -> String {
    let digest = digest(&SHA256, bytes);
    digest
        .as_ref()
        .iter()
        .fold("sha256:".to_owned(), |mut text, byte| {
            write!(text, "{byte:02x}").unwrap();
            text
        })
}

fn answer(request: &Received, token: &str, content: &mut Content) -> Page {
    let path = &*request.path;
    match (&*request.method, path) {
        // The token of the registry is the login's.
        ("GET" | "POST", "/jwt/auth") => {
            let token = json!({"token": token, "access_token": token}).to_string();
            Page::new(200, "application/json", token)
        }
        ("GET", "/v2/") => Page::new(200, "application/json", "{}"),
        ("GET" | "HEAD", _) => match content.get(path) {
            Some(bytes) => {
                let kind = if path.contains("/manifests/") {
                    MANIFEST
                } else {
                    "application/octet-stream"
                };
                let digest = digest_of(bytes);
                Page::new(200, kind, bytes.clone()).with("Docker-Content-Digest", &digest)
            }
            None => missing(),
        },
        ("POST", _) if path.ends_with("/blobs/uploads/") => {
            Page::new(202, "text/plain", "").with("Location", &format!("{path}one"))
        }
        ("PATCH", _) => {
            content.insert(path.to_owned(), request.body.clone());
            Page::new(202, "text/plain", "")
                .with("Location", path)
                .with("Range", &format!("0-{}", request.body.len().max(1) - 1))
        }
        ("PUT", _) => put(request, content),
        _ => missing(),
    }
}

/// Ends an upload, or takes a manifest.
fn put(request: &Received, content: &mut Content) -> Page {
    let (path, mut bytes) = (&request.path, request.body.clone());
    let place = match path.split_once("/blobs/uploads/") {
        Some((image, _)) => {
            if let Some(mut sent) = content.remove(path) {
                sent.append(&mut bytes);
                bytes = sent;
            }
            format!("{image}/blobs/{}", digest_of(&bytes))
        }
        None => path.clone(),
    };
    let digest = digest_of(&bytes);
    content.insert(place.clone(), bytes);
    Page::new(201, "text/plain", "")
        .with("Location", &place)
        .with("Docker-Content-Digest", &digest)
}

fn missing() -> Page {
    let body = r#"{"errors":[{"code":"NAME_UNKNOWN","message":"unknown"}]}"#;
    Page::new(404, "application/json", body)
}
