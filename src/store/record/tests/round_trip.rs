use proptest::prelude::*;

use super::*;
use crate::credential::{AuthMethod, Cause, GrantState, LoginKind, Outcome};
use crate::secret::{AccessToken, ClientSecret, Fingerprint};
use crate::time::Timestamp;

#[test]
fn each_kind_is_written_as_it_was_read() {
    for example in EXAMPLES {
        let text = render(&read(example)).unwrap();
        assert_eq!(*text, example);
    }
}

#[test]
fn every_field_reaches_the_record() {
    let mut full = read(OAUTH);
    let at = |text: &str| -> Timestamp { text.parse().unwrap() };
    let token = RefreshToken::new("refresh-token-of-grant-0".to_owned()).unwrap();
    assert_eq!(full.refresh_tokens, [Some(token), None]);
    let identity = full.record.identity.as_ref().unwrap();
    assert_eq!(identity.username, "jane");
    assert_eq!(identity.subject.as_deref(), Some("248289761001"));
    let login = login_of(&mut full);
    assert_eq!(login.kind, LoginKind::OAuth);
    let secret = ClientSecret::new("client-secret".to_owned()).unwrap();
    assert_eq!(login.client.auth, AuthMethod::ClientSecretBasic(secret));
    let grant = &login.grants[0];
    assert_eq!(grant.generation, 42);
    assert_eq!(
        grant.access_token,
        AccessToken::new("access-token-of-grant-0".to_owned()).unwrap()
    );
    let name = grant.refresh_token.as_ref().unwrap().fingerprint();
    assert_eq!(name, Fingerprint::of("refresh-token-of-grant-0"));
    assert_eq!(grant.scopes, ["api", "read_user"]);
    assert_eq!(grant.expires_at, Some(at("2026-11-23T12:00:00Z")));
    assert_eq!(grant.refresh_expires_at, Some(at("2027-05-23T10:00:00Z")));
    assert_eq!(grant.cause, Cause::Expiring);
    let since = at("2026-11-23T11:59:59.999Z");
    assert_eq!(grant.state, GrantState::Doubtful { since });
    assert!(grant.refused);
    let last = login.last_attempt.as_ref().unwrap();
    assert_eq!((last.sequence, last.grant), (57, 0));
    assert_eq!(last.outcome, Outcome::RefreshRefused);
    assert_eq!(last.failures, 3);
    assert_eq!(last.failing_since, Some(at("2026-11-23T11:50:00Z")));
    assert_eq!(last.next_at, Some(at("2026-11-23T12:00:04.210Z")));
    assert_eq!(last.said.as_deref(), Some("invalid_grant: too early"));
    let refusals = grant.refusals.as_ref().unwrap();
    assert_eq!((refusals.count, refusals.invalid), (2, true));
    assert_eq!(refusals.since, at("2026-11-23T11:50:00Z"));
    assert_eq!(refusals.next_at, at("2026-11-23T11:58:02Z"));
    assert_eq!(refusals.said.as_deref(), Some("invalid_grant: too early"));
    assert_eq!(last.retry_at, Some(at("2026-11-23T12:00:30.210Z")));
}

/// The outcomes that the first release knows: with any other word it takes the record for a corrupt one.
#[test]
fn a_refusal_is_written_as_an_older_reader_knows_it() {
    let known = [
        "pending",
        "rotated",
        "unreachable",
        "unavailable",
        "rate_limited",
        "answer_lost",
        "client_rejected",
        "config",
        "tls_refused",
        "login_required",
        "cut_off",
    ];
    for (outcome, _) in crate::credential::OUTCOMES {
        let mut full = read(OAUTH);
        login_of(&mut full).last_attempt.as_mut().unwrap().outcome = outcome;
        let text = render(&full).unwrap();
        let table: toml::Table = text.parse().unwrap();
        let written = table["last_attempt"]["outcome"].as_str().unwrap();
        assert!(known.contains(&written), "{written}");
        let mut back = read(&text);
        let last = login_of(&mut back).last_attempt.clone().unwrap();
        assert_eq!(last.outcome, outcome);
    }
}

/// A glauth that does not know the keys of refusals keeps them when it rotates.
#[test]
fn refusals_from_before_the_last_rotation_are_over() {
    let text = with(
        OAUTH,
        "issued_at = 2026-11-23T10:00:00Z",
        "issued_at = 2026-11-23T11:50:01Z",
    );
    let mut full = read(&text);
    assert_eq!(login_of(&mut full).grants[0].refusals, None);
}

#[test]
fn what_a_person_wrote_differently_is_the_same_record() {
    let text = with(OAUTH, "version = 1\n", "# mine\nversion=1 # one\n");
    let text = with(
        &text,
        "issued_at = 2026-11-23T10:00:00Z",
        "issued_at = 2026-11-23T12:00:00.0009+02:00",
    );
    let text = with(
        &text,
        "[client.environment]\nGITLAB_TOKEN = \"{token}\"\nGLAB_IS_OAUTH2 = \"true\"\n",
        "",
    );
    let text = with(
        &text,
        "provider = \"gitlab\"\n",
        "environment = { GITLAB_TOKEN = '{token}', GLAB_IS_OAUTH2 = \"true\" }\nprovider = \"gitlab\"\n",
    );
    assert_eq!(read(&text).record, read(OAUTH).record);
}

#[test]
fn a_record_begins_with_its_version_and_ends_with_its_mark() {
    for example in EXAMPLES {
        let text = render(&read(example)).unwrap();
        assert!(text.starts_with("version = 1\n"), "{example}");
        assert!(text.ends_with("\n# end of record\n"), "{example}");
    }
}

#[test]
fn each_auth_method_reads_what_it_wrote() {
    for (method, secret) in [
        ("none", ""),
        ("client_secret_post", "client_secret = \"s\"\n"),
        ("client_secret_basic", "client_secret = \"s\"\n"),
    ] {
        let text = with(OAUTH, "client_secret = \"client-secret\"\n", secret);
        let text = with(&text, "\"client_secret_basic\"", &format!("\"{method}\""));
        assert_eq!(*render(&read(&text)).unwrap(), text);
    }
}

proptest! {
    #[test]
    fn any_time_is_written_in_utc_with_milliseconds_at_most(millis in 0i64..253_402_207_200_000) {
        let mut full = read(TOKEN);
        let at = Timestamp::from_unix_millis(millis);
        login_of(&mut full).grants[0].expires_at = Some(at);
        let text = render(&full).unwrap();
        prop_assert_eq!(login_of(&mut read(&text)).grants[0].expires_at, Some(at));
        let line = text.lines().find(|line| line.starts_with("expires_at = ")).unwrap();
        let longest = "expires_at = 2026-11-23T10:00:00.000Z".len();
        prop_assert!(line.ends_with('Z') && line.len() <= longest, "{}", line);
    }

    #[test]
    fn any_token_reads_as_it_was_written(text in "[ -~]{1,80}") {
        let mut full = read(OAUTH);
        let token = RefreshToken::new(text.clone()).unwrap();
        let grant = &mut login_of(&mut full).grants[1];
        grant.access_token = AccessToken::new(text).unwrap();
        grant.refresh_token = Some((&token).into());
        full.refresh_tokens[1] = Some(token);
        let mut again = read(&render(&full).unwrap());
        prop_assert_eq!(&again.refresh_tokens, &full.refresh_tokens);
        prop_assert_eq!(login_of(&mut again), login_of(&mut full));
    }
}
