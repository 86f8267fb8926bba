//! Records that glauth did not write: each is refused with a line that shows nothing of it, or it is one, and
//! then writing it changes nothing of what it says.

#![no_main]
#![expect(clippy::disallowed_methods, reason = "a record is a file")]

use std::fs::{self, DirBuilder, OpenOptions};
use std::io::Write as _;
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::PathBuf;
use std::sync::LazyLock;
use std::time::{Duration, Instant};

use glauth::credential::{AccountId, AccountName, HostArg};
use glauth::store::{Entry, Store, Wait};
use glauth::time::Timestamp;
use libfuzzer_sys::fuzz_target;

/// In memory, where that is a file system.
static ROOT: LazyLock<PathBuf> = LazyLock::new(|| {
    let memory = PathBuf::from("/dev/shm");
    let above = if memory.is_dir() {
        memory
    } else {
        std::env::temp_dir()
    };
    let root = above.join(format!("glauth-fuzz-{}", std::process::id()));
    let folder = root.join("gitlab.example.com");
    let mut private = DirBuilder::new();
    private
        .recursive(true)
        .mode(0o700)
        .create(folder)
        .expect("a folder");
    root
});

fn now() -> Timestamp {
    Timestamp::from_unix_millis(1_800_000_000_000)
}

fuzz_target!(|data: &[u8]| {
    let store = Store::new(ROOT.clone(), now);
    let id = AccountId {
        host: HostArg::parse("gitlab.example.com").expect("a host").host,
        account: AccountName::default_name(),
    };
    let folder = ROOT.join("gitlab.example.com");
    fs::remove_file(folder.join("default.toml.answer")).ok();
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(true).mode(0o600);
    let mut file = options.open(folder.join("default.toml")).expect("a file");
    file.write_all(data).expect("room");
    let read = match store.snapshot(&id) {
        Ok(found) => found.expect("a record").into_record(),
        Err(error) => {
            let said = error.to_string();
            assert!(!said.contains(char::is_control), "{said:?}");
            return;
        }
    };
    let wait = Wait {
        deadline: Instant::now() + Duration::from_secs(5),
        on_wait: &|_| {},
    };
    let Ok(Entry::Occupied(mut locked)) = store.lock(&id, &wait) else {
        panic!("it was readable a moment ago");
    };
    let settled = locked.record().clone();
    // What has grown too large is not written.
    if locked.save().is_err() {
        return;
    }
    drop(locked);
    let again = store
        .snapshot(&id)
        .expect("what was written")
        .expect("a record");
    assert_eq!(*again.record(), settled);
    // Only what a process left in the middle of a refresh is changed by the one that has the lock.
    let is_pending = data.windows(7).any(|word| word == b"pending");
    assert!(is_pending || settled == read);
});
