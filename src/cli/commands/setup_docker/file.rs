//! The two files that say which helper is asked for a registry: docker's, and that of podman, buildah and skopeo.

use std::path::PathBuf;

use serde_json::Value;
use zeroize::Zeroizing;

use super::edit::{HELPERS, changed};
use crate::cli::failure::{BadDockerFile, Error, UsageError};
use crate::credential::{DOCKER_HUB, Host};
use crate::env;
use crate::user_file::{self, Unchanged};

/// What `credHelpers` calls glauth.
pub(super) const HELPER: &str = "glauth";

/// The largest file that is read, in bytes.
const SIZE_LIMIT: u64 = 16 * 1024 * 1024;

/// docker's own key for Docker Hub.
const DOCKER_HUB_OF_DOCKER: &str = "https://index.docker.io/v1/";

/// Whose file it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Tool {
    Docker,
    /// buildah and skopeo read it too.
    Podman,
}

impl Tool {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Docker => "docker",
            Self::Podman => "podman",
        }
    }

    /// What it calls a registry.
    pub(super) fn key(self, registry: &Host) -> String {
        if self == Self::Docker && registry.as_str() == DOCKER_HUB {
            return DOCKER_HUB_OF_DOCKER.to_owned();
        }
        registry.to_string()
    }

    fn path(self) -> Option<PathBuf> {
        match self {
            Self::Docker => env::docker_file(),
            Self::Podman => env::podman_file(),
        }
    }
}

/// A file as it is, and as it will be.
pub(super) struct ToolFile {
    pub tool: Tool,
    pub path: PathBuf,
    /// What is true of each registry that is meant.
    pub said: Vec<String>,
    /// What changes, line by line.
    pub changes: Vec<String>,
    text: Zeroizing<String>,
    is_changed: bool,
}

/// What is done to each file.
pub(super) type Edit<'a> = &'a dyn Fn(&mut ToolFile) -> Result<(), Error>;

impl ToolFile {
    /// Reads both. One that is missing, or empty, says nothing.
    pub(super) fn all() -> Result<Vec<Self>, Error> {
        [Tool::Docker, Tool::Podman]
            .map(Self::read)
            .into_iter()
            .collect()
    }

    fn read(tool: Tool) -> Result<Self, Error> {
        let no_home = || UsageError::Call("no home folder is known; set HOME".to_owned());
        let path = tool.path().ok_or_else(no_home)?;
        if let Some(owner) = env::owner_of_foreign_home(&path) {
            return Err(UsageError::Call(format!(
                "`{}` is that of {}, and glauth runs as {}; nothing was changed",
                path.display(),
                env::user_named(owner),
                env::user_named(env::user_id())
            ))
            .into());
        }
        match user_file::text_at(&path, SIZE_LIMIT) {
            Ok(text) => Self::new(tool, path, &text),
            Err(unusable) => Err(bad(path, unusable.into())),
        }
    }

    /// As it is with this text.
    fn new(tool: Tool, path: PathBuf, text: &str) -> Result<Self, Error> {
        let text = if text.trim().is_empty() { "{}" } else { text };
        let file = Self {
            tool,
            path,
            said: Vec::new(),
            changes: Vec::new(),
            text: Zeroizing::new(text.to_owned()),
            is_changed: false,
        };
        file.helpers()?;
        Ok(file)
    }

    /// Each registry with its helper.
    fn helpers(&self) -> Result<Vec<(String, String)>, Error> {
        let file: Value = serde_json::from_str(&self.text)
            .map_err(|error| bad(self.path.clone(), BadDockerFile::Unparsed(error.line())))?;
        let other_form = || bad(self.path.clone(), BadDockerFile::OtherForm);
        let not_object = || bad(self.path.clone(), BadDockerFile::NotObject);
        let root = file.as_object().ok_or_else(not_object)?;
        let helpers = match root.get(HELPERS) {
            None | Some(Value::Null) => return Ok(Vec::new()),
            Some(helpers) => helpers.as_object().ok_or_else(other_form)?,
        };
        let pair = |(registry, helper): (&String, &Value)| {
            Some((registry.clone(), helper.as_str()?.to_owned()))
        };
        let pairs: Option<_> = helpers.iter().map(pair).collect();
        pairs.ok_or_else(other_form)
    }

