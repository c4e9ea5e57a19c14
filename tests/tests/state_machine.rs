//! The state machine against a literal table: every state, every event, every combination of the facts.
//!
//! The table is written in a small language of its own, a line a row, and walked by an interpreter that shares
//! nothing with the machine. A row reads: state, events, and what follows. What follows are clauses parted by
//! semicolons; the first whose condition holds is taken. Its words are carried out in order: `A`, `C`, `D` ask
//! for an operation, `set` and `clear` are about the fact `again`, `sent` and `unsent` about `seen`, `stay` or
//! the name of a state ends the row, the name of a procedure goes on there.

use std::collections::BTreeMap;
use std::process::Command;

use ksync_runtime::engine::machine::{Event, Facts, State, step};
use ksync_tests::machine;

/// The steps that several rows share.
const PROCEDURES: &str = "
ADD    | if unresolved: ADD_DEFER;              if sync: sent A IN_SYNC;  sent A SYNC_WAIT
CHANGE | if unresolved: CHANGE_DEFER;           if sync: C IN_SYNC;       C SYNC_WAIT
DELETE | if refs: DEL_DEFER_REF; if unseen compress: FREE; if sync: D FREE; D DEL_ACK_WAIT
RENEW  | if unseen compress: ADD;               if sync: D unsent ADD;    D RENEW_WAIT
GONE   | if refs: TEMP; FREE
";

/// What the original does. `GONE` is its `refs = 0 → FREE; else TEMP`.
const ORIGINAL: &str = "
INIT              | ADD_CHANGE_REQ              | ADD
TEMP              | ADD_CHANGE_REQ DEL_ADD_REQ  | ADD
TEMP              | DEL_REQ REF_RELEASED        | GONE
ADD_DEFER         | ADD_CHANGE_REQ              | ADD
ADD_DEFER         | RE_EVAL                     | ADD
ADD_DEFER         | DEL_REQ                     | if compress: GONE; DELETE
ADD_DEFER         | DEL_ADD_REQ                 | RENEW
CHANGE_DEFER      | ADD_CHANGE_REQ              | CHANGE
CHANGE_DEFER      | RE_EVAL                     | CHANGE
CHANGE_DEFER      | DEL_REQ                     | DELETE
CHANGE_DEFER      | DEL_ADD_REQ                 | RENEW
IN_SYNC           | ADD_CHANGE_REQ              | CHANGE
IN_SYNC           | DEL_REQ                     | DELETE
IN_SYNC           | DEL_ADD_REQ                 | RENEW
SYNC_WAIT         | ADD_CHANGE_REQ              | NEED_SYNC
SYNC_WAIT         | ADD_ACK CHANGE_ACK          | if again: clear RENEW; IN_SYNC
SYNC_WAIT         | DEL_REQ                     | clear DEL_DEFER_SYNC
SYNC_WAIT         | DEL_ADD_REQ                 | set stay
NEED_SYNC         | ADD_CHANGE_REQ              | stay
NEED_SYNC         | ADD_ACK CHANGE_ACK          | if again: clear RENEW; CHANGE
NEED_SYNC         | DEL_REQ                     | clear DEL_DEFER_SYNC
NEED_SYNC         | DEL_ADD_REQ                 | set stay
DEL_DEFER_SYNC    | ADD_CHANGE_REQ              | NEED_SYNC
DEL_DEFER_SYNC    | ADD_ACK CHANGE_ACK          | DELETE
DEL_DEFER_SYNC    | DEL_ADD_REQ                 | set NEED_SYNC
DEL_DEFER_REF     | ADD_CHANGE_REQ              | if seen: CHANGE; ADD
DEL_DEFER_REF     | DEL_REQ REF_RELEASED        | if refs: stay; DELETE
DEL_DEFER_REF     | DEL_ADD_REQ                 | RENEW
DEL_DEFER_DEL_ACK | ADD_CHANGE_REQ              | clear RENEW_WAIT
DEL_DEFER_DEL_ACK | DEL_ACK                     | if again: clear RENEW; DELETE
DEL_DEFER_DEL_ACK | DEL_ADD_REQ                 | set stay
DEL_ACK_WAIT      | ADD_CHANGE_REQ              | clear RENEW_WAIT
DEL_ACK_WAIT      | DEL_ACK                     | if again: clear RENEW; unsent GONE
DEL_ACK_WAIT      | DEL_ADD_REQ                 | set stay
RENEW_WAIT        | ADD_CHANGE_REQ              | clear stay
RENEW_WAIT        | DEL_REQ                     | if compress: clear DEL_ACK_WAIT; clear DEL_DEFER_DEL_ACK
RENEW_WAIT        | DEL_ACK                     | if again: clear RENEW; unsent ADD
RENEW_WAIT        | DEL_ADD_REQ                 | set stay
";

