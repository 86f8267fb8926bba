//! A check: what was looked at, what came of it, what to do. Its JSON is stable.

use std::collections::HashSet;

use serde::Serialize;

use crate::cli::call::Call;
use crate::cli::failure::{Error, Failure};
use crate::code::{Code, Exit};
use crate::credential::AccountId;

/// What was looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Topic {
    Files,
    FileSystem,
    #[cfg(feature = "postgres")]
    Database,
    Lock,
    Rename,
    Sync,
    Room,
    Login,
    Attempt,
    Copy,
    Rescue,
    Configuration,
    Proxy,
    Server,
    Clock,
    Token,
    Git,
}

/// The parts of the output for people, in its order.
pub(super) const GROUPS: [&str; 5] = ["Store", "Logins", "Servers", "git", "Surroundings"];

impl Topic {
    pub(super) fn group(self) -> &'static str {
        match self {
            Self::Files
            | Self::FileSystem
            | Self::Lock
            | Self::Rename
            | Self::Sync
            | Self::Room
            | Self::Rescue => "Store",
            #[cfg(feature = "postgres")]
            Self::Database => "Store",
            Self::Login | Self::Attempt | Self::Copy => "Logins",
            Self::Git => "git",
            Self::Server | Self::Clock | Self::Token => "Servers",
            Self::Configuration | Self::Proxy => "Surroundings",
        }
    }
}

/// What came of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Judgement {
    Ok,
    /// Neither fine nor a problem: it was not tried, or says nothing.
    Note,
    Warn,
    Fail,
}

/// A line of the output.
#[derive(Debug, Serialize)]
pub(super) struct Check {
    pub topic: Topic,
    pub verdict: Judgement,
    pub message: String,
    pub remedy: Option<String>,
    pub host: Option<String>,
    pub account: Option<String>,
    /// As in JSON errors, where it failed.
    pub code: Option<Code>,
}

impl Check {
    pub(super) fn ok(topic: Topic, message: impl Into<String>) -> Self {
        Self {
            topic,
            verdict: Judgement::Ok,
            message: message.into(),
            remedy: None,
            host: None,
            account: None,
            code: None,
        }
    }

    pub(super) fn note(topic: Topic, message: impl Into<String>) -> Self {
        Self {
            verdict: Judgement::Note,
            ..Self::ok(topic, message)
        }
    }

    pub(super) fn warn(
        topic: Topic,
        message: impl Into<String>,
        remedy: impl Into<String>,
    ) -> Self {
        Self {
            verdict: Judgement::Warn,
            remedy: Some(remedy.into()),
            ..Self::ok(topic, message)
        }
    }

    pub(super) fn fail(
        topic: Topic,
        code: Code,
        message: impl Into<String>,
        remedy: impl Into<String>,
    ) -> Self {
        Self {
            verdict: Judgement::Fail,
            code: Some(code),
            ..Self::warn(topic, message, remedy)
        }
    }

    /// What any command would say of this error.
    pub(super) fn error(topic: Topic, error: &Error, call: &Call) -> Self {
        Self::failure(topic, Failure::of(error, call))
    }

    pub(super) fn failure(topic: Topic, failure: Failure) -> Self {
        Self {
            verdict: Judgement::Fail,
            remedy: failure.hint,
            host: failure.host,
            account: failure.account,
            code: Some(failure.code),
            ..Self::ok(topic, failure.message)
        }
    }

    /// The same of an error of the store's, whose remedies name no other command than `doctor` before a refresh.
    pub(super) fn store_error(topic: Topic, error: crate::store::StoreError) -> Self {
        Self::error(topic, &error.into(), &Call::default().in_doctor())
    }

    /// What does no harm yet.
    pub(super) fn only_warning(mut self) -> Self {
        self.verdict = Judgement::Warn;
        self.code = None;
        self
    }

    /// The same, about `id`.
    pub(super) fn about(mut self, id: &AccountId) -> Self {
        self.host = Some(id.host.to_string());
        self.account = Some(id.account.to_string());
        self
    }

    pub(super) fn is_good(&self) -> bool {
        self.verdict == Judgement::Ok
    }

    pub(super) fn is_problem(&self) -> bool {
        matches!(self.verdict, Judgement::Warn | Judgement::Fail)
    }

    /// Whether it is a login that works again only once a person has done something.
    pub(super) fn needs_person(&self) -> bool {
        let is_of_login = matches!(self.topic, Topic::Login | Topic::Attempt | Topic::Token);
        is_of_login && self.verdict == Judgement::Fail && self.account.is_some()
    }

    /// Whether it is a login whose record cannot be read.
    pub(super) fn is_unreadable(&self) -> bool {
        self.topic == Topic::Login && self.exit() == Exit::Store
    }

    /// How the command ends for this check.
    pub(super) fn exit(&self) -> Exit {
        self.code.map_or(Exit::Done, Code::exit)
    }
}

/// What two looks have found is one finding: the later one says whose it is.
pub(super) fn drop_repeated(checks: &mut Vec<Check>) {
    let mut seen = HashSet::new();
    let keep: Vec<bool> = checks
        .iter()
        .rev()
        .map(|check| seen.insert(check.message.clone()))
        .collect();
    let mut keep = keep.into_iter().rev();
    checks.retain(|_| keep.next().unwrap_or(true));
}
