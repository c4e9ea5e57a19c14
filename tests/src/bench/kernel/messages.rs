//! Requests as bytes, written by hand: what a program would send that knows nothing but routes.
//!
//! Numbers are those of linux/netlink.h, rtnetlink.h and nexthop.h.

use std::net::IpAddr;

use ipnet::IpNet;

const RTM_NEWROUTE: u16 = 24;
const RTM_DELROUTE: u16 = 25;
const RTM_GETROUTE: u16 = 26;
const RTM_NEWNEXTHOP: u16 = 104;

const REQUEST: u16 = 0x01;
const ACK: u16 = 0x04;
const REPLACE: u16 = 0x100;
const DUMP: u16 = 0x300;
const EXCL: u16 = 0x200;
const CREATE: u16 = 0x400;

const RTA_DST: u16 = 1;
const RTA_PRIORITY: u16 = 6;
const RTA_NH_ID: u16 = 30;
const NHA_ID: u16 = 1;
const NHA_OIF: u16 = 5;
const NHA_GATEWAY: u16 = 6;

const AF_INET: u8 = 2;
const AF_INET6: u8 = 10;
const RT_TABLE_MAIN: u8 = 254;
const RTPROT_STATIC: u8 = 4;
const RTN_UNICAST: u8 = 1;
const RT_SCOPE_NOWHERE: u8 = 255;
const RTNH_F_ONLINK: u32 = 4;

/// The metric that IPv6 routes have.
const IPV6_METRIC: u32 = 1024;

/// More messages a send gain nothing.
const BATCH: usize = 256;

/// What is done to a route.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Act {
    /// Add it; it must not be there.
    Add,
    /// Give it another nexthop; it must be there.
    Replace,
    /// Delete it, whoever added it.
    Delete,
}

/// Messages for one send; only the last asks for an acknowledgement.
#[derive(Debug)]
pub(crate) struct Batch {
    /// The messages.
    pub(crate) bytes: Vec<u8>,
    /// The number of the last one.
    pub(crate) last_seq: u32,
}

/// Batches that do the same to all these routes, in this order.
pub(crate) fn batches(act: Act, routes: impl IntoIterator<Item = (IpNet, u32)>) -> Vec<Batch> {
    let mut batches: Vec<Batch> = Vec::new();
    let mut batch = Batch { bytes: Vec::new(), last_seq: 0 };
    let mut seq = 0;
    let mut last = 0;
    let mut routes = routes.into_iter().peekable();
    while let Some((destination, nexthop)) = routes.next() {
        seq += 1;
        let start = batch.bytes.len();
        route(&mut batch.bytes, act, destination, nexthop, seq);
        last += 1;
        if last == BATCH || routes.peek().is_none() {
            add_flags(&mut batch.bytes, start, ACK);
            batch.last_seq = seq;
            batch.bytes.shrink_to_fit();
            batches.push(std::mem::replace(&mut batch, Batch { bytes: Vec::new(), last_seq: 0 }));
            last = 0;
        }
    }
    batches
}

/// One message, acknowledged.
pub(crate) fn single(act: Act, destination: IpNet, nexthop: u32, seq: u32) -> Batch {
    let mut bytes = Vec::new();
    route(&mut bytes, act, destination, nexthop, seq);
    add_flags(&mut bytes, 0, ACK);
    Batch { bytes, last_seq: seq }
}

/// Another gateway for a nexthop that is there.
pub(crate) fn replace_gateway(id: u32, gateway: IpAddr, ifindex: u32, seq: u32) -> Batch {
    let family = if gateway.is_ipv4() { AF_INET } else { AF_INET6 };
    let mut bytes = Vec::new();
    let start = begin(&mut bytes, RTM_NEWNEXTHOP, REQUEST | ACK | CREATE | REPLACE, seq);
    bytes.extend_from_slice(&[family, 0, RTPROT_STATIC, 0]);
    bytes.extend_from_slice(&RTNH_F_ONLINK.to_ne_bytes());
    attribute(&mut bytes, NHA_ID, &id.to_ne_bytes());
    attribute_address(&mut bytes, NHA_GATEWAY, gateway);
    attribute(&mut bytes, NHA_OIF, &ifindex.to_ne_bytes());
    end(&mut bytes, start);
    Batch { bytes, last_seq: seq }
}

