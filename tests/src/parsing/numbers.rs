//! Numbers for names, in place of an engine's tables: `n7` is the name of what has number 7, whatever its kind.
//!
//! Knows no state: who writes a reference and who reads it back agree without ever having met.

use std::any::{Any, TypeId};

use ksync_objects::{Link, Name, Nexthop, NexthopGroup};
use ksync_runtime::declare::{IndexSource, Indexes, KSyncEntry, Links, Resolver, Target};

/// Gives every name the number that it tells.
#[derive(Clone, Copy, Debug, Default)]
pub struct Numbers;

/// The name of what has that number.
#[must_use]
pub fn name(number: u32) -> String {
    format!("n{number}")
}

/// The number that a name tells.
#[must_use]
pub fn number(name: &str) -> Option<u32> {
    let number = name.strip_prefix('n')?.parse().ok()?;
    // `n07` is not the name of what has number 7.
    (self::name(number) == name).then_some(number)
}

/// The number that a key tells which is a name.
fn number_of(key: &dyn Any) -> Option<u32> {
    let text = key.downcast_ref::<String>().map(String::as_str);
    text.or_else(|| key.downcast_ref::<Name>().map(Name::as_str)).and_then(number)
}

impl Links for Numbers {
    fn link<T: KSyncEntry>(&mut self, key: &T::Key, _: bool) -> Target {
        number_of(key).map_or(Target::NONE, Target::new)
    }
}

impl Indexes for Numbers {
    fn index_of(&self, target: Target) -> Option<u32> {
        (target != Target::NONE).then_some(target.raw())
    }
}

/// Every thirteenth link is somebody else's, so that what leads to an unknown one is met as well.
#[must_use]
pub fn is_known_link(number: u32) -> bool {
    i32::try_from(number).is_ok() && !number.is_multiple_of(13)
}

/// Turns numbers back into names, as far as something of that kind can have such a number.
#[must_use]
pub fn resolver() -> Resolver<'static> {
    Resolver::new(&|kind, number| {
        let known = (kind == TypeId::of::<Link>() && is_known_link(number))
            || (kind == TypeId::of::<Nexthop>() && is_own_number::<Nexthop>(number))
            || (kind == TypeId::of::<NexthopGroup>() && is_own_number::<NexthopGroup>(number));
        let name = known.then(|| name(number))?;
        Some(if kind == TypeId::of::<Link>() { Box::new(name) } else { Box::new(Name::from(name)) })
    })
}

fn is_own_number<T: KSyncEntry>(number: u32) -> bool {
    match T::SCHEMA.index {
        IndexSource::KSync { first, last } => (first..=last).contains(&number),
        IndexSource::Kernel | IndexSource::None => false,
    }
}

/// The number of the object itself, where its kind has one: the one that its name tells.
#[must_use]
pub fn own_number<T: KSyncEntry>(entry: &T) -> Option<u32> {
    match T::SCHEMA.index {
        IndexSource::None => None,
        IndexSource::KSync { .. } | IndexSource::Kernel => number_of(&entry.key()),
    }
}
