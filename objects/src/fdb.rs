//! Where stations are: entries of the forwarding tables of bridges and vxlan tunnels, `bridge fdb`.

use std::net::IpAddr;

use ksync_runtime::declare::{ErrorClass, Invalid, OperationError, Verb};
use ksync_runtime::prelude::*;

use crate::Link;

/// A station behind a port of a bridge.
///
/// ```text
/// bridge fdb add 02:00:00:00:00:09 dev veth0 master static
/// bridge fdb add 02:00:00:00:00:09 dev veth0 master static vlan 5
/// bridge fdb add 02:00:00:00:00:09 dev veth0 master extern_learn
/// ```
///
/// The link has to be a port already: declare it with its master. The kernel drops the entries of a port that leaves
/// its bridge.
///
/// ```
/// use ksync_objects::FdbEntry;
/// use ksync_runtime::prelude::*;
///
/// let entry = FdbEntry::new("veth0", MacAddr6::new(2, 0, 0, 0, 0, 9));
/// assert!(entry.check().is_ok());
/// ```
#[derive(Clone, Debug, PartialEq, KSyncEntry)]
#[ksync(
    protocol = route,
    header = NeighbourHeader,
    add = RTM_NEWNEIGH, delete = RTM_DELNEIGH, get = RTM_GETNEIGH,
    fill(ndm_family = AF_BRIDGE, on(add, change, delete, get)),
    check = what_is_learnt_has_no_state,
    classify = a_port_of_nothing_is_blocked,
)]
pub struct FdbEntry {
    /// The port. `dev`
    #[depends_on]
    #[ksync(key, header = ndm_ifindex)]
    pub port: Ref<Link>,
    /// The station.
    #[ksync(key, with = station_of_bridge, check = is_station)]
    pub mac: MacAddr6,
    /// The vlan that it is in. `vlan`
    #[ksync(key, nla = NDA_VLAN, check = is_vlan)]
    pub vlan: Option<u16>,
    /// Whose address it is. `static`, `permanent`
    #[ksync(with = state_of_bridge, check = is_lasting)]
    pub state: FdbState,
    /// It is not learnt elsewhere. `sticky`
    #[ksync(header = ndm_flags, bit = NTF_STICKY)]
    pub sticky: bool,
    /// A control plane learnt it: it moves when the station shows up at another port, and is not aged. It can't be
    /// changed in place. `extern_learn`
    #[ksync(header = ndm_flags, bit = NTF_EXT_LEARNED, immutable)]
    pub extern_learn: bool,
}

impl FdbEntry {
    /// A station that stays behind that port.
    #[must_use]
    pub fn new(port: impl Into<String>, mac: MacAddr6) -> Self {
        FdbEntry {
            port: Ref::to(port),
            mac,
            vlan: None,
            state: FdbState::Static,
            sticky: false,
            extern_learn: false,
        }
    }
}

/// Whose address an entry of a forwarding table is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, KSyncValue)]
#[ksync(repr = u16)]
pub enum FdbState {
    /// That of a station behind the port. `static`
    #[ksync(value = NUD_NOARP)]
    Static,
    /// That of the host itself. `permanent`
    #[ksync(value = NUD_PERMANENT)]
    Permanent,
    /// Learnt, or on its way out: nothing to declare.
    #[ksync(other)]
    Other(u16),
}

fn is_lasting(state: &FdbState) -> Result<(), String> {
    match state {
        FdbState::Other(number) => Err(format!(
            "entries of state {number:#x} come and go by themselves: declare `Static` or `Permanent`"
        )),
        _ => Ok(()),
    }
}

/// The kernel takes neither for what a control plane learnt.
fn what_is_learnt_has_no_state(entry: &FdbEntry) -> Result<(), Invalid> {
    let wrong = |field, reason: &str| Err(Invalid { field, reason: reason.to_owned() });
    match entry {
        FdbEntry { extern_learn: true, state: FdbState::Permanent, .. } => {
            wrong("state", "a station that a control plane learnt is not the host itself")
        }
        FdbEntry { extern_learn: true, sticky: true, .. } => {
            wrong("sticky", "the kernel ignores it for a station that a control plane learnt")
        }
        _ => Ok(()),
    }
}

fn is_station(mac: &MacAddr6) -> Result<(), String> {
    if mac.is_nil() || mac.is_multicast() {
        return Err(format!("{mac} is no station's address"));
    }
    Ok(())
}

fn is_vlan(vlan: &Option<u16>) -> Result<(), String> {
    match vlan {
        Some(vlan) if !(1..4095).contains(vlan) => {
            Err(format!("{vlan} is no vlan: they are numbered from 1 to 4094"))
        }
        _ => Ok(()),
    }
}

/// A link that is no port yet may become one.
fn a_port_of_nothing_is_blocked(verb: Verb, error: &OperationError) -> ErrorClass {
    const EOPNOTSUPP: i32 = 95;
    match (verb, error.errno) {
        (Verb::Add | Verb::Change, EOPNOTSUPP) => ErrorClass::Blocked,
        (Verb::Delete, EOPNOTSUPP) => ErrorClass::Gone,
        _ => ErrorClass::of(verb, error.errno),
    }
}

