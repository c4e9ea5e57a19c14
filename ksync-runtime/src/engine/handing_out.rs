//! Handing out operations, and writing their messages. Knows nothing of answers.

use std::time::Instant;

use super::Engine;
use super::entry::{Core, EntryId, Flag, NONE};
use super::references::Cores;
use super::tables::{Table, Tables};
use crate::declare::{Context, KSyncEntry, OperationError, Progress, Protocol, Verb};
use crate::table::Rows;
use crate::wire::rtnetlink::NLM_F_ECHO;
use crate::wire::{BytesMut, Request, set_flags};

/// An operation that was handed out. An answer is tied to it, so that one that comes late can't touch a
/// newer life of the entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Operation {
    /// Whose it is.
    pub entry: EntryId,
    generation: u32,
    serial: u16,
    /// What is asked of the kernel.
    pub action: Action,
    /// An earlier try may have been carried out.
    again: bool,
}

impl Operation {
    /// Whether it is the last one of that life of the entry.
    #[inline]
    pub(super) fn is_current(&self, generation: u32, serial: u16) -> bool {
        self.generation == generation && self.serial == serial
    }
}

/// What an operation does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// Writes.
    Write(Verb),
    /// Asks for the index that the kernel gave the object.
    Lookup,
}

impl Core {
    /// Takes the operation that is queued out of the outbox.
    #[inline]
    fn hand_out(&mut self, entry: EntryId, generation: u32, outstanding: &mut usize) -> Option<Operation> {
        let verb = self.handed_out(outstanding)?;
        let action = if self.is(Flag::Lookup) { Action::Lookup } else { Action::Write(verb) };
        self.serial = self.serial.wrapping_add(1);
        Some(Operation { entry, generation, serial: self.serial, action, again: self.is(Flag::Doubt) })
    }
}

/// Messages that are written one behind the other.
#[derive(Debug)]
pub struct Writing<'a> {
    /// Where they are written to.
    pub out: &'a mut BytesMut,
    /// Where in `out` each of them starts.
    pub starts: &'a mut Vec<u32>,
    /// Sequence number of the next one.
    pub next_seq: u32,
    /// The port id of the socket that they leave by.
    pub port: u32,
}

/// Why the message of an operation is not among those that were written.
#[derive(Debug)]
pub struct Stopped {
    /// The operation.
    pub operation: Operation,
    /// What came of writing its message: it can't be written, or there is none.
    pub outcome: Result<Progress, OperationError>,
}

/// What came of writing a message.
type Written = Result<Progress, OperationError>;

