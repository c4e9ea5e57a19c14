//! A value takes over what the one before it remembers, in whatever way it takes its place.

use std::fmt;
use std::hash::Hasher;
use std::time::Instant;

use ksync_runtime::declare::{
    Context, Difference, Links, OperationError, Progress, References, Resolver, Schema,
};
use ksync_runtime::engine::{Engine, Outcome, RetryPolicy, Share};
use ksync_runtime::prelude::*;
use ksync_runtime::wire::{MessageView, NoHeader, ParseError, Request};

/// What is written.
#[derive(Clone, Debug, PartialEq, KSyncEntry)]
#[ksync(protocol = route, header = NoHeader, add = 16, change = 18, delete = 17)]
struct Thing {
    #[ksync(key, nla = 1)]
    id: u32,
    #[ksync(nla = 2)]
    value: u32,
}

/// The same, which remembers all values that the entry had.
#[derive(Clone, Debug)]
struct Remembering {
    thing: Thing,
    before: Vec<u32>,
}

impl PartialEq for Remembering {
    fn eq(&self, other: &Self) -> bool {
        self.thing == other.thing
    }
}

impl KSyncEntry for Remembering {
    type Key = <Thing as KSyncEntry>::Key;
    const SCHEMA: &'static Schema = Thing::SCHEMA;

    fn key(&self) -> Self::Key {
        self.thing.key()
    }

    fn has_key(&self, key: &Self::Key) -> bool {
        self.thing.has_key(key)
    }

    fn hash_key<H: Hasher>(&self, state: &mut H) {
        self.thing.hash_key(state);
    }

    fn describe_key(key: &Self::Key, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        Thing::describe_key(key, out)
    }

    fn references<L: Links>(&mut self, references: &mut References<'_, L>) {
        self.thing.references(references);
    }

    fn inherit(&mut self, previous: &Self) {
        self.before = previous.before.iter().copied().chain([previous.thing.value]).collect();
    }

    fn compare(&self, desired: &Self) -> Difference {
        self.thing.compare(&desired.thing)
    }

    fn unmet(&self, observed: &Self) -> Option<&'static str> {
        self.thing.unmet(&observed.thing)
    }

    fn add_msg(&self, context: &Context<'_>, request: Request<'_>) -> Result<Progress, OperationError> {
        self.thing.add_msg(context, request)
    }

    fn change_msg(
        &self,
        held: Option<&Self>,
        context: &Context<'_>,
        request: Request<'_>,
    ) -> Result<Progress, OperationError> {
        self.thing.change_msg(held.map(|held| &held.thing), context, request)
    }

    fn delete_msg(&self, context: &Context<'_>, request: Request<'_>) -> Result<Progress, OperationError> {
        self.thing.delete_msg(context, request)
    }

    fn parse(message: &MessageView<'_>, resolver: &Resolver<'_>) -> Result<Self, ParseError> {
        Thing::parse(message, resolver).map(|thing| Remembering { thing, before: Vec::new() })
    }
}

fn answer_all(engine: &mut Engine, now: Instant) {
    while let Some(operation) = engine.next_operation(now) {
        engine.handle_outcome(operation, Outcome::Done { index: None }, now);
    }
}

#[test]
fn what_is_remembered_goes_on() {
    let now = Instant::now();
    let value = |value| Remembering { thing: Thing { id: 1, value }, before: Vec::new() };
    for answered in [true, false] {
        let mut engine = Engine::new(RetryPolicy::default());
        engine.register::<Remembering>().expect("room");
        for number in 0..4 {
            if number < 2 {
                engine.set(value(number), now).expect("valid");
            } else {
                assert!(engine.set_all([value(number)], Share::Fresh, now).is_empty());
            }
            if answered {
                answer_all(&mut engine, now);
            }
        }
        let before = engine.get::<Remembering>(&1).map(|declared| declared.before.clone());
        assert_eq!(before, Some(vec![0, 1, 2]), "answered: {answered}");
    }
}
