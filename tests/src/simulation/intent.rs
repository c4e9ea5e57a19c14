//! What somebody could want: the places that there are, and values for them by chance.
//!
//! The values are chosen so that what the kernel must hold follows from what is declared, and not from the
//! order in which it was. Left out for that reason: links that are set down, nexthops on bridges that have
//! ports (they come and go with the carrier of these), several IPv4 addresses of one prefix on one link.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use ksync_objects::{Address, Link, LinkKind, Nexthop, Route, Through, Vxlan};
use ksync_runtime::prelude::*;

use super::object::Object;
use crate::dice::Dice;

/// Links of somebody else that can be configured. The last one is not there.
pub(super) const EXISTING: [&str; 3] = ["ext0", "ext1", "ext2"];

/// How many places there are of each sort.
#[derive(Clone, Copy, Debug)]
pub(super) struct Pool {
    /// `k0`, `k1`, ...: bridges, vxlans or veths; the other ends of veths are `p0a` or `p0b`.
    links: usize,
    /// `m0`, `m1`, ...: bridges that have ports.
    masters: usize,
    addresses: usize,
    nexthops: usize,
    routes: usize,
}

impl Pool {
    /// About so many places in all.
    pub(super) fn new(entries: usize) -> Self {
        let share = |percent: usize, least: usize| (entries * percent / 100).max(least);
        Pool {
            links: share(8, 4),
            masters: share(2, 1),
            addresses: share(20, 4),
            nexthops: share(20, 4),
            routes: share(47, 4),
        }
    }

    /// The names of all nexthops that there could be.
    pub(super) fn nexthop_names(&self) -> impl Iterator<Item = String> {
        (0..self.nexthops).map(nexthop_name)
    }

    /// An object for any place.
    pub(super) fn any(&self, dice: &mut Dice) -> Object {
        match dice.below(100) {
            0..18 => Object::Link(self.link(dice)),
            18..38 => {
                let number = dice.below(self.addresses);
                Object::Address(self.address(number, dice))
            }
            38..58 => {
                let number = dice.below(self.nexthops);
                Object::Nexthop(self.nexthop(number, dice))
            }
            _ => Object::Route(self.route(dice)),
        }
    }

    /// Another value for the place of `object`.
    pub(super) fn another(&self, object: &Object, dice: &mut Dice) -> Object {
        match object {
            Object::Link(link) => Object::Link(self.link_named(&link.name, dice)),
            Object::Address(address) => {
                let no_dad = address.address.addr().is_ipv6() && dice.percent(50);
                Object::Address(Address { no_dad, ..address.clone() })
            }
            Object::Nexthop(nexthop) => {
                let number = nexthop.name.get(3..).and_then(|number| number.parse().ok()).unwrap_or(0);
                Object::Nexthop(self.nexthop(number, dice))
            }
            Object::Route(route) => {
                let through = Through::Nexthop(Ref::to(self.nexthop_for(route.destination, dice)));
                Object::Route(Route { through, ..route.clone() })
            }
        }
    }

    fn link(&self, dice: &mut Dice) -> Link {
        let name = match dice.below(20) {
            0..10 => format!("k{}", dice.below(self.links)),
            10..13 => format!("m{}", dice.below(self.masters)),
            13..18 => format!("p{}{}", dice.below(self.links), dice.one_of(&["a", "b"])),
            _ => dice.one_of(&EXISTING).to_owned(),
        };
        self.link_named(&name, dice)
    }

    fn link_named(&self, name: &str, dice: &mut Dice) -> Link {
        let digits = name.trim_matches(|character: char| !character.is_ascii_digit());
        let number: u32 = digits.parse().unwrap_or(0);
        let kind = match name.as_bytes().first() {
            Some(b'm') => LinkKind::bridge(),
            Some(b'e') => LinkKind::Existing,
            Some(b'p') => LinkKind::PeerOf { link: Ref::to(format!("k{number}")) },
            _ => match dice.below(10) {
                0..3 => LinkKind::bridge(),
                3..7 => LinkKind::veth(format!("p{number}{}", dice.one_of(&["a", "b"]))),
                _ => {
                    let id = number * 4 + dice.below(2) as u32;
                    LinkKind::Vxlan(Vxlan {
                        port: dice.one_of(&[None, Some(4789)]),
                        learning: dice.one_of(&[None, Some(false)]),
                        lower: dice
                            .percent(30)
                            .then(|| self.some_link(dice))
                            .filter(|lower| lower != name)
                            .map(Ref::to),
                        ..Vxlan::new(id)
                    })
                }
            },
        };
        let can_be_port = !matches!(kind, LinkKind::Bridge(_) | LinkKind::Existing);
        let master =
            (can_be_port && dice.percent(30)).then(|| Ref::to(format!("m{}", dice.below(self.masters))));
        let mtu = dice.one_of(&[None, None, Some(1400), Some(9000)]);
        let mac = dice.percent(20).then(|| MacAddr6::new(2, 1, 0, 0, dice.below(4) as u8, number as u8));
        let mac = mac.filter(|_| kind.is_created());
        Link { mtu, mac, master, ..Link::new(name, kind) }
    }

