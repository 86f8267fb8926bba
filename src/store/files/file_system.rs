//! The kind of file system that a folder is on, and what is known of locks there. One machine cannot
//! find out whether another machine's lock excludes: it can only say what the kernel's documents say.

use std::fs;
use std::path::Path;

/// The file system that a folder is on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileSystem {
    /// As the kernel names it: `ext4`, `nfs4`, `fuse.sshfs` …
    pub name: String,
    /// The options of the mount.
    pub options: Vec<String>,
}

/// What such a file system means for a store.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Nature {
    /// On this machine's own disk.
    Local,
    /// It goes with the machine's or the container's end; the sentence says with which.
    Volatile(&'static str),
    /// Other machines may have it too; the sentence says what is known of its locks.
    Network(&'static str),
    /// Nothing is known of it.
    Unknown,
}

/// What a table of this kind says, first match first: the beginning of the name, and what it is.
const KINDS: [(&[&str], Nature); 9] = [
    (
        &[
            "ext2", "ext3", "ext4", "xfs", "btrfs", "zfs", "f2fs", "bcachefs", "jfs", "reiserfs",
            "ecryptfs", "apfs", "hfs", "fuseblk",
        ],
        Nature::Local,
    ),
    (
        &["tmpfs", "ramfs"],
        Nature::Volatile("it is in memory, and gone when this machine restarts"),
    ),
    (
        &["overlay", "aufs"],
        Nature::Volatile("a layer of a container: where it is one, it is gone with the container"),
    ),
    (
        &["nfs"],
        Nature::Network(
            "since Linux 2.6.12 the client turns flock into a lock of byte ranges, which excludes other machines where the server grants it",
        ),
    ),
    (
        &["cifs", "smb"],
        Nature::Network(
            "up to Linux 5.4 flock does not exclude other machines; since 5.5 it is a lock of byte ranges at the server",
        ),
    ),
    (
        &["fuse.sshfs"],
        Nature::Network("its locks do not exclude other machines"),
    ),
    (
        &[
            "9p",
            "virtiofs",
            "vboxsf",
            "prl_fs",
            "vmhgfs",
            "fuse.vmhgfs",
        ],
        Nature::Network(
            "shared between a machine and its host: whether a lock here excludes the other side depends on both",
        ),
    ),
    (
        &[
            "ceph",
            "lustre",
            "gfs2",
            "ocfs2",
            "afs",
            "glusterfs",
            "beegfs",
        ],
        Nature::Network("whether flock excludes other machines depends on how it is mounted"),
    ),
    (
        &["fuse"],
        Nature::Network(
            "whether flock excludes other machines, if they have it, is up to the program behind it",
        ),
    ),
];

/// Mount options with which a lock stays on this machine (nfs(5), mount.cifs(8), mount.lustre(8), gfs2(5),
/// and afs as the kernel's documents have it).
const LOCAL_LOCKS: [&str; 7] = [
    "nolock",
    "local_lock=all",
    "local_lock=flock",
    "nobrl",
    "localflock",
    "localflocks",
    "flock=local",
];

impl FileSystem {
    /// The one that `folder`, a resolved path, is on; `None` where the system does not tell.
    #[must_use]
    pub fn of(folder: &Path) -> Option<Self> {
        match fs::read_to_string("/proc/self/mountinfo") {
            Ok(mounts) => Self::in_mounts(&mounts, folder),
            Err(_) => of_system(folder),
        }
    }

    /// The last mount at the longest part of the path (`/proc/pid/mountinfo` in proc(5)).
    fn in_mounts(mounts: &str, folder: &Path) -> Option<Self> {
        let found = mounts.lines().filter_map(|line| {
            let (mount, source) = line.split_once(" - ")?;
            let mount: Vec<&str> = mount.split(' ').collect();
            let source: Vec<&str> = source.split(' ').collect();
            let point = unescaped(mount.get(4)?);
            folder.starts_with(&point).then_some(())?;
            let options = [*mount.get(5)?, *source.get(2)?];
            let options = options.iter().flat_map(|list| list.split(','));
            let system = Self {
                name: (*source.first()?).to_owned(),
                options: options.map(ToOwned::to_owned).collect(),
            };
            Some((point.len(), system))
        });
        found.max_by_key(|(length, _)| *length).map(|found| found.1)
    }

    /// What it means for a store.
    #[must_use]
    pub fn nature(&self) -> Nature {
        let known = |names: &&[&str]| names.iter().any(|name| self.name.starts_with(name));
        let kind = KINDS.iter().find(|(names, _)| known(names));
        kind.map_or(Nature::Unknown, |(_, nature)| *nature)
    }

    /// The option with which it was mounted so that locks exclude no process on other machines.
    #[must_use]
    pub fn keeps_locks_local(&self) -> Option<&str> {
        let mut options = self.options.iter().map(String::as_str);
        options.find(|option| LOCAL_LOCKS.contains(option))
    }
}

/// Space, tab, newline and backslash stand as octal numbers there.
fn unescaped(text: &str) -> String {
    let pairs = [
        ("\\040", " "),
        ("\\011", "\t"),
        ("\\012", "\n"),
        ("\\134", "\\"),
    ];
    let text = text.to_owned();
    pairs
        .iter()
        .fold(text, |text, (code, c)| text.replace(code, c))
}

#[cfg(target_os = "macos")]
fn of_system(folder: &Path) -> Option<FileSystem> {
    let found = nix::sys::statfs::statfs(folder).ok()?;
    Some(FileSystem {
        name: found.filesystem_type_name().to_owned(),
        options: Vec::new(),
    })
}

#[cfg(not(target_os = "macos"))]
fn of_system(_folder: &Path) -> Option<FileSystem> {
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    const MOUNTS: &str = "\
22 1 8:1 / / rw,relatime shared:1 - ext4 /dev/sda1 rw,errors=remount-ro
30 22 0:26 / /run/user/1000 rw,nosuid - tmpfs tmpfs rw,size=1k
40 22 0:50 / /home rw,relatime shared:3 - nfs4 filer:/home rw,vers=4.2,local_lock=none
41 22 0:51 / /mnt/old rw - nfs filer:/old rw,vers=3,nolock,local_lock=all
42 22 0:52 / /mnt/with\\040space rw - fuse.sshfs jane@build: rw,user_id=0
43 42 0:53 / /mnt/with\\040space ro - cifs //nas/share rw,nobrl
";

    fn at(path: &str) -> FileSystem {
        FileSystem::in_mounts(MOUNTS, Path::new(path)).unwrap()
    }

    #[test]
    fn the_nearest_and_latest_mount_counts() {
        for (path, name) in [
            ("/", "ext4"),
            ("/homes/jane", "ext4"),
            ("/home/jane/.local/share/glauth", "nfs4"),
            ("/run/user/1000", "tmpfs"),
            ("/mnt/with space/x", "cifs"),
        ] {
            assert_eq!(at(path).name, name, "{path}");
        }
    }

    #[test]
    fn options_that_keep_locks_on_one_machine_are_seen() {
        assert_eq!(at("/home/jane").keeps_locks_local(), None);
        assert_eq!(at("/mnt/old").keeps_locks_local(), Some("nolock"));
        assert_eq!(at("/mnt/with space").keeps_locks_local(), Some("nobrl"));
    }

    #[test]
    fn every_kind_has_its_nature() {
        let nature = |name: &str| {
            let (name, options) = (name.to_owned(), Vec::new());
            FileSystem { name, options }.nature()
        };
        assert_eq!(nature("ext4"), Nature::Local);
        assert!(matches!(nature("tmpfs"), Nature::Volatile(_)));
        for network in [
            "nfs",
            "nfs4",
            "cifs",
            "smb3",
            "fuse.sshfs",
            "9p",
            "virtiofs",
            "fuse",
        ] {
            assert!(matches!(nature(network), Nature::Network(_)), "{network}");
        }
        assert_ne!(nature("fuse.sshfs"), nature("fuse.rclone"));
        assert_eq!(nature("newfs"), Nature::Unknown);
    }
}
