//! Vlans of bridge ports: `bridge vlan`.

use std::ops::RangeInclusive;

use ksync_runtime::declare::{ErrorClass, OperationError, Verb};
use ksync_runtime::prelude::*;

use crate::Link;

/// A vlan whose packets a port of a bridge takes.
///
/// ```text
/// bridge vlan add vid 5 dev veth0                     # BridgeVlan::new("veth0", 5)
/// bridge vlan add vid 7 dev veth0 pvid untagged       # BridgeVlan { pvid: true, untagged: true, .. }
/// bridge vlan add vid 10-20 dev veth0                 # BridgeVlan::range("veth0", 10..=20), with Table::set_all
/// bridge vlan add vid 5 dev br0 self                  # BridgeVlan::new("br0", 5): what the host itself takes part in
/// ```
///
/// The bridge tells vlans apart only with [`vlan_filtering`](crate::Bridge::vlan_filtering). Needs Linux 5.6, and a
/// kernel with `CONFIG_BRIDGE_VLAN_FILTERING`.
///
/// **Each vlan is an entry**, as it is an object of the kernel, which keeps no ranges: it makes them up when it is asked,
/// of neighbours that look alike. So whatever ranges the vlans were declared in, each is found again, and changed or
/// removed without the others.
///
/// The link has to be a port already: declare it with its master. The kernel drops the vlans of a port that leaves its
/// bridge, and gives those that come a vlan of its own, the bridge's
/// [`vlan_default_pvid`](crate::Bridge::vlan_default_pvid): what is declared of that one is taken over.
///
/// A port has one `pvid`: the one that was declared last counts, and the kernel takes the mark from the other without a
/// word.
///
/// ```
/// use ksync_objects::BridgeVlan;
/// use ksync_runtime::prelude::*;
///
/// let native = BridgeVlan { pvid: true, untagged: true, ..BridgeVlan::new("veth0", 7) };
/// assert!(native.check().is_ok());
/// let trunk: Vec<BridgeVlan> = BridgeVlan::range("veth0", 10..=20).collect();
/// assert_eq!(trunk.len(), 11);
/// ```
#[derive(Clone, Debug, PartialEq, KSyncEntry)]
#[ksync(
    protocol = route,
    header = BridgeVlanHeader,
    inside(BRIDGE_VLANDB_ENTRY),
    add = RTM_NEWVLAN, delete = RTM_DELVLAN, get = RTM_GETVLAN,
    fill(family = AF_BRIDGE, on(add, change, delete, get)),
    classify = a_port_of_nothing_is_blocked,
)]
pub struct BridgeVlan {
    /// The port, or the bridge itself. `dev`
    #[depends_on]
    #[ksync(key, header = ifindex)]
    pub port: Ref<Link>,
    /// Its number, 1 to 4094. `vid`
    #[ksync(
        key,
        nla = BRIDGE_VLANDB_ENTRY_INFO, part = BridgeVlanInfo.vid,
        up_to = BRIDGE_VLANDB_ENTRY_RANGE,
        check = is_vlan,
    )]
    pub vlan: u16,
    /// Packets without a tag that come in belong to it. `pvid`
    #[ksync(nla = BRIDGE_VLANDB_ENTRY_INFO, part = BridgeVlanInfo.flags, bit = BRIDGE_VLAN_INFO_PVID)]
    pub pvid: bool,
    /// Packets that go out lose their tag. `untagged`
    #[ksync(nla = BRIDGE_VLANDB_ENTRY_INFO, part = BridgeVlanInfo.flags, bit = BRIDGE_VLAN_INFO_UNTAGGED)]
    pub untagged: bool,
}

impl BridgeVlan {
    /// A vlan whose packets carry its tag.
    #[must_use]
    pub fn new(port: impl Into<String>, vlan: u16) -> Self {
        BridgeVlan { port: Ref::to(port), vlan, pvid: false, untagged: false }
    }

    /// Several vlans whose packets carry their tags, one entry each.
    pub fn range(port: impl Into<String>, vlans: RangeInclusive<u16>) -> impl Iterator<Item = Self> {
        let port = Ref::to(port);
        vlans.map(move |vlan| BridgeVlan { port: port.clone(), vlan, pvid: false, untagged: false })
    }
}

fn is_vlan(vlan: &u16) -> Result<(), String> {
    if (1..4095).contains(vlan) {
        return Ok(());
    }
    Err(format!("{vlan} is no vlan: they are numbered from 1 to 4094"))
}

/// A link that is no port yet may become one; one that is no port has no vlans left.
fn a_port_of_nothing_is_blocked(verb: Verb, error: &OperationError) -> ErrorClass {
    const EINVAL: i32 = 22;
    match (verb, error.errno) {
        (Verb::Add | Verb::Change, EINVAL) => ErrorClass::Blocked,
        (Verb::Delete, EINVAL) => ErrorClass::Gone,
        _ => ErrorClass::of(verb, error.errno),
    }
}
