use proptest::prelude::*;

use super::*;

fn read(text: &[u8]) -> Result<Question, BadQuestion> {
    Question::read(&mut &*text)
}

fn question(text: &str) -> Question {
    read(text.as_bytes()).unwrap()
}

#[expect(clippy::unnecessary_wraps, reason = "as it stands in a question")]
fn password(text: &str) -> Option<Password> {
    Some(Password::new(text.to_owned()).unwrap())
}

/// Long ago for everything that has an end.
fn now() -> Timestamp {
    Timestamp::from_unix_millis(1_000_000_000_000)
}

#[test]
fn every_attribute_is_read_and_unknown_ones_are_not_minded() {
    let mut text = b"capability[]=authtype\ncapability[]=state\ncapability[]=other\n\
        protocol=https\nhost=example.com:8443\npath=group/project.git\nusername=jane\n\
        password=a=b\npassword_expiry_utc=1700000000\noauth_refresh_token=r\nauthtype=Bearer\n\
        credential=c\nephemeral=true\nstate[]=x:1\nstate[]=glauth:2\n\
        wwwauth[]=Basic realm=\"a\"\nurl=https://evil.example\n"
        .to_vec();
    text.extend_from_slice(b"new=\xff\n");
    let found = read(&text).unwrap();
    assert_eq!(found.protocol.as_deref(), Some("https"));
    assert_eq!(found.host.as_deref(), Some("example.com:8443"));
    assert_eq!(found.path(), Some("group/project.git"));
    assert_eq!(found.username.as_deref(), Some("jane"));
    assert_eq!(found.password, password("a=b"));
    let end = found.password_expiry_utc.map(Timestamp::unix_seconds);
    assert_eq!(end, Some(1_700_000_000));
    assert_eq!(found.oauth_refresh_token, password("r"));
    assert_eq!(found.authtype.as_deref(), Some("Bearer"));
    assert_eq!(found.credential, password("c"));
    assert_eq!(found.states, ["x:1", "glauth:2"]);
    assert_eq!(found.wwwauth, ["Basic realm=\"a\""]);
    assert!(found.ephemeral && found.takes_authtype && found.takes_state);
}

#[test]
fn an_empty_value_is_a_value_and_clears_a_list() {
    let found = question("username=\npassword=\nstate[]=a\nstate[]=\nstate[]=b\n");
    assert_eq!(found.username.as_deref(), Some(""));
    assert_eq!(found.password, password(""));
    assert_eq!(found.states, ["b"]);
}

#[test]
fn a_blank_line_or_the_end_is_the_end() {
    assert_eq!(question("host=a\n\nhost=b\n").host.as_deref(), Some("a"));
    assert_eq!(question("host=a").host.as_deref(), Some("a"));
    assert_eq!(question(""), Question::default());
}

#[test]
fn what_is_no_question_is_refused() {
    type Is = fn(&BadQuestion) -> bool;
    let cases: [(&[u8], Is); 6] = [
        (b"host=a\nhost\n", |e| matches!(e, BadQuestion::NoEquals(2))),
        (b"host=a\0b\n", |e| {
            matches!(e, BadQuestion::ControlCharacter(1))
        }),
        (b"host=a\r\n", |e| {
            matches!(e, BadQuestion::ControlCharacter(1))
        }),
        (b"other\0=a\n", |e| {
            matches!(e, BadQuestion::ControlCharacter(1))
        }),
        (b"username=\xff\n", |e| matches!(e, BadQuestion::NotText(1))),
        (b"=\nx\n", |e| matches!(e, BadQuestion::NoEquals(2))),
    ];
    for (text, is) in cases {
        let error = read(text).unwrap_err();
        assert!(is(&error), "{error}");
    }
}

#[test]
fn more_than_git_ever_sends_is_refused() {
    let line = format!("path={}\n", "x".repeat(LINE_LENGTH_LIMIT - 6));
    assert!(question(&line).path.is_some());
    let longer = format!("x{line}");
    let refused = read(longer.as_bytes());
    assert!(matches!(refused, Err(BadQuestion::TooLongLine)));
    let endless = vec![b'x'; 2 * QUESTION_LIMIT];
    assert!(matches!(read(&endless), Err(BadQuestion::TooLongLine)));
    let lines = "a=b\n".repeat(LINE_LIMIT);
    question(&lines);
    let refused = read((lines + "a=b\n").as_bytes());
    assert!(matches!(refused, Err(BadQuestion::TooManyLines)));
    let large = line.repeat(QUESTION_LIMIT / line.len() + 1);
    let refused = read(large.as_bytes());
    assert!(matches!(refused, Err(BadQuestion::TooLong)));
    let secret = format!("password={}\n", "x".repeat(60_000));
    let refused = read(secret.as_bytes());
    assert!(matches!(refused, Err(BadQuestion::TooLongValue(1))));
}

fn kept(change: impl FnOnce(&mut GitPassword)) -> GitPassword {
    let mut kept = GitPassword {
        protocol: "https".to_owned(),
        path: None,
        username: Some("jane".to_owned()),
        password: password("p"),
        password_expiry_utc: None,
        oauth_refresh_token: None,
        authtype: None,
        credential: None,
    };
    change(&mut kept);
    kept
}

