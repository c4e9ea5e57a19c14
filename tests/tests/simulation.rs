//! Stories from seeds: thousands of entries, everything in every order, every fault; see
//! `ksync_tests::simulation`. A story that fails says how the program `simulate` tells it again.

use ksync_tests::simulation::{Fault, Settings, Story, Summary, Weather, scale};

/// Tells a story, and fails with the command that tells it again.
fn tell(seed: u64, operations: u64, entries: usize, faults: Weather) -> Summary {
    let settings = Settings { seed, operations, entries, faults };
    match Story::new(settings).tell(|_| {}) {
        Ok(summary) => summary,
        Err(broken) => panic!(
            "{broken}\nagain: cargo run --release --bin simulate -- \
             --seed {seed} --ops {operations} --entries {entries} --faults {faults}"
        ),
    }
}

#[test]
fn in_fair_weather_everything_is_right_and_nothing_is_written_twice() {
    for seed in 0..4 {
        let summary = tell(seed, 60_000, 300, Weather::FAIR);
        assert_eq!((summary.lost_answers, summary.healed), (0, 0));
    }
}

#[test]
fn a_few_entries_meet_in_every_way() {
    for seed in 0..4 {
        tell(seed, 70_000, 20, Weather::ALL);
    }
}

#[test]
fn whatever_goes_wrong_it_comes_out_right() {
    for seed in 10..14 {
        let summary = tell(seed, 60_000, 300, Weather::ALL);
        assert!(summary.refusals > 0 && summary.disappeared > 0, "{summary:?}");
    }
}

#[test]
fn thousands_of_entries_come_out_right() {
    tell(20, 120_000, 4000, Weather::ALL);
    tell(21, 120_000, 4000, Weather::FAIR);
}

#[test]
fn each_fault_alone_comes_out_right() {
    for fault in Weather::ALL.faults() {
        tell(30, 10_000, 100, Weather::only(fault));
    }
}

#[test]
fn the_same_seed_tells_the_same_story() {
    let tell = || tell(40, 5000, 100, Weather::ALL);
    assert_eq!(tell(), tell());
}

/// Nobody believes in checks that never failed.
#[test]
fn a_lie_is_found_out() {
    let mut lies = 0;
    for seed in 0..10 {
        let settings = Settings { seed, operations: 0, entries: 100, faults: Weather::FAIR };
        let mut story = Story::new(settings);
        story.tell_part(400).expect("the truth so far");
        story.peace().expect("the truth still");
        // Some stories have no route by then.
        let Some(victim) = story.lie() else {
            continue;
        };
        lies += 1;
        let broken = story.peace().expect_err("a route is missing and nobody was told");
        assert_eq!(broken.what, format!("{victim} is said to be in sync, but it is not there"));
        assert!(!broken.before.is_empty(), "the story of the route is told");
    }
    assert!(lies >= 5, "most stories have a route to lie about, {lies} of 10 did");
}

#[test]
fn faults_that_are_named_strike() {
    let weather = Weather::only(Fault::Busy).and(Fault::Flush);
    let summary = tell(50, 10_000, 100, weather);
    assert!(summary.refusals > 0 && summary.disappeared > 0, "{summary:?}");
}

#[test]
fn many_routes_in_the_wrong_order_leave_nothing_behind() {
    let writes = scale::many_routes(100_000).expect("all as it must be");
    assert_eq!(writes, 2 * (100_000 + 1000 + 100), "each is added once and deleted once");
}

#[test]
fn a_long_chain_needs_no_long_stack() {
    const SMALL_STACK: usize = 256 * 1024;
    let thread = std::thread::Builder::new().stack_size(SMALL_STACK);
    let running = thread.spawn(|| scale::chain(100_000)).expect("a thread");
    let writes = running.join().expect("no overflow").expect("all as it must be");
    assert_eq!(writes, 3 * 100_000, "added, lost and added again, deleted");
}
