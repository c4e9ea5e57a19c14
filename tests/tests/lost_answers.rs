//! Answers that are lost one after the other, with other values in between: whatever the kernel may hold has to become
//! what is declared.

use std::time::Instant;

use ksync_runtime::declare::Verb;
use ksync_runtime::engine::{Action, Engine, Operation, Outcome, RetryPolicy};
use ksync_runtime::prelude::*;
use ksync_runtime::wire::NoHeader;

/// Something with an option that a message can set, and none can take away.
#[derive(Clone, Debug, PartialEq, KSyncEntry)]
#[ksync(protocol = route, header = NoHeader, add = 20, delete = 21, merge)]
struct Item {
    #[ksync(key, nla = 1)]
    id: u32,
    #[ksync(nla = 2)]
    value: u32,
    #[ksync(nla = 3)]
    option: Option<u32>,
}

struct World {
    engine: Engine,
    now: Instant,
}

impl World {
    fn new() -> Self {
        let mut engine = Engine::new(RetryPolicy::default());
        engine.register::<Item>().expect("room");
        World { engine, now: Instant::now() }
    }

    fn set(&mut self, value: u32, option: Option<u32>) {
        self.engine.set(Item { id: 1, value, option }, self.now).expect("valid");
    }

    fn next(&mut self) -> Option<Operation> {
        while self.engine.work(100, self.now) {}
        self.engine.next_operation(self.now)
    }

    /// The next operation is of that sort, and this comes of it.
    fn step(&mut self, verb: Verb, outcome: Outcome) {
        let operation = self.next().expect("an operation");
        assert_eq!(operation.action, Action::Write(verb));
        self.engine.handle_outcome(operation, outcome, self.now);
    }
}

fn done() -> Outcome {
    Outcome::Done { index: None }
}

#[test]
fn an_option_that_may_be_held_and_that_nobody_names_any_more_is_taken_away_with_the_object() {
    let mut world = World::new();
    world.set(0, None);
    world.step(Verb::Add, done());
    // The kernel holds value 0, or 1.
    world.set(1, None);
    world.step(Verb::Change, Outcome::Unknown);
    // Or 1 with the option.
    world.set(1, Some(5));
    world.step(Verb::Change, Outcome::Unknown);
    world.set(1, None);
    world.step(Verb::Delete, done());
    world.step(Verb::Add, done());
    assert!(world.next().is_none());
    // That is over: what follows is an ordinary change.
    world.set(2, None);
    world.step(Verb::Change, done());
    world.set(2, Some(5));
    world.step(Verb::Change, done());
}

#[test]
fn values_that_a_change_leads_to_from_each_other_are_changed_whatever_was_lost() {
    let mut world = World::new();
    world.set(0, Some(4));
    world.step(Verb::Add, done());
    for (value, option) in [(1, 4), (2, 5), (3, 6)] {
        world.set(value, Some(option));
        world.step(Verb::Change, Outcome::Unknown);
    }
    world.set(0, Some(4));
    world.step(Verb::Change, done());
    assert!(world.next().is_none());
}

#[test]
fn what_was_sent_besides_what_may_be_held_counts_too() {
    let mut world = World::new();
    world.set(0, None);
    world.step(Verb::Add, done());
    world.set(0, Some(5));
    let change = world.next().expect("a change");
    // Declared while the change is on its way, whose answer is lost.
    world.set(1, None);
    world.engine.handle_outcome(change, Outcome::Unknown, world.now);
    world.step(Verb::Delete, done());
    world.step(Verb::Add, done());
    assert!(world.next().is_none());
}
