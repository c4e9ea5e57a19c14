//! References between entries, both ways, linked through one store.
//!
//! An edge is in two lists: the one of the entry that holds the reference (or of a copy of its value), and
//! one of the two of the entry that is referred to, `waiters` or `referrers`. The lists of the target are
//! circular, so that an edge leaves them at once wherever it stands.
//!
//! Invariant: an edge is in its target's list of waiters if and only if `waiting` is set on it.

use super::entry::{Core, EntryId, NONE};
use super::linker::Linked;
use super::tables::Tables;
use crate::table::{Blank, Chunks, Shadow};

/// One reference.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Edge {
    /// Who refers.
    pub(crate) from: EntryId,
    /// To whom.
    pub(crate) to: EntryId,
    /// The next reference that the same value holds.
    pub(crate) sibling: u32,
    previous: u32,
    next: u32,
    waiting: bool,
    /// Whether the holder outlives what it refers to.
    pub(crate) survives: bool,
    /// Which of the holder's values refers: a copy of it, or the declared one.
    pub(crate) copy: Option<Shadow>,
}

impl Edge {
    /// Whether its holder waits for what it leads to.
    #[inline]
    pub(crate) fn is_waiting(&self) -> bool {
        self.waiting
    }
}

impl Blank for Edge {
    const BLANK: Self = Edge {
        from: EntryId::NOBODY,
        to: EntryId::NOBODY,
        sibling: NONE,
        previous: NONE,
        next: NONE,
        waiting: false,
        survives: false,
        copy: None,
    };
}

/// The store of all edges.
#[derive(Debug)]
pub(crate) struct Edges {
    edges: Chunks<Edge>,
    /// First of the edges that are not in use, linked by `sibling`.
    free: u32,
    used: usize,
}

/// Where the heads of the targets' lists are kept.
pub(crate) trait Cores {
    fn core_mut(&mut self, entry: EntryId) -> Option<&mut Core>;
}

impl Edges {
    pub(crate) fn new() -> Self {
        Edges { edges: Chunks::default(), free: NONE, used: 0 }
    }

    /// How many references there are.
    pub(crate) fn len(&self) -> usize {
        self.used
    }

    #[inline]
    pub(crate) fn get(&self, edge: u32) -> Option<&Edge> {
        self.edges.get(edge as usize)
    }

    /// Adds a reference in front of the value's list `head`, and returns the list's new head. `waiting`: its holder
    /// waits for what it leads to.
    pub(crate) fn add(
        &mut self,
        cores: &mut impl Cores,
        from: EntryId,
        linked: Linked,
        head: u32,
        waiting: bool,
    ) -> u32 {
        let Linked { to, survives } = linked;
        let at = if self.free == NONE { self.edges.len() as u32 } else { self.free };
        let (mut previous, mut next) = (at, at);
        if let Some(core) = cores.core_mut(to) {
            // At the end of the list.
            let first = if waiting { &mut core.waiters } else { &mut core.referrers };
            match self.edges.get_mut(*first as usize) {
                Some(edge) => {
                    next = *first;
                    previous = std::mem::replace(&mut edge.previous, at);
                }
                None => *first = at,
            }
        }
        let new = Edge { from, to, sibling: head, previous, next, waiting, survives, copy: None };
        if self.free == NONE {
            self.edges.push(new);
        } else if let Some(place) = self.edges.get_mut(at as usize) {
            self.free = place.sibling;
            *place = new;
        }
        if previous != at
            && let Some(last) = self.edges.get_mut(previous as usize)
        {
            last.next = at;
        }
        self.used += 1;
        at
    }

    /// Lets those who wait for an entry wait no more, `most` of them, from the first on, and shows who they are. Returns
    /// whether others still wait.
    pub(crate) fn let_go(
        &mut self,
        cores: &mut impl Cores,
        to: EntryId,
        most: usize,
        mut show: impl FnMut(EntryId),
    ) -> bool {
        let Some(core) = cores.core_mut(to).filter(|core| core.waiters != NONE) else {
            return false;
        };
        let first = core.waiters;
        let (mut last, mut rest) = (first, first);
        for _ in 0..most {
            let Some(edge) = self.edges.get_mut(rest as usize) else {
                break;
            };
            edge.waiting = false;
            show(edge.from);
            (last, rest) = (rest, edge.next);
            if rest == first {
                break;
            }
        }
        let end = self.get(first).map_or(first, |edge| edge.previous);
        if rest == first {
            core.waiters = NONE;
        } else {
            core.waiters = rest;
            self.connect(end, rest);
        }
        // From `first` to `last` they stay as they are, behind those who wait for nothing.
        if core.referrers == NONE {
            core.referrers = first;
            self.connect(last, first);
        } else {
            let head = core.referrers;
            let tail = self.get(head).map_or(head, |edge| edge.previous);
            self.connect(tail, first);
            self.connect(last, head);
        }
        rest != first
    }

