//! An answer always fits into a record that was accepted for a refresh (P2).

use super::*;
use crate::credential::{Cause, Ending, Failed, Outcome, Rotation};
use crate::secret::{AccessToken, TOKEN_LIMIT};
use crate::store::staged::GROWTH;
use crate::time::Timestamp;
use std::time::Duration;

/// A record at the beginning of an attempt on the grant at `grant`, whose tokens are as short as
/// can be, as large as `stage` accepts.
fn full_to_the_brim(grant: usize) -> Full {
    let mut full = read(OAUTH);
    let short = RefreshToken::new("x".to_owned()).unwrap();
    full.refresh_tokens = vec![Some(short.clone()); 2];
    let token = AccessToken::new("x".to_owned()).unwrap();
    let login = login_of(&mut full);
    for grant in &mut login.grants {
        grant.access_token = token.clone();
        grant.refresh_token = Some((&short).into());
        grant.expires_at = None;
        grant.refresh_expires_at = None;
        grant.scopes.clear();
        grant.token_type = "x".to_owned();
    }
    login.begin_attempt(grant, Cause::Asked, "x".to_owned(), Timestamp::now());
    let length = render(&full).unwrap().len();
    let line = "later = \"\"\n";
    let padding = "x".repeat(RECORD_LIMIT - GROWTH - length - line.len());
    full.extra = Extra::of(&format!("later = \"{padding}\""));
    let text = render(&full).unwrap();
    assert_eq!(text.len(), RECORD_LIMIT - GROWTH);
    full
}

/// The largest answer that is granted, of characters that TOML must escape.
fn largest_answer(characters: &str, scope: &str) -> Rotation {
    let token = characters.repeat(TOKEN_LIMIT / characters.len());
    // As many as fit into the limit of a list of scopes, with the spaces between them.
    let scopes = vec![scope.to_owned(); 4096 / (scope.len() + 1) + 1];
    Rotation {
        access_token: AccessToken::new(token.clone()).unwrap(),
        refresh_token: Some(RefreshToken::new(token).unwrap()),
        token_type: "x".repeat(64),
        scopes: Some(scopes),
        expires_in: Some(Duration::from_millis(1)),
        refresh_expires_in: Some(Duration::from_millis(1)),
    }
}

fn ends_with_room(grant: usize, ending: &Ending) {
    let mut full = full_to_the_brim(grant);
    if let Ending::Rotated(rotation) = ending {
        full.refresh_tokens[grant].clone_from(&rotation.refresh_token);
    }
    login_of(&mut full).end_attempt(ending, Timestamp::now());
    let text = render(&full).unwrap();
    parse(&text, &id_in(OAUTH), Format::Record).unwrap();
}

#[test]
fn the_largest_answer_fits_into_what_was_accepted() {
    // With both quotes in it a text can be written in no other way than escaped.
    for characters in ["x", "\\", "\"\\'", "'''\"\"\"\\"] {
        for scope in ["x", "\"\\'", "'''\"\"\"\\"] {
            let answer = largest_answer(characters, scope);
            ends_with_room(1, &Ending::Rotated(answer));
        }
    }
}

#[test]
fn a_verdict_fits_into_what_was_accepted() {
    let verdict = Failed {
        retry_after: Some(Duration::from_secs(1)),
        ..Failed::doubtful(Outcome::ClientRejected)
    };
    ends_with_room(1, &Ending::Failed(verdict, None));
}
