//! Where the store is: whose, on what, and whether it does what glauth relies on there.

use std::path::Path;

use super::check::{Check, Topic};
use super::second;
use crate::cli::shell;
use crate::code::Code;
use crate::credential::Host;
use crate::store::examine::{
    Atomicity, Exclusion, FileSystem, Nature, Opening, Openness, Tried, is_own, try_out, ways_in,
};
use crate::store::{Store, StoreError};

/// What to do about a file system that does not do.
const ELSEWHERE: &str =
    "keep the store on a disk of this machine's own, with --store or GLAUTH_STORE";

pub(super) fn checks(store: &Store, host: Option<&Host>) -> Vec<Check> {
    let shown = store.root().display();
    let mut checks = Vec::new();
    if store.exists() {
        checks.extend(files(store, host));
    } else {
        checks.push(Check::ok(
            Topic::Files,
            format!("there is no store yet; the first login makes `{shown}`"),
        ));
    }
    let Some(folder) = store.nearest_folder() else {
        return checks;
    };
    checks.extend(ways_in(&store_path(store, &folder)).iter().map(way_in));
    checks.push(file_system(&folder));
    if store.exists() && store.is_read_only() {
        checks.push(Check::warn(
            Topic::FileSystem,
            format!("`{shown}` is on a read-only file system: fresh tokens can be read, none can be refreshed"),
            "refresh where it can be written, or choose another store with --store",
        ));
    } else if store.exists() || is_own(&folder) {
        checks.extend(trial(&folder));
    } else {
        checks.push(Check::note(
            Topic::Lock,
            format!(
                "locks were not tried: `{}` is not ours to write in",
                folder.display()
            ),
        ));
    }
    checks
}

/// Where the store is, or would be, something else is.
pub(super) fn in_the_way(store: &Store) -> Option<Check> {
    let found = store.nearest_folder().filter(|found| !found.is_dir())?;
    Some(Check::fail(
        Topic::Files,
        Code::Permission,
        format!("`{}` is not a folder", found.display()),
        "name a folder with --store or GLAUTH_STORE",
    ))
}

/// A path in the store's nearest folder: what is above it is above the store.
fn store_path(store: &Store, folder: &Path) -> std::path::PathBuf {
    if store.exists() {
        folder.to_owned()
    } else {
        folder.join("credentials")
    }
}

fn files(store: &Store, host: Option<&Host>) -> Vec<Check> {
    let found = match store.examine_files(host) {
        Ok(found) => found,
        Err(error) => return vec![Check::store_error(Topic::Files, error)],
    };
    let mut checks = Vec::new();
    // On a read-only file system nothing was looked at but names.
    if found.troubles.is_empty() && !store.is_read_only() {
        let what = match found.count {
            0 => "is".to_owned(),
            1 => "and the file in it are".to_owned(),
            count => format!("and the {count} files in it are"),
        };
        let text = format!(
            "`{}` {what} the user's own, and closed to others",
            store.root().display()
        );
        checks.push(Check::ok(Topic::Files, text));
    }
    let troubles = found.troubles.into_iter();
    checks.extend(troubles.map(|error| Check::store_error(Topic::Files, error)));
    checks.extend(found.strangers.iter().map(|path| {
        Check::warn(
            Topic::Files,
            format!("`{}` is not one of glauth's files", path.display()),
            "if it is a copy of a record, it holds tokens; remove it, or move it out of the store",
        )
    }));
    checks.extend(found.scratch.iter().map(|path| {
        Check::warn(
            Topic::Files,
            format!(
                "`{}` was left by a `glauth doctor` that was killed",
                path.display()
            ),
            format!("run `rm -r {}`", quoted(path)),
        )
    }));
    checks
}

fn way_in(opening: &Opening) -> Check {
    let folder = opening.folder.display();
    let quoted = quoted(&opening.folder);
    match opening.to {
        Openness::Everybody => Check::fail(
            Topic::Files,
            Code::Permission,
            format!(
                "everybody can put another store in the place of this one: `{folder}` is writable for all"
            ),
            format!(
                "run `chmod o-w {quoted}`, or `chmod +t {quoted}` where all are to write in it"
            ),
        ),
        Openness::Group(group) => Check::warn(
            Topic::Files,
            format!(
                "group {group} can put another store in the place of this one: it can write in `{folder}`"
            ),
            format!("run `chmod g-w {quoted}`, unless you are alone in that group"),
        ),
        Openness::User(user) => Check::warn(
            Topic::Files,
            format!(
                "user {user} can put another store in the place of this one: `{folder}` is theirs"
            ),
            "choose a place of your own with --store or GLAUTH_STORE, unless that is meant so",
        ),
    }
}

