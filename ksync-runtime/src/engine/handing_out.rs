//! Handing out operations, and writing their messages. Knows nothing of answers.

use std::time::Instant;

use super::Engine;
use super::entry::{Core, EntryId, Flag, NONE};
use super::outbox::Lane;
use super::references::{Cores, Edges};
use super::tables::{Table, Tables};
use super::walk::walk;
use crate::declare::{Context, KSyncEntry, OperationError, Progress, Protocol, Verb};
use crate::table::Rows;
use crate::wire::rtnetlink::NLM_F_ECHO;
use crate::wire::{BLANK_PAPER, BytesMut, Request, set_flags};

/// So many messages are written by one call: there has to be a place for each of them before.
const LONGEST_RUN: usize = 256;

/// An operation that was handed out. An answer is tied to it, so that one that comes late can't touch a
/// newer life of the entry.
///
/// Besides, it carries what was true when it was handed out: [`Engine::write_all`] is for operations since which nothing else
/// was done with the engine. To look at it, or to [write](Engine::write) it later, does no harm.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Operation {
    /// Whose it is.
    pub entry: EntryId,
    generation: u32,
    /// Number of the copy of what the kernel held when it was handed out, or [`NONE`].
    held: u32,
    serial: u16,
    /// What is asked of the kernel.
    pub action: Action,
    /// An earlier try may have been carried out.
    again: bool,
}