/// A reference can be let go at any time, also after the end: where no row above says otherwise, nothing comes
/// of it. Only an entry that was not told anything yet can't have had one.
const RELEASED: &str = "
ADD_DEFER CHANGE_DEFER IN_SYNC SYNC_WAIT NEED_SYNC DEL_DEFER_SYNC | REF_RELEASED | stay
DEL_DEFER_DEL_ACK DEL_ACK_WAIT RENEW_WAIT FREE                    | REF_RELEASED | stay
";

/// The kernel refused the add. Nothing is there that could be deleted or changed: a delete that was asked for
/// is done, and whatever was asked for besides (a change, or a delete with an add) comes down to an add.
const ADD_REFUSED: &str = "
SYNC_WAIT         | ADD_NACK | if again: clear unsent ADD; unsent ADD_DEFER
NEED_SYNC         | ADD_NACK | clear unsent ADD
DEL_DEFER_SYNC    | ADD_NACK | unsent GONE
";

/// The kernel refused the change. With `seen` = 0 the object was not there: as after a refused add, but that
/// the add follows at once, since it was the change that was refused. With `again` = 1 it can't be changed in
/// place. If it changed meanwhile, the refusal was of something that nobody asks for any more.
const CHANGE_REFUSED: &str = "
SYNC_WAIT         | CHANGE_NACK | if unseen: clear ADD; if again: clear RENEW; CHANGE_DEFER
NEED_SYNC         | CHANGE_NACK | if unseen: clear ADD; if again: clear RENEW; CHANGE
DEL_DEFER_SYNC    | CHANGE_NACK | if unseen: clear GONE; clear DELETE
";

/// The kernel refused the delete. With `seen` = 0 the object was not there, which is what was asked for: the
/// rows are those of DEL_ACK. Otherwise the delete stays where it is, and a timer runs.
const DELETE_REFUSED: &str = "
DEL_DEFER_DEL_ACK | DEL_NACK | if seen: stay; if again: clear RENEW; DELETE
DEL_ACK_WAIT      | DEL_NACK | if seen: stay; if again: clear RENEW; GONE
RENEW_WAIT        | DEL_NACK | if seen: stay; if again: clear RENEW; ADD
";

/// A timer ran out. Only what was refused has one. What was to be deleted may be referred to again by now, so
/// the delete is decided anew; but for a renewal, which goes on whoever refers to it. A delete that had to be
/// followed by another one is that other one when it is sent again.
const RETRIED: &str = "
ADD_DEFER         | RETRY | ADD
CHANGE_DEFER      | RETRY | CHANGE
DEL_DEFER_DEL_ACK | RETRY | DELETE
DEL_ACK_WAIT      | RETRY | DELETE
RENEW_WAIT        | RETRY | RENEW
";

/// The object is gone from the kernel. What waits to be deleted has nothing left to delete. While an add or
/// change is on its way, nobody can say which came first: delete and add again, to be sure. If all is to be
/// deleted, or a delete is on its way, the answer settles it. What was not in the kernel can't be lost: late
/// news of an earlier life.
const LOST: &str = "
CHANGE_DEFER IN_SYNC                       | LOST | unsent ADD
DEL_DEFER_REF                              | LOST | unsent GONE
SYNC_WAIT NEED_SYNC                        | LOST | set stay
TEMP ADD_DEFER                             | LOST | stay
DEL_DEFER_SYNC                             | LOST | stay
DEL_DEFER_DEL_ACK DEL_ACK_WAIT RENEW_WAIT  | LOST | stay
";

