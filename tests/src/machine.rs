//! The state machine as a table and as a diagram.
//!
//! Both are read off the pure function; nothing about the transitions is written down here.

use std::collections::BTreeSet;
use std::io::{self, Write};

use ksync_runtime::engine::machine::{Event, Facts, State, step};

/// Every combination of the facts, counted up like a binary number with `sync` as its lowest digit.
pub fn all_facts() -> impl Iterator<Item = Facts> {
    (0..64u8).map(|bits| Facts {
        refs: bits & 32 != 0,
        seen: bits & 16 != 0,
        again: bits & 8 != 0,
        compress: bits & 4 != 0,
        unresolved: bits & 2 != 0,
        sync: bits & 1 != 0,
    })
}

/// Writes the table: a header, then one line a combination, columns parted by tabs.
///
/// # Errors
/// Those of `out`.
pub fn write_table(out: &mut impl Write) -> io::Result<()> {
    writeln!(out, "state\tevent\trefs\tseen\tagain\tcompress\tunresolved\tsync\tnext\tcalls")?;
    for state in State::ALL {
        for event in Event::ALL {
            for facts in all_facts() {
                let Facts { refs, seen, again, compress, unresolved, sync } = facts;
                write!(out, "{state}\t{event}")?;
                for fact in [refs, seen, again, compress, unresolved, sync] {
                    write!(out, "\t{}", u8::from(fact))?;
                }
                match step(state, event, facts) {
                    Ok(step) => writeln!(out, "\t{}\t{}", step.next, step.calls)?,
                    Err(_) => writeln!(out, "\tREJECT\t-")?,
                }
            }
        }
    }
    Ok(())
}

/// The diagram, in the language of mermaid: an arrow for every pair of states, labelled with the events that
/// can lead from one to the other. Events that always leave the state as it is have no arrow.
#[must_use]
pub fn diagram() -> String {
    let mut text = String::from("stateDiagram-v2\n    [*] --> INIT\n");
    for from in State::ALL {
        for to in State::ALL.into_iter().filter(|to| *to != from) {
            let events: BTreeSet<Event> = Event::ALL
                .into_iter()
                .filter(|event| {
                    all_facts().any(|facts| step(from, *event, facts).is_ok_and(|step| step.next == to))
                })
                .collect();
            if !events.is_empty() {
                let names: Vec<&str> = events.into_iter().map(Event::name).collect();
                let to = if to == State::Free { "[*]" } else { to.name() };
                text.push_str(&format!("    {from} --> {to}: {}\n", names.join(", ")));
            }
        }
    }
    text
}
