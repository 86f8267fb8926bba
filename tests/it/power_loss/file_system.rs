//! A file system that keeps of what was not synced as little, or as much, as it likes.

use std::collections::{BTreeMap, HashMap};
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::strace::Call;

type Node = usize;

/// What is in a folder, as it was before the first call and as it became.
pub struct FileSystem {
    root: PathBuf,
    nodes: Vec<Content>,
    descriptors: HashMap<i32, Descriptor>,
}

pub(super) enum Content {
    File(File),
    Folder(Folder),
}

/// A file: what was synced, and what was done to it since.
#[derive(Default)]
pub(super) struct File {
    pub(super) synced: Arc<Vec<u8>>,
    pub(super) since: Vec<Change>,
}

#[derive(Clone)]
pub(super) enum Change {
    Write {
        at: usize,
        data: Vec<u8>,
    },
    Resize(usize),
    /// Room up to here, which reads as zeros.
    Allocate(usize),
}

/// A folder: the names that were synced, and what was done to them since.
#[derive(Default)]
pub(super) struct Folder {
    pub(super) synced: BTreeMap<String, Node>,
    pub(super) since: Vec<NameChange>,
}

pub(super) enum NameChange {
    Add(String, Node),
    Remove(String),
    Rename(String, String),
}

struct Descriptor {
    node: Node,
    position: usize,
}

impl Change {
    pub(super) fn apply(&self, content: &mut Vec<u8>) {
        match self {
            Self::Write { at, data } => {
                let end = at + data.len();
                content.resize(content.len().max(end), 0);
                content[*at..end].copy_from_slice(data);
            }
            Self::Resize(length) => content.resize(*length, 0),
            Self::Allocate(end) => content.resize(content.len().max(*end), 0),
        }
    }
}

impl NameChange {
    pub(super) fn apply(&self, names: &mut BTreeMap<String, Node>) {
        match self {
            Self::Add(name, node) => drop(names.insert(name.clone(), *node)),
            Self::Remove(name) => drop(names.remove(name)),
            Self::Rename(from, to) => {
                let node = names.remove(from).expect("a name to rename");
                names.insert(to.clone(), node);
            }
        }
    }
}

impl Folder {
    fn now(&self) -> BTreeMap<String, Node> {
        let mut names = self.synced.clone();
        for change in &self.since {
            change.apply(&mut names);
        }
        names
    }
}

impl FileSystem {
    /// Everything below `root` as it is now; all of it is synced.
    pub fn of(root: &Path) -> Self {
        let mut this = Self {
            root: root.to_owned(),
            nodes: Vec::new(),
            descriptors: HashMap::new(),
        };
        this.read(root);
        this
    }

    fn read(&mut self, path: &Path) -> Node {
        let node = self.nodes.len();
        self.nodes.push(Content::Folder(Folder::default()));
        let mut synced = BTreeMap::new();
        for entry in fs::read_dir(path).unwrap() {
            let entry = entry.unwrap();
            let child = if entry.path().is_dir() {
                self.read(&entry.path())
            } else {
                let file = File {
                    synced: Arc::new(fs::read(entry.path()).unwrap()),
                    since: Vec::new(),
                };
                self.add(Content::File(file))
            };
            synced.insert(entry.file_name().into_string().unwrap(), child);
        }
        self.folder(node).synced = synced;
        node
    }

    /// The next process begins; the files of the one before are closed.
    pub fn begin_process(&mut self) {
        self.descriptors.clear();
    }

    pub(super) fn content(&self, node: Node) -> &Content {
        &self.nodes[node]
    }

    /// Does what a call did; `false`: it was about nothing in here.
    pub fn apply(&mut self, call: &Call) -> bool {
        match call {
            Call::Open { path, flags, fd } => self.open(path, flags, *fd),
            Call::Write { fd, data } => self.change(*fd, |at| {
                let data = data.clone();
                Change::Write { at, data }
            }),
            Call::Resize { fd, length } => self.change(*fd, |_| Change::Resize(*length)),
            Call::Allocate { fd, end } => self.change(*fd, |_| Change::Allocate(*end)),
            Call::Sync { fd } => self.sync(*fd),
            Call::Seek { fd, to } => match self.descriptors.get_mut(fd) {
                Some(descriptor) => {
                    descriptor.position = *to;
                    true
                }
                None => false,
            },
            Call::Close { fd } => self.descriptors.remove(fd).is_some(),
            Call::Rename { from, to } => self.rename(from, to),
            Call::Remove { path } => {
                let Some((folder, name)) = self.place(path) else {
                    return false;
                };
                self.folder(folder).since.push(NameChange::Remove(name));
                true
            }
            Call::MakeFolder { path } => {
                let Some((folder, name)) = self.place(path) else {
                    return false;
                };
                let node = self.add(Content::Folder(Folder::default()));
                self.folder(folder).since.push(NameChange::Add(name, node));
                true
            }
            Call::Socket { .. } | Call::Receive { .. } => false,
            Call::Other { fd, paths, text } => {
                let ours = fd.is_some_and(|fd| self.descriptors.contains_key(&fd))
                    || paths.iter().any(|path| path.starts_with(&self.root));
                assert!(!ours, "a call that the model does not know: {text}");
                false
            }
        }
    }

