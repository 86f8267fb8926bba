//! Whether a server answers at all, over a connection that can be trusted, and what time it is there.
//! Nothing secret is sent.

use std::path::PathBuf;
use std::time::Duration;

use url::Url;

use super::token_response::http_date;
use crate::http::{Body, Http, Request, SendError};
use crate::time::Timestamp;

/// How long it may take, with its connection: a person waits.
const LIMIT: Duration = Duration::from_secs(20);

/// Clocks that differ by no more count as the same: the header has whole seconds, and an answer takes a
/// while. It is also how far a clock may go back before a token counts as stale.
const TOLERANCE: Duration = Duration::from_secs(60);

/// What a server answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reached {
    /// The status code.
    pub status: u16,
    /// Our clock beside that of the server.
    pub clock: Clock,
}

/// Our clock beside another one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Clock {
    /// The server does not say what time it is.
    Unknown,
    /// As near as can be told.
    Same,
    /// Ours is so much ahead.
    Ahead(Duration),
    /// Ours is so much behind.
    Behind(Duration),
}

/// Asks for the root of a server: any answer will do.
pub fn reach(
    http: &dyn Http,
    url: &Url,
    ca_file: Option<&PathBuf>,
    clock: fn() -> Timestamp,
) -> Result<Reached, SendError> {
    let mut root = url.clone();
    root.set_path("/");
    root.set_query(None);
    let before = clock();
    let response = http.send(Request::public(root, Body::None, LIMIT, ca_file))?;
    let there = response.date.as_deref().and_then(http_date);
    Ok(Reached {
        status: response.status,
        clock: there.map_or(Clock::Unknown, |there| beside(before, there, clock())),
    })
}

/// The server looked at its clock at some time between `before` and `after`.
fn beside(before: Timestamp, there: Timestamp, after: Timestamp) -> Clock {
    let (ahead, behind) = (before.since(there), there.since(after));
    if ahead > TOLERANCE {
        Clock::Ahead(ahead)
    } else if behind > TOLERANCE {
        Clock::Behind(behind)
    } else {
        Clock::Same
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clocks_are_compared_in_spite_of_a_slow_answer() {
        let at = |seconds: i64| Timestamp::from_unix_millis(seconds * 1000);
        let off = Duration::from_secs;
        for (there, after, clock) in [
            (1000, 1000, Clock::Same),
            (940, 1000, Clock::Same),
            (939, 1000, Clock::Ahead(off(61))),
            (1080, 1020, Clock::Same),
            (1081, 1020, Clock::Behind(off(61))),
            (1500, 1900, Clock::Same),
        ] {
            assert_eq!(beside(at(1000), at(there), at(after)), clock, "{there}");
        }
    }
}
