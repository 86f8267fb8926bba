//! How an error is told to another process of glauth: paths by their bytes, the system's answers by their
//! numbers.

/// For paths, which need not be UTF-8.
pub(super) mod path {
    use std::ffi::OsString;
    use std::os::unix::ffi::{OsStrExt as _, OsStringExt as _};
    use std::path::{Path, PathBuf};

    use serde::{Deserialize as _, Deserializer, Serialize as _, Serializer};

    pub fn serialize<S: Serializer>(path: &Path, serializer: S) -> Result<S::Ok, S::Error> {
        path.as_os_str().as_bytes().serialize(serializer)
    }

    pub fn deserialize<'a, D: Deserializer<'a>>(deserializer: D) -> Result<PathBuf, D::Error> {
        Vec::deserialize(deserializer).map(|bytes| OsString::from_vec(bytes).into())
    }
}

/// For what the system said.
pub(super) mod answer {
    use std::io;

    use serde::{Deserialize as _, Deserializer, Serialize as _, Serializer};

    pub fn serialize<S: Serializer>(error: &io::Error, serializer: S) -> Result<S::Ok, S::Error> {
        (error.raw_os_error(), error.to_string()).serialize(serializer)
    }

    pub fn deserialize<'a, D: Deserializer<'a>>(deserializer: D) -> Result<io::Error, D::Error> {
        let (number, text): (Option<i32>, String) = <_>::deserialize(deserializer)?;
        Ok(number.map_or_else(|| io::Error::other(text), io::Error::from_raw_os_error))
    }
}

#[cfg(test)]
mod tests {
    use std::ffi::OsString;
    use std::io;
    use std::os::unix::ffi::OsStringExt as _;
    use std::path::PathBuf;

    use nix::errno::Errno;

    use crate::store::{Kept, Lasts, StoreError};

    #[test]
    fn an_error_is_read_as_it_was_told() {
        let path = PathBuf::from(OsString::from_vec(b"/store/\xff".to_vec()));
        let source = || io::Error::from(Errno::ESTALE);
        for error in [
            StoreError::io("sync", &path, source()),
            StoreError::io("write", &path, Errno::ENOSPC.into()),
            StoreError::io("write", &path, Errno::EACCES.into()),
            StoreError::io("write", &path, io::Error::other("by no call")),
            StoreError::NewerValue {
                path: path.clone(),
                line: Some(3),
                problem: "no".to_owned(),
            },
            StoreError::AnswerNotStored {
                path: path.clone(),
                rescued: Some(Kept {
                    path: path.clone(),
                    lasts: Lasts::UntilLogout,
                }),
                reason: "no".to_owned(),
            },
            StoreError::AnswerNotStored {
                path: path.clone(),
                rescued: None,
                reason: "no".to_owned(),
            },
        ] {
            let told = serde_json::to_string(&error).unwrap();
            let read: StoreError = serde_json::from_str(&told).unwrap();
            assert_eq!(read.to_string(), error.to_string());
            let form =
                |error: &StoreError| format!("{error:?}").split(' ').next().map(String::from);
            assert_eq!(form(&read), form(&error));
        }
    }
}
