//! Destinations that lie as those of the Internet's routing table do, from a seed: lengths in the same shares, in
//! blocks that somebody was given, beside each other, and more specific ones inside of less specific ones.
//!
//! Where the shares come from: the lengths follow the counts by length of the weekly Routing Table Report
//! (thyme.apnic.net) for IPv4 and of the IPv6 reports of bgp.potaroo.net, rounded, and written down without one of them
//! at hand. They were held against what is published as a sum: more than half of all IPv4 routes are /24, 46 % of the
//! IPv6 ones /48 ("BGP in 2024", labs.apnic.net), the mean length is 22.64 (IPv4, BGP statistics in FRR issue 1216)
//! and 42.94 (IPv6, bgp.potaroo.net/v6/as2.0 of 2024-12-04), and 56 % of the IPv6 routes of that day lie inside of others.
//! For what depends on more than that, take a real table (`--prefixes`).

use std::collections::HashSet;
use std::net::{Ipv4Addr, Ipv6Addr};

use ipnet::{IpNet, Ipv4Net, Ipv6Net};

use super::{Chance, Family};

/// So many find their place by chance in reasonable time; the real table has a million and a quarter.
pub(super) const MOST: u32 = 2_000_000;

/// Of 100,000 routes, how many have which length; what is missing has the last one.
const LENGTHS_V4: [(u8, u32); 17] = [
    (8, 2),
    (9, 2),
    (10, 4),
    (11, 11),
    (12, 32),
    (13, 64),
    (14, 130),
    (15, 220),
    (16, 1_500),
    (17, 900),
    (18, 1_500),
    (19, 2_700),
    (20, 4_700),
    (21, 5_600),
    (22, 12_000),
    (23, 10_200),
    (24, 60_435),
];

const LENGTHS_V6: [(u8, u32); 23] = [
    (20, 10),
    (24, 40),
    (28, 110),
    (29, 2_600),
    (30, 300),
    (31, 200),
    (32, 11_500),
    (33, 1_500),
    (34, 1_200),
    (35, 600),
    (36, 4_700),
    (37, 400),
    (38, 800),
    (39, 500),
    (40, 8_500),
    (41, 500),
    (42, 1_900),
    (43, 700),
    (44, 9_700),
    (45, 1_700),
    (46, 4_300),
    (47, 3_200),
    (48, 45_040),
];

/// Of 100: how often a route lies inside of one that is there.
const INSIDE: u64 = 56;

/// Of 100: how often a route lies beside the one before.
const BESIDE: u64 = 55;

/// Of 100: how much of the address space was given to somebody.
const GIVEN: u64 = 85;

/// How often a place is looked for that lies inside of no other one; the space fills up.
const TRIES: u32 = 16;

/// The first 16 bits of what the registries give from, as often as they are used: 2001::/16, 2400::/12 and so on.
const REGISTRIES: [u16; 8] = [0x2001, 0x2400, 0x2400, 0x2600, 0x2600, 0x2800, 0x2a00, 0x2c00];

/// That many different destinations, at most [`MOST`], the short ones first.
pub(super) fn destinations(family: Family, count: u32, chance: &mut Chance) -> Vec<IpNet> {
    let space = Space { family, salt: chance.number() };
    let mut seen = HashSet::with_capacity(count as usize);
    let mut placed: Vec<Place> = Vec::with_capacity(count as usize);
    for (len, wanted) in shares(family, count) {
        let shorter = placed.len();
        let mut last = None;
        while placed.len() - shorter < wanted as usize {
            let place = space.next(len, placed.get(..shorter).unwrap_or_default(), &seen, last, chance);
            last = Some(place);
            if seen.insert(place) {
                placed.push(place);
            }
        }
    }
    placed.into_iter().map(|place| space.prefix(place)).collect()
}

/// How many of which length.
fn shares(family: Family, count: u32) -> Vec<(u8, u32)> {
    let lengths: &[(u8, u32)] = match family {
        Family::V4 => &LENGTHS_V4,
        Family::V6 => &LENGTHS_V6,
    };
    let part = |share: u32| (u64::from(count) * u64::from(share) / 100_000) as u32;
    let mut found: Vec<(u8, u32)> = lengths.iter().map(|(len, share)| (*len, part(*share))).collect();
    let sum: u32 = found.iter().map(|(_, wanted)| wanted).sum();
    if let Some((_, wanted)) = found.last_mut() {
        *wanted += count - sum;
    }
    found
}

/// An address, left-aligned, without anything behind its length.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct Place {
    bits: u128,
    len: u8,
}

impl Place {
    fn of(bits: u128, len: u8) -> Self {
        Place { bits: bits & !(u128::MAX >> len), len }
    }

    /// Whether a shorter one around it is there.
    fn is_inside(self, seen: &HashSet<Place>) -> bool {
        (8..self.len).any(|len| seen.contains(&Place::of(self.bits, len)))
    }
}

/// What was given to somebody, and to whom.
struct Space {
    family: Family,
    /// Other blocks are given with another seed.
    salt: u64,
}

impl Space {
    fn next(
        &self,
        len: u8,
        shorter: &[Place],
        seen: &HashSet<Place>,
        last: Option<Place>,
        chance: &mut Chance,
    ) -> Place {
        if let Some(last) = last.filter(|_| chance.number() % 100 < BESIDE) {
            let beside = Place::of(last.bits.wrapping_add(1 << (128 - len)), len);
            if self.is_given(beside) {
                return beside;
            }
        }
        let around = chance.number();
        if around % 100 < INSIDE && !shorter.is_empty() {
            let around = shorter[(around / 100 % shorter.len() as u64) as usize];
            return Place::of(around.bits | (self.anywhere(chance) & (u128::MAX >> around.len)), len);
        }
        let mut tries = 0;
        loop {
            let place = Place::of(self.somewhere(chance), len);
            if !self.is_given(place) {
                continue;
            }
            tries += 1;
            if tries == TRIES || !place.is_inside(seen) {
                return place;
            }
        }
    }

