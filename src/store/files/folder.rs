//! The folder of a store, and the folders of hosts in it.

use std::path::{Path, PathBuf};

use super::place::{self, Place};
use super::rescue::{self, RescuedFile};
use super::text::Text;
use super::{names_in, permissions};
use crate::credential::{AccountId, AccountName, Host, Record};
use crate::store::error::StoreError;
use crate::store::record::Format;
#[cfg(feature = "postgres")]
use crate::store::shared::SharedError;

/// The folder below that of a host in which the passwords are that git asked to keep.
pub(super) const GIT: &str = "git";

/// A folder of records.
#[derive(Debug, Clone)]
pub(in crate::store) struct Folder {
    root: PathBuf,
    /// What its records are.
    format: Format,
}

impl Folder {
    pub fn new(root: PathBuf, format: Format) -> Self {
        Self { root, format }
    }

    /// Where it is, as it was given.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// Reads a record, without its refresh tokens: one open, one read (P9). `None` where there is none.
    pub fn record(&self, id: &AccountId) -> Result<Option<Record>, StoreError> {
        Ok(self.record_to_deliver(id)?.map(|(record, _)| record))
    }

    /// The same, and whether it has an answer that the database of a shared store has not.
    pub fn record_to_deliver(&self, id: &AccountId) -> Result<Option<(Record, bool)>, StoreError> {
        #[cfg(feature = "postgres")]
        self.check_place()?;
        let Some(text) = Text::at(place::record_of(&self.root, id))? else {
            return Ok(None);
        };
        let is_ahead = self.format == Format::Cache && text.is_ahead();
        Ok(Some((text.record(id, self.format)?, is_ahead)))
    }

    /// The place of an account, for a process that reads.
    pub fn place(&self, id: &AccountId) -> Place {
        Place::new(&self.root, id, self.format)
    }

    /// The place of an account, in folders that exist and are the user's own. The path is
    /// resolved first, so that two ways to one record share one lock.
    pub fn own_place(&self, id: &AccountId) -> Result<Place, StoreError> {
        #[cfg(feature = "postgres")]
        self.check_place()?;
        if !self.root.exists() {
            permissions::check_home(&self.root)?;
            permissions::private_folder(&self.root)?;
        }
        let root = self
            .root
            .canonicalize()
            .map_err(|error| StoreError::io("open", &self.root, error))?;
        permissions::check_folder(&root)?;
        let place = Place::new(&root, id, self.format);
        if !place.folder().exists() {
            permissions::check_home(place.folder())?;
        }
        permissions::private_folder(place.folder())?;
        Ok(place)
    }

    /// A cache is where every process of this machine looks for it, in whatever folder a program works.
    #[cfg(feature = "postgres")]
    fn check_place(&self) -> Result<(), StoreError> {
        if self.format == Format::Cache && !self.root.is_absolute() {
            let path = self.root.parent().unwrap_or(&self.root).to_owned();
            return Err(SharedError::NoCache { path }.into());
        }
        Ok(())
    }

    /// The same of a password that git asked to keep.
    pub fn own_place_for_git(&self, id: &AccountId) -> Result<Place, StoreError> {
        let folder = self.own_place(id)?.folder().join(GIT);
        permissions::private_leaf(&folder)?;
        Ok(Place::in_folder(folder, id, Format::Record))
    }

    /// The places of all the passwords that git asked to keep for a host, for a process that reads.
    pub fn places_of_git(&self, host: &Host) -> Result<Vec<Place>, StoreError> {
        let folder = self.root.join(host.key()).join(GIT);
        let ids = accounts_in(&folder, host)?.into_iter();
        Ok(ids
            .map(|id| Place::in_folder(folder.clone(), &id, Format::Record))
            .collect())
    }

    /// Every account that has a record, in order.
    pub fn accounts(&self) -> Result<Vec<AccountId>, StoreError> {
        let mut found = Vec::new();
        for host in self.hosts()? {
            found.extend(self.accounts_of(&host)?);
        }
        found.sort();
        Ok(found)
    }

    /// Every account of one host that has a record, in order.
    pub fn accounts_of(&self, host: &Host) -> Result<Vec<AccountId>, StoreError> {
        let mut found = accounts_in(&self.root.join(host.key()), host)?;
        found.sort();
        Ok(found)
    }

    /// Every host that has a folder. What is no folder is none of ours.
    pub fn hosts(&self) -> Result<Vec<Host>, StoreError> {
        let names = names_in(&self.root)?;
        let hosts = names.iter().filter_map(|name| Host::from_key(name));
        Ok(hosts
            .filter(|host| self.root.join(host.key()).is_dir())
            .collect())
    }

    /// What is wrong with the folders of these accounts: every command that takes a lock there refuses.
    pub fn troubles_of(&self, ids: &[AccountId]) -> Vec<StoreError> {
        let Ok(root) = self.root.canonicalize() else {
            return Vec::new();
        };
        let mut folders: Vec<PathBuf> = ids.iter().map(|id| root.join(id.host.key())).collect();
        folders.dedup();
        folders.insert(0, root);
        let folders = folders.iter();
        folders
            .filter_map(|folder| permissions::trouble_of_folder(folder))
            .collect()
    }

    /// The folders that may take new tokens where the store cannot, best first.
    pub fn rescue_places(&self) -> Vec<PathBuf> {
        rescue::folders(&self.root)
    }

    /// Every file in the rescue places, and what is wrong with those places.
    pub fn rescued(&self) -> (Vec<RescuedFile>, Vec<StoreError>) {
        // As a writer names it, whichever way leads there.
        let root = self.root.canonicalize();
        rescue::everything(root.as_deref().unwrap_or(&self.root))
    }
}

fn accounts_in(folder: &Path, host: &Host) -> Result<Vec<AccountId>, StoreError> {
    let names = names_in(folder)?;
    let accounts = names.iter().filter_map(|name| name.strip_suffix(".toml"));
    let ids = accounts
        .filter_map(|name| name.parse::<AccountName>().ok())
        .map(|account| AccountId {
            host: host.clone(),
            account,
        });
    Ok(ids.collect())
}
