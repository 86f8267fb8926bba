//! The rescue places: answers that a store could not take.

use super::check::{Check, Topic};
use crate::cli::shell;
use crate::credential::Host;
use crate::store::Store;
use crate::store::examine::RescuedAnswer;

/// With a host, what is known to be of another one is left out.
pub(super) fn checks(store: &Store, host: Option<&Host>) -> Vec<Check> {
    let is_meant = |found: &&RescuedAnswer| {
        let id = found.waits_for.as_ref().or(found.names.as_ref());
        id.zip(host).is_none_or(|(id, host)| id.host == *host)
    };
    match store.rescued() {
        Err(error) => vec![Check::store_error(Topic::Rescue, error)],
        Ok((found, troubles)) => {
            let mut checks: Vec<Check> = found.iter().filter(is_meant).map(answer).collect();
            // The next place is used instead.
            checks.extend(
                troubles
                    .into_iter()
                    .map(|error| Check::store_error(Topic::Rescue, error).only_warning()),
            );
            checks
        }
    }
}

fn answer(found: &RescuedAnswer) -> Check {
    let path = found.path.display();
    if let Some(id) = &found.waits_for {
        return Check::warn(
            Topic::Rescue,
            format!("an answer for {id} that the store could not take waits in `{path}`"),
            "leave it there: the next call that needs a new token puts it in place",
        )
        .about(id);
    }
    let whose = found.names.as_ref().map_or_else(
        || "a file that is no rescued answer".to_owned(),
        |id| format!("a server's answer for {id}, which no login of this store needs,"),
    );
    Check::warn(
        Topic::Rescue,
        format!("{whose} is in `{path}`"),
        format!(
            "if no other store of yours needs it, run `rm {}`",
            shell::quote_for_person(&found.path.to_string_lossy())
        ),
    )
}