/// `ndm_state`, which says nothing of what a control plane learnt.
mod state_of_bridge {
    use ksync_runtime::declare::Resolver;
    use ksync_runtime::prelude::*;
    use ksync_runtime::wire::{HeaderValue, Incoming, Outgoing, ParseError};

    use super::FdbState;

    pub(super) fn emit(state: &FdbState, message: &mut Outgoing<'_, NeighbourHeader>) {
        message.header.ndm_state = match state {
            FdbState::Static => NUD_NOARP,
            FdbState::Permanent => NUD_PERMANENT,
            FdbState::Other(number) => *number,
        };
    }

    pub(super) fn parse(message: &Incoming<'_, NeighbourHeader>) -> Result<FdbState, ParseError> {
        if message.header.ndm_flags & NTF_EXT_LEARNED != 0 {
            return Ok(FdbState::Static);
        }
        FdbState::from_header(message.header.ndm_state.into(), &Resolver::empty())
    }
}

/// `NDA_LLADDR`, and `NTF_MASTER`: that the bridge is meant, not the link itself. The kernel reports the bridge instead.
mod station_of_bridge {
    use ksync_runtime::prelude::*;
    use ksync_runtime::wire::{AttributeValue, Incoming, Outgoing, ParseError};

    pub(super) fn emit(mac: &MacAddr6, message: &mut Outgoing<'_, NeighbourHeader>) {
        message.header.ndm_flags |= NTF_MASTER;
        message.attributes.put(NDA_LLADDR, mac);
    }

    pub(super) fn parse(message: &Incoming<'_, NeighbourHeader>) -> Result<MacAddr6, ParseError> {
        if message.header.ndm_flags & NTF_MASTER == 0 {
            message.attributes.required(NDA_MASTER)?;
        }
        let payload = message.attributes.required(NDA_LLADDR)?;
        AttributeValue::parse(payload).map_err(|error| ParseError::attribute(NDA_LLADDR, error))
    }
}

/// A station behind a host that a vxlan tunnel leads to.
///
/// ```text
/// bridge fdb add 02:00:00:00:00:09 dev vx100 dst 192.0.2.9 port 4790 vni 9 via eth0
/// bridge fdb append 00:00:00:00:00:00 dev vx100 dst 192.0.2.9       # where packets for unknown stations go too
/// ```
///
/// A station has one remote; the address of zeroes may have many, an entry each. None of the fields can be changed in
/// place. The address family is that of the tunnel.
///
/// ```
/// use ksync_objects::VxlanFdbEntry;
/// use ksync_runtime::prelude::*;
///
/// let flood = VxlanFdbEntry::new("vx100", MacAddr6::nil(), "192.0.2.9".parse()?);
/// assert!(flood.check().is_ok());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, KSyncEntry)]
#[ksync(
    protocol = route,
    header = NeighbourHeader,
    add = RTM_NEWNEIGH, delete = RTM_DELNEIGH, get = RTM_GETNEIGH,
    add_flags = NLM_F_CREATE | if self.mac.is_nil() { NLM_F_APPEND } else { NLM_F_EXCL },
    add_again_flags = NLM_F_CREATE | NLM_F_APPEND,
    fill(ndm_family = AF_BRIDGE, on(add, change, delete, get)),
    fill(ndm_flags = NTF_SELF),
    fill(ndm_state = NUD_PERMANENT, on(add, change)),
)]
pub struct VxlanFdbEntry {
    /// The tunnel. `dev`
    #[depends_on]
    #[ksync(key, header = ndm_ifindex)]
    pub tunnel: Ref<Link>,
    /// The station; all zeroes for those that are unknown.
    #[ksync(key, nla = NDA_LLADDR)]
    pub mac: MacAddr6,
    /// The host that it is behind. `dst`
    #[ksync(key, nla = NDA_DST, check = is_remote)]
    pub remote: IpAddr,
    /// The UDP port there, if not the tunnel's own. `port`
    #[ksync(nla = NDA_PORT, be, immutable, on(add, change, delete))]
    pub port: Option<u16>,
    /// The network identifier there, if not the tunnel's own. `vni`
    #[ksync(nla = NDA_VNI, immutable, on(add, change, delete), check = is_vni)]
    pub vni: Option<u32>,
    /// The link that the packets leave through. `via`
    #[depends_on]
    #[ksync(nla = NDA_IFINDEX, immutable, on(add, change, delete))]
    pub via: Option<Ref<Link>>,
}

impl VxlanFdbEntry {
    /// A station behind that host.
    #[must_use]
    pub fn new(tunnel: impl Into<String>, mac: MacAddr6, remote: IpAddr) -> Self {
        VxlanFdbEntry { tunnel: Ref::to(tunnel), mac, remote, port: None, vni: None, via: None }
    }
}

fn is_remote(remote: &IpAddr) -> Result<(), String> {
    if remote.is_unspecified() {
        return Err(format!("{remote} is no host"));
    }
    Ok(())
}

fn is_vni(vni: &Option<u32>) -> Result<(), String> {
    match vni {
        Some(vni) if *vni >= 1 << 24 => {
            Err(format!("{vni} is too large: a VXLAN network identifier has 24 bits"))
        }
        _ => Ok(()),
    }
}
