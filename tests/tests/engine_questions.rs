//! What the engine answers to those who ask: the past of an entry, who is at fault, whose number it is. Without a
//! kernel: the outcomes are written down here.

use std::time::Instant;

use ksync_runtime::declare::OperationError;
use ksync_runtime::engine::machine::State;
use ksync_runtime::engine::{Action, Engine, Operation, Outcome, RetryPolicy, Step};
use ksync_runtime::prelude::*;
use ksync_runtime::wire::NoHeader;
use ksync_tests::explore::{Kind, Numbered, Plain, Wish};

/// Refers to two kinds, so that one of them can be missing.
#[derive(Clone, Debug, PartialEq, KSyncEntry)]
#[ksync(protocol = route, header = NoHeader, add = 16, delete = 17)]
struct Both {
    #[ksync(key, nla = 1)]
    id: u32,
    #[depends_on]
    #[ksync(nla = 2)]
    plain: Ref<Plain>,
    #[depends_on]
    #[ksync(nla = 3)]
    numbered: Ref<Numbered>,
}

fn plain(key: u32, value: u32, needs: Option<u32>) -> Plain {
    Plain::make(key, Wish { value, first: needs, ..Wish::default() })
}

fn engine() -> (Engine, Instant) {
    let mut engine = Engine::new(RetryPolicy::default());
    engine.register::<Plain>().expect("room");
    engine.register::<Numbered>().expect("room");
    (engine, Instant::now())
}

fn work(engine: &mut Engine, now: Instant) {
    while engine.work(100, now) {}
}

fn next(engine: &mut Engine, now: Instant) -> Operation {
    work(engine, now);
    engine.next_operation(now).expect("an operation")
}

fn done(engine: &mut Engine, index: Option<u32>, now: Instant) {
    let operation = next(engine, now);
    engine.handle_outcome(operation, Outcome::Done { index }, now);
    work(engine, now);
}

fn refuse(engine: &mut Engine, text: &str, now: Instant) {
    let operation = next(engine, now);
    engine.handle_outcome(
        operation,
        Outcome::Failed(OperationError::kernel(1, Some(text.to_owned()), None)),
        now,
    );
    work(engine, now);
}

fn ends(steps: &[Step]) -> Vec<State> {
    steps.iter().map(|step| step.to).collect()
}

#[test]
fn the_last_steps_are_kept_and_no_more_of_them_than_asked_for() {
    let (mut engine, now) = engine();
    engine.keep_history(3);
    engine.set(plain(1, 1, None), now).expect("valid");
    done(&mut engine, None, now);
    engine.set(plain(1, 2, None), now).expect("valid");
    done(&mut engine, None, now);
    let all = [State::InSync, State::SyncWait, State::InSync];
    assert_eq!(ends(&engine.history::<Plain>(&1)), all, "the first one fell out");
    engine.remove::<Plain>(&1, now);
    assert_eq!(ends(&engine.history::<Plain>(&1)), [State::SyncWait, State::InSync, State::DelAckWait]);
    engine.keep_history(1);
    assert_eq!(ends(&engine.history::<Plain>(&1)), [State::DelAckWait], "the newest stay");
}

#[test]
fn a_new_entry_has_no_past() {
    let (mut engine, now) = engine();
    engine.keep_history(9);
    engine.set(plain(1, 1, None), now).expect("valid");
    done(&mut engine, None, now);
    engine.remove::<Plain>(&1, now);
    done(&mut engine, None, now);
    assert_eq!(engine.state::<Plain>(&1), None);
    engine.set(plain(2, 1, None), now).expect("valid");
    assert_eq!(
        ends(&engine.history::<Plain>(&2)),
        [State::SyncWait],
        "the slot's earlier life is not its own"
    );
}

#[test]
fn waiting_is_a_step_that_watchers_are_told() {
    let (mut engine, now) = engine();
    engine.watch(true);
    engine.set(plain(1, 1, Some(2)), now).expect("valid");
    let told: Vec<String> =
        std::iter::from_fn(|| engine.poll_transition()).map(|step| step.to_string()).collect();
    assert_eq!(told, ["Plain 1: INIT -> ADD_DEFER, waits for Plain 2"]);
}

