//! What many answers at once lead to when nobody watches: that is the quickest way, which entries that are watched do
//! not take.

use std::time::{Duration, Instant};

use ksync_runtime::declare::OperationError;
use ksync_runtime::engine::machine::State;
use ksync_runtime::engine::{Engine, Operation, Outcome, RetryPolicy, Share};
use ksync_runtime::prelude::*;
use ksync_runtime::wire::NoHeader;
use ksync_tests::dice::Dice;

/// Something that others need.
#[derive(Clone, Debug, PartialEq, KSyncEntry)]
#[ksync(protocol = route, header = NoHeader, add = 16, change = 18, delete = 17)]
struct Thing {
    #[ksync(key, nla = 1)]
    id: u32,
    #[ksync(nla = 2)]
    value: u32,
}

/// One who needs it.
#[derive(Clone, Debug, PartialEq, KSyncEntry)]
#[ksync(protocol = route, header = NoHeader, add = 20, change = 22, delete = 21)]
struct Follower {
    #[ksync(key, nla = 1)]
    id: u32,
    #[depends_on]
    thing: Option<Ref<Thing>>,
}

/// Another one.
#[derive(Clone, Debug, PartialEq, KSyncEntry)]
#[ksync(protocol = route, header = NoHeader, add = 24, change = 26, delete = 25)]
struct Neighbour {
    #[ksync(key, nla = 1)]
    id: u32,
    #[depends_on]
    thing: Option<Ref<Thing>>,
}

const DELAY: Duration = Duration::from_secs(3600);

fn engine() -> Engine {
    let policy = RetryPolicy { min_delay: DELAY, max_delay: DELAY, ..RetryPolicy::default() };
    let mut engine = Engine::new(policy);
    engine
        .register::<Thing>()
        .and(engine.register::<Follower>())
        .and(engine.register::<Neighbour>())
        .expect("room");
    engine
}

/// All that is to be sent.
fn operations(engine: &mut Engine, now: Instant) -> Vec<Operation> {
    while engine.work(1024, now) {}
    let mut operations = Vec::new();
    engine.next_operations_on(0, 100, &mut operations, now);
    operations
}

/// The kernel carried these out.
fn answer(engine: &mut Engine, operations: &[Operation], now: Instant) {
    engine.handle_all_done(operations, |operation| (*operation, None), now);
}

/// An engine with two things, and one of each who need the first.
fn in_sync(now: Instant) -> Engine {
    let mut engine = engine();
    for id in 0..2 {
        engine.set(Thing { id, value: 1 }, now).expect("room");
        engine.set(Follower { id, thing: Some(Ref::to(0u32)) }, now).expect("room");
        engine.set(Neighbour { id, thing: Some(Ref::to(0u32)) }, now).expect("room");
    }
    for _ in 0..2 {
        let sent = operations(&mut engine, now);
        answer(&mut engine, &sent, now);
    }
    assert_eq!((engine.outstanding(), engine.rejected()), (0, 0));
    engine
}

#[test]
fn an_answer_is_taken_for_the_entry_of_its_own_kind() {
    let now = Instant::now();
    let mut engine = in_sync(now);
    for id in 0..2 {
        engine.remove::<Follower>(&id, now);
        engine.remove::<Neighbour>(&id, now);
    }
    let sent = operations(&mut engine, now);
    let of = |kind: &str, engine: &Engine| {
        let is_of = |operation: &&Operation| engine.describe(**operation) == kind;
        *sent.iter().find(is_of).unwrap_or_else(|| panic!("{kind} was sent"))
    };
    // Of all that could tell the two apart but for the kind, nothing differs: slot, generation, serial number, state.
    let answered = [of("Follower 0", &engine), of("Neighbour 1", &engine)];
    answer(&mut engine, &answered, now);
    assert_eq!(
        [engine.state::<Follower>(&0), engine.state::<Neighbour>(&1)],
        [None, None],
        "what was answered is gone"
    );
    assert_eq!(
        [engine.state::<Follower>(&1), engine.state::<Neighbour>(&0)],
        [Some(State::DelAckWait), Some(State::DelAckWait)],
        "what was not answered waits"
    );
    assert_eq!(engine.rejected(), 0);
}

