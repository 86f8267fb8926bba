//! What a caller needs, before anything is known.

use std::time::Duration;

use crate::credential::{self, Asked, MinTtl};
use crate::secret::AccessToken;

/// What a caller needs.
#[derive(Debug)]
pub struct Need {
    /// A token, or the next one made ready.
    pub asked: Asked,
    /// How long it must still live.
    pub min_ttl: MinTtl,
    /// The token that a server refused to this caller.
    pub rejected: Option<AccessToken>,
    /// Whether the server is asked at once after a failure (`Retry-After` holds all the same).
    pub impatient: bool,
}

impl Need {
    /// A token with at least this much life, or with what is preferred by default.
    #[must_use]
    pub fn token(least: Option<Duration>, preferred: Duration) -> Self {
        Self {
            asked: Asked::Token,
            min_ttl: least.map_or(MinTtl::Preferred(preferred), MinTtl::Demanded),
            rejected: None,
            impatient: false,
        }
    }

    /// What is decided on where nothing else is known yet.
    pub(super) fn at_first(&self) -> credential::Demand<'_> {
        credential::Demand {
            asked: self.asked,
            min_ttl: self.min_ttl,
            rejected: self.rejected.as_ref(),
            checked: None,
            seen: None,
            leased: None,
            impatient: self.impatient,
        }
    }
}
