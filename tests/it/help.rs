//! `--help`, `glauth help`, and words of other programs.

use crate::support::sandbox::Sandbox;

fn help(args: &[&str]) -> String {
    Sandbox::new().run(args).succeeds()
}

#[test]
fn help_of_a_command_is_what_its_own_option_prints() {
    for command in ["login", "token", "setup-git"] {
        assert_eq!(help(&["help", command]), help(&[command, "--help"]));
    }
    assert_eq!(help(&["help"]), help(&["--help"]));
}

#[test]
fn options_of_every_command_are_listed_once_and_work_everywhere() {
    for word in ["-h", "--help"] {
        let root = help(&[word]);
        let token = help(&["token", word]);
        for option in ["--store", "--lock-timeout", "--config"] {
            assert!(root.contains(&format!("{option} <")), "{root}");
            assert!(!token.contains(&format!("{option} <")), "{token}");
        }
        assert!(token.contains("see `glauth help`"), "{token}");
        assert!(token.contains("--min-ttl <"), "{token}");
    }
    let sandbox = Sandbox::new();
    let store = sandbox.store().join("elsewhere");
    let finished = sandbox.run(&["status", "--store", store.to_str().unwrap()]);
    assert_eq!(finished.code(), Some(0), "{finished:?}");
}

#[test]
fn no_help_shows_a_hidden_option() {
    for words in [&["help", "completions"][..], &["completions", "-h"]] {
        let text = help(words);
        assert!(!text.contains("--list"), "{text}");
    }
}

#[test]
fn a_word_of_another_program_leads_to_the_command() {
    for (word, command) in [
        ("list", "glauth status"),
        ("whoami", "glauth status"),
        ("version", "glauth --version"),
        ("print-access-token", "glauth token"),
        ("revoke", "glauth logout"),
        ("run", "glauth exec"),
    ] {
        let finished = Sandbox::new().run(&[word]);
        assert_eq!(finished.code(), Some(2));
        let hint = format!("hint: run `{command}`\n");
        assert!(finished.stderr.ends_with(&hint), "{}", finished.stderr);
    }
    // What clap knows better stays.
    let finished = Sandbox::new().run(&["stauts"]);
    assert!(finished.stderr.contains("`status`"), "{}", finished.stderr);
}
