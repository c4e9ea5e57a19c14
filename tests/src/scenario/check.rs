//! Whether the world is as the script expects it, and in which words to say that it is not.

use ksync_runtime::engine::machine::State;

use super::kind::{Written, with_kind};
use super::script::{Entry, Expectation, ExpectedOperation, Needed, Timer};
use super::world::World;

/// Why a command failed: kept for the `expect refused` behind it.
pub(super) type Refusal = Option<String>;

impl World {
    /// Compares one expectation with the world. `refusal` is that of the command before.
    pub(super) fn check(&mut self, expectation: &Expectation, refusal: &Refusal) -> Result<(), String> {
        match expectation {
            Expectation::Sent { operations, any_order } => self.check_sent(operations, *any_order),
            Expectation::Outstanding(entries) => self.check_outstanding(entries),
            Expectation::State { entry, state, not } => {
                let found = self.state(entry);
                if (found == *state) == *not {
                    let not = if *not { "not " } else { "" };
                    return Err(self.wrong_state(entry, &format!("{not}{}", state_name(*state)), found));
                }
                Ok(())
            }
            Expectation::Index { entry, index } => {
                let found = with_kind!(entry.kind, K => self.engine.index::<K>(&entry.key));
                compare(&format!("index of {}", self.name(entry)), or_none(*index), or_none(found))
            }
            Expectation::Value { entry, value } => {
                let found = self.declared(entry).map(|(value, _)| value);
                compare(&format!("value of {}", self.name(entry)), value.clone(), or_none(found))
            }
            Expectation::Fixed { entry, fixed } => {
                let found = self.declared(entry).map(|(_, fixed)| fixed);
                compare(&format!("immutable part of {}", self.name(entry)), fixed.clone(), or_none(found))
            }
            Expectation::Stale { entry, stale } => {
                let found = with_kind!(entry.kind, K => self.engine.is_stale::<K>(&entry.key));
                let word = |stale| if stale { "stale" } else { "not stale" }.to_owned();
                compare(&self.name(entry), word(*stale), word(found))
            }
            Expectation::WaitsFor { entry, needs } => self.check_waits(entry, needs),
            Expectation::Why { entry, text, not } => {
                let why = self.why(entry);
                if why.contains(text.as_str()) == *not {
                    let not = if *not { "no " } else { "" };
                    return Err(format!(
                        "why {}: expected {not}text that contains {text:?}, found {why:?}",
                        self.name(entry)
                    ));
                }
                Ok(())
            }
            Expectation::References(count) => {
                compare("references in all", count.to_string(), self.engine.references().to_string())
            }
            Expectation::ReferencesTo { entry, count } => {
                let found = with_kind!(entry.kind, K => self.engine.references_to::<K>(&entry.key));
                compare(&format!("references to {}", self.name(entry)), count.to_string(), found.to_string())
            }
            Expectation::Rejected(count) => {
                let found = self.engine.rejected() - self.rejected_before;
                self.rejected_before = self.engine.rejected();
                compare("rejected events", count.to_string(), found.to_string())
            }
            Expectation::Refused(text) => match (refusal, text) {
                (None, _) => {
                    Err("expected the command before to be refused, found that it was not".to_owned())
                }
                (Some(reason), Some(text)) if !reason.contains(text.as_str()) => {
                    Err(format!("refusal: expected text that contains {text:?}, found {reason:?}"))
                }
                _ => Ok(()),
            },
            Expectation::Empty(kinds) => {
                let expected: Vec<&str> = kinds.iter().map(|kind| self.name_of_kind(*kind)).collect();
                let compared = compare("empty tables", list(&expected), list(&self.emptied));
                self.emptied.clear();
                compared
            }
            Expectation::Counts { kind, states } => {
                let mut expected = states.clone();
                expected.retain(|(_, count)| *count > 0);
                expected.sort();
                let found: Vec<(State, usize)> =
                    with_kind!(*kind, K => self.engine.counts::<K>()).iter().collect();
                let text = |counts: &[(State, usize)]| {
                    list(&counts.iter().map(|(state, count)| format!("{state} {count}")).collect::<Vec<_>>())
                };
                compare(&format!("counts of {}", self.name_of_kind(*kind)), text(&expected), text(&found))
            }
            Expectation::Count { kind, total } => {
                let found = with_kind!(*kind, K => self.engine.counts::<K>()).total();
                compare(
                    &format!("entries of {}", self.name_of_kind(*kind)),
                    total.to_string(),
                    found.to_string(),
                )
            }
            Expectation::Timer(timer) => self.check_timer(*timer),
            Expectation::Role { row, role } => {
                let found = self.feeds[row.kind].role(&row.key);
                compare(&format!("row {}", row.key), role.name().to_owned(), found.name().to_owned())
            }
            Expectation::InUse { entry, row } => {
                let found = self.feeds[entry.kind].in_use(&entry.key);
                compare(&format!("row in use for {}", self.name(entry)), or_none(row.clone()), or_none(found))
            }
            Expectation::Queued { entry, rows } => {
                let found = self.feeds[entry.kind].queued(&entry.key);
                compare(&format!("rows queued for {}", self.name(entry)), list(rows), list(&found))
            }
            Expectation::Pending(count) => {
                let found: usize = self.feeds.iter().map(|feed| feed.pending()).sum();
                compare("pending notifications", count.to_string(), found.to_string())
            }
            Expectation::Kept(count) => {
                let found: usize = self.feeds.iter().map(|feed| feed.kept()).sum();
                compare("kept rows", count.to_string(), found.to_string())
            }
            Expectation::RowRefused { row, text } => {
                let found = self.feeds[row.kind].refusal(&row.key).map(|text| self.in_words_of_script(&text));
                match (found, text) {
                    (None, _) => {
                        Err(format!("expected row {} to be refused, found that it was not", row.key))
                    }
                    (Some(found), Some(text)) if !found.contains(text.as_str()) => Err(format!(
                        "refusal of row {}: expected text that contains {text:?}, found {found:?}",
                        row.key
                    )),
                    _ => Ok(()),
                }
            }
            Expectation::Idle => {
                let (queued, outstanding) = (self.engine.queued(), self.engine.outstanding());
                if self.engine.is_idle() {
                    return Ok(());
                }
                Err(format!("expected idle, found {queued} queued and {outstanding} outstanding operations"))
            }
            Expectation::Settled => {
                let (unsettled, count) = self.engine.unsettled(3);
                if count == 0 {
                    return Ok(());
                }
                let first: Vec<String> = unsettled.iter().map(ToString::to_string).collect();
                Err(format!("expected all IN_SYNC, found {count} that are not: {}", first.join("; ")))
            }
        }
    }

