//! What docs/ shows of `examples/` is what stands there, and is tested: a block between
//! `<!-- file: NAME -->` and `<!-- end of file -->` is that file, to the letter.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use crate::support::mounts::skipped;

/// Set, the test writes what it would otherwise compare.
const UPDATE: &str = "GLAUTH_UPDATE";

const BEGIN: &str = "<!-- file: ";
const END: &str = "<!-- end of file -->";

/// The folders whose every file must be shown.
const SHOWN: [&str; 3] = ["examples/programs", "examples/recipes", "examples/clients"];

fn source(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(name)
}

fn names_in(folder: &str) -> Vec<String> {
    let entries = fs::read_dir(source(folder)).into_iter().flatten();
    let name = |entry: std::io::Result<fs::DirEntry>| {
        format!("{folder}/{}", entry.unwrap().file_name().to_str().unwrap())
    };
    entries.map(name).collect()
}

fn language(name: &str) -> &str {
    match name.rsplit_once('.') {
        Some((_, "service" | "timer" | "npmrc" | "conf" | "config" | "env")) => "ini",
        Some((_, "mjs")) => "js",
        Some((_, ending)) => ending,
        None if name.ends_with("Makefile") => "make",
        None if name.ends_with("crontab") => "cron",
        None => "sh",
    }
}

/// The document with every file as it is now; adds to `shown` which.
fn up_to_date(text: &str, shown: &mut BTreeSet<String>) -> String {
    let mut parts = text.split(BEGIN);
    let mut wanted = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let (name, rest) = part.split_once(" -->").expect("the end of the name");
        let (_, after) = rest.split_once(END).expect("the end of the file");
        let file = fs::read_to_string(source(name)).unwrap_or_else(|_| panic!("no {name}"));
        let language = language(name);
        let block = format!("{BEGIN}{name} -->\n```{language}\n{file}```\n{END}");
        wanted = wanted + &block + after;
        shown.insert(name.to_owned());
    }
    wanted
}

#[test]
fn documents_show_every_example_as_it_is() {
    let mut shown = BTreeSet::new();
    let documents: Vec<String> = names_in("docs")
        .into_iter()
        .filter(|name| has_ending(name, "md"))
        .collect();
    if documents.is_empty() {
        return skipped("the documents in docs/, which are not here");
    }
    for document in documents {
        let text = fs::read_to_string(source(&document)).unwrap();
        let wanted = up_to_date(&text, &mut shown);
        if std::env::var_os(UPDATE).is_some() {
            fs::write(source(&document), wanted).unwrap();
        } else {
            let remedy = format!("`{UPDATE}=1 cargo test --test it documents` writes it anew");
            assert!(text == wanted, "{document} is out of date; {remedy}");
        }
    }
    let examples = SHOWN.into_iter().flat_map(names_in);
    for example in examples {
        assert!(shown.contains(&example), "no document shows {example}");
    }
}

/// The text of a test module, `git::places` or `http::tests`; `None`: there is none.
pub fn module_text(name: &str) -> Option<String> {
    let path = name.replace("::", "/");
    let places = ["tests/it", "src"].into_iter();
    let mut files =
        places.flat_map(|top| [format!("{top}/{path}.rs"), format!("{top}/{path}/mod.rs")]);
    files.find_map(|file| fs::read_to_string(source(&file)).ok())
}

/// `git::hostile::` names a module, `git::hostile::a_test` a test in it.
fn is_there(name: &str) -> bool {
    let (module, test) = name.rsplit_once("::").expect("a module");
    let wanted = match test {
        "" => "#[test]".to_owned(),
        test => format!("fn {test}("),
    };
    let has = |module: &str| module_text(module).is_some_and(|text| text.contains(&wanted));
    // The tests of a folder stand in its files.
    has(module)
        || test.is_empty() && module_text(module).is_some_and(|text| text.contains("\nmod "))
}