fn quoted(path: &Path) -> String {
    shell::quote_for_person(&path.to_string_lossy())
}

fn file_system(folder: &Path) -> Check {
    let Some(found) = FileSystem::of(folder) else {
        return Check::note(
            Topic::FileSystem,
            "the system does not say what kind of file system this is",
        );
    };
    let name = &found.name;
    match (found.nature(), found.keeps_locks_local()) {
        (Nature::Local, _) => Check::ok(Topic::FileSystem, format!("the file system is {name}")),
        (Nature::Unknown, _) => Check::note(
            Topic::FileSystem,
            format!("the file system is {name}, of which nothing is known here"),
        ),
        (Nature::Volatile(why), _) => Check::warn(
            Topic::FileSystem,
            format!("the file system is {name}: {why}"),
            "for logins that are to last, choose another place with --store or GLAUTH_STORE",
        ),
        (Nature::Network(_), Some(option)) => Check::warn(
            Topic::FileSystem,
            format!(
                "the file system is {name}, mounted with `{option}`: a lock does not exclude other machines"
            ),
            ELSEWHERE,
        ),
        (Nature::Network(known), None) => Check::warn(
            Topic::FileSystem,
            format!(
                "the file system is {name}, and this machine cannot try whether a lock excludes another one: {known}"
            ),
            ELSEWHERE,
        ),
    }
}

fn trial(folder: &Path) -> Vec<Check> {
    match try_out(folder, &second::ask) {
        Err(error) => vec![Check::store_error(Topic::Files, error)],
        Ok(tried) => {
            let Tried {
                exclusion: lock,
                atomicity: rename,
                sync,
                room,
            } = tried;
            vec![
                exclusion(lock, folder),
                atomicity(rename, folder),
                of_result(Topic::Sync, "files and folders can be synced", sync),
                of_result(Topic::Room, "there is room for the largest record", room),
            ]
        }
    }
}

fn exclusion(found: Exclusion, folder: &Path) -> Check {
    let place = folder.display();
    let fail =
        |message: String| Check::fail(Topic::Lock, Code::LockingUnsupported, message, ELSEWHERE);
    match found {
        Exclusion::Excludes => Check::ok(
            Topic::Lock,
            "a lock that one process holds excludes another one",
        ),
        Exclusion::DoesNotExclude => fail(format!(
            "two processes had one lock at the same time in `{place}`"
        )),
        Exclusion::StaysHeld => fail(format!(
            "a lock in `{place}` was let go, and could not be had again"
        )),
        Exclusion::Refused(error) => Check::store_error(Topic::Lock, error),
        Exclusion::Untried(why) => Check::warn(
            Topic::Lock,
            format!(
                "whether a lock excludes was not tried: a second process of glauth cannot be used: {why}"
            ),
            "can `glauth` be run from where it is?",
        ),
    }
}

fn atomicity(found: Atomicity, folder: &Path) -> Check {
    let place = folder.display();
    match found {
        Atomicity::Atomic { reads: 0, .. } => Check::ok(
            Topic::Rename,
            "a file can be replaced by a rename; no reader was there meanwhile",
        ),
        Atomicity::Atomic { renames, reads } => Check::ok(
            Topic::Rename,
            format!("a rename is atomic for readers: {renames} of them, read {reads} times"),
        ),
        Atomicity::Torn(seen) => Check::fail(
            Topic::Rename,
            Code::StoreFailed,
            format!("a rename is not atomic in `{place}`: {seen}"),
            ELSEWHERE,
        ),
        Atomicity::Failed(error) => Check::store_error(Topic::Rename, error),
    }
}

fn of_result(topic: Topic, good: &str, result: Result<(), StoreError>) -> Check {
    match result {
        Ok(()) => Check::ok(topic, good),
        Err(error) => Check::store_error(topic, error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::code::Exit;

    #[test]
    fn what_does_not_hold_fails_with_a_remedy_and_the_code_of_the_store() {
        let folder = Path::new("/store");
        for found in [Exclusion::DoesNotExclude, Exclusion::StaysHeld] {
            let check = exclusion(found, folder);
            assert_eq!(check.exit(), Exit::Store);
            assert!(check.remedy.is_some());
        }
        let torn = atomicity(Atomicity::Torn("half".to_owned()), folder);
        assert_eq!(torn.exit(), Exit::Store);
        let untried = exclusion(Exclusion::Untried("x".to_owned()), folder);
        assert_eq!(untried.exit(), Exit::Done);
    }
}
