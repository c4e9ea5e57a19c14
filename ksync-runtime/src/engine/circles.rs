//! Circles of kinds: kinds that need each other could never be sent, none before the other.
//!
//! The derive finds the short ones at compile time, among kinds that it wrote; here are all kinds of an engine.

use super::RegisterError;
use super::tables::Tables;

/// Looks for a circle that does not lead through a kind which may refer to itself.
///
/// # Errors
/// [`RegisterError::Circle`] with the kinds of the shortest one that the first of them is in.
pub(super) fn expect_none(tables: &Tables) -> Result<(), RegisterError> {
    for (start, table) in tables.iter() {
        if table.schema.self_dependent || table.taken_away {
            continue;
        }
        if let Some(kinds) = circle_of(tables, start) {
            return Err(RegisterError::Circle { kinds });
        }
    }
    Ok(())
}

/// Notes of which kinds the entries can refer to each other in a circle, now that there is one kind more.
pub(super) fn note(tables: &mut Tables) {
    let in_circles: Vec<bool> = tables.iter().map(|(start, _)| leads_back(tables, start)).collect();
    for (number, in_circles) in in_circles.into_iter().enumerate() {
        if let Some(table) = tables.get_mut(number) {
            table.in_circles = in_circles;
        }
    }
}

/// Whether the kinds that a kind needs, directly or not, include the kind.
fn leads_back(tables: &Tables, start: usize) -> bool {
    let mut found = vec![start];
    let mut at = 0;
    while let Some(table) = found.get(at).and_then(|number| tables.get(*number)) {
        at += 1;
        for needed in table.schema.depends_on {
            match tables.number_of((needed.kind)()) {
                Some(needed) if needed == start => return true,
                Some(needed) if !found.contains(&needed) => found.push(needed),
                _ => {}
            }
        }
    }
    false
}

/// The way from a kind back to itself, breadth first.
fn circle_of(tables: &Tables, start: usize) -> Option<Vec<&'static str>> {
    // Which kind led to each that was found, and those that are still to be looked at.
    let mut from: Vec<Option<usize>> = tables.iter().map(|_| None).collect();
    let mut next = std::collections::VecDeque::from([start]);
    while let Some(at) = next.pop_front() {
        let schema = tables.get(at)?.schema;
        let needs = schema.depends_on.iter().filter_map(|needed| tables.number_of((needed.kind)()));
        for needed in needs {
            if needed == start {
                return Some(way_to(tables, at, start, &from));
            }
            let is_new = from.get(needed).is_some_and(Option::is_none);
            if is_new && tables.get(needed).is_some_and(|table| !table.schema.self_dependent) {
                from[needed] = Some(at);
                next.push_back(needed);
            }
        }
    }
    None
}

fn way_to(tables: &Tables, last: usize, start: usize, from: &[Option<usize>]) -> Vec<&'static str> {
    let name = |number: usize| tables.get(number).map_or("?", |table| table.schema.name);
    let mut way = vec![name(last)];
    let mut at = last;
    while at != start
        && let Some(before) = from.get(at).copied().flatten()
    {
        way.push(name(before));
        at = before;
    }
    way.reverse();
    way
}