    /// Puts one edge behind another one in their circle.
    fn connect(&mut self, before: u32, behind: u32) {
        if let Some(edge) = self.edges.get_mut(before as usize) {
            edge.next = behind;
        }
        if let Some(edge) = self.edges.get_mut(behind as usize) {
            edge.previous = before;
        }
    }

    /// The first of the references of the value whose list starts at `head` that leads to something unresolved.
    #[inline]
    pub(crate) fn first_unresolved(&self, tables: &Tables, head: u32) -> Option<u32> {
        let mut at = head;
        while let Some(edge) = self.get(at) {
            if !tables.is_resolved(edge.to) {
                return Some(at);
            }
            at = edge.sibling;
        }
        None
    }

    /// Whether all references of the value whose list starts at `head` lead to that entry.
    #[inline(always)]
    pub(crate) fn lead_to(&self, head: u32, to: EntryId) -> bool {
        let mut at = head;
        while let Some(edge) = self.get(at) {
            if edge.to != to {
                return false;
            }
            at = edge.sibling;
        }
        true
    }

    /// The references of the value whose list starts at `head`.
    pub(crate) fn of(&self, head: u32) -> impl Iterator<Item = (u32, Edge)> + '_ {
        self.walk(head, move |edge| edge.sibling, NONE)
    }

    /// The references to an entry in the list (of waiters or referrers) that starts at `head`.
    pub(crate) fn to(&self, head: u32) -> impl Iterator<Item = (u32, Edge)> + '_ {
        self.walk(head, move |edge| edge.next, head)
    }

    fn walk(&self, head: u32, next: impl Fn(&Edge) -> u32, end: u32) -> impl Iterator<Item = (u32, Edge)> {
        let mut at = head;
        std::iter::from_fn(move || {
            let edge = self.edges.get(at as usize)?;
            let here = at;
            at = next(edge);
            if at == end {
                at = NONE;
            }
            Some((here, *edge))
        })
    }

    /// The reference behind `at` in its value's list. `None` if `at` is no reference.
    #[inline]
    pub(crate) fn sibling(&self, at: u32) -> Option<u32> {
        self.get(at).map(|edge| edge.sibling)
    }

    /// Takes back the first reference of the list that starts at `head`: the rest of the list, the entry that was referred
    /// to, and whether it still is.
    #[inline(always)]
    pub(crate) fn remove_first(&mut self, cores: &mut impl Cores, head: u32) -> Option<(u32, EntryId, bool)> {
        let edge = self.edges.get_mut(head as usize)?;
        let Edge { to, sibling, previous, next, waiting, .. } = *edge;
        edge.sibling = self.free;
        self.free = head;
        self.used -= 1;
        let mut is_referred_to = false;
        if let Some(core) = cores.core_mut(to) {
            let list = if waiting { &mut core.waiters } else { &mut core.referrers };
            self.leave(list, head, previous, next);
            is_referred_to = core.has_refs();
        }
        Some((sibling, to, is_referred_to))
    }

    /// Moves an edge between the two lists of its target.
    pub(crate) fn set_waiting(&mut self, cores: &mut impl Cores, edge: u32, waiting: bool) {
        let Some(place) = self.edges.get_mut(edge as usize).filter(|place| place.waiting != waiting) else {
            return;
        };
        place.waiting = waiting;
        let Edge { to, previous, next, .. } = *place;
        if let Some(core) = cores.core_mut(to) {
            let (from, to) = if waiting {
                (&mut core.referrers, &mut core.waiters)
            } else {
                (&mut core.waiters, &mut core.referrers)
            };
            self.leave(from, edge, previous, next);
            self.enter(to, edge);
        }
    }

    /// The references of the list that starts at `head` are those of a copy from now on.
    pub(crate) fn belong_to(&mut self, head: u32, copy: Shadow) {
        let mut at = head;
        while let Some(edge) = self.edges.get_mut(at as usize) {
            edge.copy = Some(copy);
            at = edge.sibling;
        }
    }

    /// Appends the list that starts at `second` to the one that starts at `first`.
    pub(crate) fn join(&mut self, first: u32, second: u32) -> u32 {
        if first == NONE {
            return second;
        }
        let mut at = first;
        while let Some(edge) = self.edges.get_mut(at as usize) {
            if edge.sibling == NONE {
                edge.sibling = second;
                break;
            }
            at = edge.sibling;
        }
        first
    }

    /// Puts the edge at the end of the list that starts at `head`: one of its target's.
    #[inline]
    fn enter(&mut self, head: &mut u32, at: u32) {
        let first = if *head == NONE { at } else { *head };
        if first == at {
            *head = at;
        }
        let last = match self.edges.get_mut(first as usize) {
            Some(edge) if first != at => std::mem::replace(&mut edge.previous, at),
            _ => at,
        };
        if let Some(edge) = self.edges.get_mut(last as usize) {
            edge.next = at;
        }
        if let Some(edge) = self.edges.get_mut(at as usize) {
            (edge.previous, edge.next) = (last, first);
        }
    }

    /// Takes an edge that stands between these two out of the list that starts at `head`: the one of its target's that it is
    /// in.
    #[inline]
    fn leave(&mut self, head: &mut u32, at: u32, previous: u32, next: u32) {
        if next == at {
            *head = NONE;
            return;
        }
        if *head == at {
            *head = next;
        }
        if let Some(edge) = self.edges.get_mut(previous as usize) {
            edge.next = next;
        }
        if let Some(edge) = self.edges.get_mut(next as usize) {
            edge.previous = previous;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::machine::State;

    struct One(Core);

    impl Cores for One {
        fn core_mut(&mut self, _: EntryId) -> Option<&mut Core> {
            Some(&mut self.0)
        }
    }

    #[test]
    fn the_place_of_a_reference_that_went_is_used_again() {
        let (mut edges, mut target) = (Edges::new(), One(Core::new(State::Temp)));
        let to = EntryId::new(0, 0);
        for slot in 1..=100 {
            let head =
                edges.add(&mut target, EntryId::new(0, slot), Linked { to, survives: false }, NONE, false);
            assert_eq!(edges.remove_first(&mut target, head), Some((NONE, to, false)));
        }
        assert_eq!((edges.len(), edges.edges.len()), (0, 1));
    }

    #[test]
    fn an_edge_costs_six_words() {
        assert_eq!(size_of::<Edge>(), 24);
    }

    #[test]
    fn some_of_those_who_wait_go_behind_those_who_do_not() {
        let to = EntryId::new(0, 0);
        for (waiting, others, most) in
            [(5, 0, 2), (5, 3, 2), (5, 3, 4), (5, 3, 5), (5, 0, 9), (1, 1, 1), (1, 0, 3)]
        {
            let (mut edges, mut target) = (Edges::new(), One(Core::new(State::Temp)));
            let linked = Linked { to, survives: false };
            for slot in 0..others {
                edges.add(&mut target, EntryId::new(0, 100 + slot), linked, NONE, false);
            }
            for slot in 0..waiting {
                edges.add(&mut target, EntryId::new(0, slot), linked, NONE, true);
            }
            let mut shown = Vec::new();
            let more = edges.let_go(&mut target, to, most, |entry| shown.push(entry.slot()));
            let went = waiting.min(most as u32);
            assert_eq!((more, shown), (waiting > went, (0..went).collect::<Vec<u32>>()));
            let slots = |head: u32| {
                edges.to(head).map(|(_, edge)| (edge.from.slot(), edge.waiting)).collect::<Vec<_>>()
            };
            let referrers = (100..100 + others).chain(0..went).map(|slot| (slot, false));
            assert_eq!(slots(target.0.referrers), referrers.collect::<Vec<_>>());
            assert_eq!(slots(target.0.waiters), (went..waiting).map(|slot| (slot, true)).collect::<Vec<_>>());
            // Both circles hold the other way round too: every edge can leave.
            for edge in 0..(waiting + others) {
                assert!(edges.remove_first(&mut target, edge).is_some());
            }
            assert_eq!((target.0.referrers, target.0.waiters, edges.len()), (NONE, NONE, 0));
        }
    }
}
