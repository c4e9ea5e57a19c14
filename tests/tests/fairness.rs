//! Whoever fails does not hold up whoever is new, and no answer is taken for that of another operation.

use std::time::{Duration, Instant};

use ksync_runtime::declare::{Channel, Dumped, IndexSource, OperationError, ResolvedOn, Schema};
use ksync_runtime::engine::machine::State;
use ksync_runtime::engine::{Engine, Operation, Outcome, RetryPolicy, Share};
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

/// Something that needs one of these.
#[derive(Clone, Debug, PartialEq, KSyncEntry)]
#[ksync(protocol = route, header = NoHeader, add = 20, change = 22, delete = 21)]
struct Follower {
    #[ksync(key, nla = 1)]
    id: u32,
    #[depends_on]
    thing: Option<Ref<Thing>>,
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

/// At which turn the operation of an entry comes. All that come before it succeed.
fn turn_of(engine: &mut Engine, name: &str, now: Instant) -> Option<u32> {
    (1..=MANY).find(|_| {
        let operation = next(engine, now);
        let found = engine.describe(operation) == name;
        engine.handle_outcome(operation, DONE, now);
        found
    })
}

fn many(from: u32) -> impl Iterator<Item = Thing> {
    (from..from + MANY).map(|id| Thing { id, value: 1 })
}

const MANY: u32 = 100_000;

#[test]
fn a_single_change_overtakes_what_was_declared_in_bulk() {
    let now = Instant::now();
    let mut engine = engine();
    assert!(engine.set_all(many(0), Share::Bulk, now).is_empty());
    assert!(engine.has_room::<Thing>(Share::Fresh) && !engine.has_room::<Thing>(Share::Bulk));
    for id in MANY..MANY + 3 {
        set(&mut engine, id, 1, now);
        let turn = turn_of(&mut engine, &format!("Thing {id}"), now);
        assert!(turn.is_some_and(|turn| turn <= 2), "{id} came at turn {turn:?}");
    }
    // Deletes too, and what is removed singly is not taken for one of many.
    let keys: Vec<u32> = (0..MANY).collect();
    assert_eq!(engine.remove_all::<Thing>(&keys, Share::Bulk, now), MANY as usize);
    assert!(engine.remove::<Thing>(&MANY, now));
    let turn = turn_of(&mut engine, &format!("Thing {MANY}"), now);
    assert!(turn.is_some_and(|turn| turn <= 2), "it came at turn {turn:?}");
}

#[test]
fn what_was_declared_singly_by_the_thousands_holds_up_nobody_for_long_and_all_of_it_comes() {
    let now = Instant::now();
    let mut engine = engine();
    for thing in many(0) {
        engine.set(thing, now).expect("room");
    }
    assert!(!engine.has_room::<Thing>(Share::Fresh));
    // As soon as there is room, the next one has its turn after those before it, and a third more of the others.
    while !engine.has_room::<Thing>(Share::Fresh) {
        let operation = next(&mut engine, now);
        engine.handle_outcome(operation, DONE, now);
    }
    set(&mut engine, MANY, 1, now);
    let turn = turn_of(&mut engine, &format!("Thing {MANY}"), now);
    assert!(turn.is_some_and(|turn| turn <= 1024 * 4 / 3 + 4), "it came at turn {turn:?}");
    while let Some(operation) = engine.next_operation(now) {
        engine.handle_outcome(operation, DONE, now);
    }
    assert_eq!(engine.counts::<Thing>().in_sync(), MANY as usize + 1);
}

#[test]
fn single_changes_do_not_starve_the_bulk() {
    let now = Instant::now();
    let mut engine = engine();
    engine.set_all([Thing { id: MANY, value: 1 }], Share::Bulk, now);
    for id in 0..100 {
        set(&mut engine, id, 1, now);
    }
    let turn = turn_of(&mut engine, &format!("Thing {MANY}"), now);
    assert_eq!(turn, Some(25));
}

/// A hundred thousand wait for one thing, and go on when it is there; somebody else's single change does not wait for
/// them.
#[test]
fn those_who_waited_together_are_many() {
    let now = Instant::now();
    let mut engine = engine();
    engine.register::<Follower>().expect("room");
    let followers = (0..MANY).map(|id| Follower { id, thing: Some(Ref::to(1u32)) });
    assert!(engine.set_all(followers, Share::Fresh, now).is_empty());
    set(&mut engine, 1, 1, now);
    let operation = next(&mut engine, now);
    engine.handle_outcome(operation, DONE, now);
    while engine.work(1024, now) {}
    assert_eq!(engine.queued(), MANY as usize);
    set(&mut engine, 2, 1, now);
    let turn = turn_of(&mut engine, "Thing 2", now);
    assert!(turn.is_some_and(|turn| turn <= 64 * 4 / 3 + 2), "it came at turn {turn:?}");
}

/// Of those who waited together, some have more to be looked at: the user holds on to them. All go on, in the order in
/// which they came.
#[test]
fn all_who_waited_together_go_on_in_their_order() {
    let now = Instant::now();
    let mut engine = engine();
    engine.register::<Follower>().expect("room");
    let followers = (0..1000).map(|id| Follower { id, thing: Some(Ref::to(1u32)) });
    assert!(engine.set_all(followers, Share::Fresh, now).is_empty());
    for id in (0..1000).step_by(3) {
        engine.hold::<Follower>(&id).expect("room");
    }
    set(&mut engine, 1, 1, now);
    let operation = next(&mut engine, now);
    engine.handle_outcome(operation, DONE, now);
    while engine.work(1024, now) {}
    assert_eq!(engine.queued(), 1000);
    let mut left = Vec::new();
    while let Some(operation) = engine.next_operation(now) {
        let name = engine.describe(operation);
        left.push(name.trim_start_matches("Follower ").parse::<u32>().expect("a number"));
        engine.handle_outcome(operation, DONE, now);
    }
    let (first, others): (Vec<u32>, Vec<u32>) = left.into_iter().partition(|id| *id < 64);
    assert!(first.is_sorted() && others.is_sorted(), "{first:?} {others:?}");
}

#[test]
fn watchers_are_told_of_each_of_many() {
    let now = Instant::now();
    let mut engine = engine();
    engine.watch(true);
    let mut steps = |act: &mut dyn FnMut(&mut Engine)| {
        act(&mut engine);
        let declared: Vec<_> = std::iter::from_fn(|| engine.poll_transition()).collect();
        while let Some(operation) = engine.next_operation(now) {
            engine.handle_outcome(operation, DONE, now);
        }
        let answered: Vec<_> = std::iter::from_fn(|| engine.poll_transition()).collect();
        [declared, answered].map(|steps| {
            assert!(steps.windows(2).all(|two| two[0].to == two[1].to), "{steps:?}");
            (steps.len(), steps[0].to)
        })
    };
    let things = |value| (0..40).map(move |id| Thing { id, value });
    let keys: Vec<u32> = (0..40).collect();
    for value in [1, 2] {
        let told = steps(&mut |engine| assert!(engine.set_all(things(value), Share::Fresh, now).is_empty()));
        assert_eq!(told, [(40, State::SyncWait), (40, State::InSync)]);
    }
    let told = steps(&mut |engine| assert_eq!(engine.remove_all::<Thing>(&keys, Share::Fresh, now), 40));
    assert_eq!(told, [(40, State::DelAckWait), (40, State::Free)]);
}

/// Of several values with one key in one call the last one counts, and what is removed twice was there once.
#[test]
fn the_last_of_several_values_counts() {
    let now = Instant::now();
    let mut engine = engine();
    for round in 0..3 {
        let values = (0..100).map(|each| Thing { id: each % 7, value: 10 * round + each });
        assert!(engine.set_all(values, Share::Fresh, now).is_empty());
        assert_eq!(engine.counts::<Thing>().total(), 7);
        for id in 0..7 {
            let last = (93..100).find(|each| each % 7 == id).map(|each| 10 * round + each);
            assert_eq!(engine.get::<Thing>(&id).map(|thing| thing.value), last);
        }
        while let Some(operation) = engine.next_operation(now) {
            engine.handle_outcome(operation, DONE, now);
        }
    }
    let keys: Vec<u32> = (0..100).map(|each| each % 7).collect();
    assert_eq!(engine.remove_all::<Thing>(&keys, Share::Fresh, now), 7);
}

/// What is changed back and forth and never sent stands in the outbox once.
#[test]
fn the_outbox_does_not_grow_with_the_number_of_calls() {
    let now = Instant::now();
    let mut engine = engine();
    set(&mut engine, 1, 0, now);
    let operation = next(&mut engine, now);
    engine.handle_outcome(operation, DONE, now);
    for value in 1..MANY {
        set(&mut engine, 1, value, now);
        if value % 3 == 0 {
            assert!(engine.remove::<Thing>(&1, now));
        }
    }
    assert!(engine.has_room::<Thing>(Share::Fresh));
    assert!(engine.next_operation(now).is_some());
    assert_eq!(engine.next_operation(now), None);
}

/// What comes and goes again before anything is sent leaves nothing behind.
#[test]
fn the_outbox_does_not_grow_with_what_was_never_sent() {
    let now = Instant::now();
    let mut engine = engine();
    for value in 0..MANY {
        set(&mut engine, 1, value, now);
        assert!(engine.remove::<Thing>(&1, now));
        while engine.work(1024, now) {}
        assert_eq!(engine.state::<Thing>(&1), None);
    }
    assert!(engine.has_room::<Thing>(Share::Fresh) && engine.has_room::<Thing>(Share::Bulk));
    set(&mut engine, 2, 7, now);
    assert!(engine.next_operation(now).is_some(), "what is new is sent as ever");
    assert_eq!(engine.next_operation(now), None);
}

/// Where the fresh are as many as there is room for, what is declared over and over stands among the many once.
#[test]
fn the_bulk_does_not_grow_with_the_number_of_calls() {
    const OTHERS: u32 = 2000;
    const CALLS: u32 = 40_000;
    let now = Instant::now();
    let mut engine = engine();
    set(&mut engine, OTHERS, 1, now);
    let operation = next(&mut engine, now);
    engine.handle_outcome(operation, DONE, now);
    for id in 0..OTHERS {
        set(&mut engine, id, 1, now);
    }
    assert!(!engine.has_room::<Thing>(Share::Fresh));
    for value in 0..CALLS {
        // One that is in the kernel, and one that never was.
        for id in [OTHERS, OTHERS + 1] {
            set(&mut engine, id, value, now);
            assert!(engine.remove::<Thing>(&id, now));
        }
        assert!(engine.has_room::<Thing>(Share::Bulk), "after {value} calls");
    }
    let all: Vec<String> =
        std::iter::from_fn(|| engine.next_operation(now).map(|sent| engine.describe(sent))).collect();
    let each_once: std::collections::BTreeSet<&String> = all.iter().collect();
    assert_eq!((all.len(), each_once.len()), (OTHERS as usize + 1, OTHERS as usize + 1));
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

/// One kind speaks what no connection carries: those that are carried go on as before.
#[test]
fn a_connect_that_fails_changes_nothing() {
    #[derive(Clone, Debug, PartialEq, KSyncEntry)]
    #[ksync(protocol = generic("mptcp_pm"), add = 1, delete = 2)]
    struct Endpoint {
        #[ksync(key, nla = 1)]
        id: u32,
    }
    let now = Instant::now();
    let mut engine = engine();
    engine.register::<Endpoint>().expect("room for another one");
    // That of `Thing` would be the second one.
    engine.connect(&[Channel::NfTables, Channel::Route]).expect_err("nobody carries generic netlink");
    set(&mut engine, 1, 1, now);
    assert!(engine.next_operation(now).is_some());
    assert!(engine.remove::<Thing>(&1, now));
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
        self_dependent: false,
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
