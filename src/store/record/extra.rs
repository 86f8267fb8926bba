//! What others wrote into a record and this glauth does not know: kept by whoever rewrites it.

use super::wire::KNOWN;

/// What others wrote into a record and we do not know.
#[derive(Debug, Default, Clone)]
pub(in crate::store) struct Extra {
    document: toml::Table,
    identity: toml::Table,
    client: toml::Table,
    login: toml::Table,
    grants: Vec<toml::Table>,
    last_attempt: toml::Table,
    logged_out: toml::Table,
    git: toml::Table,
}

impl Extra {
    /// What is unknown in a text that [`parse`] has accepted.
    pub(in crate::store) fn of(text: &str) -> Self {
        let mut all: toml::Table = text.parse().unwrap_or_default();
        let mut table = |name: &str| match all.remove(name) {
            Some(toml::Value::Table(table)) => unknown(name, table),
            _ => toml::Table::new(),
        };
        let (identity, client) = (table("identity"), table("client"));
        let login = table("login");
        let (last_attempt, logged_out) = (table("last_attempt"), table("logged_out"));
        let git = table("git");
        let grants = match all.remove("grants") {
            Some(toml::Value::Array(grants)) => grants
                .into_iter()
                .filter_map(|grant| match grant {
                    toml::Value::Table(grant) => Some(unknown("grants", grant)),
                    _ => None,
                })
                .collect(),
            _ => Vec::new(),
        };
        Self {
            document: unknown("", all),
            identity,
            client,
            login,
            grants,
            last_attempt,
            logged_out,
            git,
        }
    }

    /// What stays when another login takes the place of this one.
    pub(in crate::store) fn of_the_account(self) -> Self {
        Self {
            document: self.document,
            ..Self::default()
        }
    }

    /// What stays when a new attempt begins.
    pub(in crate::store) fn without_attempt(self) -> Self {
        Self {
            last_attempt: toml::Table::new(),
            ..self
        }
    }

    /// What stays when another grant takes the place of this one.
    pub(in crate::store) fn without_grant(mut self, place: usize) -> Self {
        if let Some(grant) = self.grants.get_mut(place) {
            *grant = toml::Table::new();
        }
        self
    }

    pub(super) fn into_document(self, document: &mut toml::Table) {
        let mut add = |name: &str, extra: toml::Table| {
            if let Some(toml::Value::Table(table)) = document.get_mut(name) {
                table.extend(extra);
            }
        };
        add("identity", self.identity);
        add("client", self.client);
        add("login", self.login);
        add("last_attempt", self.last_attempt);
        add("logged_out", self.logged_out);
        add("git", self.git);
        if let Some(toml::Value::Array(grants)) = document.get_mut("grants") {
            for (grant, extra) in grants.iter_mut().zip(self.grants) {
                if let toml::Value::Table(grant) = grant {
                    grant.extend(extra);
                }
            }
        }
        document.extend(self.document);
    }
}

fn unknown(table: &str, mut content: toml::Table) -> toml::Table {
    let known = KNOWN.iter().find(|(name, _)| *name == table);
    content.retain(|key, _| known.is_none_or(|(_, keys)| !keys.contains(&key)));
    content
}
