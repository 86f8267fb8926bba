//! Which accounts there are.

use super::Store;
use super::error::StoreError;
use crate::credential::{AccountId, Host};

impl Store {
    /// Every account that has a record, in order. Of a shared store those that this machine has seen; the database is
    /// asked where it has seen none.
    pub fn accounts(&self) -> Result<Vec<AccountId>, StoreError> {
        let found = self.folder.accounts()?;
        if found.is_empty() {
            return self.in_database();
        }
        Ok(found)
    }

    /// Those that this machine has seen: no database is asked.
    pub fn seen_accounts(&self) -> Result<Vec<AccountId>, StoreError> {
        self.folder.accounts()
    }

    /// The accounts of one host, as [`accounts`](Self::accounts) has them.
    pub fn accounts_of(&self, host: &Host) -> Result<Vec<AccountId>, StoreError> {
        let mut found = self.folder.accounts_of(host)?;
        if found.is_empty() {
            found = self.in_database()?;
            found.retain(|id| id.host == *host);
        }
        Ok(found)
    }

    /// Every account, in order, for what is done to all of them: of a shared store those in the database, and those that
    /// this machine has seen.
    pub fn all_accounts(&self) -> Result<Vec<AccountId>, StoreError> {
        Ok(united(self.in_database()?, self.folder.accounts()?))
    }

    /// The same of one host.
    pub fn all_accounts_of(&self, host: &Host) -> Result<Vec<AccountId>, StoreError> {
        let mut found = self.in_database()?;
        found.retain(|id| id.host == *host);
        Ok(united(found, self.folder.accounts_of(host)?))
    }

    /// Those in the database of a shared store; a folder has none.
    #[cfg(feature = "postgres")]
    fn in_database(&self) -> Result<Vec<AccountId>, StoreError> {
        match &self.shared {
            Some(shared) => Ok(shared.accounts()?),
            None => Ok(Vec::new()),
        }
    }

    #[cfg(not(feature = "postgres"))]
    #[expect(
        clippy::unnecessary_wraps,
        clippy::unused_self,
        reason = "a database can be away"
    )]
    fn in_database(&self) -> Result<Vec<AccountId>, StoreError> {
        Ok(Vec::new())
    }
}

/// Both lists in order, each account once.
fn united(mut one: Vec<AccountId>, other: Vec<AccountId>) -> Vec<AccountId> {
    one.extend(other);
    one.sort();
    one.dedup();
    one
}
