//! Checks that several sorts of links share.

/// The number of a vlan.
pub(super) fn is_vlan(vlan: &u16) -> Result<(), String> {
    if (1..4095).contains(vlan) {
        return Ok(());
    }
    Err(format!("{vlan} is no vlan: they are numbered from 1 to 4094"))
}

/// The EtherType of a vlan tag.
pub(super) fn is_vlan_protocol(protocol: &Option<u16>) -> Result<(), String> {
    match protocol {
        None | Some(0x8100 | 0x88a8) => Ok(()),
        Some(other) => Err(format!("{other:#x} marks no vlan: it is 0x8100 (802.1Q) or 0x88a8 (802.1ad)")),
    }
}
