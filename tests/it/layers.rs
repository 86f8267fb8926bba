//! What the compiler does not check of the house (ARCHITECTURE.md): who knows whom, how long a
//! file is, and that what is dangerous stands in one place.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

/// From the bottom up. Within the first two, modules may know each other, but not in a circle;
/// above, those of one layer do not know each other.
const LAYERS: [&[&str]; 6] = [
    &[
        "secret",
        "time",
        "env",
        "signals",
        "fault",
        "log",
        "memory",
        "mutex",
        "notice",
        "process",
        "peers",
        "told",
        "toml_trouble",
        "terminal",
        "user_file",
    ],
    &["credential", "http", "code"],
    &["oauth", "store", "gitcred", "git_config", "config"],
    &["flow"],
    &["cli", "embed"],
    &["lib", "main"],
];

/// The layers whose modules may know each other.
const OPEN_LAYERS: usize = 2;

/// The longest file of the program, in lines.
const LONGEST: usize = 500;

/// What is dangerous, why, and the only files that may have it, where `clippy.toml` does not say
/// so already.
const PLACES: [(&str, &[&str]); 18] = [
    // What clippy forbids is allowed where it is expected; this keeps the list of those places.
    (
        "clippy::disallowed_methods",
        &[
            "cli/commands/login/opener.rs",
            "cli/commands/proxy/server.rs",
            "env.rs",
            "env/command_line.rs",
            "fault.rs",
            "flow/authorize/device.rs",
            "flow/loopback.rs",
            "store/files/lock.rs",
            "store/files/replace.rs",
            "store/shared/mod.rs",
            "time.rs",
            "user_file/write.rs",
        ],
    ),
    ("fs4::", &["store/files/lock.rs", "store/files/replace.rs"]),
    (
        "sync_all()",
        &["store/files/replace.rs", "user_file/write.rs"],
    ),
    (
        "fs::remove_file",
        &[
            "store/files/replace.rs",
            "store/files/rescue.rs",
            "user_file/write.rs",
        ],
    ),
    (
        "OpenOptions::new",
        &[
            "store/files/permissions.rs",
            "user_file.rs",
            "user_file/write.rs",
        ],
    ),
    ("DirBuilder::new", &["store/files/permissions.rs"]),
    (
        "set_permissions",
        &["store/files/permissions.rs", "user_file/write.rs"],
    ),
    ("abort()", &["fault.rs"]),
    (
        "nix::sys::signal",
        &["fault.rs", "signals.rs", "signals/pass_on.rs"],
    ),
    (
        "reqwest::",
        &[
            "http.rs",
            "http/classify.rs",
            "http/here.rs",
            "http/proxy.rs",
            "http/streaming.rs",
        ],
    ),
    ("TcpListener::bind", &["flow/loopback.rs"]),
    ("TcpSocket::", &["cli/commands/proxy/server.rs"]),
    // The runtimes of one command, and of the connection to a database: all else blocks.
    (
        "tokio::",
        &[
            "store/shared/database.rs",
            "cli/commands/proxy.rs",
            "cli/commands/proxy/body.rs",
            "cli/commands/proxy/forward.rs",
            "cli/commands/proxy/report.rs",
            "cli/commands/proxy/server.rs",
            "cli/commands/proxy/tokens.rs",
        ],
    ),
    ("webbrowser::", &["cli/commands/login/opener.rs"]),
    ("io::stdout()", &["cli/printer.rs"]),
    ("io::stderr()", &["cli/printer.rs", "terminal.rs"]),
    (
        "std::env::",
        &["env.rs", "env/command_line.rs", "fault.rs", "main.rs"],
    ),
    // A secret leaves its type only on its way to the server, to the record and to who asked.
    (
        ".expose()",
        &[
            "cli/commands/docker_credential.rs",
            "cli/commands/exec.rs",
            "cli/commands/exec/hand_over.rs",
            "cli/commands/token.rs",
            "flow/git.rs",
            "flow/revoke.rs",
            "gitcred.rs",
            "oauth/authorization.rs",
            "oauth/check.rs",
            "oauth/client_auth.rs",
            "oauth/exchange.rs",
            "oauth/registration.rs",
            "store/record/values.rs",
            "store/shared/keys.rs",
            "store/files/rescue.rs",
        ],
    ),
];

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Every Rust file of the program, by its path below `src`, without comments and unit tests.
pub fn sources() -> BTreeMap<String, String> {
    let src = root().join("src");
    let mut found = Vec::new();
    find(&src, &mut found);
    assert!(found.len() > 20, "the sources are not where they were");
    let name = |path: &PathBuf| {
        path.strip_prefix(&src)
            .unwrap()
            .to_str()
            .unwrap()
            .to_owned()
    };
    found
        .iter()
        .filter(|path| !is_unit_test(path.strip_prefix(&src).unwrap()))
        .map(|path| (name(path), code(&fs::read_to_string(path).unwrap())))
        .collect()
}

