//! What `strace` saw: the calls that change files, and those by which the world outside learns of
//! something.

use std::path::{Path, PathBuf};

/// All that can change a file or a name, also what glauth does not use: the model refuses what it
/// does not know. `?`: not every machine has it.
const TRACED: &str = "trace=?open,?creat,openat,?openat2,write,pwrite64,writev,pwritev,?pwritev2,\
    fsync,fdatasync,?sync_file_range,?sync_file_range2,fallocate,ftruncate,truncate,?rename,\
    ?renameat,renameat2,?unlink,unlinkat,?mkdir,mkdirat,?rmdir,?link,linkat,?symlink,symlinkat,\
    close,lseek,dup,?dup2,dup3,copy_file_range,sendfile,socket,sendto,sendmsg,recvfrom,recvmsg,\
    read,readv";

/// The options of a run of `strace` that is read here.
pub fn options(log: &Path) -> [String; 8] {
    let log = log.display().to_string();
    let words = [
        "-xx",
        "-s",
        "1000000",
        "-e",
        TRACED,
        "-esignal=none",
        "-o",
        &log,
    ];
    words.map(str::to_owned)
}

/// A system call that did what it should.
#[derive(Debug)]
pub enum Call {
    Open {
        path: PathBuf,
        flags: Vec<String>,
        fd: i32,
    },
    Write {
        fd: i32,
        data: Vec<u8>,
    },
    /// `fsync` or `fdatasync`: what is unsynced in this model, both sync.
    Sync {
        fd: i32,
    },
    Allocate {
        fd: i32,
        end: usize,
    },
    Resize {
        fd: i32,
        length: usize,
    },
    Seek {
        fd: i32,
        to: usize,
    },
    Close {
        fd: i32,
    },
    Rename {
        from: PathBuf,
        to: PathBuf,
    },
    Remove {
        path: PathBuf,
    },
    MakeFolder {
        path: PathBuf,
    },
    Socket {
        fd: i32,
    },
    Receive {
        fd: i32,
    },
    /// Nothing of the above; a model that meets one of these on its own files does not hold.
    Other {
        fd: Option<i32>,
        paths: Vec<PathBuf>,
        text: String,
    },
}

/// Reads a log; what several threads did at the same time counts when it was done.
pub fn parse(log: &str) -> Vec<Call> {
    assert!(!log.contains("\"..."), "strace has cut a string");
    let mut begun: Vec<(&str, &str)> = Vec::new();
    let mut calls = Vec::new();
    for line in log.lines() {
        let (thread, rest) = line.split_once(' ').expect("a thread's id");
        let rest = rest.trim_start();
        if let Some(beginning) = rest.strip_suffix("<unfinished ...>") {
            begun.push((thread, beginning));
        } else if let Some((_, end)) = rest
            .strip_prefix("<... ")
            .and_then(|rest| rest.split_once(" resumed>"))
        {
            let index = begun.iter().position(|(of, _)| *of == thread);
            let (_, beginning) = begun.remove(index.expect("a beginning"));
            calls.extend(call(&format!("{beginning}{end}")));
        } else if !rest.starts_with("+++") && !rest.starts_with("---") {
            calls.extend(call(rest));
        }
    }
    calls
}

/// `None`: it failed, or the process ended in it.
fn call(text: &str) -> Option<Call> {
    let (name, rest) = text.split_once('(').expect("a call");
    let (arguments, result) = rest.rsplit_once(" = ")?;
    let result: i64 = result.split(' ').next()?.parse().ok()?;
    if result < 0 {
        return None;
    }
    let arguments = arguments.trim_end().strip_suffix(')')?;
    let words: Vec<&str> = arguments.split(", ").map(str::trim).collect();
    let number = |index: usize| words.get(index).and_then(|word| word.parse::<i64>().ok());
    let size = |index: usize| usize::try_from(number(index).unwrap()).unwrap();
    let descriptor = |number: i64| i32::try_from(number).unwrap();
    let fd = number(0).map(descriptor);
    let known = || fd.expect("a descriptor");
    let strings = strings(arguments);
    let paths = || strings.iter().map(|bytes| path(bytes)).collect::<Vec<_>>();
    let other = || Call::Other {
        fd,
        paths: paths(),
        text: text.to_owned(),
    };
    Some(match name {
        "open" | "openat" => Call::Open {
            path: paths().remove(0),
            flags: words[strings_before(&words) + 1]
                .split('|')
                .map(str::to_owned)
                .collect(),
            fd: descriptor(result),
        },
        "write" | "writev" | "sendto" | "sendmsg" => {
            let mut data = strings.concat();
            data.truncate(usize::try_from(result).unwrap());
            Call::Write { fd: known(), data }
        }
        "fsync" | "fdatasync" => Call::Sync { fd: known() },
        "fallocate" if words[1] == "0" => Call::Allocate {
            fd: known(),
            end: size(2) + size(3),
        },
        "ftruncate" => Call::Resize {
            fd: known(),
            length: size(1),
        },
        "lseek" => Call::Seek {
            fd: known(),
            to: usize::try_from(result).unwrap(),
        },
        "close" => Call::Close { fd: known() },
        "rename" | "renameat" | "renameat2" => {
            let mut paths = paths();
            let to = paths.remove(1);
            Call::Rename {
                from: paths.remove(0),
                to,
            }
        }
        "unlink" | "rmdir" | "unlinkat" => Call::Remove {
            path: paths().remove(0),
        },
        "mkdir" | "mkdirat" => Call::MakeFolder {
            path: paths().remove(0),
        },
        "socket" => Call::Socket {
            fd: descriptor(result),
        },
        "read" | "readv" | "recvfrom" | "recvmsg" if result > 0 => Call::Receive { fd: known() },
        "read" | "readv" | "recvfrom" | "recvmsg" => return None,
        _ => other(),
    })
}

/// Where the first string stands among the arguments.
fn strings_before(words: &[&str]) -> usize {
    let found = words.iter().position(|word| word.starts_with('"'));
    found.expect("a path")
}

/// Everything in quotes; `-xx` leaves nothing but digits there.
fn strings(arguments: &str) -> Vec<Vec<u8>> {
    let quoted = arguments.split('"').skip(1).step_by(2);
    quoted.map(bytes).collect()
}

fn bytes(hexadecimal: &str) -> Vec<u8> {
    let digits = hexadecimal.split("\\x").skip(1);
    digits
        .map(|digits| u8::from_str_radix(digits, 16).expect("two digits"))
        .collect()
}

fn path(bytes: &[u8]) -> PathBuf {
    PathBuf::from(String::from_utf8(bytes.to_vec()).expect("a path in UTF-8"))
}
