//! docs/dependencies.md: what is linked into glauth, what for, and what each package costs.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

use crate::generated::check_file;
use crate::layers::sources;
use crate::support::mounts::skipped;

/// The target whose packages are counted: others have a few less or more.
const TARGET: &str = "x86_64-unknown-linux-gnu";

/// What our own Cargo.toml wants on other targets alone.
const ELSEWHERE: &str = "cfg(not(target_os = \"linux\"))";

/// What `cargo metadata` says of this crate with these features. `None`: there is no cargo here.
fn metadata(features: &[&str]) -> Option<Value> {
    let output = Command::new(std::env::var_os("CARGO")?)
        .args(["metadata", "--locked", "--offline", "--format-version", "1"])
        .args(features)
        .args(["--filter-platform", TARGET])
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .ok()?;
    serde_json::from_slice(&output.stdout).ok()
}

struct Graph<'a> {
    packages: BTreeMap<&'a str, &'a Value>,
    /// What is linked or runs while it is built, not what tests take.
    needs: BTreeMap<&'a str, Vec<&'a str>>,
    root: &'a str,
}

impl<'a> Graph<'a> {
    fn of(metadata: &'a Value) -> Self {
        let id = |value: &'a Value| value["id"].as_str().unwrap();
        let all = |value: &'a Value| value.as_array().unwrap().iter();
        let needs = |node: &'a Value| {
            let used = all(&node["deps"]).filter(|dependency| {
                let mut kinds = all(&dependency["dep_kinds"]);
                kinds.any(|kind| kind["kind"] != "dev" && kind["target"] != ELSEWHERE)
            });
            used.map(|dependency| dependency["pkg"].as_str().unwrap())
                .collect()
        };
        Self {
            packages: all(&metadata["packages"])
                .map(|one| (id(one), one))
                .collect(),
            needs: all(&metadata["resolve"]["nodes"])
                .map(|node| (id(node), needs(node)))
                .collect(),
            root: metadata["resolve"]["root"].as_str().unwrap(),
        }
    }

    /// All that is needed from there on, without `left_out`.
    fn reach(&self, from: &'a str, left_out: Option<&str>) -> BTreeSet<&'a str> {
        let mut found = BTreeSet::new();
        let mut next = vec![from];
        while let Some(id) = next.pop() {
            if Some(id) != left_out && found.insert(id) {
                next.extend(&self.needs[id]);
            }
        }
        found
    }

    /// The size of its sources, in KiB.
    fn size(&self, id: &str) -> u64 {
        let manifest = Path::new(self.packages[id]["manifest_path"].as_str().unwrap());
        let mut folders: Vec<PathBuf> = vec![manifest.parent().unwrap().join("src")];
        let mut bytes = 0;
        while let Some(folder) = folders.pop() {
            for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
                if entry.path().is_dir() {
                    folders.push(entry.path());
                } else if entry
                    .path()
                    .extension()
                    .is_some_and(|ending| ending == "rs")
                {
                    bytes += entry.metadata().map_or(0, |found| found.len());
                }
            }
        }
        bytes.div_ceil(1024)
    }
}

/// The comment above each dependency in Cargo.toml.
fn purposes() -> BTreeMap<String, String> {
    let manifest = Path::new(env!("CARGO_MANIFEST_DIR")).join("Cargo.toml");
    let text = std::fs::read_to_string(manifest).unwrap();
    let (_, text) = text.split_once("\n[dependencies]\n").unwrap();
    let mut purposes = BTreeMap::new();
    let mut purpose = String::new();
    for line in text.lines().take_while(|line| !line.starts_with('[')) {
        match (line.strip_prefix("# "), line.split_once(" = ")) {
            (Some(comment), _) => comment.clone_into(&mut purpose),
            (None, Some((name, _))) => drop(purposes.insert(name.to_owned(), purpose.clone())),
            (None, None) => {}
        }
    }
    purposes
}

