//! Which file of the program uses what of which other one: never in a circle
//! (ARCHITECTURE.md, "Layers and files").
//!
//! A name that a file only passes on (`pub use`) counts for the file that defines it. What stands inside of a
//! macro's arguments is not seen.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use syn::visit::{self, Visit};
use syn::{Attribute, Item, UseTree, Visibility};

/// `crate::flow::login` is `["flow", "login"]`.
type Module = Vec<String>;

/// What one file has.
#[derive(Default)]
struct Contents {
    file: String,
    /// What its `use` items bring in, and whether they pass it on: by its name here, as it is written.
    uses: BTreeMap<String, Vec<String>>,
    /// Paths of two and more words in its code.
    paths: BTreeSet<Vec<String>>,
}

struct Paths<'a>(&'a mut BTreeSet<Vec<String>>);

impl<'ast> Visit<'ast> for Paths<'_> {
    fn visit_path(&mut self, path: &'ast syn::Path) {
        let words: Vec<String> = path.segments.iter().map(|s| s.ident.to_string()).collect();
        if words.len() > 1 {
            self.0.insert(words);
        }
        visit::visit_path(self, path);
    }

    fn visit_visibility(&mut self, _: &'ast Visibility) {}

    fn visit_item(&mut self, item: &'ast Item) {
        if !is_test(attributes(item)) {
            visit::visit_item(self, item);
        }
    }
}

fn attributes(item: &Item) -> &[Attribute] {
    match item {
        Item::Const(item) => &item.attrs,
        Item::Enum(item) => &item.attrs,
        Item::Fn(item) => &item.attrs,
        Item::Impl(item) => &item.attrs,
        Item::Mod(item) => &item.attrs,
        Item::Static(item) => &item.attrs,
        Item::Struct(item) => &item.attrs,
        Item::Use(item) => &item.attrs,
        _ => &[],
    }
}

fn is_test(attributes: &[Attribute]) -> bool {
    let is_cfg_test = |attribute: &Attribute| {
        let list = attribute.meta.require_list();
        attribute.path().is_ident("cfg") && list.is_ok_and(|list| list.tokens.to_string() == "test")
    };
    attributes.iter().any(is_cfg_test)
}

fn flatten(tree: &UseTree, before: &[String], found: &mut BTreeMap<String, Vec<String>>) {
    let with = |name: &syn::Ident| [before, &[name.to_string()]].concat();
    match tree {
        UseTree::Path(path) => flatten(&path.tree, &with(&path.ident), found),
        UseTree::Name(name) if name.ident == "self" => {
            found.insert(before.last().expect("a path").clone(), before.to_vec());
        }
        UseTree::Name(name) => drop(found.insert(name.ident.to_string(), with(&name.ident))),
        UseTree::Rename(name) => {
            // `as _` brings in a trait, several times perhaps.
            let key = format!("{}#{}", name.rename, name.ident);
            let key = if name.rename == "_" {
                key
            } else {
                name.rename.to_string()
            };
            found.insert(key, with(&name.ident));
        }
        UseTree::Group(group) => group
            .items
            .iter()
            .for_each(|tree| flatten(tree, before, found)),
        UseTree::Glob(_) => panic!("a `*` outside of the tests hides what is used: {before:?}"),
    }
}

fn read(path: &Path, file: String) -> Contents {
    let mut contents = Contents {
        file,
        ..Contents::default()
    };
    let parsed = syn::parse_file(&fs::read_to_string(path).unwrap()).unwrap();
    for item in &parsed.items {
        match item {
            item if is_test(attributes(item)) => {}
            Item::Use(item) => flatten(&item.tree, &[], &mut contents.uses),
            item => Paths(&mut contents.paths).visit_item(item),
        }
    }
    contents
}

/// The module that a file is; `lib.rs` is the empty path.
fn module_of(file: &str) -> Module {
    let path = file.trim_end_matches(".rs");
    let path = path.strip_suffix("/mod").unwrap_or(path);
    match path {
        "lib" => Vec::new(),
        path => path.split('/').map(ToOwned::to_owned).collect(),
    }
}

/// Every file of the program but for its unit tests, by its module.
fn house() -> BTreeMap<Module, Contents> {
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let read = |file: String| (module_of(&file), read(&src.join(&file), file));
    crate::layers::sources().into_keys().map(read).collect()
}