#[test]
fn each_test_that_security_names_is_there() {
    let Ok(text) = fs::read_to_string(source("SECURITY.md")) else {
        return skipped("SECURITY.md, which is not here");
    };
    let rows = text.lines().filter(|line| line.starts_with("| "));
    let cells = rows.filter_map(|row| row.trim_end_matches(" |").rsplit(" | ").next());
    let names: BTreeSet<&str> = cells
        .flat_map(|cell| cell.split('`'))
        .filter(|name| name.contains("::"))
        .collect();
    assert!(names.len() > 10, "{names:?}");
    for name in names {
        assert!(
            is_there(name),
            "SECURITY.md names `{name}`, which is not there"
        );
    }
}

/// The files of the program and of its tests, whose comments name documents.
const COMMENTED: [&str; 6] = ["src", "tests", "benches", "examples", ".ci", "packaging"];

fn has_ending(name: &str, ending: &str) -> bool {
    Path::new(name).extension() == Some(ending.as_ref())
}

/// Every document, by its path.
fn documents() -> Vec<String> {
    let is_document = |name: &String| has_ending(name, "md");
    let top = names_in(".").into_iter();
    let top = top.map(|name| name.trim_start_matches("./").to_owned());
    let mut all: Vec<String> = top
        .chain(names_in("docs"))
        .filter(|name| is_document(name))
        .collect();
    all.sort();
    all
}

/// A document's headings, without what stands in blocks of code.
fn headings(text: &str) -> Vec<String> {
    let mut in_code = false;
    let mut found = Vec::new();
    for line in text.lines() {
        if line.starts_with("```") {
            in_code = !in_code;
        } else if !in_code && line.starts_with('#') {
            found.push(line.trim_start_matches('#').trim().replace('`', ""));
        }
    }
    found
}

/// What GitHub makes of a heading in an address.
fn anchor(heading: &str) -> String {
    let kept = |c: &char| c.is_alphanumeric() || " -_".contains(*c);
    let text: String = heading.to_lowercase().chars().filter(kept).collect();
    text.replace(' ', "-")
}

/// Where the links of a document lead, but for those to other sites.
fn links(text: &str) -> Vec<&str> {
    let parts = text.split("](").skip(1);
    let targets = parts
        .filter_map(|part| part.split_once(')'))
        .map(|(to, _)| to);
    targets.filter(|to| !to.contains("://")).collect()
}

#[test]
fn every_link_in_a_document_leads_to_a_file_and_a_section_that_exist() {
    let mut seen = 0;
    for document in documents() {
        let text = fs::read_to_string(source(&document)).unwrap();
        let folder = source(&document).parent().unwrap().to_owned();
        for link in links(&text) {
            let (file, section) = link.split_once('#').unwrap_or((link, ""));
            let target = if file.is_empty() {
                source(&document)
            } else {
                folder.join(file)
            };
            assert!(target.exists(), "{document} links to {link}: no such file");
            seen += 1;
            if !section.is_empty() {
                let linked = fs::read_to_string(&target).unwrap();
                let there = headings(&linked).iter().any(|one| anchor(one) == section);
                assert!(there, "{document} links to {link}: no such section");
            }
        }
    }
    assert!(
        seen > 30 || documents().len() < 5,
        "the links are not found: {seen}"
    );
}

#[test]
fn the_index_of_the_documents_names_each_of_them_once() {
    let Ok(index) = fs::read_to_string(source("docs/README.md")) else {
        return skipped("docs/README.md, which is not here");
    };
    for name in names_in("docs") {
        let name = name.trim_start_matches("docs/");
        let named = links(&index).iter().filter(|link| **link == name).count();
        let wanted = usize::from(name != "README.md");
        assert_eq!(named, wanted, "docs/README.md names {name} so often");
    }
}

/// The words in backquotes that are files or folders of the program: `flow/refresh.rs`, `src/store/`. One
/// without a folder is in that of a word before it on its line, or at the top: all that may be meant.
fn paths_in(line: &str) -> Vec<(&str, Vec<String>)> {
    let mut folders = vec![String::new(), "src/".to_owned()];
    let mut found = Vec::new();
    for word in line.split('`').skip(1).step_by(2) {
        let plain = |c: char| c.is_ascii_alphanumeric() || "/_.-".contains(c);
        let is_path = word.ends_with('/') || has_ending(word, "rs") || has_ending(word, "html");
        if !is_path || !word.chars().all(plain) {
            continue;
        }
        let meant = folders.iter().map(|folder| folder.clone() + word);
        found.push((word, meant.collect()));
        if let Some((folder, _)) = word.rsplit_once('/') {
            folders.push(format!("src/{folder}/"));
        }
    }
    found
}

