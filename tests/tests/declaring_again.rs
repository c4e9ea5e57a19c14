//! What is declared again as it is, is left alone, and so is all that it would have led to.

use std::time::Instant;

use ksync_runtime::declare::{Invalid, OperationError};
use ksync_runtime::engine::machine::State;
use ksync_runtime::engine::{Engine, Outcome, RetryPolicy, SetError, Share};
use ksync_runtime::prelude::*;
use ksync_runtime::wire::NoHeader;

/// There are numbers for two of them.
#[derive(Clone, Debug, PartialEq, KSyncEntry)]
#[ksync(protocol = route, header = NoHeader, add = 16, delete = 17, index(from = ksync, range = 1..=2, nla = 3))]
struct Numbered {
    #[ksync(key)]
    id: u32,
    #[ksync(nla = 2)]
    value: u32,
}

/// Equal is what has the same number, whatever it refers to.
#[derive(Clone, Debug, KSyncEntry)]
#[ksync(protocol = route, header = NoHeader, add = 20, delete = 21)]
struct Lax {
    #[ksync(key, nla = 1)]
    id: u32,
    #[depends_on]
    numbered: Option<Ref<Numbered>>,
}

impl PartialEq for Lax {
    fn eq(&self, other: &Self) -> bool {
        self.id == other.id
    }
}

/// Equal is what has the same number, and there is nothing that it could refer to. 0 is no value.
#[derive(Clone, Debug, KSyncEntry)]
#[ksync(protocol = route, header = NoHeader, add = 32, delete = 33, check = is_any)]
struct Plain {
    #[ksync(key, nla = 1)]
    id: u32,
    #[ksync(nla = 2)]
    value: u32,
}

fn is_any(plain: &Plain) -> Result<(), Invalid> {
    let invalid = || Invalid { field: "value", reason: "0 is none".to_owned() };
    if plain.value == 0 { Err(invalid()) } else { Ok(()) }
}

impl PartialEq for Plain {
    fn eq(&self, other: &Self) -> bool {
        self.id == other.id
    }
}

/// Refers to what no table was made for.
#[derive(Clone, Debug, PartialEq, KSyncEntry)]
#[ksync(protocol = route, header = NoHeader, add = 24, delete = 25)]
struct Lost {
    #[ksync(key, nla = 1)]
    id: u32,
    #[depends_on]
    numbered: Option<Ref<Numbered>>,
    #[depends_on]
    absent: Option<Ref<Absent>>,
}

#[derive(Clone, Debug, PartialEq, KSyncEntry)]
#[ksync(protocol = route, header = NoHeader, add = 28, delete = 29)]
struct Absent {
    #[ksync(key, nla = 1)]
    id: u32,
}

fn engine() -> (Engine, Instant) {
    let mut engine = Engine::new(RetryPolicy::default());
    let registered =
        engine.register::<Numbered>().and(engine.register::<Lax>()).and(engine.register::<Lost>());
    registered.expect("room");
    (engine, Instant::now())
}

fn numbered(id: u32) -> Numbered {
    Numbered { id, value: 7 }
}

fn work(engine: &mut Engine, now: Instant) {
    while engine.work(100, now) {}
}

#[test]
fn what_failed_waits_for_its_next_try_although_no_number_is_left() {
    let (mut engine, now) = engine();
    for id in 0..2 {
        engine.set(numbered(id), now).expect("room");
    }
    let busy = || Outcome::Failed(OperationError::kernel(16, None, None));
    while let Some(operation) = engine.next_operation(now) {
        engine.handle_outcome(operation, busy(), now);
    }
    engine.watch(true);
    engine.set(numbered(0), now).expect("room");
    assert!(engine.set_all([numbered(0), numbered(1)], Share::Bulk, now).is_empty());
    work(&mut engine, now);
    let told: Vec<String> =
        std::iter::from_fn(|| engine.poll_transition()).map(|step| step.to_string()).collect();
    assert_eq!((told, engine.queued()), (Vec::new(), 0));
}

#[test]
fn what_is_equal_and_names_something_else_leaves_nothing_behind() {
    let (mut engine, now) = engine();
    engine.set(Lax { id: 1, numbered: Some(Ref::to(0u32)) }, now).expect("room");
    work(&mut engine, now);
    engine.set(Lax { id: 1, numbered: Some(Ref::to(1u32)) }, now).expect("room");
    work(&mut engine, now);
    assert_eq!(engine.state::<Numbered>(&0), Some(State::Temp), "it is what the first one waits for");
    assert_eq!(engine.state::<Numbered>(&1), None);
}

#[test]
fn what_refers_to_a_kind_without_a_table_is_refused_and_leaves_nothing_behind() {
    let (mut engine, now) = engine();
    let lost = Lost { id: 1, numbered: Some(Ref::to(1u32)), absent: Some(Ref::to(1u32)) };
    assert_eq!(engine.set(lost, now), Err(SetError::NotRegistered { kind: "Absent" }));
    work(&mut engine, now);
    assert_eq!((engine.state::<Lost>(&1), engine.state::<Numbered>(&1)), (None, None));
}

#[test]
fn what_is_equal_is_left_alone_before_it_is_looked_at_whether_somebody_watches_or_not() {
    for watched in [false, true] {
        let now = Instant::now();
        let mut engine = Engine::new(RetryPolicy::default());
        engine.register::<Plain>().expect("room");
        engine.watch(watched);
        engine.set(Plain { id: 1, value: 1 }, now).expect("valid");
        while engine.poll_transition().is_some() {}
        assert_eq!(engine.set(Plain { id: 1, value: 0 }, now), Ok(()), "watched: {watched}");
        let all = [Plain { id: 1, value: 0 }, Plain { id: 2, value: 0 }];
        let refused = engine.set_all(all, Share::Fresh, now);
        assert!(matches!(refused.as_slice(), [SetError::Invalid { .. }]), "watched: {watched}, {refused:?}");
        assert!(engine.poll_transition().is_none(), "nothing happened");
        assert_eq!(engine.get::<Plain>(&1).map(|plain| plain.value), Some(1));
    }
}