#[test]
fn the_same_of_additions() {
    let now = Instant::now();
    let mut engine = in_sync(now);
    for id in 2..4 {
        engine.set(Follower { id, thing: Some(Ref::to(0u32)) }, now).expect("room");
        engine.set(Neighbour { id, thing: Some(Ref::to(0u32)) }, now).expect("room");
    }
    let sent = operations(&mut engine, now);
    // Follower 2, Neighbour 2, Follower 3, Neighbour 3.
    answer(&mut engine, &[sent[0], sent[3]], now);
    let states = [engine.state::<Follower>(&2), engine.state::<Neighbour>(&2)];
    assert_eq!(states, [Some(State::InSync), Some(State::SyncWait)]);
    let states = [engine.state::<Follower>(&3), engine.state::<Neighbour>(&3)];
    assert_eq!(states, [Some(State::SyncWait), Some(State::InSync)]);
}

#[test]
fn who_was_blocked_tries_again_as_soon_as_its_neighbour_is_there() {
    const ENETUNREACH: i32 = 101;
    let now = Instant::now();
    let mut engine = in_sync(now);
    engine.set(Follower { id: 7, thing: Some(Ref::to(1u32)) }, now).expect("room");
    let sent = operations(&mut engine, now);
    let refused = OperationError::kernel(ENETUNREACH, None, None);
    engine.handle_outcome(sent[0], Outcome::Failed(refused), now);
    assert_eq!(operations(&mut engine, now), [], "it waits for {DELAY:?}");
    engine.set(Neighbour { id: 7, thing: Some(Ref::to(1u32)) }, now).expect("room");
    let sent = operations(&mut engine, now);
    answer(&mut engine, &sent, now);
    let again = operations(&mut engine, now);
    assert_eq!(again.iter().map(|sent| engine.describe(*sent)).collect::<Vec<_>>(), ["Follower 7"]);
}

#[test]
fn what_was_referred_to_goes_after_all_who_referred_to_it() {
    let now = Instant::now();
    let mut engine = in_sync(now);
    engine.remove::<Thing>(&0, now);
    for id in 0..2 {
        engine.remove::<Follower>(&id, now);
        engine.remove::<Neighbour>(&id, now);
    }
    let sent = operations(&mut engine, now);
    assert_eq!(sent.len(), 4, "the thing is still referred to");
    answer(&mut engine, &sent[..3], now);
    assert_eq!(operations(&mut engine, now), []);
    answer(&mut engine, &sent[3..], now);
    let last = operations(&mut engine, now);
    assert_eq!(last.iter().map(|sent| engine.describe(*sent)).collect::<Vec<_>>(), ["Thing 0"]);
}

#[test]
fn what_stands_on_something_that_goes_stays_behind_what_stands_on_nothing() {
    let now = Instant::now();
    let mut engine = in_sync(now);
    for id in 2..5 {
        let thing = (id == 3).then(|| Ref::to(1u32));
        engine.set(Follower { id, thing }, now).expect("room");
    }
    // It is on its way out, so whoever stands on it and has not left waits.
    engine.remove::<Thing>(&1, now);
    let sent = operations(&mut engine, now);
    let sent: Vec<String> = sent.iter().map(|sent| engine.describe(*sent)).collect();
    assert_eq!(sent, ["Follower 2", "Follower 4"]);
}

/// Between the writes and the deletes of one kind stands an operation of another one, whose entry has the same place there.
#[test]
fn an_answer_of_another_kind_ends_the_run() {
    let now = Instant::now();
    let mut engine = engine();
    engine.set(Thing { id: 0, value: 1 }, now).expect("room");
    engine.set(Neighbour { id: 0, thing: None }, now).expect("room");
    let sent = operations(&mut engine, now);
    answer(&mut engine, &sent, now);
    engine.set(Thing { id: 1, value: 1 }, now).expect("room");
    assert!(engine.remove::<Neighbour>(&0, now) && engine.remove::<Thing>(&0, now));
    let sent = operations(&mut engine, now);
    assert_eq!(sent.len(), 3);
    answer(&mut engine, &sent, now);
    assert_eq!((engine.state::<Thing>(&0), engine.state::<Neighbour>(&0)), (None, None));
    assert_eq!((engine.rejected(), engine.outstanding()), (0, 0));
}

