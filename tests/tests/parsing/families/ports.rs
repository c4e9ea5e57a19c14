//! Ports of bridges, and their vlans: all comes back.

use ksync_objects::{BridgeVlan, Port};

use super::kind;
use crate::strategies::ports::{ports, vlans};

kind! {
    bridge_vlan: BridgeVlan, vlans(), seen = |vlan| vlan, changed = |vlan| vlan,
}
kind! {
    port: Port, ports(), seen = |port| port,
}
