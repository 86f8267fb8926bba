//! What can happen to a call.

use std::fmt;
use std::path::PathBuf;
use std::process::Command;

use super::calls::{Call, Moment, Paths, Place};

/// A call, and what happens to it.
#[derive(Clone, Debug)]
pub struct Fault {
    pub call: Call,
    pub what: What,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum What {
    /// It fails; the next one of its kind does not.
    Once(&'static str),
    /// It fails, and so does every later one of its kind.
    ForGood(&'static str),
    /// The process is killed before it.
    Kill,
}

/// What a file system, a full table or a stale mount may say. `EINTR` is for one call alone: std
/// calls again for ever.
fn errors(name: &str) -> &'static [&'static str] {
    match name {
        "open" | "openat" => &["ENOSPC", "EIO", "EACCES", "EMFILE", "ESTALE", "EINTR"],
        "read" => &["EIO", "ESTALE", "EINTR"],
        "write" | "pwrite64" => &["ENOSPC", "EIO", "EDQUOT", "EINTR"],
        "fsync" | "fdatasync" => &["ENOSPC", "EIO", "ESTALE", "EINTR"],
        "fallocate" => &["ENOSPC", "EIO", "EOPNOTSUPP", "EINTR"],
        "ftruncate" => &["EIO", "EACCES", "EINTR"],
        "rename" | "renameat" | "renameat2" | "mkdir" => &["ENOSPC", "EIO", "EACCES", "ESTALE"],
        "flock" => &["ENOLCK", "EIO", "EINTR"],
        "clone3" => &["EAGAIN", "ENOMEM"],
        "connect" => &["ECONNREFUSED", "ENETUNREACH", "EACCES"],
        "socket" | "socketpair" | "epoll_create1" | "eventfd2" => &["EMFILE", "ENOMEM"],
        "setsid" => &["EPERM"],
        "epoll_ctl" => &["ENOSPC", "ENOMEM"],
        "epoll_wait" => &["EINTR"],
        "sendto" | "writev" => &["EPIPE", "ECONNRESET"],
        "recvfrom" => &["ECONNRESET", "ETIMEDOUT"],
        name if is_a_look(name) => &["EIO", "EACCES"],
        _ => &["EIO", "EACCES", "ESTALE"],
    }
}

/// The calls that only look at a path or a file: most of all.
fn is_a_look(name: &str) -> bool {
    ["stat", "statx", "lstat", "fstat", "newfstatat", "readlink"].contains(&name)
}

impl Fault {
    /// All that can happen to this call.
    pub fn all(call: &Call) -> Vec<Self> {
        // A rescue place that we may not enter is taken for another user's.
        let foreign = call.place == Place::Scratch && is_a_look(&call.name);
        let errors = errors(&call.name).iter().copied();
        let errors = errors.filter(|error| !(foreign && *error == "EACCES"));
        let everywhere = call.place == Place::Everywhere;
        let what: Vec<What> = if everywhere {
            // What fails once fails in the store, which has its own; a disk is full or broken.
            let errors = errors.filter(|error| ["ENOSPC", "EIO"].contains(error));
            errors.map(What::ForGood).collect()
        } else {
            let for_good = errors.clone().filter(|error| *error != "EINTR");
            let failing = errors.map(What::Once).chain(for_good.map(What::ForGood));
            failing.chain([What::Kill]).collect()
        };
        let fault = |what| Self {
            call: call.clone(),
            what,
        };
        what.into_iter().map(fault).collect()
    }

    /// The options that make strace do it.
    pub fn inject(&self, strace: &mut Command, paths: &Paths) {
        let Call {
            name, nth, place, ..
        } = &self.call;
        let scratch: &[PathBuf] = match place {
            Place::Store | Place::Network => &[],
            Place::Everywhere | Place::Scratch => &paths.scratch,
        };
        if *place != Place::Network {
            for path in paths.store.iter().chain(scratch) {
                strace.arg("-P").arg(path);
            }
        }
        // The kernel stops at nothing else; but then it takes no signal from strace either.
        if self.what != What::Kill {
            strace.arg("--seccomp-bpf");
        }
        let effect = match self.what {
            What::Once(error) => format!("error={error}:when={nth}"),
            What::ForGood(error) => format!("error={error}:when={nth}+"),
            What::Kill => format!("signal=KILL:when={nth}"),
        };
        strace.args([
            "-e",
            &format!("trace={name}"),
            "-e",
            &format!("inject={name}:{effect}"),
        ]);
    }

    /// Whether the store fails before anything is sent, and the record can be read all the same.
    pub fn is_before_the_request(&self) -> bool {
        let Call {
            place,
            moment,
            about,
            threads,
            ..
        } = &self.call;
        // The caller and the process that refreshes are struck alike; what the other one did then is not known.
        let alone = *threads == 1;
        *place == Place::Store && *moment == Moment::Before && about != "default.toml" && alone
    }

    /// Whether the answer of the server may be lost by it (README.md, "What it guarantees").
    pub fn may_lose(&self, rotated: bool) -> bool {
        let in_window = match self.call.place {
            // These calls come as they please: the server knows best what it had done.
            Place::Network => rotated,
            Place::Store | Place::Everywhere | Place::Scratch => self.call.moment == Moment::Window,
        };
        let once = matches!(self.what, What::Once(_));
        in_window && (!once || self.call.place == Place::Network)
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Call {
            name,
            nth,
            place,
            moment,
            about,
            threads: _,
        } = &self.call;
        write!(
            f,
            "{} at {name} {nth} ({about}, {place:?}, {moment:?})",
            self.what
        )
    }
}

impl fmt::Display for What {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Once(error) => write!(f, "{error} once"),
            Self::ForGood(error) => write!(f, "{error} for good"),
            Self::Kill => f.write_str("SIGKILL"),
        }
    }
}