    fn state(&self, entry: &Entry) -> Option<State> {
        with_kind!(entry.kind, K => self.engine.state::<K>(&entry.key))
    }

    /// The declared value of an entry, and the part of it that can't be changed in place.
    fn declared(&self, entry: &Entry) -> Option<(String, String)> {
        with_kind!(entry.kind, K => {
            self.engine.get::<K>(&entry.key).map(|object| (object.value.clone(), object.fixed.clone()))
        })
    }

    fn why(&self, entry: &Entry) -> String {
        with_kind!(entry.kind, K => self.engine.why::<K>(&entry.key)).map_or_else(
            || "there is no such entry".to_owned(),
            |why| self.in_words_of_script(&why.to_string()),
        )
    }

    fn wrong_state(&self, entry: &Entry, expected: &str, found: Option<State>) -> String {
        let mut text = format!("{}: expected {expected}, found {}", self.name(entry), state_name(found));
        if found.is_some_and(|state| state != State::InSync) {
            text.push_str(&format!("; {}", self.why(entry)));
        }
        text
    }

    fn check_sent(&mut self, expected: &[ExpectedOperation], any_order: bool) -> Result<(), String> {
        let sent = std::mem::take(&mut self.sent);
        let right = if any_order {
            sent.len() == expected.len() && {
                let mut left: Vec<&Written> = sent.iter().collect();
                expected.iter().all(|operation| {
                    let found = left.iter().position(|written| fits(operation, written));
                    found.map(|at| left.remove(at)).is_some()
                })
            }
        } else {
            sent.len() == expected.len()
                && expected.iter().zip(&sent).all(|(operation, written)| fits(operation, written))
        };
        if right {
            return Ok(());
        }
        let expected: Vec<String> = expected.iter().map(|operation| self.wanted(operation)).collect();
        // Details are told where they can be what is wrong.
        let details = expected.len() == sent.len();
        let sent: Vec<String> = sent.iter().map(|written| self.told(written, details)).collect();
        Err(format!("sent: expected {}, found {}", list(&expected), list(&sent)))
    }