#[test]
fn those_who_waited_together_are_told_of_one_by_one() {
    let (mut engine, now) = engine();
    for waiting in 1..=3 {
        engine.set(plain(waiting, 1, Some(9)), now).expect("valid");
    }
    engine.set(plain(9, 1, None), now).expect("valid");
    engine.watch(true);
    done(&mut engine, None, now);
    let told: Vec<String> =
        std::iter::from_fn(|| engine.poll_transition()).map(|step| step.to_string()).collect();
    let resumed = |waiting: u32| {
        let start = format!("Plain {waiting}: ADD_DEFER -> SYNC_WAIT");
        told.iter().filter(|step| step.starts_with(&start)).count()
    };
    assert_eq!([1, 2, 3].map(resumed), [1, 1, 1], "{told:?}");
}

#[test]
fn what_is_changed_to_refer_to_something_missing_waits_from_the_start() {
    let (mut engine, now) = engine();
    engine.set(plain(1, 1, None), now).expect("valid");
    done(&mut engine, None, now);
    engine.set(plain(1, 2, Some(7)), now).expect("valid");
    assert_eq!(engine.state::<Plain>(&1), Some(State::ChangeDefer));
    assert_eq!(engine.queued(), 0, "nothing may leave");
    engine.set(plain(7, 1, None), now).expect("valid");
    done(&mut engine, None, now);
    done(&mut engine, None, now);
    assert_eq!(engine.state::<Plain>(&1), Some(State::InSync));
}

#[test]
fn the_root_is_the_one_at_fault() {
    let (mut engine, now) = engine();
    engine.set(plain(1, 1, Some(2)), now).expect("valid");
    engine.set(plain(2, 1, Some(3)), now).expect("valid");
    engine.set(plain(3, 1, None), now).expect("valid");
    refuse(&mut engine, "no such thing", now);
    let why = engine.why::<Plain>(&1).expect("it is there");
    let root = why.root().expect("a chain");
    assert_eq!((root.key.as_str(), root.state), ("3", State::AddDefer));
    assert!(root.failure.is_some());

    let (some, count) = engine.unsettled(2);
    assert_eq!((some.len(), count), (2, 3), "two are told, all are counted");
}

#[test]
fn nothing_is_idle_before_the_last_answer() {
    let (mut engine, now) = engine();
    assert!(engine.is_idle());
    engine.set(plain(1, 1, None), now).expect("valid");
    assert!(!engine.is_idle(), "it is queued");
    let operation = next(&mut engine, now);
    assert_eq!((engine.queued(), engine.outstanding()), (0, 1));
    assert!(!engine.is_idle(), "the answer is awaited");
    engine.handle_outcome(operation, Outcome::Done { index: None }, now);
    assert!(engine.is_idle());
}

fn owner(engine: &Engine, index: u32) -> Option<u32> {
    engine.with_resolver(|resolver| resolver.key::<Numbered>(index)).ok()
}

#[test]
fn a_number_leads_to_the_entry_that_has_it_now() {
    let (mut engine, now) = engine();
    let numbered = |key, value| Numbered::make(key, Wish { value, ..Wish::default() });
    engine.set(numbered(1, 1), now).expect("valid");
    done(&mut engine, Some(5), now);
    assert_eq!(owner(&engine, 5), Some(1));

    // It was made anew behind our back.
    engine.set(numbered(1, 2), now).expect("valid");
    done(&mut engine, Some(6), now);
    assert_eq!((owner(&engine, 5), owner(&engine, 6)), (None, Some(1)));

    // The kernel gave the number to another one before it was known that the first had gone.
    engine.set(numbered(2, 1), now).expect("valid");
    done(&mut engine, Some(6), now);
    assert_eq!(owner(&engine, 6), Some(2));
    engine.handle_lost::<Numbered>(&1, now);
    assert_eq!(owner(&engine, 6), Some(2), "it is the other one's by now");
    done(&mut engine, Some(7), now);
    assert_eq!(owner(&engine, 7), Some(1));

    engine.handle_lost::<Numbered>(&1, now);
    assert_eq!(owner(&engine, 7), None, "what is gone has no number");
}

