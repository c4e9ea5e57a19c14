//! Light-weight tunnels: what routes and nexthops put around their packets. `ip route ... encap`

mod seg6;
mod tunnel;

use std::net::{Ipv4Addr, Ipv6Addr};

use ksync_runtime::declare::Invalid;
use ksync_runtime::prelude::*;
use ksync_runtime::wire::{AttributeList, AttributeValue, Attributes, ParseError, ValueError};

pub use seg6::Seg6Mode;

/// What is put around packets on their way to a nexthop.
///
/// The type stands in one attribute, and what belongs to it is nested in another; the two have other numbers in
/// routes than in nexthops.
///
/// ```
/// use ksync_objects::Encap;
///
/// // ip nexthop add ... encap mpls 100/200
/// let labels = Encap::Mpls { labels: vec![100, 200], ttl: None };
/// assert!(labels.check().is_ok());
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Encap {
    /// A tunnel over IPv4, by way of a link that takes its parameters from the route.
    /// `encap ip id 7 dst 192.0.2.7 src 192.0.2.1 ttl 64 tos 0x10`
    Ip {
        /// The key, or the number of the virtual network. `id`
        id: u64,
        /// The other end. `dst`
        destination: Ipv4Addr,
        /// This end; 0.0.0.0: the kernel chooses. `src`
        source: Ipv4Addr,
        /// 0: that of the packet, or of the link. `ttl`
        ttl: u8,
        /// `tos`
        tos: u8,
    },
    /// The same over IPv6. `encap ip6 id 7 dst 2001:db8::7 src 2001:db8::1 hoplimit 64 tc 0x10`
    Ip6 {
        /// The key, or the number of the virtual network. `id`
        id: u64,
        /// The other end. `dst`
        destination: Ipv6Addr,
        /// This end; `::`: the kernel chooses. `src`
        source: Ipv6Addr,
        /// 0: that of the packet, or of the link. `hoplimit`
        hop_limit: u8,
        /// `tc`
        traffic_class: u8,
    },
    /// A stack of MPLS labels. `encap mpls 100/200`
    Mpls {
        /// The outermost first.
        labels: Vec<u32>,
        /// `None`: that of the packet. `ttl`
        ttl: Option<u8>,
    },
    /// Segment routing over IPv6. `encap seg6 mode encap segs 2001:db8::a,2001:db8::b`
    Seg6 {
        /// Where the header goes. `mode`
        mode: Seg6Mode,
        /// The segments, the first one that is visited first. `segs`
        segments: Vec<Ipv6Addr>,
    },
}

/// The two attributes that an encapsulation takes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Place {
    kind: u16,
    data: u16,
}

impl Place {
    /// In a nexthop object.
    pub(crate) const NEXTHOP: Place = Place { kind: NHA_ENCAP_TYPE, data: NHA_ENCAP };
    /// In a route, and in a path of one.
    pub(crate) const ROUTE: Place = Place { kind: RTA_ENCAP_TYPE, data: RTA_ENCAP };
}

impl Encap {
    /// Refuses what the kernel would refuse.
    ///
    /// # Errors
    /// What is wrong.
    pub fn check(&self) -> Result<(), Invalid> {
        let reason = match self {
            Encap::Mpls { labels, .. } if labels.is_empty() => "no label".to_owned(),
            Encap::Mpls { labels, .. } => match labels.iter().find(|label| !tunnel::is_label(**label)) {
                Some(label) => format!("{label} is no label that can be put on a packet"),
                None => return Ok(()),
            },
            Encap::Seg6 { segments, .. } if segments.is_empty() || segments.len() > seg6::MOST => {
                format!("{} segments, where 1 to {} are possible", segments.len(), seg6::MOST)
            }
            _ => return Ok(()),
        };
        Err(Invalid { field: "encap", reason })
    }

