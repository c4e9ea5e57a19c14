//! The model of a kernel: what it holds, and what it does with what the engine wrote.
//!
//! It reads bytes, and knows nothing of entries and their states.

use ksync_runtime::declare::{IndexSource, Verb};
use ksync_runtime::engine::{Action as Asked, Operation};
use ksync_runtime::wire::{AttributeList, Messages};

use super::World;
use crate::explore::kinds::{Kind, NOT_IN_PLACE};

pub(super) const ENOENT: i32 = 2;
pub(super) const EBUSY: i32 = 16;
const EEXIST: i32 = 17;
const ENODEV: i32 = 19;
pub(super) const EINVAL: i32 = 22;

/// An object of the model kernel.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Object {
    pub(super) index: u32,
    pub(super) value: u32,
    pub(super) fixed: u32,
    /// Indexes.
    pub(super) refers_to: [Option<u32>; 2],
}

/// What the engine wrote.
pub(super) struct Written {
    pub(super) key: u32,
    pub(super) flags: u16,
    pub(super) index: Option<u32>,
    pub(super) value: u32,
    pub(super) fixed: u32,
    pub(super) refers_to: [Option<u32>; 2],
}

impl<T: Kind> World<T> {
    /// What the kernel does.
    pub(super) fn kernel_acts(
        &mut self,
        operation: Operation,
        written: &Written,
    ) -> Result<Result<Option<u32>, i32>, String> {
        let key = written.key;
        let held = self.kernel.get(&key).copied();
        let verb = match operation.action {
            Asked::Write(verb) => verb,
            Asked::Lookup => return Ok(held.map(|object| Some(object.index)).ok_or(ENOENT)),
        };
        if verb == Verb::Delete {
            if held.is_none() {
                return Ok(Err(ENOENT));
            }
            for victim in self.remove_object(key) {
                self.tell(|| format!("   {victim} goes with it"));
                self.flushed.insert(victim, key);
            }
            return Ok(Ok(None));
        }
        let known = |index: &u32| self.kernel.values().any(|object| object.index == *index);
        if !written.refers_to.iter().flatten().all(known) {
            return Ok(Err(ENODEV));
        }
        const EXCL: u16 = 0x200;
        match (verb, held) {
            (Verb::Add, Some(_)) if written.flags & EXCL != 0 => return Ok(Err(EEXIST)),
            (Verb::Change, None) => return Ok(Err(ENOENT)),
            (Verb::Change, Some(object)) if object.fixed != written.fixed => {
                return Ok(Err(NOT_IN_PLACE));
            }
            _ => {}
        }
        let index = match (T::SCHEMA.index, held) {
            (IndexSource::Kernel, Some(object)) => object.index,
            (IndexSource::Kernel, None) => {
                self.last_index += 1;
                self.last_index
            }
            // Nobody names it.
            (IndexSource::None, _) => key,
            _ => written.index.ok_or_else(|| format!("{key} is sent without an index"))?,
        };
        if self.kernel.iter().any(|(other, object)| *other != key && object.index == index) {
            return Err(format!("{key} is sent with index {index}, which another one has"));
        }
        let Written { value, fixed, refers_to, .. } = *written;
        self.flushed.remove(&key);
        self.kernel.insert(key, Object { index, value, fixed, refers_to });
        // Which number it has is told to those who ask for it.
        Ok(Ok(None))
    }

    /// Takes an object out of the kernel, and what goes with it.
    pub(super) fn remove_object(&mut self, key: u32) -> Vec<u32> {
        let mut victims = Vec::new();
        let mut gone: Vec<u32> = self.kernel.remove(&key).map(|object| object.index).into_iter().collect();
        while T::SCHEMA.flushes_dependents
            && let Some(index) = gone.pop()
        {
            self.kernel.retain(|user, object| {
                let refers = object.refers_to.contains(&Some(index));
                if refers {
                    victims.push(*user);
                    gone.push(object.index);
                }
                !refers
            });
        }
        victims
    }
}

/// Reads the one message that there is.
pub(super) fn decode(bytes: &[u8]) -> Option<Written> {
    let message = Messages::new(bytes).next()?.ok()?;
    let list = AttributeList::parse(message.body).ok()?;
    let number = |nla| Some(u32::from_ne_bytes(list.get(nla)?.try_into().ok()?));
    Some(Written {
        key: number(1)?,
        flags: message.flags,
        index: number(9),
        value: number(2).unwrap_or(0),
        fixed: number(3).unwrap_or(0),
        refers_to: [number(4), number(5)],
    })
}