#[test]
fn every_file_that_a_document_names_is_where_it_says() {
    let mut seen = 0;
    for document in documents() {
        // What has been is no longer there.
        if document == "CHANGELOG.md" {
            continue;
        }
        let text = fs::read_to_string(source(&document)).unwrap();
        let is_architecture = document == "ARCHITECTURE.md";
        for (path, meant) in text.lines().flat_map(paths_in) {
            let ours = ["src/", "tests/", "benches/", "examples/", "docs/", "fuzz/"];
            let is_ours = ours.iter().any(|top| path.starts_with(top));
            if is_architecture || is_ours && has_ending(path, "rs") {
                seen += 1;
                let there = meant.iter().any(|path| source(path).exists());
                assert!(there, "{document} names `{path}`, which is not there");
            }
        }
    }
    assert!(
        seen > 60 || documents().len() < 5,
        "the paths are not found: {seen}"
    );
}

/// Every text file below these folders, with its comments on one line each.
fn commented(folder: &Path, found: &mut Vec<(PathBuf, String)>) {
    for entry in fs::read_dir(folder).into_iter().flatten() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            commented(&path, found);
        } else if let Ok(text) = fs::read_to_string(&path) {
            let bare = |line: &str| line.trim().trim_start_matches(['/', '!', '#']).to_owned();
            let lines: Vec<String> = text.lines().map(bare).collect();
            found.push((path, lines.join("").replace("  ", " ")));
        }
    }
}

/// `docs/refresh.md, "Leases"` in a comment.
#[test]
fn every_section_that_a_comment_names_exists() {
    let mut files = Vec::new();
    for folder in COMMENTED {
        commented(&source(folder), &mut files);
    }
    let mut seen = 0;
    for (path, text) in files {
        let mut parts = text.split(".md, \"");
        let mut before = parts.next().unwrap_or_default();
        for part in parts {
            let is_name = |c: char| c.is_ascii_alphanumeric() || "/_-".contains(c);
            let start = before.rfind(|c| !is_name(c)).map_or(0, |place| place + 1);
            let document = format!("{}.md", &before[start..]);
            before = part;
            let section = part.split('"').next().unwrap_or_default();
            // A document may be left out of a package.
            let Ok(text) = fs::read_to_string(source(&document)) else {
                continue;
            };
            seen += 1;
            assert!(
                headings(&text).iter().any(|heading| heading == section),
                "{} names {document}, \"{section}\", which is not there",
                path.display()
            );
        }
    }
    assert!(seen > 15, "the references are not found: {seen}");
}

/// "`credential/need.rs`: `DEFAULT_MIN_TTL`" says where that is.
#[test]
fn every_name_that_the_architecture_looks_for_in_a_file_is_there() {
    let Ok(text) = fs::read_to_string(source("ARCHITECTURE.md")) else {
        return skipped("ARCHITECTURE.md, which is not here");
    };
    let mut seen = 0;
    for line in text.lines() {
        let pieces: Vec<&str> = line.split('`').collect();
        for place in pieces.windows(3) {
            let [path, ": ", name] = place else { continue };
            if !has_ending(path, "rs") {
                continue;
            }
            seen += 1;
            let name = name.rsplit("::").next().unwrap_or_default();
            let code = fs::read_to_string(source("src").join(path)).unwrap_or_default();
            let is_there = ["fn ", "const "].map(|word| format!("{word}{name}"));
            assert!(
                is_there.iter().any(|wanted| code.contains(wanted)),
                "ARCHITECTURE.md looks for `{name}` in `{path}`, which does not have it"
            );
        }
    }
    assert!(seen > 5, "the names are not found: {seen}");
}
