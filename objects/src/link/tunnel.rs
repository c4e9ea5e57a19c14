//! The options of tunnels over IPv4: gre, gretap, ipip.
//!
//! The kernel takes a change of a tunnel for all that it should be, and forgets what the change does not name:
//! hence `whole`.

use std::net::Ipv4Addr;

use ksync_runtime::declare::Invalid;
use ksync_runtime::prelude::*;

use super::Lower;

/// A tunnel of generic routing encapsulation. `ip link add gre1 type gre local 192.0.2.1 remote 192.0.2.2 key 7`
///
/// [`LinkKind::Gre`](crate::LinkKind::Gre) carries IP packets, [`LinkKind::Gretap`](crate::LinkKind::Gretap)
/// Ethernet frames.
#[derive(Clone, Debug, Default, PartialEq, KSyncNested)]
#[ksync(whole)]
pub struct Gre {
    /// The address of this end. `local`
    #[ksync(nla = IFLA_GRE_LOCAL)]
    pub local: Option<Ipv4Addr>,
    /// The address of the other end. `remote`
    #[ksync(nla = IFLA_GRE_REMOTE)]
    pub remote: Option<Ipv4Addr>,
    /// Time to live of the outer packets; 0 for that of the inner ones. `ttl`
    #[ksync(nla = IFLA_GRE_TTL)]
    pub ttl: Option<u8>,
    /// Type of service of the outer packets; 1 takes that of the inner ones. `tos`
    #[ksync(nla = IFLA_GRE_TOS)]
    pub tos: Option<u8>,
    /// Marks the packets of this tunnel among those of the same ends, both ways. `key`
    #[ksync(with = key)]
    pub key: Option<u32>,
    /// Let the packets' size be found out; off only without `ttl`. `pmtudisc`, `nopmtudisc`
    #[ksync(nla = IFLA_GRE_PMTUDISC)]
    pub pmtudisc: Option<bool>,
    /// The link that the tunnel's packets leave through. `dev`
    #[depends_on(super::Link)]
    #[ksync(nla = IFLA_GRE_LINK, default)]
    pub lower: Lower,
}

impl Gre {
    /// A tunnel between those ends.
    #[must_use]
    pub fn new(local: Ipv4Addr, remote: Ipv4Addr) -> Self {
        Gre { local: Some(local), remote: Some(remote), ..Gre::default() }
    }

    pub(super) fn check(&self) -> Result<(), Invalid> {
        can_be_fragmented(self.ttl, self.pmtudisc)
    }
}

/// A tunnel of IPv4 in IPv4. `ip link add tun1 type ipip local 192.0.2.1 remote 192.0.2.2`
#[derive(Clone, Debug, Default, PartialEq, KSyncNested)]
#[ksync(whole)]
pub struct Ipip {
    /// The address of this end. `local`
    #[ksync(nla = IFLA_IPTUN_LOCAL)]
    pub local: Option<Ipv4Addr>,
    /// The address of the other end. `remote`
    #[ksync(nla = IFLA_IPTUN_REMOTE)]
    pub remote: Option<Ipv4Addr>,
    /// Time to live of the outer packets; 0 for that of the inner ones. `ttl`
    #[ksync(nla = IFLA_IPTUN_TTL)]
    pub ttl: Option<u8>,
    /// Type of service of the outer packets; 1 takes that of the inner ones. `tos`
    #[ksync(nla = IFLA_IPTUN_TOS)]
    pub tos: Option<u8>,
    /// Let the packets' size be found out; off only without `ttl`. `pmtudisc`, `nopmtudisc`
    #[ksync(nla = IFLA_IPTUN_PMTUDISC)]
    pub pmtudisc: Option<bool>,
    /// The link that the tunnel's packets leave through. `dev`
    #[depends_on(super::Link)]
    #[ksync(nla = IFLA_IPTUN_LINK, default)]
    pub lower: Lower,
}

impl Ipip {
    /// A tunnel between those ends.
    #[must_use]
    pub fn new(local: Ipv4Addr, remote: Ipv4Addr) -> Self {
        Ipip { local: Some(local), remote: Some(remote), ..Ipip::default() }
    }

    pub(super) fn check(&self) -> Result<(), Invalid> {
        can_be_fragmented(self.ttl, self.pmtudisc)
    }
}

fn can_be_fragmented(ttl: Option<u8>, pmtudisc: Option<bool>) -> Result<(), Invalid> {
    match (ttl, pmtudisc) {
        (Some(1..), Some(false)) => Err(Invalid {
            field: "pmtudisc",
            reason: "packets with a time to live of their own are not fragmented: drop `ttl`, or this"
                .to_owned(),
        }),
        _ => Ok(()),
    }
}

/// `IFLA_GRE_IKEY` and `IFLA_GRE_OKEY`, and the flags that make them count.
mod key {
    use ksync_runtime::prelude::*;
    use ksync_runtime::wire::{AttributeList, AttributeValue, Attributes, Be16, Be32, ParseError};

    pub(super) fn emit(key: &Option<u32>, attributes: &mut Attributes<'_>) {
        let Some(key) = key else { return };
        attributes.put(IFLA_GRE_IFLAGS, &Be16(GRE_KEY));
        attributes.put(IFLA_GRE_OFLAGS, &Be16(GRE_KEY));
        attributes.put(IFLA_GRE_IKEY, &Be32(*key));
        attributes.put(IFLA_GRE_OKEY, &Be32(*key));
    }

    pub(super) fn parse(attributes: &AttributeList<'_>) -> Result<Option<u32>, ParseError> {
        let wrong = |nla| move |error| ParseError::attribute(nla, error);
        let flags = attributes.get(IFLA_GRE_OFLAGS).map(Be16::parse).transpose();
        if flags.map_err(wrong(IFLA_GRE_OFLAGS))?.is_none_or(|flags| flags.0 & GRE_KEY == 0) {
            return Ok(None);
        }
        let key = attributes.get(IFLA_GRE_OKEY).map(Be32::parse).transpose();
        Ok(key.map_err(wrong(IFLA_GRE_OKEY))?.map(|key| key.0))
    }
}
