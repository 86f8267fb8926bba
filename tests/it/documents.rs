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
const SHOWN: [&str; 2] = ["examples/programs", "examples/recipes"];

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
        Some((_, "service" | "timer")) => "ini",
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
        .filter(|name| Path::new(name).extension() == Some("md".as_ref()))
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