/// The state of every entry that there can be.
fn shape(engine: &Engine) -> Vec<Option<State>> {
    let states =
        |id: u32| [engine.state::<Thing>(&id), engine.state::<Follower>(&id), engine.state::<Neighbour>(&id)];
    (0..SOME).flat_map(states).collect()
}

/// Whether the engine's counts are those of the entries of a kind.
fn is_counted<T: KSyncEntry<Key = u32>>(engine: &Engine) -> bool {
    let counts = engine.counts::<T>();
    let states: Vec<State> = (0..SOME).filter_map(|id| engine.state::<T>(&id)).collect();
    counts.total() == states.len()
        && counts.iter().all(|(state, count)| states.iter().filter(|other| **other == state).count() == count)
}

/// How many entries of each kind take part.
const SOME: u32 = 5;

/// Whoever watches has each entry looked at by itself, so the two ways are held against each other.
#[test]
fn it_makes_no_difference_whether_somebody_watches() {
    let now = Instant::now();
    for seed in 1..=400 {
        let mut engines = [true, false].map(|watched| {
            let mut engine = engine();
            engine.watch(watched);
            engine
        });
        let mut dice = Dice::new(seed, 0);
        for step in 0..100 {
            let (what, id, other) =
                (dice.below(9), dice.below(SOME as usize) as u32, dice.below(SOME as usize) as u32);
            let (most, refused, sends) = (dice.below(20), dice.below(40), dice.percent(20));
            let thing = (other > 0).then(|| Ref::to(other));
            let mut sent = [0; 2];
            for (engine, sent) in engines.iter_mut().zip(&mut sent) {
                match what {
                    0 | 1 => engine.set(Thing { id, value: other }, now).expect("room"),
                    2 => engine.set(Follower { id, thing: thing.clone() }, now).expect("room"),
                    3 => engine.set(Neighbour { id, thing: thing.clone() }, now).expect("room"),
                    4 => _ = engine.remove::<Thing>(&id, now),
                    5 => _ = engine.remove::<Follower>(&id, now),
                    6 => _ = engine.remove::<Neighbour>(&id, now),
                    7 => _ = engine.remove_all::<Thing>(&[id, other], Share::Bulk, now),
                    _ => {
                        let all = (0..SOME).map(|id| Thing { id, value: other });
                        assert!(engine.set_all(all, Share::Fresh, now).is_empty());
                    }
                }
                while engine.work(1024, now) {}
                if sends {
                    let mut operations = Vec::new();
                    engine.next_operations_on(0, most, &mut operations, now);
                    let last = if refused == 0 { operations.pop() } else { None };
                    if let Some(last) = last {
                        answer(engine, &operations, now);
                        let busy = OperationError::kernel(16, None, None);
                        engine.handle_outcome(last, Outcome::Failed(busy), now);
                        operations.clear();
                    }
                    *sent = operations.len();
                    answer(engine, &operations, now);
                    while engine.work(1024, now) {}
                }
                while engine.poll_transition().is_some() {}
            }
            let [watched, unwatched] = &engines;
            let told = format!("seed {seed}, step {step}");
            assert_eq!(shape(watched), shape(unwatched), "{told}");
            assert_eq!(sent[0], sent[1], "{told}");
            assert_eq!(
                (watched.queued(), watched.outstanding()),
                (unwatched.queued(), unwatched.outstanding())
            );
            assert_eq!((watched.rejected(), unwatched.rejected()), (0, 0), "{told}");
            for engine in &engines {
                let counted = is_counted::<Thing>(engine)
                    && is_counted::<Follower>(engine)
                    && is_counted::<Neighbour>(engine);
                assert!(counted, "{told}");
            }
        }
    }
}
