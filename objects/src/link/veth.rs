//! The far end of a veth pair.

use ksync_runtime::prelude::*;

use super::is_interface_name;
use crate::ethernet;

/// The other end of a veth pair, as it is created.
///
/// It is created down: the kernel answers ENOTCONN to an end that is to be up before the pair is tied. Declare
/// it as [`LinkKind::PeerOf`](crate::LinkKind::PeerOf) to have it up.
#[derive(Clone, Debug, Default, PartialEq, KSyncNested)]
#[ksync(header = LinkHeader)]
pub struct VethPeer {
    /// Its interface name.
    #[ksync(nla = IFLA_IFNAME, check = is_interface_name)]
    pub name: String,
    /// Largest packet, in bytes.
    #[ksync(nla = IFLA_MTU)]
    pub mtu: Option<u32>,
    /// Hardware address.
    #[ksync(nla = IFLA_ADDRESS, with = ethernet)]
    pub mac: Option<MacAddr6>,
    /// The namespace that it is created in, if not that of the near end. `netns`
    #[ksync(with = namespace)]
    pub namespace: Option<Namespace>,
}

/// A network namespace, as another process has it at this moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Namespace {
    /// That of the process with this number. `ip link add ... peer ... netns PID`
    OfProcess(u32),
    /// That which an open file descriptor of this process stands for (`/var/run/netns/NAME`). It has to stay open
    /// for as long as the link is declared: the pair may have to be created again.
    OfFile(u32),
}

/// `IFLA_NET_NS_PID` or `IFLA_NET_NS_FD`.
mod namespace {
    use ksync_runtime::prelude::{IFLA_NET_NS_FD, IFLA_NET_NS_PID};
    use ksync_runtime::wire::{AttributeList, AttributeValue, Attributes, ParseError};

    use super::Namespace;

    pub(super) fn emit(namespace: &Option<Namespace>, attributes: &mut Attributes<'_>) {
        match namespace {
            None => {}
            Some(Namespace::OfProcess(process)) => attributes.put(IFLA_NET_NS_PID, process),
            Some(Namespace::OfFile(descriptor)) => attributes.put(IFLA_NET_NS_FD, descriptor),
        }
    }

    pub(super) fn parse(attributes: &AttributeList<'_>) -> Result<Option<Namespace>, ParseError> {
        let number = |nla| {
            attributes.get(nla).map(u32::parse).transpose().map_err(|error| ParseError::attribute(nla, error))
        };
        Ok(match (number(IFLA_NET_NS_PID)?, number(IFLA_NET_NS_FD)?) {
            (Some(process), _) => Some(Namespace::OfProcess(process)),
            (None, descriptor) => descriptor.map(Namespace::OfFile),
        })
    }
}
