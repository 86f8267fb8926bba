use super::*;

fn host(text: &str) -> Result<String, BadHost> {
    HostArg::parse(text).map(|arg| arg.host.to_string())
}

#[test]
fn a_host_is_a_name_a_port_or_a_url() {
    for (text, expected) in [
        ("gitlab.com", "gitlab.com"),
        ("GitLab.COM", "gitlab.com"),
        ("gitlab.com:443", "gitlab.com"),
        ("gitlab.com:8443", "gitlab.com:8443"),
        ("https://gitlab.com/", "gitlab.com"),
        ("https://example.com/gitlab/", "example.com/gitlab"),
        ("example.com/GitLab", "example.com/GitLab"),
        ("http://127.0.0.1:3000", "127.0.0.1:3000"),
        ("http://[::1]:3000", "[::1]:3000"),
        ("http://localhost", "localhost"),
        ("http://localhost:443", "localhost:443"),
        ("git_lab.internal", "git_lab.internal"),
        ("gitlab.com.", "gitlab.com"),
        ("https://gitlab.com.:8443/", "gitlab.com:8443"),
        ("bücher.example", "xn--bcher-kva.example"),
        ("gitlab.com?x", "gitlab.com"),
        ("https://example.com/mcp?key=%2f&x", "example.com/mcp"),
    ] {
        assert_eq!(host(text).as_deref(), Ok(expected), "{text}");
    }
}

#[test]
fn a_host_with_a_path_is_below_each_shorter_path_and_the_server() {
    let host = HostArg::parse("example.com:8443/a/b").unwrap().host;
    let parents: Vec<_> = host.parents().map(|parent| parent.to_string()).collect();
    assert_eq!(parents, ["example.com:8443/a", "example.com:8443"]);
    assert_eq!(host.origin().as_str(), "example.com:8443");
    assert_eq!((host.path(), host.origin().path()), ("/a/b", ""));
}

#[test]
fn what_is_no_host_is_refused() {
    for (text, expected) in [
        ("", BadHost::Invalid),
        ("..", BadHost::Invalid),
        ("a..b", BadHost::Invalid),
        ("-a.example", BadHost::Invalid),
        ("gitlab.com%2fevil", BadHost::Invalid),
        ("example.com/a%2e", BadHost::Invalid),
        ("example.com/a//b", BadHost::Invalid),
        ("127.0.0.1:99999", BadHost::Port),
        ("gitlab.com:44e", BadHost::Port),
        ("http://[::1]:-1", BadHost::Port),
        ("gitlab.com:0", BadHost::Port),
        ("gitlab.com:x/a@b", BadHost::Port),
        ("jane@gitlab.com", BadHost::Extra),
        ("git@gitlab.com:group/project.git", BadHost::Extra),
        ("ssh://git@gitlab.com:group/project.git", BadHost::Extra),
        ("gitlab.com#x", BadHost::Extra),
        ("ftp://gitlab.com", BadHost::Scheme),
        ("http://gitlab.com", BadHost::Cleartext),
        ("http://127.0.0.1.evil.example", BadHost::Cleartext),
    ] {
        assert_eq!(host(text), Err(expected), "{text}");
    }
    assert_eq!(host(&"a.".repeat(200)), Err(BadHost::Invalid));
    let long = format!("a.example/{}", "X".repeat(90));
    assert_eq!(host(&long), Err(BadHost::Invalid));
}

#[test]
fn a_url_that_goes_on_below_a_login_names_the_part_that_a_login_can_be_at() {
    let below = |text: &str| HostArg::parse_below(text).map(|arg| arg.host.to_string());
    for (text, expected) in [
        (
            "https://example.com/go/a.example/x/@v/list",
            "example.com/go/a.example/x",
        ),
        ("https://example.com/npm/@scope%2fname", "example.com/npm"),
        ("https://example.com/a//b", "example.com/a"),
        ("https://example.com//b?c@d", "example.com"),
        ("http://127.0.0.1:3000/!a/b", "127.0.0.1:3000"),
        ("https://example.com/a", "example.com/a"),
        ("example.com", "example.com"),
    ] {
        assert_eq!(below(text).as_deref(), Ok(expected), "{text}");
    }
    let long = format!("https://a.example/b/{}/c", "X".repeat(90));
    assert_eq!(below(&long).as_deref(), Ok("a.example/b"));
    for (text, expected) in [
        ("http://example.com/@v", BadHost::Cleartext),
        ("https://jane@example.com/@v", BadHost::Extra),
        ("https://example.com/@v#x", BadHost::Extra),
        ("https://a..b/@v", BadHost::Invalid),
        ("ftp://example.com/@v", BadHost::Scheme),
        ("example.com/@v", BadHost::Invalid),
    ] {
        assert_eq!(below(text), Err(expected), "{text}");
    }
}

