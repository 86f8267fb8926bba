//! elvish: hosts and logins before the options. clap's text takes every word for a command, and fails at one that is
//! none, such as a host.

const COMMANDS: &str = "\
    var command = 'glauth'
    for word $words[1..-1] {
        if (str:has-prefix $word '-') {
            break
        }
        set command = $command';'$word
    }
";

/// What offers the names in the store.
const NAMES: &str = "\
    fn names {|what|
        try {
            e:glauth completions --list $what 2>/dev/null | from-lines
        } catch {
            nop
        }
    }
";

/// clap's last line: what the command offers.
const LAST: &str = "    $completions[$command]\n";

/// What finds the command among the words before the one that is completed. A file may stand behind `exec HOST --`.
const FOUND: &str = r"    var command = 'glauth'
    for word $words[1..-1] {
        if (has-key $completions $command';'$word) {
            set command = $command';'$word
        }
    }
    if (has-value $words[..-1] --) {
        edit:complete-filename $words[-1]
    } elif (has-value [-a --account] $words[-2]) {
        names accounts
    } elif (eq $words[-2] --host) {
        names hosts
    } else {
        $completions[$command]
    }
";

/// clap's text, with the names of hosts and logins.
pub(super) fn complete(text: &str, with_host: &[(String, bool)]) -> String {
    let mut text = text.replace(COMMANDS, NAMES);
    for (name, _) in with_host {
        let start = format!("        &'glauth;{name}'= {{\n");
        text = text.replace(&start, &format!("{start}            names hosts\n"));
    }
    text.replace(LAST, FOUND)
}
