//! A script that was read: kinds, commands and expectations. It knows no engine.

use std::fmt;
use std::time::Duration;

use ksync_runtime::database::Verdict;
use ksync_runtime::declare::OperationError;
use ksync_runtime::engine::RetryPolicy;
use ksync_runtime::engine::machine::State;

use super::kind::{Asked, Manners};
use super::rows::Role;

/// A scenario.
#[derive(Clone, Debug)]
pub(crate) struct Script {
    /// What it shows.
    pub(crate) name: String,
    /// The line that it begins with.
    pub(crate) line: usize,
    /// Its kinds, by number.
    pub(crate) kinds: Vec<Manners>,
    /// How long failed operations wait.
    pub(crate) policy: RetryPolicy,
    /// What is done and expected, in order.
    pub(crate) steps: Vec<Step>,
}

/// One line of a script.
#[derive(Clone, Debug)]
pub(crate) struct Step {
    /// Where it stands.
    pub(crate) line: usize,
    /// The line itself.
    pub(crate) text: String,
    /// What it says.
    pub(crate) command: Command,
}

/// An entry: number of its kind, and its key.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Entry {
    /// Number of the kind.
    pub(crate) kind: usize,
    /// The key.
    pub(crate) key: String,
}

/// What is to be set. What is not said is the default, or, for a change, stays.
#[derive(Clone, Debug, Default)]
pub(crate) struct Wish {
    /// What can be changed in place.
    pub(crate) value: Option<String>,
    /// What can't.
    pub(crate) fixed: Option<String>,
    /// What it refers to.
    pub(crate) needs: Option<Vec<Needed>>,
}

/// A reference in a script.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Needed {
    /// To an entry.
    Entry(Entry),
    /// To something that never comes, and what that is.
    Lacking(String),
}

/// Which operation is answered.
#[derive(Clone, Debug, Default)]
pub(crate) struct Which {
    /// The one of that entry; the oldest if not said.
    pub(crate) entry: Option<Entry>,
    /// It has to be one of these.
    pub(crate) asked: Option<Asked>,
    /// The answer was given already: it is given again.
    pub(crate) late: bool,
}

/// An answer of the kernel.
#[derive(Clone, Debug)]
pub(crate) enum Answer {
    /// Done; under that index.
    Done(Option<u32>),
    /// Refused.
    Failed(OperationError),
    /// The answer was lost.
    Lost,
}

/// A line that does something, or expects something.
#[derive(Clone, Debug)]
pub(crate) enum Command {
    /// Declares an entry or gives it another value. `change`: keeps what is not said.
    Set { entries: Vec<Entry>, wish: Wish, change: bool },
    /// Creates an entry as stale.
    Stale { entries: Vec<Entry>, wish: Wish },
    /// Withdraws entries.
    Remove(Vec<Entry>),
    /// Deletes and adds entries again.
    Renew(Vec<Entry>),
    /// Takes a reference to entries.
    Hold(Vec<Entry>),
    /// Gives one back.
    Release(Vec<Entry>),
    /// Nothing leaves the engine (or everything does again).
    HoldOutput(bool),
    /// Answers operations.
    Answer { which: Vec<Which>, answer: Answer },
    /// Acknowledges all that is outstanding now.
    AckAll,
    /// Acknowledges until nothing is outstanding.
    Settle,
    /// The entry's next operation fails on the spot.
    FailNext { entry: Entry, error: OperationError },
    /// The kernel dropped the objects.
    Lost(Vec<Entry>),
    /// Somebody changed the objects.
    Drifted(Vec<Entry>),
    /// Time passes.
    Advance(Duration),
    /// Time passes until the next timer.
    NextTimer,
    /// Deletes stale entries.
    Sweep { most: usize, every: Option<Duration> },
    /// Empties tables.
    DeleteAll(Vec<usize>),
    /// Takes tables away.
    Unregister(Vec<usize>),
    /// Makes tables again.
    Register(Vec<usize>),
    /// Keeps indexes out of use.
    Reserve { kind: usize, indexes: Vec<u32> },
    /// Adds a database row that maps to an entry. `change`: it is there, and keeps what is not said.
    Row { row: RowName, entry: Option<Entry>, wish: Wish, verdict: Option<Verdict>, change: bool },
    /// Deletes database rows.
    DeleteRow(Vec<RowName>),
    /// Delivers notifications about rows; of one kind, or of all.
    Deliver { most: usize, kind: Option<usize> },
    /// Expects.
    Expect(Vec<Expectation>),
}

