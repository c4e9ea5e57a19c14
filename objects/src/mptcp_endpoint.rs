//! Endpoints of Multipath TCP: `ip mptcp endpoint`.

use std::net::IpAddr;

use ksync_runtime::declare::{ErrorClass, OperationError, Verb};
use ksync_runtime::prelude::*;
use ksync_runtime::wire::mptcp_pm::*;

use crate::{Address, Link};

/// An address that connections of Multipath TCP may use besides the one that they began with.
///
/// ```text
/// ip mptcp endpoint add 192.0.2.1 dev eth0 id 1 subflow fullmesh
/// ip mptcp endpoint change id 1 backup nofullmesh
/// ip mptcp endpoint delete id 1
/// ```
///
/// It belongs to the generic netlink family `mptcp_pm`: the agent needs a `.kernel(Netlink::generic()?)`.
///
/// The kernel finds an endpoint by its id, and holds few of them (8 at a time). An id that somebody else uses is left
/// alone, and so is an address that is an endpoint already.
///
/// ```
/// use ksync_objects::MptcpEndpoint;
/// use ksync_runtime::prelude::*;
///
/// let endpoint = MptcpEndpoint {
///     link: Some(Ref::to("eth0")),
///     subflow: true,
///     ..MptcpEndpoint::new(1, [192, 0, 2, 1].into())
/// };
/// assert_eq!(endpoint.key(), 1);
/// ```
#[derive(Clone, Debug, PartialEq, KSyncEntry)]
#[ksync(
    protocol = generic("mptcp_pm", version = 1),
    inside(MPTCP_PM_ATTR_ADDR),
    add = MPTCP_PM_CMD_ADD_ADDR, change = MPTCP_PM_CMD_SET_FLAGS,
    delete = MPTCP_PM_CMD_DEL_ADDR, get = MPTCP_PM_CMD_GET_ADDR,
    classify = classify,
)]
pub struct MptcpEndpoint {
    /// What the kernel knows it by, 1 to 255. `id`
    #[ksync(key, nla = MPTCP_PM_ADDR_ATTR_ID, check = not_zero)]
    pub id: u8,
    /// The address. It need not be on a link (yet).
    #[ksync(with = address, on(add))]
    pub address: IpAddr,
    /// The port that is announced with it; only together with `signal`. `port`
    #[ksync(nla = MPTCP_PM_ADDR_ATTR_PORT, on(add))]
    pub port: Option<u16>,
    /// The link that its packets leave through. `dev`
    #[depends_on]
    #[ksync(nla = MPTCP_PM_ADDR_ATTR_IF_IDX, on(add))]
    pub link: Option<Ref<Link>>,
    /// The entry that puts the address on a link, if it is to be there first.
    #[depends_on]
    pub assigned: Option<Ref<Address>>,
    /// Connections that this host begins use it for further subflows. `subflow`
    #[ksync(nla = MPTCP_PM_ADDR_ATTR_FLAGS, bit = MPTCP_PM_ADDR_FLAG_SUBFLOW, default, immutable)]
    pub subflow: bool,
    /// It is announced to the other side. `signal`
    #[ksync(nla = MPTCP_PM_ADDR_ATTR_FLAGS, bit = MPTCP_PM_ADDR_FLAG_SIGNAL, default, immutable)]
    pub signal: bool,
    /// Its subflows carry data only when no other one can. `backup`
    #[ksync(nla = MPTCP_PM_ADDR_ATTR_FLAGS, bit = MPTCP_PM_ADDR_FLAG_BACKUP, default)]
    pub backup: bool,
    /// Subflows to all addresses of the other side; not together with `signal`. `fullmesh`
    #[ksync(nla = MPTCP_PM_ADDR_ATTR_FLAGS, bit = MPTCP_PM_ADDR_FLAG_FULLMESH, default)]
    pub fullmesh: bool,
}

impl MptcpEndpoint {
    /// An endpoint that is used for nothing yet: see `subflow` and `signal`.
    #[must_use]
    pub fn new(id: u8, address: IpAddr) -> Self {
        MptcpEndpoint {
            id,
            address,
            port: None,
            link: None,
            assigned: None,
            subflow: false,
            signal: false,
            backup: false,
            fullmesh: false,
        }
    }
}

fn not_zero(id: &u8) -> Result<(), &'static str> {
    if *id == 0 { Err("0 is the address that a connection began with; use 1 to 255") } else { Ok(()) }
}

/// The kernel says "busy" of an id that is in use, and "invalid" where there is nothing to delete.
fn classify(verb: Verb, error: &OperationError) -> ErrorClass {
    const EBUSY: i32 = 16;
    const EINVAL: i32 = 22;
    match (verb, error.errno) {
        (Verb::Add, EBUSY) => ErrorClass::AlreadyThere,
        (Verb::Delete, EINVAL) => ErrorClass::Gone,
        _ => ErrorClass::of(verb, error.errno),
    }
}

/// `MPTCP_PM_ADDR_ATTR_FAMILY`, and `MPTCP_PM_ADDR_ATTR_ADDR4` or `MPTCP_PM_ADDR_ATTR_ADDR6`.
mod address {
    use std::net::IpAddr;

    use ksync_runtime::prelude::*;
    use ksync_runtime::wire::mptcp_pm::*;
    use ksync_runtime::wire::{AttributeValue, Incoming, NoHeader, Outgoing, ParseError};

    pub(super) fn emit(value: &IpAddr, message: &mut Outgoing<'_, NoHeader>) {
        let (family, nla) = match value {
            IpAddr::V4(_) => (AF_INET, MPTCP_PM_ADDR_ATTR_ADDR4),
            IpAddr::V6(_) => (AF_INET6, MPTCP_PM_ADDR_ATTR_ADDR6),
        };
        message.attributes.put(MPTCP_PM_ADDR_ATTR_FAMILY, &u16::from(family));
        message.attributes.put(nla, value);
    }

    pub(super) fn parse(message: &Incoming<'_, NoHeader>) -> Result<IpAddr, ParseError> {
        let nla = match message.attributes.get(MPTCP_PM_ADDR_ATTR_ADDR4) {
            Some(_) => MPTCP_PM_ADDR_ATTR_ADDR4,
            None => MPTCP_PM_ADDR_ATTR_ADDR6,
        };
        IpAddr::parse(message.attributes.required(nla)?).map_err(|error| ParseError::attribute(nla, error))
    }
}
