//! Small worlds to the end: everything that can happen in them, in every order.
//!
//! Each test is a picture of dependencies: the wishes for every entry, each with the keys of what it needs. With
//! `--nocapture` the tests say how much they explored. `KSYNC_EXPLORE=1` lets the user do one thing more and one
//! thing more go wrong (and so on); that takes minutes.

use std::marker::PhantomData;
use std::sync::mpsc;
use std::time::{Duration, Instant};

use ksync_runtime::engine::machine::State;
use ksync_runtime::engine::{Engine, Outcome, RetryPolicy};
use ksync_tests::explore::{
    Action, Flushing, Kept, Kind, Lone, Manner, Numbered, Plain, Plan, Scarce, Wish, World,
};

/// How much more than usual is explored.
fn more() -> u32 {
    std::env::var("KSYNC_EXPLORE").ok().and_then(|text| text.parse().ok()).unwrap_or(0)
}

fn wish(value: u32, needs: &[u32]) -> Wish {
    Wish { value, fixed: 0, first: needs.first().copied(), second: needs.get(1).copied() }
}

/// Two values, and one that differs in what can't be changed in place.
fn all(needs: &[u32]) -> Vec<Wish> {
    vec![wish(0, needs), wish(1, needs), Wish { fixed: 1, ..wish(0, needs) }]
}

/// A value, and one that differs in what can't be changed in place.
fn renewed(needs: &[u32]) -> Vec<Wish> {
    vec![wish(0, needs), Wish { fixed: 1, ..wish(0, needs) }]
}

/// Two values.
fn changed(needs: &[u32]) -> Vec<Wish> {
    vec![wish(0, needs), wish(1, needs)]
}

fn plan<T: Kind>(
    name: &'static str,
    settled: bool,
    users_actions: u32,
    faults: u32,
    wishes: &[(u32, Vec<Wish>)],
) -> Plan<T> {
    Plan { name, wishes: wishes.to_vec(), settled, users_actions, faults, kind: PhantomData }
}

fn report<T: Kind>(plan: &Plan<T>) {
    let begin = Instant::now();
    match plan.explore(begin) {
        Ok(explored) => println!("{}: {explored} ({:.1?})", plan.name, begin.elapsed()),
        Err(broken) => panic!("{}: {broken}", plan.name),
    }
}

fn explore<T: Kind>(
    name: &'static str,
    settled: bool,
    users_actions: u32,
    faults: u32,
    wishes: &[(u32, Vec<Wish>)],
) {
    report(&plan::<T>(name, settled, users_actions + more(), faults + more(), wishes));
}

#[test]
fn one_alone() {
    explore::<Flushing>("one alone", false, 3, 2, &[(1, all(&[]))]);
    explore::<Flushing>("one alone, more of the user", false, 4, 1, &[(1, all(&[]))]);
}

#[test]
fn one_that_stands_on_nothing() {
    explore::<Lone>("stands on nothing", false, 3, 2, &[(1, all(&[]))]);
    explore::<Lone>("stands on nothing, more of the user", false, 4, 1, &[(1, all(&[]))]);
    let two = [(1, renewed(&[])), (2, changed(&[]))];
    explore::<Lone>("two that stand on nothing", false, 3, 1, &two);
}

#[test]
fn one_that_is_deleted_even_if_it_was_never_seen() {
    explore::<Kept>("kept", false, 2, 2, &[(1, all(&[]))]);
}

#[test]
fn one_on_another() {
    let two = [(1, all(&[])), (2, renewed(&[1]))];
    explore::<Flushing>("one on another", true, 2, 1, &two);
    explore::<Plain>("one on another, left alone", true, 2, 1, &two);
    explore::<Kept>("one on another, deleted even if it was never seen", true, 2, 1, &two);
}

#[test]
fn one_on_another_from_nothing() {
    let two = [(1, renewed(&[])), (2, changed(&[1]))];
    explore::<Flushing>("one on another, from nothing", false, 3, 1, &two);
}

#[test]
fn a_chain() {
    let chain = [(1, renewed(&[])), (2, changed(&[1])), (3, vec![wish(0, &[2])])];
    explore::<Flushing>("a chain", true, 2, 1, &chain);
    explore::<Plain>("a chain, left alone", true, 2, 1, &chain);
    explore::<Flushing>("a chain, one wish and more that goes wrong", true, 1, 2, &chain);
}

#[test]
fn two_leaves_on_one_base() {
    let leaves = [(1, renewed(&[])), (2, changed(&[1])), (3, vec![wish(0, &[1])])];
    explore::<Flushing>("two leaves on one base", true, 1, 1, &leaves);
    explore::<Flushing>("two leaves on one base, nothing wrong", true, 3, 0, &leaves);
}

#[test]
fn a_diamond() {
    let diamond = [(1, renewed(&[])), (2, renewed(&[1])), (3, vec![wish(0, &[1])]), (4, changed(&[2, 3]))];
    explore::<Flushing>("a diamond", true, 1, 1, &diamond);
    explore::<Flushing>("a diamond, nothing wrong", true, 2, 0, &diamond);
}

