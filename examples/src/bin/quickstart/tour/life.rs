//! The life of entries as it happens, a line for every step.
//!
//! Knows what the states mean to a person, and nothing of how an entry gets from one to the next.

use std::io::Write;
use std::sync::Arc;
use std::time::Duration;

use ksync_examples::page::{Page, Tone};
use ksync_runtime::agent::Agent;
use ksync_runtime::engine::Transition;
use ksync_runtime::engine::machine::State;
use tokio::sync::broadcast::Receiver;
use tokio::sync::broadcast::error::RecvError;
use tokio::time::timeout;

use crate::failure::Failure;

/// How long nothing may happen before the tour gives up.
const PATIENCE: Duration = Duration::from_secs(10);

/// Everything that happens to an agent's entries from now on.
pub(crate) struct Life {
    steps: Receiver<Arc<Transition>>,
}

impl Life {
    /// Listens from now on.
    pub(crate) fn of(agent: &Agent) -> Self {
        Life { steps: agent.transitions() }
    }

    /// Shows every step until `count` entries arrived in `state`. Returns the steps.
    pub(crate) async fn show<W: Write>(
        &mut self,
        page: &mut Page<W>,
        count: usize,
        state: State,
    ) -> Result<Vec<Arc<Transition>>, Failure> {
        let mut shown: Vec<Arc<Transition>> = Vec::new();
        let mut arrived = 0;
        while arrived < count {
            match timeout(PATIENCE, self.steps.recv()).await {
                Ok(Ok(step)) => {
                    arrived += usize::from(step.to == state);
                    let (tone, says) = in_words(&step);
                    page.row(&kind(step.kind), short(&step.key), tone, says)?;
                    shown.push(step);
                }
                Ok(Err(RecvError::Lagged(_))) => {}
                Ok(Err(RecvError::Closed)) | Err(_) => {
                    let missing = format!("{arrived} of {count} entries arrived in state {state}");
                    return Err(Failure::Stuck { missing });
                }
            }
        }
        Ok(shown)
    }
}

/// What a step means.
fn in_words(step: &Transition) -> (Tone, String) {
    let asked = || {
        let verbs: Vec<String> = step.calls.iter().map(|verb| verb.to_string()).collect();
        format!("{} on its way", verbs.join(" and "))
    };
    let detail = step.detail.as_deref().unwrap_or_default();
    match step.to {
        State::AddDefer | State::ChangeDefer => match detail.strip_prefix("waits for ") {
            Some(what) => (Tone::Waiting, format!("waits for {}", named(what))),
            None => (Tone::Bad, "refused by the kernel".to_owned()),
        },
        State::SyncWait | State::DelAckWait | State::RenewWait | State::DelDeferDelAck => {
            (Tone::Plain, asked())
        }
        State::InSync => (Tone::Good, "in sync".to_owned()),
        State::DelDeferRef => (Tone::Waiting, "removed, waits until nothing refers to it".to_owned()),
        State::Free => (Tone::Good, "deleted".to_owned()),
        other => (Tone::Quiet, format!("{other} {detail}")),
    }
}

/// `Nexthop core1` as `nexthop core1`.
fn named(what: &str) -> String {
    match what.split_once(' ') {
        Some((sort, key)) => format!("{} {}", kind(sort), short(key)),
        None => what.to_owned(),
    }
}

/// The name of a kind as it stands in a sentence.
pub(super) fn kind(name: &str) -> String {
    name.to_lowercase()
}

/// Of a key with several parts, the one that a person would call it by.
pub(super) fn short(key: &str) -> &str {
    let part = |name: &str| key.split(' ').find_map(|part| part.strip_prefix(name));
    part("destination=").or_else(|| part("address=")).unwrap_or(key)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_of_several_parts_are_called_by_the_telling_one() {
        assert_eq!(short("table=254 destination=10.0.0.0/8 metric=0 tos=0"), "10.0.0.0/8");
        assert_eq!(short("link=eth0 address=192.0.2.1/24"), "192.0.2.1/24");
        assert_eq!(short("core1"), "core1");
    }
}
