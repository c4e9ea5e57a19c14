//! Destinations: random ones from a seed, consecutive ones, those of a table like the Internet's, or those of a file; in
//! random order.

mod file;
mod internet;

use std::collections::HashSet;
use std::fmt;
use std::net::{Ipv4Addr, Ipv6Addr};
use std::num::NonZeroUsize;
use std::str::FromStr;

use ipnet::{IpNet, Ipv4Net, Ipv6Net};

pub use file::read as read_file;
pub(super) use file::{Handover, take_over};

/// Which Internet Protocol.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Family {
    /// IPv4.
    V4,
    /// IPv6.
    V6,
}

/// How the prefixes of a seed lie.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Shape {
    /// Anywhere: IPv4 /24, IPv6 /48 of the global unicast addresses.
    #[value(alias = "scattered")]
    Random,
    /// One beside the other: IPv4 /32 from 10.0.0.0, IPv6 /128 from 2001:db8::.
    Dense,
    /// Lengths and places as in the Internet's routing table: short and long ones, inside of each other, in clusters.
    Internet,
}

/// In which order routes are removed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Removal {
    /// In random order.
    #[default]
    Any,
    /// In ascending order of the destinations.
    Ascending,
    /// In descending order.
    Descending,
    /// In ascending order of blocks of that many, and in random order inside of each.
    Shuffled(NonZeroUsize),
}

impl FromStr for Removal {
    type Err = String;

    fn from_str(word: &str) -> Result<Self, String> {
        match (word, word.strip_prefix(SHUFFLED).map(str::parse)) {
            ("any", _) => Ok(Removal::Any),
            ("ascending", _) => Ok(Removal::Ascending),
            ("descending", _) => Ok(Removal::Descending),
            (_, Some(Ok(block))) => Ok(Removal::Shuffled(block)),
            _ => Err(format!("any, ascending, descending or {SHUFFLED}N")),
        }
    }
}

impl fmt::Display for Removal {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Removal::Any => out.write_str("any"),
            Removal::Ascending => out.write_str("ascending"),
            Removal::Descending => out.write_str("descending"),
            Removal::Shuffled(block) => write!(out, "{SHUFFLED}{block}"),
        }
    }
}

/// There are 221 * 65,536 of them, and the last ones take long to be found by chance.
const MOST_RANDOM_V4: u32 = 12_000_000;

/// How blocks are asked for.
const SHUFFLED: &str = "shuffled:";

impl Family {
    /// As on the command line.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Family::V4 => "v4",
            Family::V6 => "v6",
        }
    }

    /// Whether a prefix is of this family.
    #[must_use]
    pub fn has(self, prefix: &IpNet) -> bool {
        prefix.addr().is_ipv4() == self.is_ipv4()
    }

    /// Whether it is IPv4.
    #[must_use]
    pub fn is_ipv4(self) -> bool {
        self == Family::V4
    }
}

impl Shape {
    /// As on the command line.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Shape::Random => "random",
            Shape::Dense => "dense",
            Shape::Internet => "internet",
        }
    }
}

/// That many different prefixes in random order. The same seed gives the same ones.
///
/// # Errors
/// When there are not that many.
pub fn random(family: Family, shape: Shape, count: u32, seed: u64) -> Result<Vec<IpNet>, String> {
    let most = match (shape, family) {
        (Shape::Random, Family::V4) => MOST_RANDOM_V4,
        (Shape::Internet, _) => internet::MOST,
        _ => u32::MAX,
    };
    if count > most {
        let name = shape.name();
        return Err(format!("--table {name} has at most {most} routes of {}, not {count}", family.name()));
    }
    let mut chance = Chance(seed);
    let mut prefixes: Vec<IpNet> = match shape {
        Shape::Dense => (0..count).map(|number| dense(family, number)).collect(),
        Shape::Internet => internet::destinations(family, count, &mut chance),
        Shape::Random => {
            let mut seen = HashSet::with_capacity(count as usize);
            while seen.len() < count as usize {
                seen.insert(scattered(family, chance.number()));
            }
            // No order of a hash set is seen outside: sorted first.
            let mut prefixes: Vec<IpNet> = seen.into_iter().collect();
            prefixes.sort_unstable();
            prefixes
        }
    };
    shuffle(&mut prefixes, &mut chance);
    Ok(prefixes)
}

