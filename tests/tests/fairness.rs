//! Whoever fails does not hold up whoever is new, and no answer is taken for that of another operation.

use std::time::{Duration, Instant};

use ksync_runtime::declare::{Dumped, IndexSource, OperationError, ResolvedOn, Schema};
use ksync_runtime::engine::machine::State;
use ksync_runtime::engine::{Engine, Operation, Outcome, RetryPolicy};
use ksync_runtime::prelude::*;
use ksync_runtime::wire::NoHeader;

/// Something with a name and a value.
#[derive(Clone, Debug, PartialEq, KSyncEntry)]
#[ksync(protocol = route, header = NoHeader, add = 16, change = 18, delete = 17)]
struct Thing {
    #[ksync(key, nla = 1)]
    id: u32,
    #[ksync(nla = 2)]
    value: u32,
}

const FAILING: u32 = 10_000;
const DONE: Outcome = Outcome::Done { index: None };

fn engine() -> Engine {
    let delay = Duration::from_millis(100);
    let mut engine =
        Engine::new(RetryPolicy { min_delay: delay, max_delay: delay, ..RetryPolicy::default() });
    engine.register::<Thing>().expect("room for one kind");
    engine
}

fn set(engine: &mut Engine, id: u32, value: u32, now: Instant) {
    engine.set(Thing { id, value }, now).expect("room");
    while engine.work(1024, now) {}
}

fn busy() -> Outcome {
    const EBUSY: i32 = 16;
    Outcome::Failed(OperationError::kernel(EBUSY, None, None))
}

fn next(engine: &mut Engine, now: Instant) -> Operation {
    engine.next_operation(now).expect("something to be sent")
}

#[test]
fn ten_thousand_that_fail_do_not_delay_a_fresh_one() {
    let mut now = Instant::now();
    let mut engine = engine();
    for id in 0..FAILING {
        set(&mut engine, id, 1, now);
    }
    for _ in 0..FAILING {
        let operation = next(&mut engine, now);
        engine.handle_outcome(operation, busy(), now);
    }
    // All are due at once, and all are there to be tried again.
    now += Duration::from_secs(1);
    engine.handle_timeout(now);
    set(&mut engine, FAILING, 1, now);
    let turns = (1..=FAILING).find(|_| {
        let operation = next(&mut engine, now);
        let fresh = engine.describe(operation) == format!("Thing {FAILING}");
        engine.handle_outcome(operation, if fresh { DONE } else { busy() }, now);
        fresh
    });
    assert!(turns.is_some_and(|turns| turns <= 2), "the fresh one came at turn {turns:?}");
    assert_eq!(engine.state::<Thing>(&FAILING), Some(State::InSync));
}

#[test]
fn fresh_work_does_not_starve_what_is_tried_again() {
    let mut now = Instant::now();
    let mut engine = engine();
    set(&mut engine, 0, 1, now);
    let operation = next(&mut engine, now);
    engine.handle_outcome(operation, busy(), now);
    now += Duration::from_secs(1);
    engine.handle_timeout(now);
    for id in 1..1000 {
        set(&mut engine, id, 1, now);
    }
    let turns = (1..1000).find(|_| {
        let operation = next(&mut engine, now);
        let retried = engine.describe(operation) == "Thing 0";
        engine.handle_outcome(operation, DONE, now);
        retried
    });
    assert!(turns.is_some_and(|turns| turns <= 10), "the retry came at turn {turns:?}");
}

/// Two changes of one entry look alike but for their number.
#[test]
fn an_answer_of_an_earlier_operation_of_the_same_sort_is_rejected() {
    let now = Instant::now();
    let mut engine = engine();
    set(&mut engine, 1, 1, now);
    let add = next(&mut engine, now);
    engine.handle_outcome(add, DONE, now);
    set(&mut engine, 1, 2, now);
    let first = next(&mut engine, now);
    engine.handle_outcome(first, DONE, now);
    set(&mut engine, 1, 3, now);
    let second = next(&mut engine, now);

    engine.handle_outcome(first, DONE, now);
    assert_eq!((engine.rejected(), engine.state::<Thing>(&1)), (1, Some(State::SyncWait)));
    engine.handle_outcome(second, DONE, now);
    assert_eq!((engine.rejected(), engine.state::<Thing>(&1)), (1, Some(State::InSync)));
}

/// A kind that was registered under another name is called by that in errors.
#[test]
fn errors_have_the_name_that_a_kind_was_registered_under() {
    static ITEM: Schema = Schema {
        name: "Item",
        protocol: Thing::SCHEMA.protocol,
        header_len: 0,
        inside: &[],
        add: 16,
        change: 18,
        delete: 17,
        get: None,
        dumped: Dumped::AtOnce,
        index: IndexSource::None,
        flushes_dependents: false,
        early: false,
        resolved_on: ResolvedOn::Accepted,
        compress: true,
        fields: &[],
        depends_on: &[],
    };
    let now = Instant::now();
    let mut engine = Engine::new(RetryPolicy::default());
    engine.register_as::<Thing>(&ITEM).expect("room for one kind");
    set(&mut engine, 1, 1, now);
    let refused = engine.unregister::<Thing>().expect_err("there is an entry");
    assert!(refused.to_string().contains("the table of Item"), "{refused}");
    assert!(engine.delete_all::<Thing>());
    let refused = engine.set(Thing { id: 2, value: 1 }, now).expect_err("it is going away");
    assert!(refused.to_string().starts_with("Item 2"), "{refused}");
}
