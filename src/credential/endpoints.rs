//! The endpoints of a server: one list for every source that may know where they are.

use serde::Deserialize;

/// Makes the list: a field, the name in code, the words of a message, and the key of `config.toml` and of a
/// server's document (RFC 8414 §2).
macro_rules! endpoints {
    ($($(#[$doc:meta])* $field:ident $name:ident $words:literal $key:literal;)*) => {
        /// The name of an endpoint.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum EndpointName {
            $($(#[$doc])* $name,)*
        }

        impl EndpointName {
            /// All of them.
            pub const ALL: &'static [Self] = &[$(Self::$name,)*];

            /// What a message calls it.
            #[must_use]
            pub fn words(self) -> &'static str {
                match self {
                    $(Self::$name => $words,)*
                }
            }

            /// Its key in `config.toml` and in a server's document.
            #[must_use]
            pub fn key(self) -> &'static str {
                match self {
                    $(Self::$name => $key,)*
                }
            }
        }

        /// What one source says of each endpoint: the options of a call, the configuration, a server's
        /// document, the table of providers.
        #[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
        pub struct Endpoints<T> {
            $($(#[$doc])* #[serde(rename = $key)] pub $field: Option<T>,)*
        }

        impl<T> Endpoints<T> {
            /// What a source says that knows none.
            pub const NONE: Self = Self { $($field: None,)* };

            /// Where this one is.
            pub fn get(&self, name: EndpointName) -> Option<&T> {
                match name {
                    $(EndpointName::$name => self.$field.as_ref(),)*
                }
            }

            /// Finds each of them.
            pub fn find<E>(
                mut find: impl FnMut(EndpointName) -> Result<Option<T>, E>,
            ) -> Result<Self, E> {
                Ok(Self { $($field: find(EndpointName::$name)?,)* })
            }
        }
    };
}

endpoints! {
    /// Where a person consents (RFC 6749 §3.1).
    authorization Authorization "authorization endpoint" "authorization_endpoint";
    /// Gives device codes (RFC 8628 §3.1).
    device_authorization DeviceAuthorization "device authorization endpoint" "device_authorization_endpoint";
    /// Gives tokens (RFC 6749 §3.2).
    token Token "token endpoint" "token_endpoint";
    /// Ends them (RFC 7009).
    revocation Revocation "revocation endpoint" "revocation_endpoint";
    /// Answers 200 for a token that works and 401 for one that does not. No server's document names it.
    check Check "check endpoint" "check_endpoint";
    /// Says whose a token is (OpenID Connect Core §5.3, or the provider's own).
    userinfo Userinfo "userinfo endpoint" "userinfo_endpoint";
}

impl EndpointName {
    /// Those that a token goes to after the login.
    pub const OF_TOKENS: [Self; 3] = [Self::Token, Self::Revocation, Self::Check];
}

impl<T> Default for Endpoints<T> {
    fn default() -> Self {
        Self::NONE
    }
}
