//! Neighbours, proxies, and entries of forwarding tables: all comes back.

use ksync_objects::{FdbEntry, Neighbour, ProxyNeighbour, VxlanFdbEntry};

use super::kind;
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
