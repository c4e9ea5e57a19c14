//! Addresses and their labels.

use ksync_objects::{Address, AddressLabel, Lifetimes};
use proptest::prelude::*;

use super::common::{flag, ip, ipv4, ipv6_net, link, maybe, net, text, u8s, u32s};
use super::structs::fields;

pub(crate) fn addresses() -> BoxedStrategy<Address> {
    let lifetimes = fields!(Lifetimes: Lifetimes { valid: 1, preferred: 0 } => {
        valid: u32s(),
        preferred: u32s(),
    });
    let scopes = prop_oneof![3 => proptest::sample::select(vec![253, 254]), 1 => u8s()];
    let any = fields!(Address: Address::new("n1", ipnet::IpNet::default()) => {
        link: link(),
        peer: maybe(ip()),
        address: net(),
        no_dad: flag(),
        no_prefix_route: flag(),
        label: maybe(text(15)),
        broadcast: maybe(ipv4()),
        scope: maybe(scopes),
        metric: maybe(u32s()),
        lifetimes: maybe(lifetimes),
    });
    // Half of them are of one family as a whole.
    (any, flag())
        .prop_map(|(address, of_one_family)| {
            let own = address.address.addr();
            let v4 = own.is_ipv4();
            match of_one_family {
                false => address,
                true => Address {
                    peer: address.peer.filter(|peer| peer.is_ipv4() == v4),
                    no_dad: address.no_dad && !v4,
                    label: address.label.filter(|_| v4),
                    broadcast: address.broadcast.filter(|_| v4),
                    scope: address.scope.filter(|_| v4),
                    ..address
                },
            }
        })
        .boxed()
}

pub(crate) fn address_labels() -> BoxedStrategy<AddressLabel> {
    let prefixes = prop_oneof![3 => ipv6_net().prop_map(|net| net.trunc()), 1 => ipv6_net()];
    fields!(AddressLabel: AddressLabel::new(ipnet::Ipv6Net::default(), 0) => {
        prefix: prefixes,
        link: maybe(link()),
        label: u32s(),
    })
}