/// At most that many of a list, and in random order.
#[must_use]
pub fn some_of(mut prefixes: Vec<IpNet>, most: u32, seed: u64) -> Vec<IpNet> {
    shuffle(&mut prefixes, &mut Chance(seed));
    prefixes.truncate(most as usize);
    prefixes
}

fn dense(family: Family, number: u32) -> IpNet {
    match family {
        Family::V4 => {
            let address = Ipv4Addr::from_bits(Ipv4Addr::new(10, 0, 0, 0).to_bits().wrapping_add(number));
            Ipv4Net::new_assert(address, 32).into()
        }
        Family::V6 => {
            let first = Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 0).to_bits();
            Ipv6Net::new_assert(Ipv6Addr::from_bits(first + u128::from(number)), 128).into()
        }
    }
}

fn scattered(family: Family, number: u64) -> IpNet {
    match family {
        Family::V4 => {
            // 1.0.0.0 to 223.255.255.0, without 100.0.0.0/8 (the gateways) and 127.0.0.0/8.
            let first = match (number >> 32) % 221 {
                octet @ 0..99 => octet + 1,
                octet @ 99..125 => octet + 2,
                octet => octet + 3,
            };
            let address = Ipv4Addr::from_bits(((first as u32) << 24) | (number as u32 & 0x00ff_ff00));
            Ipv4Net::new_assert(address, 24).into()
        }
        Family::V6 => {
            // 2000::/3 (RFC 4291).
            let bits = (0x2000_u128 << 112) | (u128::from(number & 0x1fff_ffff_ffff) << 80);
            Ipv6Net::new_assert(Ipv6Addr::from_bits(bits), 48).into()
        }
    }
}

/// Any order, each as likely (Fisher and Yates).
pub(super) fn shuffle<T>(items: &mut [T], chance: &mut Chance) {
    for last in (1..items.len()).rev() {
        let other = (chance.number() % (last as u64 + 1)) as usize;
        items.swap(last, other);
    }
}

/// Numbers from a seed (splitmix64).
#[derive(Debug)]
pub(super) struct Chance(pub(super) u64);

impl Chance {
    fn number(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prefixes_differ_and_have_no_host_bits() {
        for family in [Family::V4, Family::V6] {
            for shape in [Shape::Random, Shape::Dense, Shape::Internet] {
                let random = |seed| random(family, shape, 5000, seed).expect("there are enough");
                let prefixes = random(7);
                assert_eq!(prefixes, random(7));
                assert_ne!(prefixes, random(8));
                assert_eq!(prefixes.iter().collect::<HashSet<_>>().len(), 5000);
                assert!(prefixes.iter().all(|prefix| *prefix == prefix.trunc()));
                assert!(!prefixes.is_sorted());
                let reserved = ["100.0.0.0/8", "127.0.0.0/8", "224.0.0.0/3", "0.0.0.0/8"];
                for reserved in reserved.map(|text| text.parse::<IpNet>().expect("a prefix")) {
                    assert!(!prefixes.iter().any(|prefix| reserved.contains(prefix)), "{reserved}");
                }
            }
        }
    }

    #[test]
    fn more_than_there_are_is_an_error() {
        assert!(random(Family::V4, Shape::Random, 16_000_000, 1).is_err());
        assert!(random(Family::V6, Shape::Internet, 16_000_000, 1).is_err());
    }

    #[test]
    fn some_of_a_list_are_taken_from_everywhere() {
        let all = random(Family::V4, Shape::Dense, 1000, 1).expect("there are enough");
        let some = some_of(all.clone(), 10, 1);
        assert_eq!(some.len(), 10);
        assert_eq!(some_of(all.clone(), 2000, 1).len(), 1000);
        assert!(some.iter().any(|prefix| all.iter().position(|other| other == prefix) > Some(10)));
    }
}
