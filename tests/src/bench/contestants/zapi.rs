//! What clients tell zebra, as bytes: ZAPI version 6 as FRR 8.4 speaks it (lib/zclient.c). Numbers are in network order.
//!
//! Only what adding a route takes. The tests hold it against what FRR's own staticd 8.4.4 sent.

use std::net::IpAddr;

use ipnet::IpNet;

const MARKER: u8 = 0xfe;
const VERSION: u8 = 6;
const ROUTE_ADD: u16 = 8;
const HELLO: u16 = 18;

const ROUTE_STATIC: u8 = 3;
/// The route's distance is used, and its gateway may be reached over another route.
const ROUTE_FLAGS: u32 = 0x41;
/// The message has nexthops and a distance.
const MESSAGE_PARTS: u32 = 0x03;
const SAFI_UNICAST: u8 = 1;
const AF_INET: u8 = 2;
const AF_INET6: u8 = 10;
const NEXTHOP_IPV4_IFINDEX: u8 = 3;
const NEXTHOP_IPV6_IFINDEX: u8 = 5;
const NEXTHOP_ONLINK: u8 = 1;
const DISTANCE: u8 = 1;

/// A client with static routes, which wants to hear nothing.
pub(super) fn hello() -> Vec<u8> {
    let mut out = Vec::new();
    let start = begin(&mut out, HELLO);
    // No instance, no session, no notifications, not synchronous.
    out.extend_from_slice(&[ROUTE_STATIC, 0, 0, 0, 0, 0, 0, 0, 0]);
    end(&mut out, start);
    out
}

/// Adds a route by a gateway on a link.
pub(super) fn add_route(out: &mut Vec<u8>, destination: IpNet, gateway: IpAddr, ifindex: u32) {
    let start = begin(out, ROUTE_ADD);
    out.extend_from_slice(&[ROUTE_STATIC, 0, 0]);
    out.extend_from_slice(&ROUTE_FLAGS.to_be_bytes());
    out.extend_from_slice(&MESSAGE_PARTS.to_be_bytes());
    let (family, address) = match destination.addr() {
        IpAddr::V4(address) => (AF_INET, address.octets().to_vec()),
        IpAddr::V6(address) => (AF_INET6, address.octets().to_vec()),
    };
    out.extend_from_slice(&[SAFI_UNICAST, family, destination.prefix_len()]);
    let len = usize::from(destination.prefix_len().div_ceil(8));
    out.extend(address.into_iter().take(len));
    // One nexthop, of the first VRF.
    out.extend_from_slice(&1_u16.to_be_bytes());
    out.extend_from_slice(&0_u32.to_be_bytes());
    match gateway {
        IpAddr::V4(gateway) => {
            out.extend_from_slice(&[NEXTHOP_IPV4_IFINDEX, NEXTHOP_ONLINK]);
            out.extend_from_slice(&gateway.octets());
        }
        IpAddr::V6(gateway) => {
            out.extend_from_slice(&[NEXTHOP_IPV6_IFINDEX, NEXTHOP_ONLINK]);
            out.extend_from_slice(&gateway.octets());
        }
    }
    out.extend_from_slice(&ifindex.to_be_bytes());
    out.push(DISTANCE);
    end(out, start);
}

fn begin(out: &mut Vec<u8>, command: u16) -> usize {
    let start = out.len();
    // The length comes later; then the number of the VRF.
    out.extend_from_slice(&[0, 0, MARKER, VERSION, 0, 0, 0, 0]);
    out.extend_from_slice(&command.to_be_bytes());
    start
}

fn end(out: &mut [u8], start: usize) {
    let len = (out.len() - start) as u16;
    out[start..start + 2].copy_from_slice(&len.to_be_bytes());
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn routes_are_told_as_staticd_does() {
        let mut found = Vec::new();
        add_route(&mut found, "10.1.0.0/24".parse().expect("a prefix"), [100, 64, 0, 1].into(), 2);
        let staticd = b"\x00\x2c\xfe\x06\x00\x00\x00\x00\x00\x08\x03\x00\x00\x00\x00\x00\x41\x00\x00\x00\x03\x01\x02\x18\
            \x0a\x01\x00\x00\x01\x00\x00\x00\x00\x03\x01\x64\x40\x00\x01\x00\x00\x00\x02\x01";
        assert_eq!(found, staticd);

        found.clear();
        let gateway = "fe80::1:0:0:1".parse().expect("an address");
        add_route(&mut found, "2001:db8:1::/48".parse().expect("a prefix"), gateway, 2);
        let staticd = b"\x00\x3b\xfe\x06\x00\x00\x00\x00\x00\x08\x03\x00\x00\x00\x00\x00\x41\x00\x00\x00\x03\x01\x0a\x30\
            \x20\x01\x0d\xb8\x00\x01\x00\x01\x00\x00\x00\x00\x05\x01\xfe\x80\x00\x00\x00\x00\x00\x00\x00\x01\x00\x00\
            \x00\x00\x00\x01\x00\x00\x00\x02\x01";
        assert_eq!(found, staticd);
    }

    #[test]
    fn a_client_says_hello_as_staticd_does_but_wants_to_hear_nothing() {
        let mut staticd = *b"\x00\x13\xfe\x06\x00\x00\x00\x00\x00\x12\x03\x00\x00\x00\x00\x00\x00\x01\x00";
        staticd[17] = 0;
        assert_eq!(hello(), staticd);
    }
}
