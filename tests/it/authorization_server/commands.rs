//! What is said to the server that a person tries glauth on.

use crate::support::authorization_server::{AuthorizationServer, answer};

#[test]
fn a_wrong_command_is_answered_with_what_is_wrong_and_the_server_goes_on() {
    let server = AuthorizationServer::start();
    for (line, said) in [
        ("decide foo", "this server has issued no code `foo`"),
        ("decide", "`decide` needs the code"),
        ("decide  ", "`decide` needs the code"),
        ("lifetime", "`lifetime` needs a number of seconds"),
        ("lifetime -1", "`lifetime` needs a number of seconds"),
        ("lifetime soon", "`lifetime` needs a number of seconds"),
        (
            "lifetime 18446744073709551615",
            "`lifetime` needs a number of seconds",
        ),
        ("up now", "`up` takes no argument"),
        ("", "the line is empty"),
        ("frobnicate", "`frobnicate` is not a command"),
        ("\u{1b}[2J", r"`\u{1b}[2J` is not a command"),
    ] {
        let answered = answer(&server, line);
        assert!(answered.starts_with(said), "{line:?}: {answered}");
        assert_eq!(answered.lines().count(), 1, "{answered}");
    }
    for line in [
        "lifetime 60",
        " lifetime  60 ",
        "down",
        "up",
        "expire",
        "revoke",
    ] {
        assert_eq!(answer(&server, line), "done", "{line}");
    }
    assert!(answer(&server, "log-in").contains("\"expires_in\":60"));
}