/// A database row: the kind of the entries that its table feeds, and its name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct RowName {
    /// Number of the kind.
    pub(crate) kind: usize,
    /// Name of the row.
    pub(crate) key: String,
}

/// An operation that is expected.
#[derive(Clone, Debug)]
pub(crate) struct ExpectedOperation {
    /// What is asked.
    pub(crate) asked: Asked,
    /// Of which entry.
    pub(crate) entry: Entry,
    /// Its value.
    pub(crate) value: Option<String>,
    /// The part of it that can't be changed in place.
    pub(crate) fixed: Option<String>,
    /// The entry's own index.
    pub(crate) index: Option<u32>,
    /// The indexes of what it refers to.
    pub(crate) naming: Option<Vec<u32>>,
    /// It may have been carried out before.
    pub(crate) again: bool,
}

/// What is expected.
#[derive(Clone, Debug)]
pub(crate) enum Expectation {
    /// These operations were sent since the last time, and no other.
    Sent { operations: Vec<ExpectedOperation>, any_order: bool },
    /// Operations of these entries wait for answers, and no other.
    Outstanding(Vec<Entry>),
    /// The state of an entry; `None`: there is no such entry. `not`: anything but that.
    State { entry: Entry, state: Option<State>, not: bool },
    /// The index of an entry.
    Index { entry: Entry, index: Option<u32> },
    /// The declared value of an entry.
    Value { entry: Entry, value: String },
    /// The declared immutable part of an entry.
    Fixed { entry: Entry, fixed: String },
    /// Whether an entry is stale.
    Stale { entry: Entry, stale: bool },
    /// All that an entry waits for.
    WaitsFor { entry: Entry, needs: Vec<Needed> },
    /// A part of the answer to "why".
    Why { entry: Entry, text: String, not: bool },
    /// How many references there are in all.
    References(usize),
    /// How many references lead to an entry.
    ReferencesTo { entry: Entry, count: usize },
    /// How many events were rejected since the last time.
    Rejected(u64),
    /// The last command was refused, with a text that contains this.
    Refused(Option<String>),
    /// Which tables were told to be empty since the last time.
    Empty(Vec<usize>),
    /// How many entries of a kind are in which states, and none in others.
    Counts { kind: usize, states: Vec<(State, usize)> },
    /// How many entries a kind has.
    Count { kind: usize, total: usize },
    /// When the next timer runs out.
    Timer(Timer),
    /// What a database row is to its entry.
    Role { row: RowName, role: Role },
    /// The row that an entry stands for.
    InUse { entry: Entry, row: Option<String> },
    /// The rows that wait for their turn at an entry, in order.
    Queued { entry: Entry, rows: Vec<String> },
    /// How many notifications about rows are not delivered.
    Pending(usize),
    /// How many deleted rows are kept, because entries have not let go of them.
    Kept(usize),
    /// A row that is in use was refused, with a text that contains this.
    RowRefused { row: RowName, text: Option<String> },
    /// Nothing is queued and nothing is outstanding.
    Idle,
    /// Every entry is in sync.
    Settled,
}

/// What is expected of the next timer.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Timer {
    /// None is set.
    None,
    /// One is set.
    Some,
    /// It runs out within these bounds, both included.
    Within(Duration, Duration),
}

/// Why a line can't be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct SyntaxError {
    /// The line.
    pub(crate) line: usize,
    /// What is wrong.
    pub(crate) message: String,
    /// What would be right.
    pub(crate) hint: Option<String>,
}

impl fmt::Display for SyntaxError {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.message)?;
        match &self.hint {
            Some(hint) => write!(out, " ({hint})"),
            None => Ok(()),
        }
    }
}