#[test]
fn a_leaf_that_moves() {
    let moves = [(1, renewed(&[])), (2, vec![wish(0, &[])]), (3, vec![wish(0, &[1]), wish(0, &[2])])];
    explore::<Flushing>("a leaf that moves", true, 2, 1, &moves);
    explore::<Plain>("a leaf that moves, left alone", true, 2, 1, &moves);
}

/// Nothing of a circle is ever sent, and it goes away as it came.
#[test]
fn a_circle() {
    let circle = [(1, vec![wish(0, &[2]), wish(1, &[2])]), (2, vec![wish(0, &[1]), wish(1, &[1])])];
    explore::<Flushing>("a circle", false, 5, 1, &circle);
    let own = [(1, vec![wish(0, &[1]), wish(1, &[1])])];
    explore::<Flushing>("a circle of one", false, 4, 1, &own);
}

/// A change of what is there already closes the circle. When all of it is removed, one of them goes first, although the
/// other refers to it.
#[test]
fn a_circle_that_is_asked_for_by_a_change() {
    let circle = [(1, vec![wish(0, &[]), wish(0, &[2])]), (2, vec![wish(0, &[1])])];
    explore::<Flushing>("a circle by a change", true, 4, 0, &circle);
    explore::<Flushing>("a circle by a change, and something goes wrong", true, 3, 1, &circle);
    explore::<Plain>("a circle by a change, left alone", true, 3, 1, &circle);
    let own = [(1, vec![wish(0, &[]), wish(0, &[1])])];
    explore::<Flushing>("a circle of one by a change", true, 3, 2, &own);
}

/// What stands on the circle, and what the circle stands on, goes in its order.
#[test]
fn a_circle_with_neighbours() {
    let circle = [
        (1, vec![wish(0, &[]), wish(0, &[2])]),
        (2, vec![wish(0, &[1, 4])]),
        (3, vec![wish(0, &[1])]),
        (4, vec![wish(0, &[])]),
    ];
    explore::<Flushing>("a circle with neighbours", true, 4, 0, &circle[..]);
}

/// Each of them says that it took the other along.
#[test]
fn a_loss_that_is_passed_round_a_circle_comes_to_an_end() {
    let (done, waits) = mpsc::channel();
    std::thread::spawn(move || {
        let mut world = World::<Flushing>::new(Instant::now());
        let to_itself = Action::Set(1, wish(0, &[1]));
        let story =
            [Action::Set(1, wish(0, &[])), Action::HandOut(Manner::Good), Action::Answer(1), to_itself];
        for action in story.into_iter().chain([Action::HandOut(Manner::Good), Action::Drop(1)]) {
            world.act(action).expect("no rule is broken");
        }
        done.send(()).expect("somebody waits");
    });
    waits.recv_timeout(Duration::from_secs(20)).expect("it comes to an end");
}

/// An answer belongs to one life of an entry: the next one has the same key, and the same place in the table.
#[test]
fn an_answer_of_an_earlier_life_is_rejected() {
    let now = Instant::now();
    let mut engine = Engine::new(RetryPolicy::default());
    engine.register::<Flushing>().expect("room for one kind");
    let ask = |engine: &mut Engine, step: &dyn Fn(&mut Engine)| {
        step(engine);
        while engine.work(16, now) {}
        engine.next_operation(now).expect("something to be sent")
    };
    let set = |engine: &mut Engine| engine.set(Flushing::make(1, wish(0, &[])), now).expect("room");
    let done = Outcome::Done { index: None };

    let first = ask(&mut engine, &set);
    engine.handle_outcome(first, done.clone(), now);
    let delete = ask(&mut engine, &|engine| assert!(engine.remove::<Flushing>(&1, now)));
    engine.handle_outcome(delete, done.clone(), now);
    let second = ask(&mut engine, &set);
    assert_eq!(first.entry, second.entry);

    engine.handle_outcome(first, done.clone(), now);
    assert_eq!((engine.rejected(), engine.state::<Flushing>(&1)), (1, Some(State::SyncWait)));
    engine.handle_outcome(second, done, now);
    assert_eq!((engine.rejected(), engine.state::<Flushing>(&1)), (1, Some(State::InSync)));
}

#[test]
fn numbers_of_the_kernel() {
    explore::<Numbered>("a number of the kernel", false, 2, 2, &[(1, renewed(&[]))]);
    explore::<Numbered>("numbers of the kernel", true, 2, 1, &[(1, all(&[])), (2, changed(&[1]))]);
}

#[test]
fn more_entries_than_numbers() {
    let many = [(1, renewed(&[])), (2, vec![wish(0, &[1])]), (3, vec![wish(0, &[])])];
    explore::<Scarce>("more entries than numbers", false, 4, 0, &many);
    explore::<Scarce>("more entries than numbers, from something", true, 2, 1, &many[..2]);
}