    /// Any bits; of IPv6 addresses those that number a site's networks are low more often than not.
    fn anywhere(&self, chance: &mut Chance) -> u128 {
        let bits = u128::from(chance.number()) << 64;
        if self.family.is_ipv4() || chance.number().is_multiple_of(2) {
            bits
        } else {
            bits & !(u128::MAX >> 40)
        }
    }

    /// An address that may be given.
    fn somewhere(&self, chance: &mut Chance) -> u128 {
        let any = self.anywhere(chance);
        if self.family.is_ipv4() {
            return any;
        }
        // A registry's 2001::/16 is used up to the last bit, of the others there are twelve bits.
        let registry = REGISTRIES[(chance.number() % REGISTRIES.len() as u64) as usize];
        let own = if registry == 0x2001 { 16 } else { 12 };
        let mut bits = (u128::from(registry) << 112) | (any & (u128::MAX >> own));
        // Most are given a /29, and use the first /32 of it.
        if !chance.number().is_multiple_of(4) {
            bits &= !(0x7 << 96);
        }
        bits
    }

    fn is_given(&self, place: Place) -> bool {
        // Blocks of /13, or /24 of IPv6, are given or not.
        let block = match self.family {
            Family::V4 => {
                let first = (place.bits >> 120) as u8;
                // Not this network, private, shared (where the gateways are), loopback, multicast and reserved ones.
                if matches!(first, 0 | 10 | 100 | 127 | 224..) {
                    return false;
                }
                place.bits >> 115
            }
            Family::V6 => place.bits >> 104,
        };
        let long_enough = place.len >= if self.family.is_ipv4() { 13 } else { 24 };
        !long_enough || Chance(self.salt ^ block as u64).number() % 100 < GIVEN
    }

    fn prefix(&self, place: Place) -> IpNet {
        match self.family {
            Family::V4 => {
                Ipv4Net::new_assert(Ipv4Addr::from_bits((place.bits >> 96) as u32), place.len).into()
            }
            Family::V6 => Ipv6Net::new_assert(Ipv6Addr::from_bits(place.bits), place.len).into(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const COUNT: u32 = 50_000;

    fn table(family: Family) -> Vec<IpNet> {
        destinations(family, COUNT, &mut Chance(3))
    }

    /// How many lie inside of another one.
    fn inside(table: &[IpNet]) -> usize {
        let all: HashSet<IpNet> = table.iter().copied().collect();
        let covered = |net: &IpNet| {
            (1..net.prefix_len())
                .any(|len| IpNet::new(net.addr(), len).is_ok_and(|shorter| all.contains(&shorter.trunc())))
        };
        table.iter().filter(|net| covered(net)).count()
    }

    #[test]
    fn lengths_have_their_shares_and_their_published_mean() {
        for (family, mean, most) in [(Family::V4, 22.64, 24), (Family::V6, 42.94, 48)] {
            let table = table(family);
            assert_eq!(table.iter().collect::<HashSet<_>>().len(), COUNT as usize, "all differ");
            let sum: u32 = table.iter().map(|net| u32::from(net.prefix_len())).sum();
            let found = f64::from(sum) / f64::from(COUNT);
            assert!((found - mean).abs() < 0.5, "{family:?}: mean length {found}");
            for (len, wanted) in shares(family, COUNT) {
                let found = table.iter().filter(|net| net.prefix_len() == len).count();
                assert_eq!(found, wanted as usize, "{family:?} /{len}");
            }
            assert!(table.iter().all(|net| net.prefix_len() <= most && *net == net.trunc()));
        }
    }

    #[test]
    fn about_half_lie_inside_of_others_and_many_beside() {
        for family in [Family::V4, Family::V6] {
            let mut table = table(family);
            let inside = inside(&table) as f64 / f64::from(COUNT);
            assert!((0.45..0.65).contains(&inside), "{family:?}: {inside} inside of others");
            table.sort_unstable();
            let end = |net: &IpNet| net.broadcast();
            let next = |pair: &[IpNet]| match (end(&pair[0]), pair[1].network()) {
                (std::net::IpAddr::V4(end), std::net::IpAddr::V4(start)) => {
                    u64::from(end.to_bits()) + 1 == u64::from(start.to_bits())
                }
                (std::net::IpAddr::V6(end), std::net::IpAddr::V6(start)) => {
                    end.to_bits().checked_add(1) == Some(start.to_bits())
                }
                _ => false,
            };
            let beside = table.windows(2).filter(|pair| next(pair)).count();
            assert!(beside > COUNT as usize / 4, "{family:?}: {beside} beside each other");
        }
    }

    #[test]
    fn nothing_lies_where_nobody_is_given_anything() {
        let reserved = ["0.0.0.0/8", "10.0.0.0/8", "100.0.0.0/8", "127.0.0.0/8", "224.0.0.0/3"];
        let reserved = reserved.map(|text| text.parse::<IpNet>().expect("a prefix"));
        for net in table(Family::V4) {
            assert!(!reserved.iter().any(|reserved| reserved.contains(&net)), "{net}");
        }
        let unicast: IpNet = "2000::/3".parse().expect("a prefix");
        assert!(table(Family::V6).iter().all(|net| unicast.contains(net)));
    }

    #[test]
    fn a_seed_gives_the_same_table_and_another_one_another() {
        let of = |seed| destinations(Family::V4, 2000, &mut Chance(seed));
        assert_eq!(of(1), of(1));
        assert_ne!(of(1), of(2));
    }
}
