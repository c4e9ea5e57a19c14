//! Ways without a nexthop object: `RTA_GATEWAY`, `RTA_VIA`, `RTA_OIF`, `RTA_ENCAP`, and `RTA_MULTIPATH`.

use std::net::{IpAddr, Ipv6Addr};

use ksync_runtime::declare::{Context, Links, References, Resolver};
use ksync_runtime::prelude::*;
use ksync_runtime::wire::{
    AttributeField, AttributeList, AttributeValue, Attributes, BytesMut, FixedHeader, ParseError, ValueError,
};

use crate::encap::{Encap, Place};
use crate::{Link, Weight};

/// One way out.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Path {
    /// The router, of the destination's family. `None`: the destination is on the link itself. `via`
    pub gateway: Option<IpAddr>,
    /// A router of IPv6 for packets of IPv4. `via inet6`
    pub gateway_ipv6: Option<Ipv6Addr>,
    /// The link that leads there. `None`: the one that the kernel finds for the gateway. `dev`
    pub link: Option<Ref<Link>>,
    /// What is put around the packets. `encap`
    pub encap: Option<Encap>,
}

/// One of several ways out. `nexthop`
#[derive(Clone, Debug, PartialEq)]
pub struct Hop {
    /// Where it leads.
    pub path: Path,
    /// Its share of the packets. `weight`
    pub weight: Weight,
    /// The gateway is on the link even if no address there says so. `onlink`
    pub onlink: bool,
}

impl Hop {
    /// A router behind a link, with a share of the packets.
    #[must_use]
    pub fn via(gateway: IpAddr, link: impl Into<String>, weight: u16) -> Self {
        let path = Path { gateway: Some(gateway), link: Some(Ref::to(link)), ..Path::default() };
        Hop { path, weight: Weight(weight), onlink: false }
    }

    /// A link itself, with a share of the packets.
    #[must_use]
    pub fn on_link(link: impl Into<String>, weight: u16) -> Self {
        Hop {
            path: Path { link: Some(Ref::to(link)), ..Path::default() },
            weight: Weight(weight),
            onlink: false,
        }
    }
}

ksync_runtime::fixed_header! {
    /// `struct rtnexthop` (linux/rtnetlink.h).
    struct HopHeader {
        rtnh_len: u16,
        rtnh_flags: u8,
        /// One less than the weight.
        rtnh_hops: u8,
        rtnh_ifindex: i32,
    }
}

impl Path {
    /// Writes all but the link, which stands in other places in routes and in hops.
    fn emit_way(&self, attributes: &mut Attributes<'_>) {
        if let Some(gateway) = &self.gateway {
            attributes.put(RTA_GATEWAY, gateway);
        }
        if let Some(gateway) = &self.gateway_ipv6 {
            attributes.put_with(RTA_VIA, |out| {
                AttributeValue::emit(&u16::from(AF_INET6), out);
                AttributeValue::emit(gateway, out);
            });
        }
        if let Some(encap) = &self.encap {
            encap.emit(Place::ROUTE, attributes);
        }
    }

    pub(super) fn emit(&self, attributes: &mut Attributes<'_>, context: &Context<'_>) {
        self.emit_way(attributes);
        AttributeField::emit(&self.link, RTA_OIF, attributes, context);
    }

    /// `link`: the kernel always names one; if it is unknown here, nobody here asked for it.
    fn parse_way(
        attributes: &AttributeList<'_>,
        link: u32,
        resolver: &Resolver<'_>,
    ) -> Result<Self, ParseError> {
        Ok(Path {
            gateway: AttributeField::parse(RTA_GATEWAY, attributes, resolver)?,
            gateway_ipv6: attributes
                .get(RTA_VIA)
                .map(via)
                .transpose()
                .map_err(|error| ParseError::attribute(RTA_VIA, error))?,
            link: resolver.reference(link).ok(),
            encap: Encap::parse(Place::ROUTE, attributes)?,
        })
    }

    pub(super) fn parse(attributes: &AttributeList<'_>, resolver: &Resolver<'_>) -> Result<Self, ParseError> {
        let link: Option<u32> = AttributeField::parse(RTA_OIF, attributes, resolver)?;
        Path::parse_way(attributes, link.unwrap_or_default(), resolver)
    }

    pub(super) fn references<L: Links>(&mut self, references: &mut References<'_, L>) {
        if let Some(link) = &mut self.link {
            references.required(link);
        }
    }

    pub(super) fn met_by(&self, observed: &Self) -> bool {
        self.gateway == observed.gateway
            && self.gateway_ipv6 == observed.gateway_ipv6
            && self.encap == observed.encap
            && (self.link.is_none() || self.link == observed.link)
    }
}

/// `struct rtvia` (linux/rtnetlink.h).
fn via(payload: &[u8]) -> Result<Ipv6Addr, ValueError> {
    let (family, address) =
        payload.split_at_checked(2).ok_or(ValueError::Length { expected: 18, got: payload.len() })?;
    match <u16 as AttributeValue>::parse(family)? {
        family if family == u16::from(AF_INET6) => <Ipv6Addr as AttributeValue>::parse(address),
        // No route of this kind has another.
        _ => Err(ValueError::Missing),
    }
}

pub(super) fn emit_hops(hops: &[Hop], attributes: &mut Attributes<'_>, context: &Context<'_>) {
    let mut records = BytesMut::new();
    for hop in hops {
        let start = records.len();
        records.resize(start + HopHeader::LEN, 0);
        let mut inside = Attributes::new(&mut records);
        hop.path.emit_way(&mut inside);
        let link = hop.path.link.as_ref().map(|link| context.index_of(link)).transpose();
        let written = inside.into_inner().map(|_| ()).and(link);
        let link = match written {
            Ok(link) => link.and_then(|link| i32::try_from(link).ok()).unwrap_or_default(),
            Err(error) => return attributes.fail(error),
        };
        let header = HopHeader {
            rtnh_len: u16::try_from(records.len() - start).unwrap_or(u16::MAX),
            rtnh_flags: if hop.onlink { RTNH_F_ONLINK as u8 } else { 0 },
            rtnh_hops: u8::try_from(hop.weight.0.saturating_sub(1)).unwrap_or(u8::MAX),
            rtnh_ifindex: link,
        };
        if let Some(room) = records.get_mut(start..start + HopHeader::LEN) {
            header.emit(room);
        }
    }
    attributes.put_bytes(RTA_MULTIPATH, &records);
}

pub(super) fn parse_hops(payload: &[u8], resolver: &Resolver<'_>) -> Result<Vec<Hop>, ParseError> {
    let mut rest = payload;
    let mut hops = Vec::new();
    while !rest.is_empty() {
        let wrong =
            |expected| ParseError::attribute(RTA_MULTIPATH, ValueError::Length { expected, got: rest.len() });
        let header = HopHeader::parse(rest).ok_or_else(|| wrong(HopHeader::LEN))?;
        let len = usize::from(header.rtnh_len);
        let record = rest.get(HopHeader::LEN..len).ok_or_else(|| wrong(len.max(HopHeader::LEN)))?;
        let link = u32::try_from(header.rtnh_ifindex).unwrap_or_default();
        hops.push(Hop {
            path: Path::parse_way(&AttributeList::parse(record)?, link, resolver)?,
            weight: Weight(u16::from(header.rtnh_hops) + 1),
            onlink: u32::from(header.rtnh_flags) & RTNH_F_ONLINK != 0,
        });
        rest = rest.get(len.next_multiple_of(4)..).unwrap_or_default();
    }
    Ok(hops)
}