    /// Every registry that it names glauth for.
    pub(super) fn ours(&self) -> Result<Vec<String>, Error> {
        let ours = self.helpers()?.into_iter();
        let ours = ours.filter(|(_, helper)| helper == HELPER);
        Ok(ours.map(|(registry, _)| registry).collect())
    }

    /// Lets it name glauth for a registry.
    pub(super) fn put_in(&mut self, registry: &str) -> Result<(), Error> {
        let tool = self.tool.name();
        let helpers = self.helpers()?;
        let before = helpers.into_iter().find(|(known, _)| known == registry);
        let before = before.map(|(_, helper)| helper);
        if before.as_deref() == Some(HELPER) {
            let said = format!("{tool} already asks glauth for {registry}");
            self.said.push(said);
            return Ok(());
        }
        self.change(registry, Some(HELPER))?;
        let old = before.map(|helper| format!("- {registry}: {helper}"));
        self.changes.extend(old);
        self.changes.push(format!("+ {registry}: {HELPER}"));
        let said = format!("{tool} now asks glauth for {registry}");
        self.said.push(said);
        Ok(())
    }

    /// Lets it no longer name glauth for a registry.
    pub(super) fn take_out(&mut self, registry: &str) -> Result<(), Error> {
        let tool = self.tool.name();
        if !self.ours()?.iter().any(|ours| ours == registry) {
            let said = format!("{tool} does not ask glauth for {registry}");
            self.said.push(said);
            return Ok(());
        }
        self.change(registry, None)?;
        self.changes.push(format!("- {registry}: {HELPER}"));
        let said = format!("{tool} no longer asks glauth for {registry}");
        self.said.push(said);
        Ok(())
    }

    fn change(&mut self, registry: &str, helper: Option<&str>) -> Result<(), Error> {
        let new = changed(&self.text, registry, helper);
        let unchangeable = || bad(self.path.clone(), BadDockerFile::Unchangeable);
        self.text = new.ok_or_else(unchangeable)?;
        self.is_changed = true;
        Ok(())
    }

    /// Changes the file as it is now, and becomes what was done: another program may have written it meanwhile.
    pub(super) fn write(&mut self, edit: Edit<'_>) -> Result<(), Error> {
        let (tool, path) = (self.tool, self.path.clone());
        let changed = user_file::change(&path, SIZE_LIMIT, |text| {
            *self = Self::new(tool, path.clone(), text)?;
            edit(self)?;
            Ok(self.is_changed.then(|| self.text.clone()))
        });
        changed.map(drop).map_err(|unchanged| match unchanged {
            Unchanged::Unread(unusable) => bad(path, unusable.into()),
            Unchanged::Unwritten(error) => bad(path, BadDockerFile::NotWritten(error)),
            Unchanged::Refused(error) => error,
        })
    }
}

fn bad(path: PathBuf, problem: BadDockerFile) -> Error {
    UsageError::DockerFile { path, problem }.into()
}

/// The file with the passwords of `podman login`, which podman reads first, where it has one for this registry.
pub(super) fn password_before(registry: &Host) -> Option<PathBuf> {
    let path = env::podman_login_file()?;
    let text = user_file::read_text(&path, SIZE_LIMIT).ok()?;
    let file: Value = serde_json::from_str(&text).ok()?;
    let registry = registry.as_str();
    let is_below = |key: &String| {
        key.strip_prefix(registry)
            .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    };
    let mut keys = file.get("auths")?.as_object()?.keys();
    keys.any(is_below).then_some(path)
}