/// The object was changed by somebody else: it is changed back, after what is on its way, if it is still wanted.
const DRIFTED: &str = "
IN_SYNC                                    | DRIFTED | CHANGE
SYNC_WAIT NEED_SYNC                        | DRIFTED | NEED_SYNC
CHANGE_DEFER                               | DRIFTED | stay
TEMP ADD_DEFER                             | DRIFTED | stay
DEL_DEFER_SYNC DEL_DEFER_REF               | DRIFTED | stay
DEL_DEFER_DEL_ACK DEL_ACK_WAIT RENEW_WAIT  | DRIFTED | stay
";

const ALL: [&str; 8] =
    [ORIGINAL, RELEASED, ADD_REFUSED, CHANGE_REFUSED, DELETE_REFUSED, RETRIED, LOST, DRIFTED];

/// What the table says of one combination.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Expected {
    next: String,
    calls: String,
    seen: bool,
    again: bool,
}

/// The clauses of the rows, by state and event.
struct Table {
    rows: BTreeMap<(&'static str, &'static str), &'static str>,
    procedures: BTreeMap<&'static str, &'static str>,
}

impl Table {
    fn read(parts: &[&'static str]) -> Self {
        let mut rows = BTreeMap::new();
        for line in parts.iter().flat_map(|part| part.lines()).filter(|line| !line.is_empty()) {
            let columns: Vec<&str> = line.split('|').collect();
            let [states, events, clauses] = columns[..] else { panic!("three columns: {line}") };
            for state in states.split_whitespace() {
                assert!(State::ALL.iter().any(|known| known.name() == state), "no state: {state}");
                for event in events.split_whitespace() {
                    assert!(Event::ALL.iter().any(|known| known.name() == event), "no event: {event}");
                    let before = rows.insert((state, event), clauses);
                    assert!(before.is_none(), "two rows for {state} and {event}");
                }
            }
        }
        let procedures = PROCEDURES
            .lines()
            .filter_map(|line| line.split_once('|'))
            .map(|(name, clauses)| (name.trim(), clauses))
            .collect();
        Table { rows, procedures }
    }

    /// `None` where the event can't happen.
    fn expected(&self, state: State, event: Event, facts: Facts) -> Option<Expected> {
        let mut clauses = *self.rows.get(&(state.name(), event.name()))?;
        let mut facts = facts;
        let mut calls = String::new();
        'clauses: loop {
            for word in chosen(clauses, facts).split_whitespace() {
                match word {
                    "set" => facts.again = true,
                    "clear" => facts.again = false,
                    "sent" => facts.seen = true,
                    "unsent" => facts.seen = false,
                    "A" | "C" | "D" => calls.push_str(word),
                    name => {
                        if let Some(procedure) = self.procedures.get(name) {
                            clauses = procedure;
                            continue 'clauses;
                        }
                        let next = if name == "stay" { state.name() } else { name };
                        if calls.is_empty() {
                            calls.push('-');
                        }
                        let Facts { seen, again, .. } = facts;
                        return Some(Expected { next: next.to_owned(), calls, seen, again });
                    }
                }
            }
            panic!("{clauses} leads nowhere");
        }
    }

    fn line(&self, state: State, event: Event, facts: Facts) -> String {
        let Facts { refs, seen, again, compress, unresolved, sync } = facts;
        let facts_text: Vec<String> = [refs, seen, again, compress, unresolved, sync]
            .iter()
            .map(|fact| u8::from(*fact).to_string())
            .collect();
        let (next, calls) = self
            .expected(state, event, facts)
            .map_or(("REJECT".to_owned(), "-".to_owned()), |expected| (expected.next, expected.calls));
        format!("{state}\t{event}\t{}\t{next}\t{calls}", facts_text.join("\t"))
    }
}