/// Asks for all routes of the main table.
pub(crate) fn dump_routes(ipv4: bool, seq: u32) -> Vec<u8> {
    let mut bytes = Vec::new();
    let start = begin(&mut bytes, RTM_GETROUTE, REQUEST | DUMP, seq);
    let family = if ipv4 { AF_INET } else { AF_INET6 };
    bytes.extend_from_slice(&[family, 0, 0, 0, RT_TABLE_MAIN, 0, 0, 0, 0, 0, 0, 0]);
    end(&mut bytes, start);
    bytes
}

fn route(out: &mut Vec<u8>, act: Act, destination: IpNet, nexthop: u32, seq: u32) {
    let (message_type, flags) = match act {
        Act::Add => (RTM_NEWROUTE, REQUEST | CREATE | EXCL),
        Act::Replace => (RTM_NEWROUTE, REQUEST | REPLACE),
        Act::Delete => (RTM_DELROUTE, REQUEST),
    };
    let ipv4 = destination.addr().is_ipv4();
    let family = if ipv4 { AF_INET } else { AF_INET6 };
    // A delete matches any protocol, type and scope.
    let (protocol, scope, kind) = match act {
        Act::Delete => (0, RT_SCOPE_NOWHERE, 0),
        _ => (RTPROT_STATIC, 0, RTN_UNICAST),
    };
    let start = begin(out, message_type, flags, seq);
    let header = [family, destination.prefix_len(), 0, 0, RT_TABLE_MAIN, protocol, scope, kind, 0, 0, 0, 0];
    out.extend_from_slice(&header);
    if destination.prefix_len() > 0 {
        attribute_address(out, RTA_DST, destination.addr());
    }
    // A delete without a metric matches any.
    if !ipv4 && act != Act::Delete {
        attribute(out, RTA_PRIORITY, &IPV6_METRIC.to_ne_bytes());
    }
    if act != Act::Delete {
        attribute(out, RTA_NH_ID, &nexthop.to_ne_bytes());
    }
    end(out, start);
}

fn begin(out: &mut Vec<u8>, message_type: u16, flags: u16, seq: u32) -> usize {
    let start = out.len();
    out.extend_from_slice(&[0; 4]);
    out.extend_from_slice(&message_type.to_ne_bytes());
    out.extend_from_slice(&flags.to_ne_bytes());
    out.extend_from_slice(&seq.to_ne_bytes());
    out.extend_from_slice(&[0; 4]);
    start
}

fn end(out: &mut [u8], start: usize) {
    let len = (out.len() - start) as u32;
    out[start..start + 4].copy_from_slice(&len.to_ne_bytes());
}

fn add_flags(out: &mut [u8], start: usize, flags: u16) {
    let merged = u16::from_ne_bytes([out[start + 6], out[start + 7]]) | flags;
    out[start + 6..start + 8].copy_from_slice(&merged.to_ne_bytes());
}

fn attribute(out: &mut Vec<u8>, nla: u16, value: &[u8]) {
    out.extend_from_slice(&(4 + value.len() as u16).to_ne_bytes());
    out.extend_from_slice(&nla.to_ne_bytes());
    out.extend_from_slice(value);
    out.resize(out.len().next_multiple_of(4), 0);
}

fn attribute_address(out: &mut Vec<u8>, nla: u16, address: IpAddr) {
    match address {
        IpAddr::V4(address) => attribute(out, nla, &address.octets()),
        IpAddr::V6(address) => attribute(out, nla, &address.octets()),
    }
}
