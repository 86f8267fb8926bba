//! What errors come to.

mod table;

use super::*;

#[test]
fn every_outcome_and_every_name_has_an_exit_code_of_its_own() {
    for (name, exit) in [
        ("unexpected", Exit::Unexpected),
        ("client_rejected", Exit::Usage),
        ("login_required", Exit::LoginRequired),
        ("stale", Exit::TryAgain),
        ("corrupt", Exit::Store),
    ] {
        assert_eq!(Exit::of_name(name), exit);
    }
}

#[test]
fn what_clap_says_becomes_one_line_and_a_hint() {
    let text = "error: unexpected argument '--foo' found\n\n  tip: a similar argument exists: '--force'\n\nUsage: glauth refresh --force [HOST]\n\nFor more information, try '--help'.\n";
    let (message, hint) = sentences(text);
    assert_eq!(message, "unexpected argument `--foo` found");
    assert_eq!(hint, "a similar argument exists: `--force`");
    let text = "error: the following required arguments were not provided:\n  --import\n\nUsage: glauth login --import [HOST]\n";
    let (message, hint) = sentences(text);
    assert_eq!(
        message,
        "the following required arguments were not provided: --import"
    );
    assert_eq!(hint, "see `glauth login --help`");
}