/// Writes messages of entries of one kind.
#[derive(Clone, Copy)]
pub(crate) struct Writers {
    /// The message of one operation.
    one: fn(&Tables, Operation, Request<'_>) -> Written,
    /// Those of several operations, up to one whose message can't be written or is none: what came of that.
    run: fn(&Tables, &[Operation], &mut Writing<'_>) -> Option<Written>,
}

impl Writers {
    pub(crate) const fn of<T: KSyncEntry>() -> Self {
        Writers { one: write_one::<T>, run: write_run::<T> }
    }
}

impl Engine {
    /// The next operation to be asked of the kernel. Its outcome has to be given to `handle_outcome`.
    ///
    /// Where there are several connections, this is for the first of them.
    pub fn next_operation(&mut self, now: Instant) -> Option<Operation> {
        self.next_operation_on(0, now)
    }

    /// The same for the connection with that number, in the order of [`connect`](Self::connect).
    pub fn next_operation_on(&mut self, connection: usize, now: Instant) -> Option<Operation> {
        let mut one = None;
        self.hand_out(connection, 1, |operation| one = Some(operation), now);
        one
    }

    /// Up to `most` of the next operations on a connection, behind what `into` holds. Their messages have to be written
    /// before anything else is done with the engine.
    pub fn next_operations_on(
        &mut self,
        connection: usize,
        most: usize,
        into: &mut Vec<Operation>,
        now: Instant,
    ) {
        into.reserve(most);
        self.hand_out(connection, most, |operation| into.push(operation), now);
    }

    #[inline(always)]
    fn hand_out(&mut self, connection: usize, most: usize, mut take: impl FnMut(Operation), now: Instant) {
        let mut left = most;
        loop {
            left -= self.hand_out_straight(connection, left, &mut take);
            if left == 0 {
                return;
            }
            let Some((entry, lane)) = self.outboxes.pop(connection) else {
                return;
            };
            let Some(Table { slots, .. }) = self.tables.get_mut(entry.table()) else {
                continue;
            };
            let Some((core, generation)) = slots.with_generation_mut(entry.slot()) else {
                continue;
            };
            core.stands_no_more(lane);
            if !core.is(Flag::Queued) {
                continue;
            }
            let operation = if !core.needs_a_look() {
                core.hand_out(entry, generation, &mut self.outstanding)
            } else if self.may_still_leave(entry, now) {
                let core = self.tables.core_mut(entry);
                core.and_then(|core| core.hand_out(entry, generation, &mut self.outstanding))
            } else {
                continue;
            };
            self.outboxes.queued -= 1;
            if let Some(operation) = operation {
                take(operation);
                left -= 1;
            }
        }
    }

    /// Hands out what is next, up to `most`, as far as it is fresh, nobody else waits, and nothing is in its way. Returns
    /// how many.
    #[inline(always)]
    fn hand_out_straight(
        &mut self,
        connection: usize,
        most: usize,
        take: &mut impl FnMut(Operation),
    ) -> usize {
        let Engine { outboxes, tables, edges, outstanding, .. } = self;
        let handed_out = outboxes.take_fresh(connection, most, |entry| {
            let Some((core, generation)) = tables.core_with_generation_mut(entry) else {
                return false;
            };
            let stands_on = core.stands_on();
            let core = if stands_on == NONE {
                core
            } else if edges.first_unresolved(tables, stands_on).is_some() {
                return false;
            } else if let Some(core) = tables.core_mut(entry) {
                core
            } else {
                return false;
            };
            let Some(verb) = core.handed_out_straight() else {
                return false;
            };
            core.serial = core.serial.wrapping_add(1);
            let action = Action::Write(verb);
            take(Operation { entry, generation, serial: core.serial, action, again: false });
            true
        });
        *outstanding += handed_out;
        handed_out
    }

    /// Whether what the entry's operation stands on is still so. If not, it is decided anew.
    #[inline]
    fn may_still_leave(&mut self, entry: EntryId, now: Instant) -> bool {
        if self.tables.core(entry).is_some_and(|core| core.is(Flag::GoesFirst)) {
            return self.still_goes_first(entry);
        }
        if self.first_unresolved(entry).is_some() {
            // What the entry needs went away while its add or change waited to be handed out.
            self.reconsider(entry, now);
            return false;
        }
        true
    }

    /// Writes the message of an operation.
    ///
    /// # Errors
    /// What keeps it from being written; it is the operation's outcome then.
    pub fn write(&self, operation: Operation, request: Request<'_>) -> Result<Progress, OperationError> {
        let table = self.tables.get(operation.entry.table()).ok_or_else(gone)?;
        (table.writers.one)(&self.tables, operation, request)
    }

    /// Writes the messages of operations, one behind the other, to kernels that speak plain netlink. Ends early where
    /// there is none to be written, or it can't be.
    pub fn write_all(&self, operations: &[Operation], to: &mut Writing<'_>) -> Option<Stopped> {
        let mut rest = operations;
        while let Some(first) = rest.first() {
            let number = first.entry.table();
            let same = rest.iter().take_while(|operation| operation.entry.table() == number).count();
            let (run, others) = rest.split_at(same);
            let before = to.starts.len();
            let stopped = match self.tables.get(number) {
                Some(table) => (table.writers.run)(&self.tables, run, to),
                None => Some(Err(gone())),
            };
            if let Some(outcome) = stopped {
                let operation = *run.get(to.starts.len() - before)?;
                return Some(Stopped { operation, outcome });
            }
            rest = others;
        }
        None
    }

    /// Whether the answer to the operation should tell the object's index.
    pub fn wants_echo(&self, operation: Operation) -> bool {
        operation.action == Action::Write(Verb::Add)
            && self.tables.get(operation.entry.table()).is_some_and(Table::learns_from_echo)
    }

    /// The netlink family that the operation's message goes to.
    #[must_use]
    pub fn protocol(&self, operation: Operation) -> Option<Protocol> {
        self.tables.get(operation.entry.table()).map(|table| table.schema.protocol)
    }
}

fn write_one<T: KSyncEntry>(tables: &Tables, operation: Operation, request: Request<'_>) -> Written {
    let (table, rows) = tables.table_with_rows::<T>(operation.entry.table()).ok_or_else(gone)?;
    write_from(tables, table, rows, operation, request)
}

fn write_run<T: KSyncEntry>(
    tables: &Tables,
    operations: &[Operation],
    to: &mut Writing<'_>,
) -> Option<Written> {
    let number = operations.first().map(|first| first.entry.table());
    let Some((table, rows)) = number.and_then(|number| tables.table_with_rows::<T>(number)) else {
        return Some(Err(gone()));
    };
    for operation in operations {
        let start = to.out.len();
        let request = Request::new(to.out, to.next_seq, to.port);
        let outcome = write_from(tables, table, rows, *operation, request);
        if !matches!(outcome, Ok(Progress::Pending)) || to.out.len() == start {
            to.out.truncate(start);
            return Some(outcome);
        }
        if operation.action == Action::Write(Verb::Add) && table.learns_from_echo() {
            set_flags(to.out, start, NLM_F_ECHO);
        }
        to.starts.push(start as u32);
        to.next_seq = to.next_seq.wrapping_add(1);
    }
    None
}

#[inline(always)]
fn write_from<T: KSyncEntry>(
    tables: &Tables,
    table: &Table,
    rows: &Rows<T>,
    operation: Operation,
    request: Request<'_>,
) -> Written {
    let slot = operation.entry.slot();
    let context = Context::new(table.known_index_of(slot), tables, operation.again);
    match operation.action {
        Action::Write(verb) => {
            let held = table.held_by(slot, verb);
            rows.write(slot, held, verb, !operation.again, &context, request)
        }
        Action::Lookup => rows.write_get(slot, &context, request),
    }
}

#[cold]
fn gone() -> OperationError {
    OperationError::local(None, "the entry is gone")
}
