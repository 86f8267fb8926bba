//! Every disk that a power loss can leave.
//!
//! A folder keeps some first ones of the changes to its names since it was synced; each file that
//! it then names has what was synced, and of what was written since nothing, a part, zeros of that
//! length, or all, whatever became of the names. No two choices have to do with each other.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::file_system::{Change, Content, File, FileSystem, Folder};

/// What is below a folder: texts of files, and folders.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Disk(BTreeMap<PathBuf, Option<Arc<Vec<u8>>>>);

/// How much is tried.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Extent {
    /// Writes are torn in the middle, and of a lock file, which is text for messages, there is
    /// what was synced or what was written.
    Usual,
    /// They are torn at the edges of sectors and at the last byte too, and so are lock files.
    Full,
}

impl FileSystem {
    /// All that may be left of it now.
    pub fn disks(&self, extent: Extent) -> BTreeSet<Disk> {
        match self.content(0) {
            Content::Folder(root) => self.trees(root, Path::new(""), extent),
            Content::File(_) => panic!("the root is a folder"),
        }
    }

    fn trees(&self, folder: &Folder, path: &Path, extent: Extent) -> BTreeSet<Disk> {
        let mut found = BTreeSet::new();
        let mut names = folder.synced.clone();
        for kept in 0..=folder.since.len() {
            if let Some(last) = kept.checked_sub(1) {
                folder.since[last].apply(&mut names);
            }
            let mut disks = BTreeSet::from([Disk::default()]);
            for (name, &node) in &names {
                let path = path.join(name);
                let choices = match self.content(node) {
                    Content::File(file) => file.disks(&path, extent),
                    Content::Folder(folder) => {
                        let mut trees = self.trees(folder, &path, extent);
                        trees = trees
                            .into_iter()
                            .map(|tree| tree.with(&path, None))
                            .collect();
                        trees
                    }
                };
                disks = disks
                    .iter()
                    .flat_map(|disk| choices.iter().map(|choice| disk.and(choice)))
                    .collect();
            }
            found.extend(disks);
        }
        found
    }
}

impl File {
    fn disks(&self, path: &Path, extent: Extent) -> BTreeSet<Disk> {
        let is_lock = path
            .extension()
            .is_some_and(|extension| extension == "lock");
        let texts = if is_lock && extent == Extent::Usual {
            BTreeSet::from([self.synced.to_vec(), self.after(&self.since)])
        } else {
            self.texts(extent)
        };
        let alone = |text| Disk::default().with(path, Some(Arc::new(text)));
        texts.into_iter().map(alone).collect()
    }

    fn texts(&self, extent: Extent) -> BTreeSet<Vec<u8>> {
        let mut texts = BTreeSet::from([self.synced.to_vec()]);
        for done in 0..self.since.len() {
            let before = &self.since[..done];
            // What was given a length may have that, and not yet what is in it.
            let zeros: Vec<Change> = self.since[..=done]
                .iter()
                .map(Change::without_data)
                .collect();
            texts.insert(self.after(&zeros));
            texts.insert(self.after(&self.since[..=done]));
            let Change::Write { at, data } = &self.since[done] else {
                continue;
            };
            for cut in cuts(data.len(), extent) {
                let torn = Change::Write {
                    at: *at,
                    data: data[..cut].to_vec(),
                };
                let torn = [before, &[torn]].concat();
                texts.insert(self.after(&torn));
                // The same with its full length.
                let longer = Change::Allocate(at + data.len());
                texts.insert(self.after(&[&torn[..], &[longer]].concat()));
            }
            // The later part alone.
            let mut holed = data.clone();
            holed[..data.len() / 2].fill(0);
            let holed = Change::Write {
                at: *at,
                data: holed,
            };
            texts.insert(self.after(&[before, &[holed]].concat()));
        }
        // A length that was set without what was written before.
        let lengths = self.since.iter().filter(|change| !change.has_data());
        texts.insert(self.after(&lengths.cloned().collect::<Vec<_>>()));
        texts
    }

    fn after(&self, changes: &[Change]) -> Vec<u8> {
        let mut text = self.synced.to_vec();
        for change in changes {
            change.apply(&mut text);
        }
        text
    }
}

impl Change {
    fn has_data(&self) -> bool {
        matches!(self, Self::Write { .. })
    }

    fn without_data(&self) -> Self {
        match self {
            Self::Write { at, data } => Self::Write {
                at: *at,
                data: vec![0; data.len()],
            },
            Self::Resize(_) | Self::Allocate(_) => self.clone(),
        }
    }
}

/// Where a write may be torn.
fn cuts(length: usize, extent: Extent) -> Vec<usize> {
    let mut cuts = vec![length / 2];
    if extent == Extent::Full {
        cuts.extend((512..length).step_by(512));
        cuts.extend([1, length.saturating_sub(1)]);
    }
    cuts.retain(|cut| *cut < length);
    cuts
}

impl Disk {
    fn with(mut self, path: &Path, text: Option<Arc<Vec<u8>>>) -> Self {
        self.0.insert(path.to_owned(), text);
        self
    }

    fn and(&self, other: &Self) -> Self {
        let mut both = self.clone();
        both.0.extend(other.0.clone());
        both
    }

    /// Makes `root` be this disk, and nothing else be in it.
    pub fn lay_down(&self, root: &Path) {
        for entry in fs::read_dir(root).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                fs::remove_dir_all(path).unwrap();
            } else {
                fs::remove_file(path).unwrap();
            }
        }
        for (path, text) in &self.0 {
            let path = root.join(path);
            let mode = if let Some(text) = text {
                fs::write(&path, &**text).unwrap();
                0o600
            } else {
                fs::create_dir(&path).unwrap();
                0o700
            };
            fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
        }
    }
}

/// What a person needs to see of a disk: names, lengths, and what kind of text it is.
impl std::fmt::Display for Disk {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        for (path, text) in &self.0 {
            let Some(text) = text else { continue };
            let whole = text.ends_with(crate::crash::END.as_bytes()) && !text.contains(&0);
            let word = if whole { "whole" } else { "not whole" };
            writeln!(f, "  {}: {} bytes, {word}", path.display(), text.len())?;
        }
        Ok(())
    }
}
