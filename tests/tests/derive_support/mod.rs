//! What the tests of derived kinds share: a fixed set of names with numbers in place of an engine.
//!
//! Knows no kind by name: every key is taken and given as the text that it is.

#![allow(dead_code, reason = "every test file uses a part of it")]

use std::any::{Any, TypeId};

use bytes::BytesMut;
use ksync_runtime::declare::{
    Context, Indexes, KSyncEntry, Links, OperationError, Progress, References, Resolver, Target,
};
use ksync_runtime::wire::{MessageView, Messages, Request};

/// Who has which number.
#[derive(Debug, Default)]
pub(crate) struct Names(Vec<Named>);

#[derive(Debug)]
struct Named {
    kind: TypeId,
    name: &'static str,
    index: u32,
    /// The name as the kind's key.
    key: fn(&str) -> Box<dyn Any>,
    /// The text of a key of the kind.
    text: fn(&dyn Any) -> Option<&str>,
}

impl Names {
    pub(crate) fn with<T: KSyncEntry>(mut self, name: &'static str, index: u32) -> Self
    where
        T::Key: AsRef<str> + for<'a> From<&'a str>,
    {
        self.0.push(Named {
            kind: TypeId::of::<T>(),
            name,
            index,
            key: |name| Box::new(T::Key::from(name)),
            text: |key| key.downcast_ref::<T::Key>().map(AsRef::as_ref),
        });
        self
    }

    /// The entry with its references looked up.
    pub(crate) fn linked<T: KSyncEntry>(&mut self, entry: &T) -> T {
        let mut entry = entry.clone();
        entry.references(&mut References::new(self));
        entry
    }

    pub(crate) fn add<T: KSyncEntry>(&mut self, entry: &T, index: Option<u32>) -> Vec<u8> {
        let entry = self.linked(entry);
        written(|request| entry.add_msg(&Context::new(index, &*self, false), request))
    }

    pub(crate) fn add_again<T: KSyncEntry>(&mut self, entry: &T, index: Option<u32>) -> Vec<u8> {
        let entry = self.linked(entry);
        written(|request| entry.add_msg(&Context::new(index, &*self, true), request))
    }

    pub(crate) fn change<T: KSyncEntry>(
        &mut self,
        held: Option<&T>,
        entry: &T,
        index: Option<u32>,
    ) -> Vec<u8> {
        let entry = self.linked(entry);
        let held = held.map(|held| self.linked(held));
        written(|request| entry.change_msg(held.as_ref(), &Context::new(index, &*self, false), request))
    }

    pub(crate) fn delete<T: KSyncEntry>(&mut self, entry: &T, index: Option<u32>) -> Vec<u8> {
        let entry = self.linked(entry);
        written(|request| entry.delete_msg(&Context::new(index, &*self, false), request))
    }

    pub(crate) fn get<T: KSyncEntry>(&mut self, entry: &T, index: Option<u32>) -> Vec<u8> {
        let entry = self.linked(entry);
        written(|request| entry.get_msg(&Context::new(index, &*self, false), request))
    }

    pub(crate) fn parse<T: KSyncEntry>(&self, bytes: &[u8]) -> Result<T, ksync_runtime::wire::ParseError> {
        self.with_resolver(|resolver| T::parse(&view(bytes), resolver))
    }

    pub(crate) fn with_resolver<R>(&self, read: impl FnOnce(&Resolver<'_>) -> R) -> R {
        let key_of = |kind: TypeId, index: u32| {
            self.0
                .iter()
                .find(|named| named.kind == kind && named.index == index)
                .map(|named| (named.key)(named.name))
        };
        read(&Resolver::new(&key_of))
    }
}

impl Links for Names {
    fn link<T: KSyncEntry>(&mut self, key: &T::Key, _: bool) -> Target {
        let is_it = |named: &Named| named.kind == TypeId::of::<T>() && (named.text)(key) == Some(named.name);
        let at = self.0.iter().position(is_it);
        let at = at.unwrap_or_else(|| panic!("a {} that has no number in this test", T::SCHEMA.name));
        Target::new(u32::try_from(at).expect("few names"))
    }
}

impl Indexes for Names {
    fn index_of(&self, target: Target) -> Option<u32> {
        self.0.get(usize::try_from(target.raw()).ok()?).map(|named| named.index)
    }
}

/// The one message in `bytes`.
pub(crate) fn view(bytes: &[u8]) -> MessageView<'_> {
    let mut messages = Messages::new(bytes);
    let message = messages.next().expect("a message").expect("a whole message");
    assert!(messages.next().is_none(), "one message only");
    message
}

/// What a serializer that writes a message writes, with sequence number 7 and port id 0.
pub(crate) fn written(write: impl FnOnce(Request<'_>) -> Result<Progress, OperationError>) -> Vec<u8> {
    let mut out = BytesMut::new();
    assert_eq!(write(Request::new(&mut out, 7, 0)), Ok(Progress::Pending));
    out.to_vec()
}

/// What a serializer says that writes nothing.
pub(crate) fn unwritten(write: impl FnOnce(Request<'_>) -> Result<Progress, OperationError>) -> Progress {
    let mut out = BytesMut::new();
    let progress = write(Request::new(&mut out, 7, 0)).expect("no failure");
    assert!(out.is_empty(), "nothing is to be written");
    progress
}