    pub(crate) fn emit(&self, place: Place, attributes: &mut Attributes<'_>) {
        let kind = match self {
            Encap::Ip { .. } => LWTUNNEL_ENCAP_IP,
            Encap::Ip6 { .. } => LWTUNNEL_ENCAP_IP6,
            Encap::Mpls { .. } => LWTUNNEL_ENCAP_MPLS,
            Encap::Seg6 { .. } => LWTUNNEL_ENCAP_SEG6,
        };
        attributes.nested(place.data, |data| match self {
            Encap::Ip { id, destination, source, ttl, tos } => {
                data.put(LWTUNNEL_IP_ID, &id.to_be());
                data.put(LWTUNNEL_IP_DST, destination);
                data.put(LWTUNNEL_IP_SRC, source);
                data.put(LWTUNNEL_IP_TTL, ttl);
                data.put(LWTUNNEL_IP_TOS, tos);
            }
            Encap::Ip6 { id, destination, source, hop_limit, traffic_class } => {
                data.put(LWTUNNEL_IP6_ID, &id.to_be());
                data.put(LWTUNNEL_IP6_DST, destination);
                data.put(LWTUNNEL_IP6_SRC, source);
                data.put(LWTUNNEL_IP6_HOPLIMIT, hop_limit);
                data.put(LWTUNNEL_IP6_TC, traffic_class);
            }
            Encap::Mpls { labels, ttl } => {
                data.put_bytes(MPLS_IPTUNNEL_DST, &tunnel::stack(labels));
                if let Some(ttl) = ttl {
                    data.put(MPLS_IPTUNNEL_TTL, ttl);
                }
            }
            Encap::Seg6 { mode, segments } => {
                data.put_bytes(SEG6_IPTUNNEL_SRH, &seg6::header(*mode, segments));
            }
        });
        attributes.put(place.kind, &kind);
    }

    /// `None` where there is no encapsulation. One that is unknown here belongs to somebody else.
    pub(crate) fn parse(place: Place, attributes: &AttributeList<'_>) -> Result<Option<Self>, ParseError> {
        let Some(payload) = attributes.get(place.kind) else { return Ok(None) };
        let kind = u16::parse(payload).map_err(|error| ParseError::attribute(place.kind, error))?;
        let data = AttributeList::parse(attributes.required(place.data)?)?;
        let inside = |error: ParseError| match error {
            // What is missing inside is wrong in the whole; it makes nobody else's object of it.
            ParseError::Value { error: ValueError::Missing, place: at } => {
                ParseError::attribute(place.data, ValueError::Content(format!("{at} inside is missing")))
            }
            other => other,
        };
        Encap::of(kind, &data).map_err(inside)?.map_or_else(
            || Err(ParseError::attribute(place.kind, ValueError::Missing)),
            |encap| Ok(Some(encap)),
        )
    }

    fn of(kind: u16, data: &AttributeList<'_>) -> Result<Option<Self>, ParseError> {
        Ok(Some(match kind {
            LWTUNNEL_ENCAP_IP => Encap::Ip {
                id: u64::from_be(required(data, LWTUNNEL_IP_ID)?),
                destination: required(data, LWTUNNEL_IP_DST)?,
                source: required(data, LWTUNNEL_IP_SRC)?,
                ttl: required(data, LWTUNNEL_IP_TTL)?,
                tos: required(data, LWTUNNEL_IP_TOS)?,
            },
            LWTUNNEL_ENCAP_IP6 => Encap::Ip6 {
                id: u64::from_be(required(data, LWTUNNEL_IP6_ID)?),
                destination: required(data, LWTUNNEL_IP6_DST)?,
                source: required(data, LWTUNNEL_IP6_SRC)?,
                hop_limit: required(data, LWTUNNEL_IP6_HOPLIMIT)?,
                traffic_class: required(data, LWTUNNEL_IP6_TC)?,
            },
            LWTUNNEL_ENCAP_MPLS => Encap::Mpls {
                labels: tunnel::labels(data.required(MPLS_IPTUNNEL_DST)?)
                    .map_err(|error| ParseError::attribute(MPLS_IPTUNNEL_DST, error))?,
                ttl: data.get(MPLS_IPTUNNEL_TTL).map(|_| required(data, MPLS_IPTUNNEL_TTL)).transpose()?,
            },
            LWTUNNEL_ENCAP_SEG6 => {
                let (mode, segments) = seg6::parse(data.required(SEG6_IPTUNNEL_SRH)?)
                    .map_err(|error| ParseError::attribute(SEG6_IPTUNNEL_SRH, error))?;
                Encap::Seg6 { mode, segments }
            }
            _ => return Ok(None),
        }))
    }
}

fn required<V: AttributeValue>(data: &AttributeList<'_>, nla: u16) -> Result<V, ParseError> {
    V::parse(data.required(nla)?).map_err(|error| ParseError::attribute(nla, error))
}