/// The words of the first clause whose condition holds.
fn chosen(clauses: &str, facts: Facts) -> &str {
    let holds = |condition: &str| {
        condition.split_whitespace().all(|fact| match fact {
            "if" => true,
            "refs" => facts.refs,
            "seen" => facts.seen,
            "unseen" => !facts.seen,
            "again" => facts.again,
            "compress" => facts.compress,
            "unresolved" => facts.unresolved,
            "sync" => facts.sync,
            other => panic!("no fact: {other}"),
        })
    };
    clauses
        .split(';')
        .map(|clause| clause.split_once(':').unwrap_or(("", clause)))
        .find_map(|(condition, words)| holds(condition).then_some(words))
        .unwrap_or_else(|| panic!("no clause of {clauses} holds for {facts:?}"))
}

/// Every combination, with `sync` changing fastest, made here and not where the machine is printed.
fn combinations() -> impl Iterator<Item = (State, Event, Facts)> {
    State::ALL.into_iter().flat_map(|state| {
        Event::ALL.into_iter().flat_map(move |event| {
            (0..64).map(move |number| {
                let digit = |weight: i32| number / weight % 2 == 1;
                let facts = Facts {
                    refs: digit(32),
                    seen: digit(16),
                    again: digit(8),
                    compress: digit(4),
                    unresolved: digit(2),
                    sync: digit(1),
                };
                (state, event, facts)
            })
        })
    })
}

fn compare(table: &Table, wanted: impl Fn(Event) -> bool) {
    let mut wrong = Vec::new();
    let mut compared = 0;
    for (state, event, facts) in combinations().filter(|(_, event, _)| wanted(*event)) {
        compared += 1;
        let expected = table.expected(state, event, facts);
        let actual = step(state, event, facts).ok().map(|step| Expected {
            next: step.next.name().to_owned(),
            calls: step.calls.to_string(),
            // Nobody asks an entry that is gone whether it was sent.
            seen: match &expected {
                Some(expected) if step.next == State::Free => expected.seen,
                _ => step.seen,
            },
            again: step.again,
        });
        if actual != expected {
            wrong
                .push(format!("{state} {event} {facts:?}\n   expected {expected:?}\n   actual   {actual:?}"));
        }
    }
    assert_eq!(compared % 64, 0, "all facts of every pair");
    assert!(wrong.is_empty(), "{} of {compared} are wrong:\n{}", wrong.len(), wrong.join("\n"));
}

fn is_original(event: Event) -> bool {
    !matches!(
        event,
        Event::AddNack | Event::ChangeNack | Event::DelNack | Event::Retry | Event::Lost | Event::Drifted
    )
}

#[test]
fn the_original_s_rows_hold_and_every_other_pair_is_rejected() {
    compare(&Table::read(&[ORIGINAL, RELEASED]), is_original);
}

#[test]
fn the_added_events_do_what_is_written_and_are_rejected_elsewhere() {
    compare(&Table::read(&ALL), |event| !is_original(event));
}

#[test]
fn a_rejection_names_state_and_event() {
    let rejected = step(State::InSync, Event::DelAck, Facts::default()).expect_err("no delete is on its way");
    assert_eq!((rejected.state, rejected.event), (State::InSync, Event::DelAck));
    assert_eq!(rejected.to_string(), "event DEL_ACK can't happen in state IN_SYNC");
}

