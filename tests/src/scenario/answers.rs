//! The kernel's part in the world of a scenario: which operation is answered, and how.

use ksync_runtime::declare::{IndexSource, Verb};
use ksync_runtime::engine::Outcome;

use super::kind::{Asked, Written};
use super::script::{Answer, Which};
use super::world::{Done, Handed, Trouble, World};

/// How many answers `settle` gives before it gives up.
const MOST_ANSWERS: usize = 100_000;

impl World {
    /// Gives the answer that the script says.
    pub(super) fn answer(&mut self, which: &Which, answer: &Answer) -> Done {
        let handed = if which.late { self.find_answered(which)? } else { self.take_outstanding(which)? };
        let outcome = match answer {
            Answer::Done(index) => {
                let kind = handed.written.kind;
                if index.is_some() && self.desk.kinds[kind].index != IndexSource::Kernel {
                    return Err(Trouble::Senseless(format!(
                        "the kernel gives no index to a {}: declare it with `index from kernel`",
                        self.name_of_kind(kind)
                    )));
                }
                Outcome::Done { index: *index }
            }
            Answer::Failed(error) => Outcome::Failed(error.clone()),
            Answer::Lost => Outcome::Unknown,
        };
        self.give(handed, outcome);
        Ok(())
    }

    pub(super) fn give(&mut self, handed: Handed, outcome: Outcome) {
        self.engine.handle_outcome(handed.operation, outcome, self.now);
        self.answered.push(handed);
    }

    fn take_outstanding(&mut self, which: &Which) -> Result<Handed, Trouble> {
        let found = self
            .outstanding
            .iter()
            .position(|handed| which.entry.as_ref().is_none_or(|entry| handed.is_of(entry)));
        let list = self.list_outstanding();
        let Some(at) = found else {
            let what = which
                .entry
                .as_ref()
                .map_or("nothing is".to_owned(), |entry| format!("no operation of {} is", self.name(entry)));
            return Err(Trouble::Senseless(format!("{what} outstanding; outstanding: {list}")));
        };
        let asked = self.outstanding[at].written.asked;
        if let Some(expected) = which.asked
            && expected != asked
        {
            return Err(Trouble::Senseless(format!(
                "the operation that would be answered is {}, not {expected}; outstanding: {list}",
                self.operation(&self.outstanding[at].written),
            )));
        }
        Ok(self.outstanding.remove(at))
    }

    /// The last operation that was answered already.
    fn find_answered(&self, which: &Which) -> Result<Handed, Trouble> {
        let fits = |handed: &&Handed| {
            which.entry.as_ref().is_none_or(|entry| handed.is_of(entry))
                && which.asked.is_none_or(|asked| asked == handed.written.asked)
        };
        self.answered.iter().rev().find(fits).cloned().ok_or_else(|| {
            Trouble::Senseless("no such operation was answered yet, so no answer can come again".to_owned())
        })
    }

    /// The kernel does what it was asked, and gives an index where one is wanted.
    pub(super) fn carry_out(&mut self, handed: Handed) {
        let Written { kind, asked, .. } = handed.written;
        let wanted = self.desk.kinds[kind].index == IndexSource::Kernel
            && asked != Asked::Write(Verb::Delete)
            && handed.written.index.is_none();
        let index = wanted.then(|| {
            let next = self.next_index.entry(kind).or_insert(0);
            *next += 1;
            *next
        });
        self.give(handed, Outcome::Done { index });
    }

    pub(super) fn settle(&mut self) -> Done {
        self.drain();
        for _ in 0..MOST_ANSWERS {
            if self.outstanding.is_empty() {
                return Ok(());
            }
            let oldest = self.outstanding.remove(0);
            self.carry_out(oldest);
            self.drain();
        }
        Err(Trouble::Senseless(format!("after {MOST_ANSWERS} answers there still is something outstanding")))
    }
}
