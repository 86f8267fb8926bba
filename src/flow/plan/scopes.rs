//! What a login asks for (RFC 6749 §3.3).

use super::Plan;
use crate::credential::LoginKind;
use crate::oauth;

impl Plan<'_> {
    /// The scopes that were given with the call.
    #[must_use]
    pub fn given_scopes(&self) -> Option<&[String]> {
        let given = self.given.scopes.as_deref();
        given.filter(|scopes| !scopes.is_empty())
    }

    /// What is asked for.
    #[must_use]
    pub fn scopes(&self) -> Vec<String> {
        self.separated(&self.chosen_scopes())
    }

    /// Each scope by itself, and once.
    fn separated(&self, lists: &[String]) -> Vec<String> {
        let separators = self.provider().scope_separators;
        let mut scopes: Vec<String> = Vec::new();
        for scope in lists.iter().flat_map(|list| list.split(separators)) {
            if !scope.is_empty() && !scopes.iter().any(|there| there == scope) {
                scopes.push(scope.to_owned());
            }
        }
        scopes
    }

    fn chosen_scopes(&self) -> Vec<String> {
        let mut scopes = self.wished_scopes();
        if self.kind == LoginKind::ClientCredentials {
            // It means a refresh token, which a machine has no use for.
            scopes.retain(|scope| scope != "offline_access");
        } else if let (Some(_), Some(server), false) =
            (&self.resource, &self.discovered, self.adds_grant)
        {
            scopes = oauth::with_offline_access(scopes, server);
        }
        scopes
    }

    fn wished_scopes(&self) -> Vec<String> {
        if let Some(given) = self.given_scopes() {
            let there = if self.given.replace_scopes {
                Vec::new()
            } else {
                self.scopes_there()
            };
            return [&there, given].concat();
        }
        let configured = || self.configured?.scopes.clone();
        // A resource names more once it needs more.
        if let Some((_, named)) = &self.resource {
            if self.adds_grant {
                return self.scopes_there();
            }
            let named = configured().unwrap_or_else(|| named.clone());
            return [self.scopes_there(), named].concat();
        }
        let remembered = self.remembered().map(|client| &client.login.scopes);
        if let Some(scopes) = remembered.filter(|scopes| !scopes.is_empty()) {
            return scopes.clone();
        }
        if let Some(scopes) = self.granted_scopes() {
            return scopes;
        }
        if self.kind == LoginKind::ClientCredentials {
            // Those of the table are for what people do.
            return configured().unwrap_or_default();
        }
        configured().unwrap_or_else(|| {
            let described = self.discovered.as_ref();
            let offered = described.and_then(|found| found.scopes_supported.as_ref());
            let default = self
                .provider()
                .scopes
                .iter()
                .map(|scope| (*scope).to_owned());
            default
                .filter(|scope| offered.is_none_or(|offered| offered.contains(scope)))
                .collect()
        })
    }

    /// The scopes of the account's login, or of its last one.
    fn scopes_there(&self) -> Vec<String> {
        let own = self.remembered().filter(|_| self.other.is_none());
        let asked = own.map_or(&[][..], |client| &client.login.scopes);
        if asked.is_empty() {
            self.granted_scopes().unwrap_or_default()
        } else {
            asked.to_vec()
        }
    }

    /// What becomes of the scopes of the login that is there, where others are given.
    #[must_use]
    pub fn change_of_scopes(&self) -> Option<String> {
        let given = self.separated(self.given_scopes()?);
        let there = self.scopes_there();
        let shown = there.join(" ");
        let new = given.iter().filter(|scope| !there.contains(scope));
        let new: Vec<&str> = new.map(String::as_str).collect();
        let left_out = there.iter().any(|scope| !given.contains(scope));
        if there.is_empty() || (new.is_empty() && !(left_out && self.given.replace_scopes)) {
            None
        } else if self.given.replace_scopes {
            Some(format!(
                "asking for `{}` in place of `{shown}`",
                given.join(" ")
            ))
        } else {
            let new = new.join(" ");
            Some(format!(
                "asking for `{new}` in addition to `{shown}`; --replace-scopes leaves those out"
            ))
        }
    }

    /// What the login that is there got from the server, where that says it.
    pub(super) fn granted_scopes(&self) -> Option<Vec<String>> {
        self.remembered()?;
        let login = self.own.as_ref()?.login()?;
        let scopes = &login.grants.first()?.scopes;
        (login.kind != LoginKind::Token && !scopes.is_empty()).then(|| scopes.clone())
    }
}