#[test]
fn each_dependency_says_what_it_is_for_and_what_it_costs() {
    let without = metadata(&["--no-default-features"]);
    let (Some(metadata), Some(without)) = (metadata(&[]), without) else {
        return skipped("the list of dependencies, without cargo");
    };
    let graph = Graph::of(&metadata);
    let library = Graph::of(&without);
    let of_library = library.reach(library.root, None).len() - 1;
    let purposes = purposes();
    let all = graph.reach(graph.root, None);
    let mut table = String::from(
        "| package | what for | licence | brings | alone brings | KiB of source |\n\
         | --- | --- | --- | --- | --- | --- |\n",
    );
    let mut direct = graph.needs[graph.root].clone();
    direct.sort_unstable_by_key(|id| graph.packages[*id]["name"].as_str());
    for id in direct {
        let package = graph.packages[id];
        let name = package["name"].as_str().unwrap();
        let purpose = purposes.get(name).map_or("", String::as_str);
        assert!(
            !purpose.is_empty(),
            "`{name}`: Cargo.toml does not say what it is for"
        );
        let without = graph.reach(graph.root, Some(id));
        let alone: BTreeSet<&str> = all.difference(&without).copied().collect();
        let kib: u64 = alone.iter().map(|id| graph.size(id)).sum();
        writeln!(
            table,
            "| {name} | {} | {} | {} | {} | {kib} |",
            purpose.replace('|', "\\|"),
            package["license"].as_str().unwrap_or("?"),
            graph.reach(id, None).len() - 1,
            alone.len() - 1,
        )
        .unwrap();
    }
    let text = format!(
        "# Dependencies\n\n\
         What is linked into glauth or runs while it is built ({} packages on Linux, itself not counted), what for, and what it\n\
         costs: how many packages each brings, how many of them nothing else needs, and how much source it is together with\n\
         those. A program that embeds the library without the command line (`default-features = false`) needs {of_library}.\n\
         `cargo test` compares this with Cargo.lock; `GLAUTH_UPDATE=1 cargo test --test it dependencies` writes it anew.\n\n{table}",
        all.len() - 1
    );
    check_file("docs/dependencies.md", &text);
}

/// A program that embeds the library without the command line does not link what only that needs.
#[test]
fn what_only_the_command_line_needs_comes_with_its_feature() {
    let manifest = Path::new(env!("CARGO_MANIFEST_DIR")).join("Cargo.toml");
    let text = std::fs::read_to_string(manifest).unwrap();
    let (_, feature) = text.split_once("\ncli = [\n").unwrap();
    let (feature, rest) = feature.split_once("\n]\n").unwrap();
    let (_, proxy) = rest.split_once("\nproxy = [").unwrap();
    let (proxy, rest) = proxy.split_once("]\n").unwrap();
    let (_, postgres) = rest.split_once("\npostgres = [").unwrap();
    let (postgres, _) = postgres.split_once("]\n").unwrap();
    let sources = sources();
    for name in purposes().keys() {
        let path = format!("{}::", name.replace('-', "_"));
        let uses_it = |text: &&String| {
            let mut found = text.match_indices(&path);
            found.any(|(place, _)| !text[..place].ends_with(is_of_a_word))
        };
        let users: Vec<&String> = sources
            .iter()
            .filter_map(|(file, text)| uses_it(&text).then_some(file))
            .collect();
        let needs = |feature: &str| feature.contains(&format!("\"dep:{name}\""));
        let (of_proxy, of_database) = (needs(proxy), needs(postgres));
        if of_proxy || of_database {
            let is_right = |file: &&String| {
                let is_of_proxy = file.contains("/proxy") || file.contains("streaming");
                of_proxy && is_of_proxy || of_database && file.starts_with("store/shared/")
            };
            assert!(users.iter().all(is_right), "`{name}`: {users:?}");
            continue;
        }
        let elsewhere = users.iter().find(|file| !file.starts_with("cli/"));
        let is_optional = feature.contains(&format!("\"dep:{name}\""));
        match elsewhere {
            // Its library may have another name.
            None if users.is_empty() => {}
            None => assert!(is_optional, "`{name}` is used in src/cli/ alone"),
            Some(file) => assert!(!is_optional, "src/{file} uses `{name}`"),
        }
    }
}

fn is_of_a_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_' || c == ':'
}
