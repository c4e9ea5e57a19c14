//! Queueing disciplines, classes and filters. Bursts of classes travel as the time that they take.

use std::cell::Cell;

use ksync_objects::{Class, Filter, Qdisc, QdiscKind};
use ksync_runtime::declare::{Difference, KSyncEntry};
use ksync_runtime::prelude::{TCA_KIND, TCA_OPTIONS};
use ksync_tests::parsing::message::{added, changed, read};

use super::kind;
use crate::merging::{Rule, merged};
use crate::strategies::traffic::{classes, filters, qdisc_pairs, qdiscs};

kind! {
    qdisc: Qdisc, qdiscs(), seen = |qdisc| qdisc,
}
kind! {
    // What the kernel reckons with is what is seen; that it does what was asked for is looked at by `unmet`.
    class: Class, classes(), seen = |class| {
        let body = added(&class).expect("can be written");
        read(&body).expect("can be read")
    },
    changed = |class| {
        let body = added(&class).expect("can be written");
        read(&body).expect("can be read")
    },
}
kind! {
    filter: Filter, filters(), seen = |filter| Filter { after: Vec::new(), ..filter },
}

#[test]
fn a_class_is_seen_as_it_was_declared_but_for_its_bursts() {
    crate::properties::of_declarable(classes(), |class| {
        let body = added(class).expect("can be written");
        let seen: Class = read(&body).expect("can be read");
        assert_eq!((&seen.link, seen.classid, &seen.parent), (&class.link, class.classid, &class.parent));
        assert_eq!(class.unmet(&seen), None, "{class:?}, {seen:?}");
        assert_eq!(added(&seen).expect("can be written"), body, "the bytes of what is seen are the same");
    });
}

#[test]
fn structures_may_grow() {
    // TCA_OPTIONS of the fifos; and inside of it TCA_HTB_INIT, TCA_TBF_PARMS, TCA_HTB_PARMS, TCA_U32_SEL.
    let grown = [Cell::new(0), Cell::new(0), Cell::new(0), Cell::new(0), Cell::new(0)];
    let count = |at: usize, there| grown[at].set(grown[at].get() + usize::from(there));
    crate::properties::of_declarable(qdiscs(), |qdisc| match &qdisc.kind {
        QdiscKind::Pfifo { .. } | QdiscKind::Bfifo { .. } | QdiscKind::PfifoHeadDrop { .. } => {
            count(0, crate::properties::may_grow(qdisc, &[2]));
        }
        QdiscKind::Htb { .. } => count(1, crate::properties::may_grow(qdisc, &[2, 2])),
        QdiscKind::Tbf { .. } => count(2, crate::properties::may_grow(qdisc, &[2, 1])),
        _ => {}
    });
    crate::properties::of_declarable(classes(), |class| {
        count(3, crate::properties::may_grow(class, &[2, 1]));
    });
    crate::properties::of_declarable(filters(), |filter| {
        count(4, crate::properties::may_grow(filter, &[2, 5]));
    });
    assert!(grown.iter().all(|count| count.get() > 9), "of some there were few: {grown:?}");
}

/// `struct tcmsg`
const HEADER: usize = 20;

/// What `qdisc_change` does: `fq_codel` keeps what is not named, the others take all of their options at once.
fn after_change(held: &[u8], change: &[u8]) -> Vec<u8> {
    let attributes = merged(&held[HEADER..], &change[HEADER..], |nla, beside| {
        let kind = beside.iter().find(|(nla, _)| *nla == TCA_KIND);
        match (nla, kind) {
            (TCA_OPTIONS, Some((_, kind))) if kind == b"fq_codel\0" => Rule::Inside(|_, _| Rule::Replaced),
            _ => Rule::Replaced,
        }
    });
    [&held[..HEADER], &attributes].concat()
}

#[test]
fn after_a_change_the_kernel_holds_what_was_asked_for() {
    let counts = [Cell::new(0), Cell::new(0), Cell::new(0)];
    crate::properties::of_many(qdisc_pairs(), |(held, desired)| {
        if held.check().is_err() || desired.check().is_err() {
            return;
        }
        let before = added(held).expect("can be written");
        let (at, changes) = match held.compare(desired) {
            Difference::Same => (0, vec![]),
            Difference::Change => (1, vec![changed(Some(held), desired), changed(None, desired)]),
            Difference::Recreate { .. } => (2, vec![]),
        };
        counts[at].set(counts[at].get() + 1);
        if at == 0 {
            let seen: Qdisc = read(&before).expect("can be read");
            assert_eq!(desired.unmet(&seen), None, "{desired:?} is said to be {held:?}");
        }
        for change in changes {
            let after = after_change(&before, &change.expect("can be written"));
            let seen: Qdisc = read(&after).unwrap_or_else(|error| panic!("{error}: {after:?}"));
            assert_eq!(desired.unmet(&seen), None, "{held:?} became {seen:?}, not {desired:?}");
        }
    });
    assert!(counts.iter().all(|count| count.get() > 20), "of some there were few: {counts:?}");
}
