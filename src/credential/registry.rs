//! Registries of container images: the names that docker, podman, buildah and skopeo have for one, as one host.

use super::host::{BadHost, Host, HostArg, Scheme};

/// Docker Hub, as people and podman name it.
pub const DOCKER_HUB: &str = "docker.io";

/// The other names of Docker Hub: docker's key for it, and the server itself.
const NAMES_OF_DOCKER_HUB: [&str; 2] = ["index.docker.io", "registry-1.docker.io"];

/// The registries that are of another host's users: each with that host.
const KNOWN: [(&str, &str); 1] = [("registry.gitlab.com", "gitlab.com")];

/// Reads the name of a registry: `registry.example.com:5000`, or a URL. What stands behind the server's name is the
/// place of an API, and does not count.
pub fn registry(text: &str) -> Result<HostArg, BadHost> {
    let HostArg { host, scheme } = HostArg::parse(text)?;
    let server = host.origin();
    // A URL understands much that is no plain name, and that docker may take for another one.
    let typed = text.split_once("://").map_or(text, |(_, rest)| rest);
    let typed = typed.split(['/', '?']).next().unwrap_or_default();
    let protocol = scheme.unwrap_or(Scheme::Https).as_str();
    if Host::of_git(protocol, typed).as_ref() != Some(&server) {
        return Err(BadHost::Invalid);
    }
    let host = if NAMES_OF_DOCKER_HUB.contains(&server.as_str()) {
        HostArg::parse(DOCKER_HUB)?.host
    } else {
        server
    };
    Ok(HostArg { host, scheme })
}

/// The host whose logins a registry takes, if glauth knows it.
#[must_use]
pub fn known_host(registry: &Host) -> Option<Host> {
    let mut known = KNOWN.iter();
    let (_, host) = known.find(|(name, _)| *name == registry.as_str())?;
    Some(HostArg::parse(host).ok()?.host)
}

/// The registries that glauth knows to be of this host's users.
pub fn known_registries(host: &Host) -> impl Iterator<Item = Host> {
    let of_host = KNOWN.iter().filter(|(_, known)| *known == host.as_str());
    of_host.filter_map(|(name, _)| Some(HostArg::parse(name).ok()?.host))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_of_a_registry_is_one_host() {
        for (typed, meant) in [
            ("registry.example.com", "registry.example.com"),
            ("registry.example.com:5000", "registry.example.com:5000"),
            ("Registry.Example.com:443", "registry.example.com"),
            ("https://registry.example.com/v2/", "registry.example.com"),
            (
                "https://registry.example.com/v1/?x=y",
                "registry.example.com",
            ),
            ("registry.example.com/group/image", "registry.example.com"),
            ("http://127.0.0.1:5000/v2/", "127.0.0.1:5000"),
            ("[::1]:5000", "[::1]:5000"),
            ("https://index.docker.io/v1/", "docker.io"),
            ("index.docker.io", "docker.io"),
            ("registry-1.docker.io", "docker.io"),
            ("docker.io", "docker.io"),
        ] {
            assert_eq!(registry(typed).unwrap().host.as_str(), meant, "{typed}");
        }
    }

    #[test]
    fn what_names_no_registry_is_refused() {
        for typed in [
            "",
            "{}",
            "a b",
            "registry.example.com\nother.example.com",
            "jane:secret@registry.example.com",
            "http://registry.example.com",
            "ftp://registry.example.com",
            "registry.example.com:x",
            "registry.example.com#x",
            "registry\\.example.com",
            "registry%2eexample.com",
            "ｒegistry.example.com",
            "0x7f.1:5000",
            " registry.example.com",
        ] {
            assert!(registry(typed).is_err(), "{typed}");
        }
    }

    #[test]
    fn a_known_registry_leads_to_its_host_and_back() {
        for (name, host) in KNOWN {
            let name = registry(name).unwrap().host;
            let host = HostArg::parse(host).unwrap().host;
            assert_eq!(known_host(&name), Some(host.clone()));
            assert!(known_registries(&host).any(|known| known == name));
        }
    }
}
