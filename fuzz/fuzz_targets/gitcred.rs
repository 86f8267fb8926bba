//! git's credential protocol against unforeseen bytes: what is read, kept, answered
//! and refused must agree with itself, and with a second, simpler opinion on what a question is.

#![no_main]
#![expect(clippy::disallowed_methods, reason = "the macro may write a file")]

use std::io::BufReader;

use glauth::credential::{GitPassword, Host};
use glauth::gitcred::{Question, answer_with};
use glauth::secret::Password;
use glauth::time::Timestamp;
use libfuzzer_sys::fuzz_target;

/// What ends a line for git, or for another program.
const ENDS_LINE: [char; 3] = ['\n', '\r', '\0'];

fuzz_target!(|data: &[u8]| {
    hostile_values_end_no_line(data);
    let Ok(question) = read(data) else { return };
    is_a_question(data, &question);
    names_a_host_or_none(&question);
    if let Some(kept) = question.to_keep() {
        is_answered_back(&question, &kept);
        is_refused(&question, &kept);
    }
});

/// Reads a question; in small pieces it is the same one.
fn read(data: &[u8]) -> Result<Question, String> {
    let whole = Question::read(&mut &*data).map_err(|problem| problem.to_string());
    let pieces = Question::read(&mut BufReader::with_capacity(3, data));
    assert_eq!(whole, pieces.map_err(|problem| problem.to_string()));
    whole
}

/// All lines up to a blank one are `key=value`, and nothing in them ends a line of another program.
fn is_a_question(data: &[u8], question: &Question) {
    let lines = data.split(|byte| *byte == b'\n');
    for line in lines.take_while(|line| !line.is_empty()) {
        assert!(line.contains(&b'='), "no attribute");
        assert!(
            !line.contains(&b'\r') && !line.contains(&b'\0'),
            "a control character"
        );
    }
    let texts = [
        &question.protocol,
        &question.host,
        &question.path,
        &question.username,
        &question.authtype,
    ];
    let lists = question.states.iter().chain(&question.wwwauth);
    for text in texts.into_iter().flatten().chain(lists) {
        assert!(!text.contains(ENDS_LINE), "{text:?}");
    }
}

/// A host is that of a record, where git said that it is, and its folder is one plain name.
fn names_a_host_or_none(question: &Question) {
    let (Some(protocol), Some(host)) = (&question.protocol, &question.host) else {
        return;
    };
    let path = question.path().unwrap_or_default();
    let Some(host) = Host::of_git(protocol, host).and_then(|root| root.below(path)) else {
        return;
    };
    assert!(host.to_string().ends_with(path), "{host:?} is not {path:?}");
    assert_eq!(Host::from_record(&host.to_string()).as_ref(), Some(&host));
    let key = host.key();
    assert!(
        !key.is_empty() && !key.starts_with('.') && !key.contains('/'),
        "{key:?}"
    );
}

/// What is kept is what git gets, if it asks for that.
fn is_answered_back(question: &Question, kept: &GitPassword) {
    let asked = Question {
        protocol: question.protocol.clone(),
        host: question.host.clone(),
        path: question.path.clone(),
        username: question.username.clone(),
        takes_authtype: true,
        ..Question::default()
    };
    let end = kept.password_expiry_utc;
    let beginning = Timestamp::from_unix_millis(i64::MIN);
    assert_eq!(
        asked.is_answered_by(kept, beginning),
        end.is_none_or(|end| beginning < end)
    );
    assert!(
        end.is_none_or(|end| !asked.is_answered_by(kept, end)),
        "it has ended"
    );

    let told = told(&asked, kept);
    assert_eq!(told.username, kept.username);
    assert_eq!(told.password, kept.password);
    assert_eq!(told.oauth_refresh_token, kept.oauth_refresh_token);
    let seconds = |end: Option<Timestamp>| end.map(Timestamp::unix_seconds);
    assert_eq!(seconds(told.password_expiry_utc), seconds(end));
    // The two make sense together only.
    if kept.authtype.is_some() && kept.credential.is_some() {
        assert_eq!(
            (&told.authtype, &told.credential),
            (&kept.authtype, &kept.credential)
        );
    } else {
        assert_eq!((&told.authtype, &told.credential), (&None, &None));
    }

    let older = Question {
        takes_authtype: false,
        ..asked
    };
    let told = self::told(&older, kept);
    assert_eq!(
        (told.authtype, told.credential, told.takes_authtype),
        (None, None, false)
    );
}

/// The answer, as git reads it: it adds nothing to the question.
fn told(asked: &Question, kept: &GitPassword) -> Question {
    let answer = answer_with(kept, asked).text();
    let told = Question::read(&mut answer.as_bytes()).expect("an answer can be read");
    let attributes = [
        kept.username.is_some(),
        kept.password.is_some(),
        kept.password_expiry_utc.is_some(),
        kept.oauth_refresh_token.is_some(),
    ];
    let authtype = asked.takes_authtype && kept.authtype.is_some() && kept.credential.is_some();
    let expected =
        attributes.into_iter().filter(|is_there| *is_there).count() + 3 * usize::from(authtype);
    assert_eq!(answer.matches('\n').count(), expected, "{:?}", *answer);
    assert!(answer.is_empty() || answer.ends_with('\n'));
    told
}

/// A question about the same one forgets it; one about another password, user, protocol or path does not.
fn is_refused(question: &Question, kept: &GitPassword) {
    assert!(question.refuses(kept));
    let other = |text: &str| Some(format!("{text}x"));
    let others = [
        Question {
            protocol: other(&kept.protocol),
            ..question.clone()
        },
        Question {
            username: other(kept.username.as_deref().unwrap_or_default()),
            ..question.clone()
        },
        Question {
            path: other(kept.path.as_deref().unwrap_or_default()),
            ..question.clone()
        },
        Question {
            password: Some(other_secret(kept.password.as_ref())),
            ..question.clone()
        },
        Question {
            credential: Some(other_secret(kept.credential.as_ref())),
            ..question.clone()
        },
    ];
    for (index, other) in others.iter().enumerate() {
        assert!(!other.refuses(kept), "{index}");
    }
    let rest = Question {
        path: None,
        username: None,
        password: None,
        credential: None,
        ..question.clone()
    };
    assert!(rest.refuses(kept), "what is not named may be anything");
}

/// Another one, no longer than the limit either.
fn other_secret(secret: Option<&Password>) -> Password {
    let mut text = secret.map_or("", Password::expose).to_owned();
    let last = text.pop();
    text.push(if last == Some('x') { 'y' } else { 'x' });
    Password::new(text).expect("one character for another")
}

/// A record that was tampered with, or a token, must not speak in git's name.
fn hostile_values_end_no_line(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    let secret = Password::new(text.to_string()).ok();
    assert!(secret.is_none() || !text.contains(ENDS_LINE));
    let kept = GitPassword {
        protocol: "https".to_owned(),
        path: None,
        username: Some(text.to_string()),
        password: secret.clone().or_else(|| Password::new(String::new()).ok()),
        password_expiry_utc: None,
        oauth_refresh_token: secret.clone(),
        authtype: Some(text.to_string()),
        credential: secret,
    };
    let asked = Question {
        takes_authtype: true,
        ..Question::default()
    };
    let answer = answer_with(&kept, &asked).text();
    if text.contains(ENDS_LINE) {
        assert!(answer.is_empty());
    }
}
