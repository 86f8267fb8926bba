//! `glauth store`: the store as a whole.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use serde::Serialize;
use serde_json::json;

use crate::cli::args::StoreCommand;
use crate::cli::context::Context;
use crate::cli::failure::Error;
use crate::cli::printer;
use crate::code::Exit;
use crate::credential::{AccountId, Content};
use crate::store::Store;
use crate::store::examine::FileSystem;
use crate::terminal::clean;

pub(super) fn run(command: &StoreCommand, context: &Context<'_>) -> Result<Exit, Error> {
    match command {
        StoreCommand::Info => info(context),
        #[cfg(feature = "postgres")]
        shared => super::shared_store::run(shared, context),
    }
}

/// Where glauth keeps its files. Its JSON is stable (docs/store.schema.json).
#[derive(Serialize)]
struct Info {
    /// The address of the database; the logins are its cache on this machine then.
    shared_store: Option<String>,
    logins: LoginsInfo,
    configuration: Option<PlaceInfo>,
    rescue_places: Vec<PlaceInfo>,
}

#[derive(Serialize)]
struct LoginsInfo {
    #[serde(flatten)]
    place: PlaceInfo,
    file_system: Option<String>,
    count: usize,
}

#[derive(Serialize)]
struct PlaceInfo {
    path: String,
    exists: bool,
}

impl PlaceInfo {
    fn of(path: &Path) -> Self {
        Self {
            path: path.to_string_lossy().into_owned(),
            exists: path.exists(),
        }
    }

    fn shown(&self) -> String {
        let path = clean(&self.path);
        if self.exists {
            path.into_owned()
        } else {
            format!("{path} (not there yet)")
        }
    }
}

fn info(context: &Context<'_>) -> Result<Exit, Error> {
    let store = context.store()?;
    let all = store.seen_accounts()?;
    let shown = store.name().to_string_lossy().into_owned();
    // A symbolic link on the way may lead to another file system.
    let folder = store.nearest_folder();
    let folder: Option<PathBuf> = folder.map(|folder| folder.canonicalize().unwrap_or(folder));
    let info = Info {
        shared_store: store.is_shared().then_some(shown),
        logins: LoginsInfo {
            place: PlaceInfo::of(store.root()),
            file_system: folder.and_then(|folder| FileSystem::of(&folder).map(|found| found.name)),
            count: all.iter().filter(|id| is_in_use(&store, id)).count(),
        },
        configuration: context.config_path().map(|path| PlaceInfo::of(&path)),
        rescue_places: store
            .rescue_places()
            .iter()
            .map(|path| PlaceInfo::of(path))
            .collect(),
    };
    if context.global.json {
        printer::json_line(&json!(info))?;
    } else {
        printer::data(&text(&info))?;
    }
    Ok(Exit::Done)
}

/// Whether it is a login, as far as this machine knows, or a record that cannot be read.
fn is_in_use(store: &Store, id: &AccountId) -> bool {
    let found = store.cached(id).ok().flatten();
    !found.is_some_and(|found| matches!(found.record().content, Content::LoggedOut(_)))
}

fn text(info: &Info) -> String {
    let Info {
        shared_store,
        logins,
        configuration,
        rescue_places,
    } = info;
    let count = match logins.count {
        1 => "1 login".to_owned(),
        count => format!("{count} logins"),
    };
    let system = logins.file_system.as_ref();
    let system = system.map_or_else(String::new, |name| format!(", file system {name}"));
    let configuration = configuration.as_ref().map_or_else(
        || "none: no home folder is known".to_owned(),
        PlaceInfo::shown,
    );
    let (shared, title) = match shared_store {
        Some(address) => (format!("Shared store   {}\n", clean(address)), "Cache"),
        None => (String::new(), "Logins"),
    };
    let mut text = format!(
        "{shared}{title:13}  {}\n               {count}{}\nConfiguration  {configuration}\n",
        logins.place.shown(),
        clean(&system),
    );
    for (at, place) in rescue_places.iter().enumerate() {
        let title = if at == 0 { "Rescue places" } else { "" };
        writeln!(text, "{title:13}  {}", place.shown()).ok();
    }
    text
}