    /// An operation that is expected, in words.
    fn wanted(&self, operation: &ExpectedOperation) -> String {
        let mut text = format!("{} {}", operation.asked, self.name(&operation.entry));
        let mut add = |word: &str, value: Option<String>| {
            if let Some(value) = value {
                text.push_str(&format!(" {word} {value}"));
            }
        };
        add("value", operation.value.clone());
        add("fixed", operation.fixed.clone());
        add("index", operation.index.map(|index| index.to_string()));
        add("naming", operation.naming.as_deref().map(numbers));
        text + if operation.again { " again" } else { "" }
    }

    /// An operation that was sent, in words.
    fn told(&self, written: &Written, details: bool) -> String {
        let mut text = self.operation(written);
        if !details {
            return text;
        }
        text.push_str(&format!(" value {} fixed {}", written.value, written.fixed));
        if let Some(index) = written.index {
            text.push_str(&format!(" index {index}"));
        }
        if !written.naming.is_empty() {
            text.push_str(&format!(" naming {}", numbers(&written.naming)));
        }
        text + if written.again { " again" } else { "" }
    }

    fn check_outstanding(&self, expected: &[Entry]) -> Result<(), String> {
        let mut wanted: Vec<String> = expected.iter().map(|entry| self.name(entry)).collect();
        let mut found: Vec<String> = self
            .outstanding
            .iter()
            .map(|handed| format!("{} {}", self.name_of_kind(handed.written.kind), handed.written.key))
            .collect();
        wanted.sort();
        found.sort();
        compare("outstanding", list(&wanted), list(&found))
    }

    fn check_waits(&self, entry: &Entry, needs: &[Needed]) -> Result<(), String> {
        let mut wanted: Vec<String> = needs
            .iter()
            .map(|need| match need {
                Needed::Entry(entry) => self.name(entry),
                Needed::Lacking(reason) => format!("Incomplete ({reason})"),
            })
            .collect();
        let why = with_kind!(entry.kind, K => self.engine.why::<K>(&entry.key));
        let mut found =
            why.and_then(|why| why.chain.into_iter().next()).map_or_else(Vec::new, |cause| cause.waits_for);
        wanted.sort();
        found.sort();
        compare(&format!("{} waits for", self.name(entry)), list(&wanted), list(&found))
    }

    fn check_timer(&self, timer: Timer) -> Result<(), String> {
        let next = self.engine.next_timeout().map(|at| at.saturating_duration_since(self.now));
        let found = next.map_or_else(|| "none".to_owned(), |left| format!("{left:?}"));
        let expected = match (timer, next) {
            (Timer::None, None) | (Timer::Some, Some(_)) => return Ok(()),
            (Timer::Within(first, last), Some(left)) if first <= left && left <= last => return Ok(()),
            (Timer::None, _) => "none".to_owned(),
            (Timer::Some, _) => "one".to_owned(),
            (Timer::Within(first, last), _) if first == last => format!("{first:?}"),
            (Timer::Within(first, last), _) => format!("within {first:?}..{last:?}"),
        };
        Err(format!("next timer: expected {expected}, found {found}"))
    }
}

fn fits(expected: &ExpectedOperation, written: &Written) -> bool {
    fn same<T: PartialEq>(expected: Option<&T>, found: Option<&T>) -> bool {
        expected.is_none() || expected == found
    }
    expected.asked == written.asked
        && expected.entry.kind == written.kind
        && expected.entry.key == written.key
        && same(expected.value.as_ref(), Some(&written.value))
        && same(expected.fixed.as_ref(), Some(&written.fixed))
        && same(expected.index.as_ref(), written.index.as_ref())
        && same(expected.naming.as_ref(), Some(&written.naming))
        && (!expected.again || written.again)
}

fn compare(what: &str, expected: String, found: String) -> Result<(), String> {
    if expected == found { Ok(()) } else { Err(format!("{what}: expected {expected}, found {found}")) }
}

fn state_name(state: Option<State>) -> &'static str {
    state.map_or("absent", State::name)
}

fn or_none<T: ToString>(value: Option<T>) -> String {
    value.map_or_else(|| "none".to_owned(), |value| value.to_string())
}

fn numbers(indexes: &[u32]) -> String {
    if indexes.is_empty() {
        return "nothing".to_owned();
    }
    indexes.iter().map(u32::to_string).collect::<Vec<_>>().join(" and ")
}

fn list<T: AsRef<str>>(all: &[T]) -> String {
    if all.is_empty() {
        return "nothing".to_owned();
    }
    all.iter().map(AsRef::as_ref).collect::<Vec<_>>().join(", ")
}
