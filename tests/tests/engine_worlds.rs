//! The engine in small worlds, with everything in every order, from seeds.

use std::time::Instant;

use ksync_tests::worlds::{Weather, World};

fn live(seed: u64, begin: Instant) {
    let mut world = World::new(seed, begin);
    for _ in 0..60 {
        world.step(Weather::Foul);
    }
    world.settle();
    for _ in 0..20 {
        world.step(Weather::Foul);
    }
    world.end();
}

#[test]
fn the_rules_hold_whatever_happens() {
    let begin = Instant::now();
    for seed in 0..20_000 {
        if std::panic::catch_unwind(|| live(seed, begin)).is_err() {
            panic!("seed {seed} breaks a rule");
        }
    }
}