#[test]
fn the_number_of_what_was_removed_leads_nowhere() {
    let (mut engine, now) = engine();
    engine.set(plain(1, 1, None), now).expect("valid");
    let index = engine.index::<Plain>(&1).expect("KSync gives it at once");
    done(&mut engine, None, now);
    engine.remove::<Plain>(&1, now);
    done(&mut engine, None, now);
    // Another entry takes its place in the table, under another number.
    assert!(engine.reserve_index::<Plain>(index));
    engine.set(plain(2, 1, None), now).expect("valid");
    assert_ne!(engine.index::<Plain>(&2), Some(index));
    let owner = engine.with_resolver(|resolver| resolver.key::<Plain>(index)).ok();
    assert_eq!(owner, None);
}

#[test]
fn what_is_not_taken_leaves_nothing_behind() {
    let mut engine = Engine::new(RetryPolicy::default());
    let now = Instant::now();
    engine.register::<Plain>().expect("room");
    engine.register::<Both>().expect("room");
    let value = Both { id: 1, plain: Ref::to(7_u32), numbered: Ref::to(8_u32) };
    engine.set(value, now).expect_err("one of the kinds has no table");
    work(&mut engine, now);
    assert_eq!((engine.counts::<Both>().total(), engine.counts::<Plain>().total()), (0, 0));
    assert_eq!(engine.references(), 0);
}

#[test]
fn a_placeholder_has_no_value() {
    let (mut engine, now) = engine();
    engine.set(plain(1, 1, Some(2)), now).expect("valid");
    engine.set(plain(2, 5, None), now).expect("valid");
    engine.remove::<Plain>(&2, now);
    assert_eq!(engine.state::<Plain>(&2), Some(State::Temp));
    assert_eq!(engine.iter::<Plain>().map(|plain| plain.id).collect::<Vec<_>>(), [1]);
}

#[test]
fn an_object_that_is_left_alone_keeps_its_number_until_another_one_takes_its_place() {
    let (mut engine, now) = engine();
    engine.set(Numbered::make(1, Wish::default()), now).expect("valid");
    done(&mut engine, Some(5), now);
    engine.renew::<Numbered>(&1, now);
    let delete = next(&mut engine, now);
    engine.handle_outcome(delete, Outcome::Kept, now);
    assert_eq!(engine.index::<Numbered>(&1), Some(5), "it is still there");
    done(&mut engine, None, now);
    let question = next(&mut engine, now);
    assert_eq!(question.action, Action::Lookup, "what was added may be another one");
    engine.handle_outcome(question, Outcome::Done { index: Some(6) }, now);
    assert_eq!(engine.index::<Numbered>(&1), Some(6));
}

/// What is named by the number of something that is gone can't be named, and is gone too.
#[test]
fn a_delete_that_can_t_be_written_because_nothing_is_there_to_name_is_done() {
    for newer in [false, true] {
        let (mut engine, now) = engine();
        engine.register::<Both>().expect("room");
        engine.set(plain(7, 1, None), now).expect("valid");
        done(&mut engine, None, now);
        for key in [8, 9] {
            engine.set(Numbered::make(key, Wish::default()), now).expect("valid");
            done(&mut engine, Some(key), now);
        }
        let both = |numbered: u32| Both { id: 1, plain: Ref::to(7_u32), numbered: Ref::to(numbered) };
        engine.set(both(8), now).expect("valid");
        done(&mut engine, None, now);
        if newer {
            engine.set(both(9), now).expect("valid");
        }
        engine.remove::<Both>(&1, now);
        let delete = next(&mut engine, now);
        engine.handle_lost::<Numbered>(&8, now);
        let unnamed = OperationError::local(None, "the link has no index");
        engine.handle_outcome(delete, Outcome::Failed(unnamed), now);
        work(&mut engine, now);
        assert_eq!(engine.state::<Both>(&1), None, "with a newer value: {newer}");
    }
}

#[test]
fn what_was_withdrawn_is_not_among_the_declared_values() {
    let (mut engine, now) = engine();
    engine.set(plain(1, 0, None), now).expect("room");
    work(&mut engine, now);
    done(&mut engine, None, now);
    assert_eq!(engine.iter::<Plain>().count(), 1);
    // Its delete is under way, so its value is still kept.
    assert!(engine.remove::<Plain>(&1, now));
    work(&mut engine, now);
    assert_eq!((engine.get::<Plain>(&1), engine.iter::<Plain>().count()), (None, 0));
}
