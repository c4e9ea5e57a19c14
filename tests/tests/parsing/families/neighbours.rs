//! Neighbours, proxies, and entries of forwarding tables: all comes back.

use ksync_objects::{FdbEntry, Neighbour, ProxyNeighbour, VxlanFdbEntry};
use ksync_runtime::prelude::NDA_LLADDR;
use ksync_tests::parsing::message::{added, header_len, read};

use super::kind;
use crate::bytes::{attributes, with_inserted};
use crate::strategies::neighbours::{fdb_entries, neighbours, proxy_neighbours, vxlan_fdb_entries};

kind! {
    neighbour: Neighbour, neighbours(), seen = |neighbour| neighbour, changed = |neighbour| neighbour,
}
kind! {
    proxy_neighbour: ProxyNeighbour, proxy_neighbours(), seen = |proxy| proxy, changed = |proxy| proxy,
}
kind! {
    fdb_entry: FdbEntry, fdb_entries(), seen = |entry| entry, changed = |entry| entry,
}
kind! {
    vxlan_fdb_entry: VxlanFdbEntry, vxlan_fdb_entries(), seen = |entry| entry, changed = |entry| entry,
}

#[test]
fn a_hardware_address_of_another_length_is_somebody_elses() {
    crate::properties::of_declarable(neighbours(), |neighbour| {
        let body = added(neighbour).expect("can be written");
        let all = attributes(&body, header_len::<Neighbour>());
        let mac = all.iter().find(|attribute| attribute.nla == NDA_LLADDR).expect("there is one");
        let mut without = body.clone();
        without.drain(mac.start..mac.end());
        // Tunnels over IPv4 have four bytes, InfiniBand twenty, others none.
        for payload in [&[192, 0, 2, 9][..], &[0; 20], &[]] {
            let other = with_inserted(&without, mac.start, &[], NDA_LLADDR, payload).expect("short");
            let error = read::<Neighbour>(&other).expect_err("no Ethernet address");
            assert!(error.is_foreign(), "{error}");
        }
    });
}
