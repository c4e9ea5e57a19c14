//! What the kernel holds in the end, read by others than KSync: netlink-packet-route and iproute2.

use std::collections::HashMap;
use std::net::IpAddr;

use ipnet::IpNet;
use netlink_packet_core::{NetlinkMessage, NetlinkPayload};
use netlink_packet_route::RouteNetlinkMessage;
use netlink_packet_route::route::{RouteAddress, RouteAttribute, RouteMessage, RouteProtocol};

use super::messages::dump_routes;
use super::pusher::Pusher;
use crate::iproute2;

/// Compares the main table with what was declared: destination → gateway. The kernel's own routes don't count.
pub(crate) fn compare(expected: &HashMap<IpNet, IpAddr>, ipv4: bool) -> Result<(), String> {
    let gateways = gateways_by_id();
    let mut count = 0;
    let mut wrong = None;
    let mut pusher = Pusher::new().map_err(|error| format!("no socket: {error}"))?;
    let dumped = pusher.dump(&dump_routes(ipv4, 1), |bytes| {
        let Some(route) = parse(bytes).filter(|route| route.header.protocol != RouteProtocol::Kernel) else {
            return;
        };
        count += 1;
        let destination = destination(&route, ipv4);
        let found = gateway(&route, &gateways);
        let declared = destination.and_then(|destination| expected.get(&destination)).copied();
        if found.is_none() || found != declared {
            wrong.get_or_insert_with(|| format!("{destination:?} via {found:?}, declared was {declared:?}"));
        }
    });
    dumped.map_err(|error| format!("the dump of the routes: {error}"))?;
    if let Some(wrong) = wrong {
        return Err(format!("the kernel holds another route than was declared: {wrong}"));
    }
    if count != expected.len() {
        return Err(format!("the kernel holds {count} routes, declared were {}", expected.len()));
    }
    Ok(())
}

fn parse(bytes: &[u8]) -> Option<RouteMessage> {
    match NetlinkMessage::<RouteNetlinkMessage>::deserialize(bytes).ok()?.payload {
        NetlinkPayload::InnerMessage(RouteNetlinkMessage::NewRoute(route)) => Some(route),
        _ => None,
    }
}

fn destination(route: &RouteMessage, ipv4: bool) -> Option<IpNet> {
    let address = route.attributes.iter().find_map(|attribute| match attribute {
        RouteAttribute::Destination(RouteAddress::Inet(address)) => Some(IpAddr::V4(*address)),
        RouteAttribute::Destination(RouteAddress::Inet6(address)) => Some(IpAddr::V6(*address)),
        _ => None,
    });
    let everything = if ipv4 { IpAddr::from([0; 4]) } else { IpAddr::from([0; 16]) };
    IpNet::new(address.unwrap_or(everything), route.header.destination_prefix_length).ok()
}

/// By the nexthop object if there is one: with `nexthop_compat_mode` 0 the route shows nothing else.
fn gateway(route: &RouteMessage, by_id: &HashMap<u32, IpAddr>) -> Option<IpAddr> {
    let by_object = route.attributes.iter().find_map(|attribute| match attribute {
        RouteAttribute::NhId(id) => Some(*id),
        _ => None,
    });
    if let Some(id) = by_object {
        return by_id.get(&id).copied();
    }
    route.attributes.iter().find_map(|attribute| match attribute {
        RouteAttribute::Gateway(RouteAddress::Inet(address)) => Some(IpAddr::V4(*address)),
        RouteAttribute::Gateway(RouteAddress::Inet6(address)) => Some(IpAddr::V6(*address)),
        _ => None,
    })
}

fn gateways_by_id() -> HashMap<u32, IpAddr> {
    iproute2::list("nexthop show")
        .iter()
        .filter_map(|nexthop| {
            let id = u32::try_from(nexthop["id"].as_u64()?).ok()?;
            Some((id, nexthop["gateway"].as_str()?.parse().ok()?))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;
    use std::net::IpAddr;

    use ipnet::IpNet;

    use crate::bench::kernel::ground;
    use crate::bench::prefixes::Family;
    use crate::namespace_test;

    namespace_test! {
        fn a_table_that_is_not_as_declared_is_found() {
            ground::ip_batch(&[], "link set lo up\n").expect("the loopback link");
            ground::make_link().expect("a link");
            for (family, options, own) in [(Family::V4, &[][..], "10.1.0.0/24"), (Family::V6, &["-6"], "2001:db8::/48")] {
                ground::ip_batch(&[], "nexthop flush\n").expect("no nexthops");
                ground::make_nexthops(family, 2).expect("nexthops");
                let id = ground::FIRST_NEXTHOP;
                ground::ip_batch(options, &format!("route add {own} nhid {id} protocol static\n")).expect("a route");

                let own: IpNet = own.parse().expect("a prefix");
                let other = IpNet::new(own.addr(), own.prefix_len() + 1).expect("a prefix");
                let gateway = |number| ground::gateway(family, number);
                let compare = |expected: &[(IpNet, IpAddr)]| {
                    super::compare(&expected.iter().copied().collect::<HashMap<_, _>>(), family.is_ipv4())
                };
                assert_eq!(compare(&[(own, gateway(0))]), Ok(()));
                assert!(compare(&[(own, gateway(1))]).is_err(), "another gateway");
                assert!(compare(&[]).is_err(), "a route too many");
                assert!(compare(&[(own, gateway(0)), (other, gateway(0))]).is_err(), "a route is missing");
                assert!(compare(&[(other, gateway(0))]).is_err(), "another route");
            }
        }
    }
}