impl Operation {
    /// In places that are not filled yet.
    const NONE: Operation = Operation {
        entry: EntryId::NOBODY,
        generation: 0,
        held: NONE,
        serial: 0,
        action: Action::Lookup,
        again: false,
    };

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
        let Core { serial, held, .. } = *self;
        Some(Operation { entry, generation, held, serial, action, again: self.is(Flag::Doubt) })
    }

    /// The same for an entry that stands in the lane that it [leaves](Self::leaves), if there is nothing to be looked at but
    /// what it [stands on](Self::stands_on), which has to be nothing unless it is `RESOLVED`.
    #[inline(always)]
    fn hand_out_straight<const RESOLVED: bool>(
        &mut self,
        entry: EntryId,
        generation: u32,
        leaves: u32,
    ) -> Option<Operation> {
        let verb = self.handed_out_straight::<RESOLVED>(leaves)?;
        self.serial = self.serial.wrapping_add(1);
        let Core { serial, held, .. } = *self;
        Some(Operation { entry, generation, held, serial, action: Action::Write(verb), again: false })
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
    /// Those of several operations, up to the first of another kind, which is [`Progress::Pending`]; or up to one whose
    /// message can't be written or is none: what came of that.
    run: fn(&Tables, &[Operation], &mut Writing<'_>) -> Written,
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
        let mut one = [Operation::NONE];
        let handed_out = self.hand_out(connection, &mut one, now);
        (handed_out > 0).then_some(one[0])
    }

    /// Up to `most` of the next operations on a connection, behind what `into` holds; fewer if there are no more. If
    /// [`write_all`](Self::write_all) is to write their messages, it has to do so before anything else is done with the engine:
    /// an operation carries what was true when it was handed out.
    pub fn next_operations_on(
        &mut self,
        connection: usize,
        most: usize,
        into: &mut Vec<Operation>,
        now: Instant,
    ) {
        let before = into.len();
        // One place at least: without any, what stands in the lanes in vain would stay there.
        into.resize(before + most.min(self.outboxes.queued.max(1)), Operation::NONE);
        let handed_out = self.hand_out(connection, &mut into[before..], now);
        into.truncate(before + handed_out);
    }

    /// Fills places with what is next, as far as there is something. Returns how many.
    fn hand_out(&mut self, connection: usize, places: &mut [Operation], now: Instant) -> usize {
        let mut handed_out = 0;
        loop {
            let straight = self.hand_out_straight(connection, &mut places[handed_out..]);
            handed_out += straight;
            if straight > 0 {
                continue;
            }
            let Some(place) = places.get_mut(handed_out) else { break };
            let Some((entry, lane)) = self.outboxes.pop(connection) else { break };
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
                *place = operation;
                handed_out += 1;
            }
        }
        handed_out
    }

    /// Hands out what is next, as long as there is a place, as far as all that waits is in one lane, and nothing is in its
    /// way. Returns how many.
    #[inline(always)]
    fn hand_out_straight(&mut self, connection: usize, places: &mut [Operation]) -> usize {
        let Engine { outboxes, tables, edges, outstanding, .. } = self;
        let handed_out = outboxes.take_run(connection, places.len(), |entries, lane| {
            let mut done = 0;
            while let (Some(entries @ [first, ..]), Some(places)) =
                (entries.get(done..), places.get_mut(done..))
            {
                let handed_out = match tables.core(*first).map(Core::stands_on) {
                    Some(NONE) => hand_out_run::<false>(tables, lane, entries, places),
                    Some(_) => {
                        let resolved = resolved_run(tables, edges, entries);
                        hand_out_run::<true>(tables, lane, &entries[..resolved], places)
                    }
                    None => 0,
                };
                if handed_out == 0 {
                    break;
                }
                done += handed_out;
            }
            done
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
    ///
    /// Since they were handed out, nothing may have been done with the engine but handing out and writing: the message
    /// could be about another object otherwise. [`write`](Self::write) has no such condition.
    pub fn write_all(&self, operations: &[Operation], to: &mut Writing<'_>) -> Option<Stopped> {
        let before = to.starts.len();
        loop {
            let left = operations.get(to.starts.len() - before..)?;
            let first = left.first()?;
            let written = match self.tables.get(first.entry.table()) {
                Some(table) => (table.writers.run)(&self.tables, left, to),
                None => Err(gone()),
            };
            if !matches!(written, Ok(Progress::Pending)) {
                let operation = *operations.get(to.starts.len() - before)?;
                return Some(Stopped { operation, outcome: written });
            }
        }
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

/// How many of those that come first, all of the same kind, have nothing in their way, what they stand on included.
fn resolved_run(tables: &Tables, edges: &Edges, entries: &[EntryId]) -> usize {
    let Some(number) = entries.first().map(|first| first.table()) else { return 0 };
    let Some(Table { slots, .. }) = tables.get(number) else { return 0 };
    // Many that come one after the other stand on the same.
    let mut there = None;
    let mut may_leave = |entry: &EntryId| {
        let core = slots.get(entry.slot()).filter(|_| entry.table() == number);
        // Who has to be looked at ends the run here: otherwise all behind it would be looked at again and again.
        let Some(core) = core.filter(|core| core.leaves_straight()) else { return false };
        let mut at = core.stands_on();
        while let Some(edge) = edges.get(at) {
            if there != Some(edge.to) && !tables.is_resolved(edge.to) {
                return false;
            }
            there = Some(edge.to);
            at = edge.sibling;
        }
        true
    };
    entries.iter().take_while(|entry| may_leave(entry)).count()
}

/// Hands out those that come first, as long as they are of the same kind as the first one and nothing is in their way.
/// `RESOLVED`: what they stand on is there; otherwise they have to stand on nothing. Returns how many.
#[inline(never)]
fn hand_out_run<const RESOLVED: bool>(
    tables: &mut Tables,
    lane: Lane,
    entries: &[EntryId],
    places: &mut [Operation],
) -> usize {
    let leaves = Core::leaves(lane);
    let Some(first) = entries.first() else { return 0 };
    let Some(Table { slots, .. }) = tables.get_mut(first.table()) else { return 0 };
    let places = entries.iter().zip(places);
    walk(
        slots,
        *first,
        places,
        |(entry, _)| **entry,
        |block, at, (entry, place)| {
            let Some((core, generation)) = block.with_generation_mut(at) else { return false };
            let handed_out = core.hand_out_straight::<RESOLVED>(*entry, generation, leaves);
            let Some(operation) = handed_out else { return false };
            *place = operation;
            true
        },
    )
}

fn write_one<T: KSyncEntry>(tables: &Tables, operation: Operation, request: Request<'_>) -> Written {
    let (table, rows) = tables.table_with_rows::<T>(operation.entry.table()).ok_or_else(gone)?;
    let held = table.held_by(operation.entry.slot());
    write_from(tables, table, rows, &operation, held, request)
}

fn write_run<T: KSyncEntry>(tables: &Tables, operations: &[Operation], to: &mut Writing<'_>) -> Written {
    let operations = operations.get(..LONGEST_RUN).unwrap_or(operations);
    let number = operations.first().ok_or_else(gone)?.entry.table();
    let (table, rows) = tables.table_with_rows::<T>(number).ok_or_else(gone)?;
    let before = to.starts.len();
    to.starts.resize(before + operations.len(), 0);
    let places = to.starts.get_mut(before..).unwrap_or_default();
    let (written, ended) =
        write_each(tables, (number, table, rows), operations, places, to.out, (to.next_seq, to.port));
    to.starts.truncate(before + written);
    to.next_seq = to.next_seq.wrapping_add(written as u32);
    if table.learns_from_echo() {
        for (operation, start) in operations.iter().zip(&to.starts[before..]) {
            if operation.action == Action::Write(Verb::Add) {
                set_flags(to.out, *start as usize, NLM_F_ECHO);
            }
        }
    }
    ended
}

/// Writes messages of one table, and into `places` where each of them starts. Returns how many, and how that ended.
#[inline(never)]
fn write_each<T: KSyncEntry>(
    tables: &Tables,
    (number, table, rows): (usize, &Table, &Rows<T>),
    operations: &[Operation],
    places: &mut [u32],
    out: &mut BytesMut,
    (first_seq, port): (u32, u32),
) -> (usize, Written) {
    let mut paper = BLANK_PAPER;
    let mut written = 0;
    for (operation, place) in operations.iter().zip(places) {
        if operation.entry.table() != number {
            break;
        }
        debug_assert_eq!(
            table.held_by(operation.entry.slot()),
            operation.held,
            "the engine went on between handing an operation out and writing its message"
        );
        let start = out.len();
        let request = Request::new(out, first_seq.wrapping_add(written as u32), port).on(&mut paper);
        let outcome = write_from(tables, table, rows, operation, operation.held, request);
        match outcome {
            Ok(Progress::Pending) if out.len() > start => {}
            outcome => {
                out.truncate(start);
                // There may have been nothing to be written.
                let outcome =
                    outcome.map(|kept| if kept == Progress::Kept { kept } else { Progress::Complete });
                return (written, outcome);
            }
        }
        *place = start as u32;
        written += 1;
    }
    (written, Ok(Progress::Pending))
}

#[inline(always)]
fn write_from<T: KSyncEntry>(
    tables: &Tables,
    table: &Table,
    rows: &Rows<T>,
    operation: &Operation,
    held: u32,
    request: Request<'_>,
) -> Written {
    let slot = operation.entry.slot();
    let context = Context::new(table.known_index_of(slot), tables, operation.again);
    match operation.action {
        Action::Write(verb) => rows.write(slot, held, verb, !operation.again, &context, request),
        Action::Lookup => rows.write_get(slot, &context, request),
    }
}

#[cold]
fn gone() -> OperationError {
    OperationError::local(None, "the entry is gone")
}
