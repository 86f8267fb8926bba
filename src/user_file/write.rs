//! The one way to change a file of the user's own.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _, PermissionsExt as _};
use std::path::Path;

/// Of a new file: there may be a secret in it one day.
const NEW_MODE: u32 = 0o600;

/// Puts a text in the file's place, safe from a power loss, and keeps its mode. A link stays a link: what it leads to
/// is replaced, or made. The file and its folder may be missing.
#[expect(
    clippy::disallowed_methods,
    reason = "the one place that writes a file of the user's own"
)]
pub fn write(path: &Path, text: &str) -> io::Result<()> {
    let path = match path.canonicalize() {
        Err(error) if error.kind() == io::ErrorKind::NotFound => match fs::read_link(path) {
            Ok(target) => path.parent().unwrap_or(Path::new("")).join(target),
            Err(_) => path.to_owned(),
        },
        resolved => resolved?,
    };
    let folder = match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    };
    fs::create_dir_all(folder)?;
    let mode = fs::metadata(&path).map_or(NEW_MODE, |found| found.mode() & 0o777);
    let mut new = path.clone();
    // A name that no person gives a file.
    new.as_mut_os_string().push(".glauth-new");
    match fs::remove_file(&new) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let mut options = OpenOptions::new();
    let mut file = options
        .write(true)
        .create_new(true)
        .mode(NEW_MODE)
        .open(&new)?;
    let written = file
        .write_all(text.as_bytes())
        .and_then(|()| file.set_permissions(fs::Permissions::from_mode(mode)))
        .and_then(|()| file.sync_all())
        .and_then(|()| fs::rename(&new, &path));
    written.inspect_err(|_| drop(fs::remove_file(&new)))?;
    File::open(folder)?.sync_all()
}