/// `tests.rs`, or a file of a folder `tests`.
fn is_unit_test(path: &Path) -> bool {
    let in_folder = path.iter().any(|name| name == "tests");
    in_folder || path.file_name().is_some_and(|name| name == "tests.rs")
}

fn find(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            find(&path, found);
        } else if path.extension().is_some_and(|ending| ending == "rs") {
            found.push(path);
        }
    }
}

fn code(text: &str) -> String {
    let tests = text.find("#[cfg(test)]\nmod ").unwrap_or(text.len());
    let lines = text[..tests].lines();
    let code = lines.filter(|line| !line.trim_start().starts_with("//"));
    code.flat_map(|line| [line, "\n"]).collect()
}

/// The module at the top of the crate that a file belongs to.
fn module(file: &str) -> &str {
    let first = file.split('/').next().unwrap();
    first.strip_suffix(".rs").unwrap_or(first)
}

/// The modules at the top of the crate that a file's code names.
fn named(text: &str) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    for (place, root) in text.match_indices("crate::") {
        // `pub(in crate::store)` is no use of it.
        if text[..place].ends_with("(in ") {
            continue;
        }
        let path = &text[place + root.len()..];
        match path.strip_prefix('{') {
            None => names.extend(word(path)),
            Some(group) => {
                let group = &group[..group.find('}').unwrap()];
                names.extend(group.split(',').filter_map(|item| word(item.trim())));
            }
        }
    }
    names
}

fn word(text: &str) -> Option<String> {
    let end = text.find(|c: char| !c.is_ascii_alphanumeric() && c != '_');
    let word = &text[..end.unwrap_or(text.len())];
    (!word.is_empty()).then(|| word.to_owned())
}

fn layer(module: &str) -> usize {
    let layer = LAYERS.iter().position(|layer| layer.contains(&module));
    layer.unwrap_or_else(|| panic!("`{module}` has no layer: give it its place in LAYERS"))
}

/// Module to module, with a file that has it.
fn edges() -> BTreeMap<(String, String), String> {
    let mut edges = BTreeMap::new();
    for (file, text) in sources() {
        for name in named(&text) {
            if name != module(&file) {
                edges.insert((module(&file).to_owned(), name), file.clone());
            }
        }
    }
    edges
}

#[test]
fn no_module_knows_one_of_its_own_layer_or_of_one_above() {
    let edges = edges();
    assert!(edges.len() > 20, "the uses are not found: {edges:?}");
    for ((from, to), file) in edges {
        let open = layer(&from) < OPEN_LAYERS && layer(&from) == layer(&to);
        assert!(
            layer(&to) < layer(&from) || open,
            "src/{file}: `{from}` must not know `{to}`"
        );
    }
}

#[test]
fn no_modules_know_each_other_in_a_circle() {
    let mut edges: Vec<_> = edges().into_keys().collect();
    while !edges.is_empty() {
        let before = edges.len();
        let leading: BTreeSet<_> = edges.iter().map(|(from, _)| from.clone()).collect();
        edges.retain(|(_, to)| leading.contains(to));
        assert!(edges.len() < before, "a circle among {edges:?}");
    }
}

/// `super::` could lead past `crate::` and these tests.
#[test]
fn no_file_reaches_the_top_of_the_crate_by_super() {
    for (file, text) in sources() {
        let inside = match file.strip_suffix("/mod.rs") {
            Some(folder) => folder.matches('/').count(),
            None => file.matches('/').count(),
        };
        let path = "super::".repeat(inside + 1);
        assert!(!text.contains(&path), "src/{file}: `{path}`");
    }
}