    /// The name of the file behind a descriptor, if it still has one.
    pub fn name_of(&self, fd: i32) -> Option<String> {
        let node = self.descriptors.get(&fd)?.node;
        self.nodes.iter().find_map(|content| match content {
            Content::Folder(folder) => {
                let names = folder.now();
                names
                    .into_iter()
                    .find_map(|(name, of)| (of == node).then_some(name))
            }
            Content::File(_) => None,
        })
    }

    fn open(&mut self, path: &Path, flags: &[String], fd: i32) -> bool {
        let has = |flag: &str| flags.iter().any(|given| given == flag);
        let Some(node) = self.find(path) else {
            let Some((folder, name)) = self.place(path) else {
                return false;
            };
            assert!(has("O_CREAT"), "opened, and not there: {}", path.display());
            let node = self.add(Content::File(File::default()));
            self.folder(folder).since.push(NameChange::Add(name, node));
            self.descriptors
                .insert(fd, Descriptor { node, position: 0 });
            return true;
        };
        assert!(!has("O_APPEND"), "the model does not append");
        if has("O_TRUNC") {
            self.file(node).since.push(Change::Resize(0));
        }
        self.descriptors
            .insert(fd, Descriptor { node, position: 0 });
        true
    }

    fn change(&mut self, fd: i32, change: impl FnOnce(usize) -> Change) -> bool {
        let Some(descriptor) = self.descriptors.get_mut(&fd) else {
            return false;
        };
        let change = change(descriptor.position);
        if let Change::Write { data, .. } = &change {
            descriptor.position += data.len();
        }
        let node = descriptor.node;
        self.file(node).since.push(change);
        true
    }

    /// Of a file its content, of a folder its names (A3 of ARCHITECTURE.md): nothing else.
    fn sync(&mut self, fd: i32) -> bool {
        let Some(descriptor) = self.descriptors.get(&fd) else {
            return false;
        };
        match &mut self.nodes[descriptor.node] {
            Content::File(file) => {
                let mut content = file.synced.to_vec();
                for change in file.since.drain(..) {
                    change.apply(&mut content);
                }
                file.synced = Arc::new(content);
            }
            Content::Folder(folder) => {
                folder.synced = folder.now();
                folder.since.clear();
            }
        }
        true
    }

    fn rename(&mut self, from: &Path, to: &Path) -> bool {
        let (Some((folder, from)), Some((other, to))) = (self.place(from), self.place(to)) else {
            return false;
        };
        assert_eq!(folder, other, "the model renames within a folder");
        self.folder(folder).since.push(NameChange::Rename(from, to));
        true
    }

    /// The folder that a path leads through, and the last name.
    fn place(&self, path: &Path) -> Option<(Node, String)> {
        let folder = self.find(path.parent()?)?;
        let name = path.file_name()?.to_str()?.to_owned();
        Some((folder, name))
    }

    fn find(&self, path: &Path) -> Option<Node> {
        let mut node = 0;
        for name in path.strip_prefix(&self.root).ok()? {
            let Content::Folder(folder) = &self.nodes[node] else {
                return None;
            };
            node = *folder.now().get(name.to_str()?)?;
        }
        Some(node)
    }

    fn add(&mut self, content: Content) -> Node {
        self.nodes.push(content);
        self.nodes.len() - 1
    }

    fn folder(&mut self, node: Node) -> &mut Folder {
        match &mut self.nodes[node] {
            Content::Folder(folder) => folder,
            Content::File(_) => panic!("a file in place of a folder"),
        }
    }

    fn file(&mut self, node: Node) -> &mut File {
        match &mut self.nodes[node] {
            Content::File(file) => file,
            Content::Folder(_) => panic!("a folder in place of a file"),
        }
    }
}
