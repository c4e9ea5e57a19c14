//! Links: what an add says, and what the kernel holds after a change that names only what differs.

use std::cell::Cell;

use ksync_objects::{Link, LinkKind};
use ksync_runtime::declare::{Difference, KSyncEntry};
use ksync_runtime::prelude::{IFLA_INFO_DATA, IFLA_INFO_KIND, IFLA_LINKINFO, IFLA_VLAN_FLAGS};
use ksync_tests::parsing::message::{added, changed, read};

use super::kind;
use crate::merging::{Attribute, Rule, merged};
use crate::properties::{of_declarable, of_many};
use crate::strategies::links::{link_pairs, links};

kind! {
    link: Link, links(), seen = |link| {
        let kind = match link.kind {
            // Nothing is written of the sort of what is only configured.
            LinkKind::PeerOf { .. } => LinkKind::Existing,
            kind => kind,
        };
        Link { kind, ..link }
    },
}

#[test]
fn the_far_end_of_a_pair_is_not_reported() {
    of_declarable(links(), |link| {
        let LinkKind::Veth { .. } = link.kind else { return };
        let body = added(link).expect("can be written");
        let reported = |nla, _: &[Attribute]| match nla {
            IFLA_LINKINFO => Rule::Inside(|_, _| Rule::Replaced),
            _ => Rule::Replaced,
        };
        let none = [&[4, 0][..], &IFLA_INFO_DATA.to_ne_bytes()].concat();
        let info = [&[8, 0][..], &IFLA_LINKINFO.to_ne_bytes(), &none].concat();
        let body = [&body[..HEADER], &merged(&body[HEADER..], &info, reported)].concat();
        let seen: Link = read(&body).expect("can be read");
        assert_eq!(link.unmet(&seen), None, "{seen:?} does for {link:?}");
    });
}

/// `struct ifinfomsg`
const HEADER: usize = 16;

/// What `rtnl_changelink` does.
fn after_change(held: &[u8], change: &[u8]) -> Vec<u8> {
    let number = |body: &[u8], at: usize| u32::from_ne_bytes(body[at..at + 4].try_into().expect("4 bytes"));
    // ifi_flags, and ifi_change: which of them are meant.
    let (flags, mask) = (number(change, 8), number(change, 12));
    let flags = number(held, 8) & !mask | flags & mask;
    let attributes = merged(&held[HEADER..], &change[HEADER..], |nla, _| match nla {
        IFLA_LINKINFO => Rule::Inside(|nla, beside| match (nla, sort(beside)) {
            // The ip tunnels take a change for all that there is.
            (IFLA_INFO_DATA, b"gre\0" | b"gretap\0" | b"ipip\0") => Rule::Replaced,
            (IFLA_INFO_DATA, b"vlan\0") => Rule::Inside(|nla, _| match nla {
                IFLA_VLAN_FLAGS => Rule::Bits,
                _ => Rule::Replaced,
            }),
            (IFLA_INFO_DATA, _) => Rule::Inside(|_, _| Rule::Replaced),
            _ => Rule::Replaced,
        }),
        _ => Rule::Replaced,
    });
    [&held[..8], &flags.to_ne_bytes(), &held[12..HEADER], &attributes].concat()
}

fn sort(info: &[Attribute]) -> &[u8] {
    let kind = info.iter().find(|(nla, _)| *nla == IFLA_INFO_KIND);
    kind.map_or(&[], |(_, payload)| payload)
}

#[test]
fn after_a_change_the_kernel_holds_what_was_asked_for() {
    let counts = [Cell::new(0), Cell::new(0), Cell::new(0)];
    of_many(link_pairs(), |(held, desired)| {
        if held.check().is_err() || desired.check().is_err() {
            return;
        }
        let before = added(held).expect("can be written");
        let (at, changes) = match held.compare(desired) {
            Difference::Same => (0, vec![]),
            // What is held may not be known: then all is named that can change.
            Difference::Change => (1, vec![changed(Some(held), desired), changed(None, desired)]),
            Difference::Recreate { .. } => (2, vec![]),
        };
        counts[at].set(counts[at].get() + 1);
        if at == 0 {
            let seen: Link = read(&before).expect("can be read");
            assert_eq!(desired.unmet(&seen), None, "{desired:?} is said to be {held:?}");
        }
        for change in changes {
            let change = change.expect("can be written");
            let after = after_change(&before, &change);
            let seen: Link = read(&after).unwrap_or_else(|error| panic!("{error}: {after:?}"));
            assert_eq!(desired.unmet(&seen), None, "{held:?} became {seen:?}, not {desired:?}: {change:?}");
        }
    });
    assert!(counts.iter().all(|count| count.get() > 20), "of some there were few: {counts:?}");
}