struct Walk<'a> {
    house: &'a BTreeMap<Module, Contents>,
    /// The imports on the way, so that none is followed twice.
    seen: BTreeSet<(Module, String)>,
}

impl Walk<'_> {
    /// The module that defines what a path in `from` names; `None`: another crate's, or an item of `from`.
    fn definer(&mut self, from: &[String], path: &[String]) -> Option<Module> {
        let (first, rest) = path.split_first()?;
        match first.as_str() {
            "crate" => self.descend(Vec::new(), rest),
            "self" => self.descend(from.to_vec(), rest),
            "super" => self.definer_above(&from[..from.len() - 1], rest),
            name if self.house.contains_key(&child(from, name)) => {
                self.descend(child(from, name), rest)
            }
            name => {
                let used = self.house[from].uses.get(name)?.clone();
                self.seen
                    .insert((from.to_vec(), name.to_owned()))
                    .then_some(())?;
                self.definer(from, &[&used, rest].concat())
            }
        }
    }

    /// Where `super::` has led.
    fn definer_above(&mut self, from: &[String], rest: &[String]) -> Option<Module> {
        match rest.first().map(String::as_str) {
            Some("super") => self.definer_above(&from[..from.len() - 1], &rest[1..]),
            _ => self.descend(from.to_vec(), rest),
        }
    }

    fn descend(&mut self, at: Module, path: &[String]) -> Option<Module> {
        let Some((name, rest)) = path.split_first() else {
            // A module by itself: what is used of it is seen where it is used.
            return None;
        };
        let below = child(&at, name);
        if self.house.contains_key(&below) {
            return self.descend(below, rest);
        }
        match self.house[&at].uses.get(name).cloned() {
            Some(used) if self.seen.insert((at.clone(), name.clone())) => {
                self.definer(&at, &[&used, rest].concat())
            }
            _ => Some(at),
        }
    }
}

fn child(module: &[String], name: &str) -> Module {
    [module, &[name.to_owned()]].concat()
}

/// File to file, with a name that the first takes from the second. A file below a module is a part of it, so what
/// it takes from that one is no arrow.
fn arrows() -> BTreeMap<(String, String), String> {
    let house = house();
    let mut arrows = BTreeMap::new();
    for (module, contents) in &house {
        let paths = contents.uses.values().chain(&contents.paths);
        for path in paths {
            let walk = Walk {
                house: &house,
                seen: BTreeSet::new(),
            };
            if let Some(to) = { walk }.definer(module, path)
                && !module.starts_with(&to)
            {
                let ends = (contents.file.clone(), house[&to].file.clone());
                arrows.insert(ends, path.join("::"));
            }
        }
    }
    arrows
}

/// The arrows whose end leads back to their beginning.
fn circles(arrows: &BTreeMap<(String, String), String>) -> Vec<String> {
    let reached_from = |start: &str| {
        let mut reached = BTreeSet::from([start.to_owned()]);
        loop {
            let before = reached.len();
            let next = arrows
                .keys()
                .filter(|(from, _)| reached.contains(from.as_str()));
            let next: Vec<_> = next.map(|(_, to)| to.clone()).collect();
            reached.extend(next);
            if reached.len() == before {
                return reached;
            }
        }
    };
    let in_circle = arrows
        .iter()
        .filter(|((from, to), _)| reached_from(to).contains(from.as_str()));
    let lines = in_circle.map(|((from, to), name)| format!("{from} -> {to}: {name}"));
    lines.collect()
}

#[test]
fn no_files_know_each_other_in_a_circle() {
    let arrows = arrows();
    assert!(
        arrows.len() > 300,
        "the uses are not found: {}",
        arrows.len()
    );
    let circles = circles(&arrows);
    assert!(circles.is_empty(), "circles:\n{}", circles.join("\n"));
}

#[test]
fn a_circle_is_seen_and_a_chain_is_none() {
    let arrow = |from: &str, to: &str| ((from.to_owned(), to.to_owned()), "Name".to_owned());
    let chain = BTreeMap::from([arrow("a", "b"), arrow("b", "c"), arrow("a", "c")]);
    assert_eq!(circles(&chain), [""; 0]);
    let circle = BTreeMap::from([
        arrow("a", "b"),
        arrow("b", "c"),
        arrow("c", "b"),
        arrow("c", "d"),
    ]);
    assert_eq!(circles(&circle), ["b -> c: Name", "c -> b: Name"]);
}