#[test]
fn a_password_answers_its_own_protocol_path_and_user_alone() {
    let plain = kept(|_| {});
    let with_path = kept(|kept| kept.path = Some("a/b".to_owned()));
    let unnamed = kept(|kept| kept.username = None);
    for (text, expected) in [
        ("protocol=https\n", [true, false, true]),
        ("protocol=https\nusername=jane\n", [true, false, false]),
        ("protocol=https\nusername=Jane\n", [false, false, false]),
        ("protocol=https\nusername=\n", [false, false, false]),
        ("protocol=http\n", [false, false, false]),
        ("protocol=HTTPS\n", [false, false, false]),
        ("", [false, false, false]),
        ("protocol=https\npath=a/b\n", [false, true, false]),
        ("protocol=https\npath=/a/b/\n", [false, true, false]),
        ("protocol=https\npath=a\n", [false, false, false]),
        ("protocol=https\npath=a/b/c\n", [false, false, false]),
    ] {
        let question = question(text);
        let all = [&plain, &with_path, &unnamed];
        let found = all.map(|kept| question.is_answered_by(kept, now()));
        assert_eq!(found, expected, "{text:?}");
    }
}

#[test]
fn what_has_ended_answers_nothing() {
    let ends = |seconds: i64| {
        kept(|kept| {
            kept.password_expiry_utc = Some(Timestamp::from_unix_millis(seconds * 1000));
        })
    };
    let question = question("protocol=https\n");
    assert!(question.is_answered_by(&ends(1_000_000_001), now()));
    assert!(!question.is_answered_by(&ends(1_000_000_000), now()));
}

#[test]
fn an_authtype_answers_a_git_that_understands_it() {
    let bearer = kept(|kept| {
        kept.username = None;
        kept.password = None;
        kept.authtype = Some("Bearer".to_owned());
        kept.credential = password("c");
    });
    let old = question("protocol=https\n");
    let new = question("capability[]=authtype\nprotocol=https\n");
    assert!(!old.is_answered_by(&bearer, now()));
    assert!(new.is_answered_by(&bearer, now()));
    let text = answer_with(&bearer, &new).text();
    assert_eq!(
        &*text,
        "capability[]=authtype\nauthtype=Bearer\ncredential=c\n"
    );
    let both = kept(|kept| {
        kept.authtype = Some("Bearer".to_owned());
        kept.credential = password("c");
    });
    let text = answer_with(&both, &old).text();
    assert_eq!(&*text, "username=jane\npassword=p\n");
}

#[test]
fn a_refusal_concerns_what_it_names_and_where_the_secret_is_the_same() {
    let plain = kept(|_| {});
    let with_path = kept(|kept| kept.path = Some("a".to_owned()));
    for (text, expected) in [
        ("protocol=https\n", [true, true]),
        ("protocol=https\nusername=jane\npassword=p\n", [true, true]),
        ("protocol=https\npassword=q\n", [false, false]),
        ("protocol=https\nusername=joe\n", [false, false]),
        ("protocol=http\n", [false, false]),
        ("protocol=https\npath=a\n", [false, true]),
        ("protocol=https\ncredential=p\n", [false, false]),
    ] {
        let question = question(text);
        let found = [&plain, &with_path].map(|kept| question.refuses(kept));
        assert_eq!(found, expected, "{text:?}");
    }
}

#[test]
fn only_what_can_be_used_again_is_kept() {
    for text in [
        "protocol=https\npassword=p\n",
        "protocol=https\nusername=jane\n",
        "protocol=https\nauthtype=Bearer\n",
        "username=jane\npassword=p\n",
        "protocol=https\nusername=jane\npassword=p\nephemeral=1\n",
    ] {
        assert_eq!(question(text).to_keep(), None, "{text:?}");
    }
    let whole = question("protocol=https\nusername=\npassword=\n");
    assert_eq!(whole.to_keep().unwrap().username.as_deref(), Some(""));
}

#[test]
fn a_challenge_for_bearer_is_seen_among_others() {
    for (text, expected) in [
        ("wwwauth[]=Basic realm=\"Bearer\"\n", false),
        ("wwwauth[]=Basic realm=\"x\"\nwwwauth[]=bearer x\n", true),
        ("wwwauth[]=Bearer\n", true),
        ("wwwauth[]=Bearerish\n", false),
        ("", false),
    ] {
        assert_eq!(question(text).wants_bearer(), expected, "{text:?}");
    }
}

#[test]
fn a_value_that_would_end_its_line_is_no_answer_at_all() {
    for bad in ["a\nhost=evil", "a\rb", "a\0"] {
        let answer = GitAnswer::default()
            .with("username", "u")
            .with("password", bad);
        assert_eq!(&*answer.text(), "");
    }
}

/// A line's value.
const VALUE: &str = "[^\r\n\0]{0,20}";

proptest! {
    #[test]
    fn no_bytes_are_too_strange(bytes in prop::collection::vec(any::<u8>(), 0..2000)) {
        read(&bytes).ok();
    }

    #[test]
    fn no_lines_are_too_strange(
        lines in prop::collection::vec("(capability\\[\\]|host|state\\[\\]|[a-z]{0,3})=?.{0,20}\n", 0..30),
    ) {
        read(lines.concat().as_bytes()).ok();
    }

    #[test]
    fn what_is_kept_comes_back_as_it_was(
        username in VALUE,
        text in VALUE,
        refresh in prop::option::of(VALUE),
        end in prop::option::of(1_000_000_001i64..10_000_000_000),
    ) {
        let line = |key: &str, value: Option<String>| {
            value.map_or_else(String::new, |value| format!("{key}={value}\n"))
        };
        let asked = question(&format!(
            "protocol=https\nusername={username}\npassword={text}\n{}{}",
            line("oauth_refresh_token", refresh),
            line("password_expiry_utc", end.map(|end| end.to_string())),
        ));
        let kept = asked.to_keep().unwrap();
        prop_assert!(asked.is_answered_by(&kept, now()));
        let answer = answer_with(&kept, &asked).text();
        let again = question(&format!("protocol=https\n{}", &*answer));
        prop_assert_eq!(again.to_keep(), Some(kept));
    }
}
