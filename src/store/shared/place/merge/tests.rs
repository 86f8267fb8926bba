use super::*;
use crate::credential::{AccountId, HostArg, Outcome};
use crate::store::record::{self, Format};

const BEFORE: [(u64, &str); 2] = [(1, "a1"), (2, "b2")];

/// A login with these grants, and a last attempt: its number, its grant and its outcome.
fn login(grants: &[(u64, &str)], attempt: Option<(u64, usize, &str)>) -> Full {
    let mut text = "version = 1\nkind = \"oauth\"\nhost = \"gitlab.example.com\"\nscheme = \"https\"\n\
        account = \"default\"\n[client]\nprovider = \"gitlab\"\nclient_id = \"x\"\nauth_method = \"none\"\n\
        token_endpoint = \"https://gitlab.example.com/oauth/token\"\ngit_username = \"oauth2\"\n\
        rotation = \"kills\"\nreplay = \"harmless\"\ngrants = \"independent\"\n"
        .to_owned();
    for (generation, token) in grants {
        let grant = format!(
            "[[grants]]\ngeneration = {generation}\norigin = \"1f2e3d4c5b\"\naccess_token = \"{token}\"\n\
             refresh_token = \"refresh-{token}\"\ntoken_type = \"Bearer\"\nscopes = []\n\
             issued_at = 2030-01-01T00:00:0{generation}Z\ncause = \"login\"\nstate = \"active\"\n"
        );
        text.push_str(&grant);
    }
    if let Some((sequence, grant, outcome)) = attempt {
        let attempt = format!(
            "[last_attempt]\nsequence = {sequence}\ngrant = {grant}\ncause = \"asked\"\nby = \"pid 1 on {sequence}\"\n\
             started_at = 2030-01-01T00:00:00Z\noutcome = \"{outcome}\"\n"
        );
        text.push_str(&attempt);
    }
    text += "# end of record\n";
    let id = AccountId {
        host: HostArg::parse("gitlab.example.com").unwrap().host,
        account: "default".parse().unwrap(),
    };
    record::parse_whole(&text, &id, Format::Record).unwrap()
}

/// The access tokens, with the refresh token that belongs to each, and the outcome of the last attempt.
fn said(full: &Full) -> (Vec<&str>, Option<Outcome>) {
    let login = full.record.login().unwrap();
    let pairs = login.grants.iter().zip(&full.refresh_tokens);
    let tokens = pairs.map(|(grant, refresh)| {
        let token = grant.access_token.expose();
        assert_eq!(
            refresh.as_ref().unwrap().expose(),
            format!("refresh-{token}")
        );
        token
    });
    let last = login.last_attempt.as_ref().map(|last| last.outcome);
    (tokens.collect(), last)
}

#[test]
fn each_grant_is_the_newer_one() {
    let answer = login(&[(3, "a3"), (2, "b2")], Some((1, 0, "rotated")));
    let theirs = login(&[(1, "a1"), (4, "b4")], Some((2, 1, "rotated")));
    assert!(has_news(&theirs, &answer));
    let both = merged(theirs, &answer, &answer, false);
    assert_eq!(said(&both), (vec!["a3", "b4"], Some(Outcome::Rotated)));
    assert!(!has_news(&both, &answer));
    // The journal of a machine that is behind brings nothing back.
    let late = login(&BEFORE, Some((1, 0, "rotated")));
    let both = merged(both, &late, &late, false);
    assert_eq!(said(&both).0, ["a3", "b4"]);
}

#[test]
fn of_two_answers_to_one_refresh_token_the_later_one_is_good() {
    let mut answer = login(&[(3, "ours"), (2, "b2")], Some((1, 0, "rotated")));
    let theirs = login(&[(3, "theirs"), (2, "b2")], Some((2, 0, "rotated")));
    assert!(!has_news(&theirs, &answer));
    let later = crate::time::Timestamp::from_unix_millis(1_900_000_000_000);
    answer.login_mut().unwrap().grants[0].issued_at = later;
    assert!(has_news(&theirs, &answer));
    let both = merged(theirs, &answer, &answer, false);
    assert_eq!(said(&both).0, ["ours", "b2"]);
}

#[test]
fn an_attempt_of_another_process_stays_pending_under_a_delivery() {
    let answer = login(&[(3, "a3"), (2, "b2")], Some((1, 0, "rotated")));
    for sequence in [1, 2] {
        let theirs = login(&BEFORE, Some((sequence, 0, "pending")));
        let both = merged(theirs, &answer, &answer, false);
        assert_eq!(said(&both), (vec!["a3", "b2"], Some(Outcome::Pending)));
    }
    let ours = login(&BEFORE, Some((1, 0, "pending")));
    let both = merged(ours, &answer, &answer, true);
    assert_eq!(said(&both), (vec!["a3", "b2"], Some(Outcome::Rotated)));
}

#[test]
fn an_answer_heals_what_another_machine_was_told_of_the_spent_token() {
    let answer = login(&[(3, "a3"), (2, "b2")], Some((1, 0, "rotated")));
    let mut theirs = login(&BEFORE, Some((2, 0, "login_required")));
    let since = crate::time::Timestamp::from_unix_millis(1_900_000_000_000);
    theirs.login_mut().unwrap().grants[0].state = GrantState::LoginRequired { since };
    let both = merged(theirs, &answer, &answer, false);
    assert_eq!(said(&both), (vec!["a3", "b2"], Some(Outcome::Rotated)));
    let healed = both.record.login().unwrap();
    assert_eq!(healed.grants[0].state, GrantState::Active);
    assert_eq!(healed.last_attempt.as_ref().unwrap().sequence, 2);
    // The other way round: the verdict on the spent token comes when the answer is there.
    let base = login(&BEFORE, Some((2, 0, "pending")));
    let mut failed = login(&BEFORE, Some((2, 0, "login_required")));
    failed.login_mut().unwrap().grants[0].state = GrantState::LoginRequired { since };
    let theirs = login(&[(3, "a3"), (2, "b2")], Some((2, 0, "pending")));
    let both = merged(theirs, &base, &failed, true);
    assert_eq!(said(&both), (vec!["a3", "b2"], Some(Outcome::CutOff)));
    assert!(!both.record.login().unwrap().has_lost_client());
}

#[test]
fn what_was_marked_here_stays_marked() {
    let since = crate::time::Timestamp::from_unix_millis(1_900_000_000_000);
    let base = login(&BEFORE, None);
    let mut ours = login(&BEFORE, None);
    let marked = &mut ours.login_mut().unwrap().grants;
    marked[0].state = GrantState::LoginRequired { since };
    marked[1].refused = true;
    let theirs = login(&[(1, "a1"), (4, "b4")], Some((1, 1, "rotated")));
    let both = merged(theirs, &base, &ours, false);
    assert_eq!(said(&both), (vec!["a1", "b4"], Some(Outcome::Rotated)));
    let grants = &both.record.login().unwrap().grants;
    assert_eq!(grants[0].state, GrantState::LoginRequired { since });
    // Another token than the one that was refused.
    assert!(!grants[1].refused);
}

#[test]
fn a_standby_grant_that_was_added_here_is_kept() {
    let base = login(&BEFORE[..1], None);
    let ours = login(&BEFORE, None);
    let theirs = login(&[(3, "a3")], Some((1, 0, "rotated")));
    let both = merged(theirs, &base, &ours, false);
    assert_eq!(said(&both).0, ["a3", "b2"]);
}