#[test]
fn git_names_a_host_as_people_type_it_and_none_that_only_looks_alike() {
    let of_git = |host: &str| Host::of_git("https", host).map(|host| host.to_string());
    for (host, expected) in [
        ("gitlab.com", "gitlab.com"),
        ("GitLab.COM.", "gitlab.com"),
        ("gitlab.com.:443", "gitlab.com"),
        ("gitlab.com.:8443", "gitlab.com:8443"),
        ("bücher.example", "xn--bcher-kva.example"),
        ("BÜCHER.Example.", "xn--bcher-kva.example"),
        ("xn--bcher-kva.example", "xn--bcher-kva.example"),
        ("[::1]:8443", "[::1]:8443"),
    ] {
        assert_eq!(of_git(host).as_deref(), Some(expected), "{host}");
    }
    for host in [
        "gitlab.com..",
        ".",
        "",
        "ｇitlab.com",
        "gitlab。com",
        "git\u{ad}lab.com",
        "bücher\\b.example",
        "bü/cher.example",
        "bü\tcher.example",
        "bü%63her.example",
        "jane@bücher.example",
        "bücher.example:",
        "bücher.example:0443",
    ] {
        assert_eq!(of_git(host), None, "{host:?}");
    }
}

#[test]
fn a_plain_name_is_what_a_url_makes_of_it() {
    let same = |text: &str| {
        let Some(host) = Host::of_plain_name(text) else {
            return false;
        };
        let as_url = HostArg::parse_as_url(text);
        let scheme = None;
        assert_eq!(
            as_url,
            Ok(HostArg {
                host: host.clone(),
                scheme
            }),
            "{text}"
        );
        assert_eq!(Host::from_record_as_url(text), Some(host), "{text}");
        true
    };
    for plain in ["gitlab.com", "localhost", "a", "a-b.x1", "1.a", "xn.com"] {
        assert!(same(plain), "{plain}");
    }
    let label = "a".repeat(63);
    assert!(same(&[&*label; 4].join(".")[..KEY_LIMIT]));
    // All short texts of the letters that have a meaning to a parser.
    let letters = [
        "", "a", "x", "n", "e", "f", "0", "9", "-", ".", "_", ":", "/", "A", "%", "@",
    ];
    let mut texts = vec![String::new()];
    for _ in 0..4 {
        let longer = |text: &String| letters.map(|letter| format!("{text}{letter}"));
        texts = texts.iter().flat_map(longer).collect();
    }
    let ends = ["", ".a", "--a", "0x1"];
    let texts = texts
        .iter()
        .flat_map(|text| ends.map(|end| format!("{text}{end}")));
    assert!(texts.filter(|text| same(text)).count() > 10_000);
}

#[test]
fn a_folder_name_is_portable_and_leads_back() {
    for (text, key) in [
        ("gitlab.com", "gitlab.com"),
        ("127.0.0.1:3000", "127.0.0.1%3A3000"),
        ("example.com/GitLab", "example.com%2F%47it%4Cab"),
        ("[::1]:80", "%5B%3A%3A1%5D%3A80"),
        ("http://localhost:443", "localhost%3A443"),
    ] {
        let host = HostArg::parse(text).unwrap().host;
        assert_eq!(host.key(), key);
        assert_eq!(Host::from_key(key), Some(host));
    }
    for key in ["", "..", "a%", "a%2", "gitlab%2Ecom", "GITLAB.com", "git"] {
        let leads_back = Host::from_key(key).is_some_and(|host| host.key() == key);
        assert_eq!(leads_back, key == "git", "{key}");
    }
}