/// No combination asks for an add after an add, or leaves an operation without somebody who waits for it.
#[test]
fn states_and_operations_fit() {
    for (state, event, facts) in combinations() {
        let Ok(step) = step(state, event, facts) else { continue };
        let calls = step.calls.to_string();
        let all: &[&str] = match step.next {
            State::InSync => &["-", "A", "C", "DA"],
            State::SyncWait => &["-", "A", "C"],
            State::DelAckWait | State::RenewWait => &["-", "D"],
            State::Free => &["-", "D"],
            State::AddDefer => &["-", "D"],
            _ => &["-"],
        };
        assert!(all.contains(&calls.as_str()), "{state} {event} {facts:?}: {calls} and then {}", step.next);
        let complete = facts.sync || calls == "-";
        let awaits = matches!(step.next, State::SyncWait | State::DelAckWait | State::RenewWait);
        assert!(complete || awaits, "{state} {event} {facts:?}: {calls} and nobody waits in {}", step.next);
        assert!(
            step.next != State::Init || state == State::Init,
            "{state} {event} leads back to the beginning"
        );
        assert!(state != State::Free || step.next == State::Free, "{event} leads back to life");
    }
}

/// The table as it has to be printed, from the rows above alone.
fn expected_print() -> String {
    let table = Table::read(&ALL);
    let mut text = String::from("state\tevent\trefs\tseen\tagain\tcompress\tunresolved\tsync\tnext\tcalls\n");
    for (state, event, facts) in combinations() {
        text.push_str(&table.line(state, event, facts));
        text.push('\n');
    }
    text
}

#[test]
fn the_printed_table_has_a_header_and_a_line_for_every_combination() {
    let output = Command::new(env!("CARGO_BIN_EXE_transitions"))
        .output()
        .expect("the program was built with the test");
    assert!(output.status.success());
    let printed = String::from_utf8(output.stdout).expect("text");
    assert_eq!(printed.lines().count(), 13 * 14 * 64 + 1);
    assert_eq!(
        printed.lines().next(),
        Some("state\tevent\trefs\tseen\tagain\tcompress\tunresolved\tsync\tnext\tcalls")
    );
    for (line, expected) in printed.lines().zip(expected_print().lines()) {
        assert_eq!(line, expected);
    }
    let mut written = Vec::new();
    machine::write_table(&mut written).expect("memory takes all");
    assert_eq!(printed.as_bytes(), written);
}

#[test]
fn the_program_refuses_words_that_it_does_not_know() {
    let output = Command::new(env!("CARGO_BIN_EXE_transitions"))
        .arg("--dot")
        .output()
        .expect("the program was built with the test");
    assert_eq!(output.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&output.stderr).contains("usage"));
}

/// An arrow for every way from one state to another, and no other.
#[test]
fn the_diagram_shows_what_the_table_says() {
    let table = Table::read(&ALL);
    let mut arrows: BTreeMap<(usize, usize), Vec<&str>> = BTreeMap::new();
    let place = |name: &str| State::ALL.iter().position(|state| state.name() == name).expect("a state");
    for (state, event, facts) in combinations() {
        if let Some(expected) = table.expected(state, event, facts)
            && expected.next != state.name()
        {
            let events = arrows.entry((place(state.name()), place(&expected.next))).or_default();
            if !events.contains(&event.name()) {
                events.push(event.name());
            }
        }
    }
    let mut text = String::from("stateDiagram-v2\n    [*] --> INIT\n");
    for ((from, to), events) in arrows {
        let to = State::ALL[to].name();
        let to = if to == "FREE" { "[*]" } else { to };
        text.push_str(&format!("    {} --> {to}: {}\n", State::ALL[from].name(), events.join(", ")));
    }
    assert_eq!(machine::diagram(), text);
}

#[test]
fn the_architecture_shows_the_diagram() {
    const WHAT_TO_DO: &str = "put the output of `cargo run -p ksync-tests --bin transitions -- --mermaid` \
                              into ARCHITECTURE.md, between ```mermaid and ```";
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../ARCHITECTURE.md");
    let page = std::fs::read_to_string(path).unwrap_or_else(|error| panic!("{path}: {error}; {WHAT_TO_DO}"));
    let shown = page
        .split("```mermaid\n")
        .skip(1)
        .filter_map(|rest| rest.split_once("```"))
        .any(|(diagram, _)| diagram.trim() == machine::diagram().trim());
    assert!(shown, "the state diagram is missing or out of date: {WHAT_TO_DO}");
}
