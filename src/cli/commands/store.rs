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
use crate::flow;
use crate::store::examine::FileSystem;
use crate::terminal::clean;

pub(super) fn run(command: &StoreCommand, context: &Context<'_>) -> Result<Exit, Error> {
    match command {
        StoreCommand::Info => info(context),
    }
}

/// Where glauth keeps its files. Its JSON is stable (docs/store.schema.json).
#[derive(Serialize)]
struct Info {
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
    let all = store.accounts()?;
    // A symbolic link on the way may lead to another file system.
    let folder = store.nearest_folder();
    let folder: Option<PathBuf> = folder.map(|folder| folder.canonicalize().unwrap_or(folder));
    let info = Info {
        logins: LoginsInfo {
            place: PlaceInfo::of(store.root()),
            file_system: folder.and_then(|folder| FileSystem::of(&folder).map(|found| found.name)),
            count: flow::in_use(&store, &all).len(),
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

fn text(info: &Info) -> String {
    let Info {
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
    let mut text = format!(
        "Logins         {}\n               {count}{}\nConfiguration  {configuration}\n",
        logins.place.shown(),
        clean(&system),
    );
    for (at, place) in rescue_places.iter().enumerate() {
        let title = if at == 0 { "Rescue places" } else { "" };
        writeln!(text, "{title:13}  {}", place.shown()).ok();
    }
    text
}