    /// The name of a link that something may stand on.
    fn some_link(&self, dice: &mut Dice) -> String {
        match dice.below(10) {
            0..6 => format!("k{}", dice.below(self.links)),
            6..9 => format!("p{}{}", dice.below(self.links), dice.one_of(&["a", "b"])),
            _ => dice.one_of(&EXISTING).to_owned(),
        }
    }

    /// Link and address are those of the number: another link would be another place.
    fn address(&self, number: usize, dice: &mut Dice) -> Address {
        let links = self.links * 3 + self.masters + EXISTING.len();
        // Any number that has nothing in common with the count of links spreads them.
        let link = match number.wrapping_mul(7919) % links {
            at if at < self.links => format!("k{at}"),
            at if at < self.links * 3 => {
                let at = at - self.links;
                format!("p{}{}", at / 2, if at.is_multiple_of(2) { "a" } else { "b" })
            }
            at if at < self.links * 3 + self.masters => format!("m{}", at - self.links * 3),
            at => EXISTING[(at - self.links * 3 - self.masters) % EXISTING.len()].to_owned(),
        };
        let address = address_of(number, 1);
        let no_dad = address.addr().is_ipv6() && dice.percent(50);
        Address { no_dad, ..Address::new(link, address) }
    }

    /// The family of a nexthop is that of its number: routes through it may depend on it.
    fn nexthop(&self, number: usize, dice: &mut Dice) -> Nexthop {
        let name = nexthop_name(number);
        let link = self.some_link(dice);
        let ipv6 = is_ipv6(number);
        // A gateway that is reached by way of an address; an address of the same family is near by.
        let near =
            (number..number + 3).find(|near| is_ipv6(*near) == ipv6).unwrap_or(number) % self.addresses;
        let by_address = is_ipv6(near) == ipv6;
        match dice.below(4) {
            0 if by_address => {
                let link = self.address(near, dice).link.key().clone();
                let on_bridge_with_ports = link.starts_with('m');
                let link = if on_bridge_with_ports { "k0".to_owned() } else { link };
                Nexthop::via(name, address_of(near, 254).addr(), link)
            }
            1 if !ipv6 => Nexthop::on_link(name, link),
            2 if ipv6 => {
                let last = dice.below(4) as u16 + 1;
                Nexthop::via(name, Ipv6Addr::new(0xfe80, 0, 0, 0, 0, 0, 0, last).into(), link)
            }
            _ => {
                let gateway = address_of(near, 253).addr();
                let other = if ipv6 {
                    IpAddr::V6(Ipv6Addr::new(0x2001, 0xdb8, 0xffff, 0, 0, 0, 0, 1))
                } else {
                    IpAddr::V4(Ipv4Addr::new(192, 0, 2, 1))
                };
                let gateway = if by_address && dice.percent(50) { gateway } else { other };
                Nexthop { onlink: true, ..Nexthop::via(name, gateway, link) }
            }
        }
    }

    fn route(&self, dice: &mut Dice) -> Route {
        let number = dice.below(self.routes);
        let [_, a, b, c] = (number as u32).to_be_bytes();
        let destination: IpNet = if number.is_multiple_of(4) {
            let [high, low] = [(number >> 16) as u16, number as u16];
            let prefix = Ipv6Addr::new(0x2001, 0xdb8, high, low, 0, 0, 0, 0);
            IpNet::V6(Ipv6Net::new_assert(prefix, 64))
        } else {
            IpNet::V4(Ipv4Net::new_assert(Ipv4Addr::new(20 + a, b, c, 0), 24))
        };
        let table = if number.is_multiple_of(5) { 1000 } else { RT_TABLE_MAIN };
        let extra = if number.is_multiple_of(3) { 10 } else { 0 };
        let route = Route::new(destination, self.nexthop_for(destination, dice));
        Route { table, metric: route.metric + extra, ..route }
    }

    /// A nexthop; for a few IPv6 routes one of IPv4, which the kernel refuses.
    fn nexthop_for(&self, destination: IpNet, dice: &mut Dice) -> String {
        let number = dice.below(self.nexthops);
        let wrong = dice.percent(3);
        if destination.addr().is_ipv4() || wrong || is_ipv6(number) {
            return nexthop_name(number);
        }
        nexthop_name(number - number % 3)
    }
}

fn is_ipv6(number: usize) -> bool {
    number.is_multiple_of(3)
}

/// `n4-1` or `n6-0`: the family stands in the name.
fn nexthop_name(number: usize) -> String {
    format!("n{}-{number}", if is_ipv6(number) { 6 } else { 4 })
}

/// A host of the prefix with that number.
fn address_of(number: usize, host: u8) -> IpNet {
    let [_, a, b, c] = (number as u32).to_be_bytes();
    if is_ipv6(number) {
        let address = Ipv6Addr::new(0xfd00, (number >> 16) as u16, number as u16, 0, 0, 0, 0, host.into());
        IpNet::V6(Ipv6Net::new_assert(address, 64))
    } else {
        // Below 100.64.0.0, so that no two numbers that there are share a prefix.
        IpNet::V4(Ipv4Net::new_assert(Ipv4Addr::new(60 + a, b, c, host), 24))
    }
}