/// A reader who meets a name knows which type is meant. The library's own face and the arguments of the command
/// line have the words of their fields.
#[test]
fn no_two_types_have_one_name() {
    let mut places: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for (file, text) in sources() {
        let is_face = file == "embed.rs" || file.starts_with("cli/args") || file.contains("tests");
        if is_face {
            continue;
        }
        for line in text.lines() {
            let words: Vec<&str> = line.split([' ', '<', '(', '{', ';', ':']).collect();
            let at = words
                .iter()
                .position(|word| ["struct", "enum", "trait"].contains(word));
            let name = at.and_then(|at| words.get(at + 1));
            let is_item = at.is_some_and(|at| {
                words[..at].iter().all(|word| {
                    word.is_empty()
                        || word.starts_with("pub")
                        || word.ends_with(')')
                        || *word == "in"
                        || *word == "super"
                        || *word == "crate"
                })
            });
            if let (Some(name), true) = (name, is_item) {
                places
                    .entry((*name).to_owned())
                    .or_default()
                    .push(file.clone());
            }
        }
    }
    assert!(places.len() > 200, "{places:?}");
    let twice: Vec<_> = places.iter().filter(|(_, files)| files.len() > 1).collect();
    assert!(twice.is_empty(), "{twice:?}");
}

#[test]
fn no_file_of_the_program_is_long() {
    let mut found = Vec::new();
    find(&root().join("src"), &mut found);
    for path in found {
        let lines = fs::read_to_string(&path).unwrap().lines().count();
        assert!(lines <= LONGEST, "{}: {lines} lines", path.display());
    }
}

#[test]
fn what_is_dangerous_stands_in_its_place() {
    let sources = sources();
    for (what, places) in PLACES {
        for (file, text) in &sources {
            assert!(
                !text.contains(what) || places.contains(&file.as_str()),
                "src/{file}: `{what}` belongs to {places:?}"
            );
        }
        for place in places {
            assert!(
                sources.get(*place).is_some_and(|text| text.contains(what)),
                "`{what}` is not in src/{place} any more"
            );
        }
    }
}

/// Errors carry data. A program that embeds the library has no use for a command, and only the command line knows
/// what a command must repeat. `code.rs` has the table for scripts.
#[test]
fn the_command_line_alone_names_commands_of_its_own() {
    for (file, text) in sources() {
        let may = file.starts_with("cli/") || file == "code.rs";
        assert!(may || !text.contains("`glauth "), "src/{file}");
    }
}

/// A second store would take the place of the files, and the states of a record stay as they are.
#[test]
fn the_states_of_a_record_open_no_files_and_put_no_paths_together() {
    let words = [
        "fs::read",
        "fs::metadata",
        "fs::symlink_metadata",
        "fs::remove",
        "File::open",
        ".canonicalize(",
        ".join(",
    ];
    let above = |file: &str| {
        // What names a store is a path.
        let names = [
            "store/named.rs",
            "store/shared/address.rs",
            "store/shared/mod.rs",
        ];
        file.starts_with("store/") && !file.starts_with("store/files/") && !names.contains(&file)
    };
    let sources = sources();
    let above: Vec<_> = sources.iter().filter(|(file, _)| above(file)).collect();
    assert!(above.len() > 10, "{above:?}");
    for (file, text) in above {
        for word in words {
            assert!(!text.contains(word), "src/{file}: `{word}`");
        }
    }
    assert!(sources["store/files/folder.rs"].contains(".join("));
}

/// A file that no `mod` names is not compiled, and its tests never run.
#[test]
fn no_file_of_the_tests_is_forgotten() {
    for (folder, top) in [("tests/it", "main.rs"), ("tests/support/src", "lib.rs")] {
        let folder = root().join(folder);
        let mut found = Vec::new();
        find(&folder, &mut found);
        for path in found.iter().filter(|path| !path.ends_with(top)) {
            assert_named(path, &folder, top);
        }
    }
}

/// The file above this one names it; `top` is that of the whole folder.
fn assert_named(path: &Path, folder: &Path, top: &str) {
    let stem = |path: &Path| path.file_stem().unwrap().to_str().unwrap().to_owned();
    let above = path.parent().unwrap();
    let (above, name) = match stem(path).as_str() {
        "mod" => (above.parent().unwrap(), stem(above)),
        name => (above, name.to_owned()),
    };
    let parent = above.join(if above == folder { top } else { "mod.rs" });
    let text = fs::read_to_string(&parent).unwrap();
    let named = ["mod", "pub mod"].map(|word| format!("{word} {name};"));
    assert!(
        text.lines()
            .any(|line| named.iter().any(|wanted| line == wanted)),
        "{} is not named in {}",
        path.display(),
        parent.display()
    );
}
