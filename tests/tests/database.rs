//! Database rows: tables with listeners, and entries that follow rows.

mod database_support;

use std::collections::BTreeMap;
use std::time::Instant;

use ksync_runtime::agent::Agent;
use ksync_runtime::database::{
    Binding, Change, DbRow, DbTable, Entries, FromRow, ListenerId, RefusedBecause, Verdict, Walk,
};
use ksync_runtime::engine::machine::State;
use ksync_runtime::engine::{Engine, SetError};
use ksync_runtime::prelude::*;
use ksync_runtime::socket::simulated::SimulatedKernel;
use ksync_runtime::wire::NoHeader;

use database_support::{Ground, Row, Thing, UNLUCKY, model, row};

// ---- Tables and listeners ----

fn told(rows: &mut DbTable<Row>, listener: ListenerId) -> Vec<(Change, u32, u32)> {
    let mut told = Vec::new();
    while rows.deliver(listener, 1, |change, row| told.push((change, row.key, row.value))) {}
    told
}

fn table_of(keys: impl IntoIterator<Item = u32>) -> DbTable<Row> {
    let mut rows = DbTable::new();
    for key in keys {
        rows.notify(row(key, key, 0)).expect("room");
    }
    rows
}

#[test]
fn several_changes_of_a_row_are_told_once_with_the_newest_data() {
    let mut rows = DbTable::new();
    let listener = rows.listen();
    for value in 1..=3 {
        rows.notify(row(1, 1, value)).expect("room");
    }
    assert_eq!(rows.pending(listener), 1);
    assert_eq!(told(&mut rows, listener), [(Change::Added, 1, 3)]);
    for value in 4..=6 {
        rows.notify(row(1, 1, value)).expect("room");
    }
    assert_eq!(told(&mut rows, listener), [(Change::Changed, 1, 6)]);
}

#[test]
fn a_row_that_is_written_as_it_was_is_told_all_the_same() {
    let mut rows = table_of([]);
    let listener = rows.listen();
    for change in [Change::Added, Change::Changed, Change::Changed] {
        rows.notify(row(1, 1, 1)).expect("room");
        assert_eq!(told(&mut rows, listener), [(change, 1, 1)]);
    }
}

#[test]
fn a_row_added_and_deleted_before_delivery_is_never_told() {
    let mut rows = DbTable::new();
    let listener = rows.listen();
    rows.notify(row(1, 1, 1)).expect("room");
    assert!(rows.delete(&1));
    assert_eq!((rows.pending(listener), rows.kept(), rows.find(&1)), (0, 0, None));
    assert_eq!(told(&mut rows, listener), []);
}

#[test]
fn a_row_deleted_and_added_again_before_delivery_is_a_change() {
    let mut rows = DbTable::new();
    let listener = rows.listen();
    rows.notify(row(1, 1, 1)).expect("room");
    told(&mut rows, listener);
    rows.delete(&1);
    rows.notify(row(1, 1, 2)).expect("room");
    assert_eq!(told(&mut rows, listener), [(Change::Changed, 1, 2)]);
    assert_eq!((rows.len(), rows.kept()), (1, 0));
}

#[test]
fn a_row_added_again_and_deleted_again_while_it_is_kept_is_not_told() {
    let mut rows = table_of([]);
    let listener = rows.listen();
    rows.notify(row(1, 1, 1)).expect("room");
    rows.poll(listener);
    rows.delete(&1);
    let deleted = rows.poll(listener).expect("told");
    assert_eq!(deleted.change, Change::Deleted);
    rows.notify(row(1, 1, 2)).expect("room");
    rows.delete(&1);
    assert_eq!(rows.poll(listener), None);
    assert_eq!(rows.kept(), 1);
    assert!(rows.let_go(listener, deleted.row));
    assert_eq!((rows.kept(), rows.find(&1)), (0, None));
}

#[test]
fn notifications_come_in_the_order_in_which_the_rows_first_changed() {
    let mut rows = DbTable::new();
    let listener = rows.listen();
    for (key, value) in [(3, 1), (1, 1), (2, 1), (3, 2)] {
        rows.notify(row(key, key, value)).expect("room");
    }
    // What was taken back and comes again has lost its place, although it lies where it lay.
    rows.delete(&1);
    rows.notify(row(1, 1, 2)).expect("room");
    assert_eq!(
        told(&mut rows, listener),
        [(Change::Added, 3, 2), (Change::Added, 2, 1), (Change::Added, 1, 2)]
    );
}

#[test]
fn notifications_come_in_slices() {
    let mut rows = DbTable::new();
    let listener = rows.listen();
    for key in 0..10 {
        rows.notify(row(key, key, 0)).expect("room");
    }
    let mut slices = Vec::new();
    loop {
        let mut slice = 0;
        let more = rows.deliver(listener, 4, |_, _| slice += 1);
        slices.push((slice, more));
        if !more {
            break;
        }
    }
    assert_eq!(slices, [(4, true), (4, true), (2, false)]);
}

#[test]
fn a_slice_that_takes_the_last_notification_says_that_there_is_no_more() {
    let mut rows = DbTable::new();
    let listener = rows.listen();
    rows.notify(row(1, 1, 1)).expect("room");
    assert!(!rows.deliver(listener, 1, |_, _| ()));
    rows.notify(row(1, 1, 1)).expect("room");
    assert!(rows.deliver(listener, 0, |_, _| panic!("nothing was asked for")));
}

#[test]
fn each_listener_has_its_own_pace() {
    let mut rows = DbTable::new();
    let (swift, slow) = (rows.listen(), rows.listen());
    for value in 1..=2 {
        rows.notify(row(1, 1, value)).expect("room");
        told(&mut rows, swift);
    }
    rows.delete(&1);
    rows.notify(row(2, 2, 1)).expect("room");
    assert_eq!(told(&mut rows, swift), [(Change::Deleted, 1, 2), (Change::Added, 2, 1)]);
    assert_eq!(told(&mut rows, slow), [(Change::Added, 2, 1)]);
}

#[test]
fn a_listener_removed_while_notifications_are_pending_is_told_nothing_and_keeps_nothing() {
    let mut rows = DbTable::new();
    let (going, staying) = (rows.listen(), rows.listen());
    rows.notify(row(1, 1, 1)).expect("room");
    rows.notify(row(2, 2, 1)).expect("room");
    told(&mut rows, going);
    rows.delete(&1);
    rows.notify(row(2, 2, 2)).expect("room");
    assert_eq!((rows.pending(going), rows.kept()), (2, 1));
    assert!(rows.unlisten(going));
    assert_eq!((rows.pending(going), rows.kept()), (0, 0));
    assert_eq!(told(&mut rows, going), []);
    assert!(!rows.unlisten(going));
    assert_ne!(rows.listen(), going, "the name of a listener is not given out again");
    assert_eq!(told(&mut rows, staying), [(Change::Added, 2, 2)]);
}

#[test]
fn a_deleted_row_is_readable_until_all_who_know_it_have_let_go_of_it() {
    let mut rows = DbTable::new();
    let (first, second) = (rows.listen(), rows.listen());
    let stranger = rows.listen();
    let id = rows.notify(row(1, 1, 7)).expect("room");
    rows.poll(first);
    rows.poll(second);
    assert!(rows.delete(&1));
    assert_eq!((rows.get(&1), rows.len(), rows.is_deleted(id)), (None, 0, true));
    assert!(!rows.let_go(first, id), "it was not told yet");
    assert_eq!(rows.poll(first).map(|told| (told.row, told.change)), Some((id, Change::Deleted)));
    rows.poll(second);
    assert_eq!(rows.poll(stranger), None);
    assert!(rows.let_go(first, id));
    assert!(!rows.let_go(first, id), "once is enough");
    assert_eq!(rows.row(id).map(|row| row.value), Some(7));
    assert!(rows.let_go(second, id));
    assert_eq!((rows.row(id), rows.kept()), (None, 0));
}

#[test]
fn a_kept_row_that_is_added_again_is_the_same_row_and_told_as_added() {
    let mut rows = DbTable::new();
    let listener = rows.listen();
    let id = rows.notify(row(1, 1, 1)).expect("room");
    rows.poll(listener);
    rows.delete(&1);
    rows.poll(listener);
    assert_eq!(rows.notify(row(1, 1, 2)).expect("room"), id);
    assert_eq!((rows.len(), rows.kept(), rows.is_deleted(id)), (1, 0, false));
    assert!(rows.is_pending(listener, id));
    assert_eq!(rows.poll(listener).map(|told| told.change), Some(Change::Added));
    assert!(!rows.let_go(listener, id), "what it held on to is the past");
    assert_eq!(rows.get(&1).map(|row| row.value), Some(2));
}

#[test]
fn a_kept_row_that_was_added_again_can_still_be_let_go_of() {
    let mut rows = DbTable::new();
    let listener = rows.listen();
    let id = rows.notify(row(1, 1, 1)).expect("room");
    rows.poll(listener);
    rows.delete(&1);
    rows.poll(listener);
    rows.notify(row(1, 1, 2)).expect("room");
    assert!(rows.let_go(listener, id));
    assert_eq!(rows.get(&1).map(|row| row.value), Some(2), "it is there again, whoever let go");
    assert_eq!(rows.poll(listener).map(|told| told.change), Some(Change::Added));
}

#[test]
fn the_name_of_a_row_that_is_gone_does_not_name_the_next_one_in_its_place() {
    let mut rows = DbTable::new();
    let listener = rows.listen();
    let old = rows.notify(row(1, 1, 1)).expect("room");
    rows.delete(&1);
    rows.notify(row(2, 2, 2)).expect("room");
    assert_eq!((rows.row(old), rows.is_pending(listener, old)), (None, false));
    rows.poll(listener);
    rows.delete(&2);
    rows.poll(listener);
    assert!(!rows.let_go(listener, old));
    assert_eq!(rows.kept(), 1);
}

#[test]
fn a_second_delete_of_a_row_does_nothing() {
    let mut rows = DbTable::new();
    let listener = rows.listen();
    rows.notify(row(1, 1, 1)).expect("room");
    told(&mut rows, listener);
    assert!(rows.delete(&1));
    assert!(!rows.delete(&1));
    assert_eq!((rows.pending(listener), rows.len(), rows.kept()), (1, 0, 1));
    assert_eq!(told(&mut rows, listener), [(Change::Deleted, 1, 1)]);
    assert!(!rows.delete(&1));
}

#[test]
fn rows_that_come_and_go_while_nobody_looks_leave_nothing_to_tell() {
    let mut rows = DbTable::new();
    let listener = rows.listen();
    for key in 0..10_000 {
        rows.notify(row(key, key, 0)).expect("room");
        rows.delete(&key);
    }
    assert_eq!((rows.pending(listener), rows.len(), rows.kept()), (0, 0, 0));
}

#[test]
fn a_walk_shows_every_row_once_while_others_come_and_go() {
    for budget in 1..=7 {
        let mut rows = table_of(0..40);
        let mut walk = Walk::default();
        let mut seen: BTreeMap<u32, u32> = BTreeMap::new();
        let mut round = 0;
        while rows.walk(&mut walk, budget, |_, row| *seen.entry(row.key).or_default() += 1) {
            // Odd ones go, in front of the walk and behind it, and new ones take their places and more.
            rows.delete(&(2 * (round * 7 % 20) + 1));
            rows.notify(row(1000 + round, 0, 0)).expect("room");
            rows.notify(row(2 * (round % 20), 0, 1)).expect("room");
            round += 1;
            assert!(round < 100, "it ends, although rows are added all the time");
        }
        for key in (0..40).step_by(2) {
            assert_eq!(seen.get(&key), Some(&1), "row {key}, {budget} at a time");
        }
        assert!(seen.values().all(|times| *times == 1));
    }
}

#[test]
fn a_walk_does_not_show_deleted_rows_that_are_kept() {
    let mut rows = DbTable::new();
    let listener = rows.listen();
    rows.notify(row(1, 1, 1)).expect("room");
    rows.poll(listener);
    rows.delete(&1);
    assert!(!rows.walk(&mut Walk::default(), 10, |_, row| panic!("{row:?}")));
}

#[test]
fn a_new_listener_is_brought_up_to_date_in_slices_and_told_of_every_row_once() {
    let mut rows = table_of(0..20);
    let listener = rows.listen();
    let mut walk = Walk::default();
    let mut heard: BTreeMap<u32, Vec<(Change, u32)>> = BTreeMap::new();
    let mut slices = 0;
    loop {
        let more = rows.catch_up(listener, &mut walk, 5);
        slices += 1;
        assert!(rows.pending(listener) <= 7, "a slice at a time");
        // Some rows are written behind the walk; one is told before the walk comes to it.
        if slices == 1 {
            rows.notify(row(19, 19, 1)).expect("room");
        }
        rows.notify(row(0, 0, slices)).expect("room");
        while rows
            .deliver(listener, 10, |change, row| heard.entry(row.key).or_default().push((change, row.value)))
        {
        }
        if !more {
            break;
        }
    }
    assert_eq!(slices, 4);
    assert_eq!(heard.len(), 20);
    for (key, heard) in &heard {
        assert_eq!(heard[0].0, Change::Added, "row {key}");
        let times = if *key == 0 { 4 } else { 1 };
        assert_eq!(heard.len(), times, "row {key}: {heard:?}");
    }
}

// ---- Rows and entries ----

#[test]
fn one_row_maps_to_one_entry() {
    let mut ground = Ground::new();
    ground.write(row(1, 10, 5));
    ground.write(row(2, 20, 6));
    ground.settle();
    assert_eq!(ground.sent(), ["add Thing 10", "add Thing 20"]);
    assert_eq!((ground.value(10), ground.value(20)), (Some(5), Some(6)));
    ground.write(row(1, 10, 7));
    ground.settle();
    assert_eq!(ground.sent(), ["change Thing 10"]);
    ground.delete(2);
    ground.settle();
    assert_eq!(ground.sent(), ["delete Thing 20"]);
    assert_eq!((ground.value(10), ground.value(20)), (Some(7), None));
    assert_eq!((ground.binding.entries(), ground.rows.kept()), (1, 0));
}

#[test]
fn a_row_added_and_deleted_before_its_notification_ran_causes_no_operation() {
    let mut ground = Ground::new();
    ground.engine.watch(true);
    ground.notify(row(1, 10, 5));
    ground.rows.delete(&1);
    ground.settle();
    assert_eq!(ground.sent(), [""; 0]);
    assert!(ground.engine.poll_transition().is_none());
    assert_eq!(ground.binding.entries(), 0);
}

#[test]
fn a_row_deleted_and_added_again_before_its_notification_ran_is_a_change() {
    let mut ground = Ground::with([row(1, 10, 5)]);
    ground.rows.delete(&1);
    ground.write(row(1, 10, 6));
    ground.settle();
    assert_eq!(ground.sent(), ["change Thing 10"]);
}

#[test]
fn rows_from_before_the_binding_come_in_by_slices() {
    let mut ground = Ground::new();
    for key in 0..10 {
        ground.notify(row(key, key, 0));
    }
    let mut late: Binding<Row, Thing> = Binding::new(&mut ground.rows);
    let mut declared = Vec::new();
    loop {
        let more = late.deliver(&mut ground.rows, &mut ground.engine, 4, ground.now);
        declared.push(ground.engine.iter::<Thing>().count());
        if !more {
            break;
        }
    }
    assert_eq!(declared, [4, 8, 10]);
}

#[test]
fn a_filter_can_accept() {
    let mut ground = Ground::new();
    ground.write(row(1, 10, 5));
    assert_eq!((ground.value(10), ground.in_use(10)), (Some(5), Some(1)));
}

#[test]
fn a_filter_can_ignore_an_add_and_a_change() {
    let mut ground = Ground::new();
    let ignored = |value| Row { verdict: Verdict::Ignore, ..row(1, 10, value) };
    ground.write(ignored(5));
    assert_eq!((ground.value(10), ground.binding.entry_of(&ground.rows, &1)), (None, None));
    ground.write(row(1, 10, 6));
    ground.write(ignored(7));
    assert_eq!((ground.value(10), ground.in_use(10)), (Some(6), Some(1)));
    ground.delete(1);
    assert_eq!(ground.value(10), None, "deletes don't ask the filter");
}

#[test]
fn a_row_that_was_always_ignored_is_not_kept_when_it_is_deleted() {
    let mut ground = Ground::new();
    ground.write(Row { verdict: Verdict::Ignore, ..row(1, 10, 5) });
    ground.delete(1);
    assert_eq!(ground.rows.kept(), 0);
}

#[test]
fn a_filter_can_drop_the_entry() {
    let mut ground = Ground::with([row(1, 10, 5)]);
    let dropped = Row { verdict: Verdict::Delete, ..row(1, 10, 5) };
    ground.write(dropped.clone());
    assert_eq!((ground.value(10), ground.departing(10)), (None, Some(1)));
    ground.settle();
    assert_eq!(ground.sent(), ["delete Thing 10"]);
    assert_eq!((ground.departing(10), ground.binding.entries()), (None, 0));
    ground.write(dropped);
    assert_eq!(ground.binding.entries(), 0, "a second time does no harm");
    ground.write(row(1, 10, 6));
    ground.settle();
    assert_eq!((ground.value(10), ground.sent()), (Some(6), vec!["add Thing 10".to_owned()]));
}

#[test]
fn a_filter_can_drop_the_old_entry_and_add_the_new_one() {
    let mut ground = Ground::with([row(1, 10, 5)]);
    ground.write(Row { verdict: Verdict::DeleteAdd, ..row(1, 20, 5) });
    assert_eq!((ground.value(10), ground.value(20)), (None, Some(5)));
    assert_eq!((ground.in_use(10), ground.departing(10), ground.in_use(20)), (None, None, Some(1)));
    ground.settle();
    assert_eq!(ground.sent(), ["delete Thing 10", "add Thing 20"]);
    assert_eq!(ground.binding.entries(), 1);
}

#[test]
fn delete_add_under_the_same_key_puts_the_row_behind_the_others() {
    let mut ground = Ground::with([row(1, 10, 5), row(2, 10, 6)]);
    ground.write(Row { verdict: Verdict::DeleteAdd, ..row(1, 10, 7) });
    assert_eq!((ground.in_use(10), ground.queued(10), ground.value(10)), (Some(2), vec![1], Some(6)));
    ground.write(Row { verdict: Verdict::DeleteAdd, ..row(2, 10, 8) });
    assert_eq!((ground.in_use(10), ground.queued(10), ground.value(10)), (Some(1), vec![2], Some(7)));
}

#[test]
fn an_accepted_row_that_maps_to_another_key_moves_there() {
    let mut ground = Ground::with([row(1, 10, 5), row(2, 10, 6), row(3, 30, 7)]);
    ground.write(row(1, 30, 5));
    assert_eq!((ground.in_use(10), ground.value(10)), (Some(2), Some(6)));
    assert_eq!((ground.in_use(30), ground.queued(30), ground.value(30)), (Some(3), vec![1], Some(7)));
    ground.write(row(2, 40, 6));
    assert_eq!((ground.value(10), ground.value(40)), (None, Some(6)));
    assert_eq!(ground.binding.entry_of(&ground.rows, &2), Some(&40));
}

#[test]
fn the_first_row_is_in_use_and_the_rest_queue_in_the_order_in_which_they_came() {
    let mut ground = Ground::with([row(7, 10, 1), row(3, 10, 2), row(9, 10, 3), row(1, 10, 4)]);
    assert_eq!((ground.in_use(10), ground.queued(10), ground.value(10)), (Some(7), vec![3, 9, 1], Some(1)));
    assert_eq!(ground.binding.entry_of(&ground.rows, &9), Some(&10));
    for (key, value, queued) in [(7, 2, vec![9, 1]), (3, 3, vec![1]), (9, 4, vec![])] {
        ground.delete(key);
        assert_eq!((ground.value(10), ground.queued(10)), (Some(value), queued));
    }
    assert_eq!(ground.in_use(10), Some(1));
}

#[test]
fn a_row_keeps_its_place_in_the_queue_when_it_changes() {
    let mut ground = Ground::with([row(1, 10, 1), row(2, 10, 2), row(3, 10, 3)]);
    ground.write(row(2, 10, 9));
    assert_eq!(ground.queued(10), [2, 3]);
}

#[test]
fn changes_of_a_queued_row_are_ignored_and_its_newest_data_count_when_it_takes_over() {
    let mut ground = Ground::with([row(1, 10, 5), row(2, 10, 6)]);
    ground.write(row(2, 10, 7));
    assert_eq!((ground.in_use(10), ground.value(10)), (Some(1), Some(5)));
    ground.settle();
    assert_eq!(ground.sent(), [""; 0]);
    ground.rows.delete(&1);
    ground.notify(row(2, 10, 8)); // newer than what was told
    ground.settle();
    assert_eq!((ground.in_use(10), ground.value(10)), (Some(2), Some(8)));
    assert_eq!(ground.sent(), ["change Thing 10"]);
}

#[test]
fn a_change_is_sent_on_take_over_only_if_the_entrys_data_differ() {
    let mut ground = Ground::with([row(1, 10, 5), row(2, 10, 5), row(3, 10, 6)]);
    ground.engine.watch(true);
    ground.delete(1);
    assert!(ground.engine.poll_transition().is_none(), "the entry is left alone");
    ground.settle();
    assert_eq!((ground.in_use(10), ground.sent()), (Some(2), vec![]));
    ground.delete(2);
    ground.settle();
    assert_eq!((ground.in_use(10), ground.sent()), (Some(3), vec!["change Thing 10".to_owned()]));
}

#[test]
fn the_next_row_takes_over_when_the_one_in_use_is_deleted_filtered_out_or_maps_elsewhere() {
    let goes: [fn(&mut Ground); 4] = [
        |ground| ground.delete(1),
        |ground| ground.write(Row { verdict: Verdict::Delete, ..row(1, 10, 5) }),
        |ground| ground.write(row(1, 20, 5)),
        |ground| ground.write(Row { verdict: Verdict::DeleteAdd, ..row(1, 20, 5) }),
    ];
    for go in goes {
        let mut ground = Ground::with([row(1, 10, 5), row(2, 10, 6)]);
        go(&mut ground);
        assert_eq!((ground.in_use(10), ground.queued(10), ground.value(10)), (Some(2), vec![], Some(6)));
        assert_eq!((ground.departing(10), ground.rows.kept()), (None, 0), "nobody needs the old row");
        ground.settle();
        assert!(ground.sent().contains(&"change Thing 10".to_owned()), "never deleted in between");
    }
}

#[test]
fn when_the_last_row_goes_the_entry_is_removed() {
    let mut ground = Ground::with([row(1, 10, 5), row(2, 10, 5)]);
    ground.delete(2);
    assert_eq!((ground.value(10), ground.queued(10)), (Some(5), vec![]));
    ground.delete(1);
    ground.settle();
    assert_eq!((ground.sent(), ground.value(10)), (vec!["delete Thing 10".to_owned()], None));
    assert_eq!((ground.binding.entries(), ground.rows.kept(), ground.binding.leaving()), (0, 0, 0));
}

#[test]
fn a_queued_row_leaves_the_queue_when_it_is_deleted_filtered_out_or_maps_elsewhere() {
    let goes: [fn(&mut Ground); 3] = [
        |ground| ground.delete(2),
        |ground| ground.write(Row { verdict: Verdict::Delete, ..row(2, 10, 6) }),
        |ground| ground.write(row(2, 20, 6)),
    ];
    for go in goes {
        let mut ground = Ground::with([row(1, 10, 5), row(2, 10, 6), row(3, 10, 7)]);
        go(&mut ground);
        assert_eq!((ground.in_use(10), ground.queued(10), ground.value(10)), (Some(1), vec![3], Some(5)));
        assert_eq!(ground.rows.kept(), 0);
        ground.settle();
        assert!(!ground.sent().iter().any(|sent| sent.ends_with("Thing 10")));
    }
}

#[test]
fn a_queued_row_that_is_ignored_stays_in_the_queue() {
    let mut ground = Ground::with([row(1, 10, 5), row(2, 10, 6)]);
    ground.write(Row { verdict: Verdict::Ignore, ..row(2, 10, 7) });
    assert_eq!(ground.queued(10), [2]);
    ground.delete(1);
    assert_eq!((ground.in_use(10), ground.value(10)), (Some(2), Some(7)));
}

#[test]
fn a_queued_row_that_is_gone_already_is_passed_over_though_nobody_was_told() {
    let mut ground =
        Ground::with([row(1, 10, 5), row(2, 10, 6), row(3, 10, 7), row(4, 10, 8), row(5, 10, 9)]);
    ground.engine.watch(true);
    ground.rows.delete(&1);
    ground.rows.delete(&2);
    ground.notify(row(3, 30, 7));
    ground.notify(Row { verdict: Verdict::Delete, ..row(4, 10, 8) });
    ground.settle();
    assert_eq!((ground.in_use(10), ground.queued(10), ground.value(10)), (Some(5), vec![], Some(9)));
    assert_eq!(ground.sent(), ["change Thing 10", "add Thing 30"], "one change, to the one that stays");
    let steps = std::iter::from_fn(|| ground.engine.poll_transition());
    let requests = steps.filter(|step| step.key == "10" && step.event.to_string() == "ADD_CHANGE_REQ");
    assert_eq!(requests.count(), 1);
}

#[test]
fn an_entry_goes_with_the_row_in_use_if_all_queued_ones_are_gone_already() {
    let mut ground = Ground::with([row(1, 10, 5), row(2, 10, 6)]);
    ground.rows.delete(&1);
    ground.rows.delete(&2);
    ground.settle();
    assert_eq!(ground.sent(), ["delete Thing 10"]);
    assert_eq!((ground.binding.entries(), ground.rows.kept()), (0, 0));
}

#[test]
fn a_second_delete_of_a_row_is_harmless() {
    let mut ground = Ground::with([row(1, 10, 5)]);
    let dropped = Row { verdict: Verdict::Delete, ..row(1, 10, 5) };
    ground.write(dropped.clone());
    ground.write(dropped);
    ground.delete(1);
    assert!(!ground.rows.delete(&1));
    ground.settle();
    assert_eq!(ground.sent(), ["delete Thing 10"]);
    assert_eq!((ground.binding.entries(), ground.rows.kept(), ground.engine.rejected()), (0, 0, 0));
}

// ---- Letting go ----

#[test]
fn a_deleted_row_stays_readable_until_its_entry_is_free() {
    let mut ground = Ground::with([row(1, 10, 5)]);
    ground.delete(1);
    assert_eq!((ground.departing(10), ground.rows.kept()), (Some(1), 1));
    assert_eq!((ground.in_use(10), ground.binding.entry_of(&ground.rows, &1)), (None, None));
    ground.send();
    assert_eq!(ground.state(10), Some(State::DelAckWait));
    ground.clean_up();
    assert_eq!((ground.departing(10), ground.rows.kept(), ground.binding.leaving()), (Some(1), 1, 1));
    ground.answer();
    ground.clean_up();
    assert_eq!((ground.state(10), ground.departing(10), ground.rows.kept()), (None, None, 0));
    assert_eq!((ground.binding.entries(), ground.binding.leaving()), (0, 0));
}

#[test]
fn a_deleted_row_is_let_go_of_when_its_entry_becomes_a_placeholder() {
    let mut ground = Ground::with([row(1, 10, 5)]);
    ground.delete(1);
    ground.send();
    ground.refers(Some(10)); // while the delete is out
    ground.clean_up();
    assert_eq!((ground.state(10), ground.rows.kept()), (Some(State::DelAckWait), 1));
    ground.answer();
    ground.clean_up();
    assert_eq!((ground.state(10), ground.rows.kept()), (Some(State::Temp), 0));
    assert_eq!(ground.binding.entries(), 0);
}

#[test]
fn a_deleted_row_is_kept_while_others_refer_to_its_entry_in_the_kernel() {
    let mut ground = Ground::with([row(1, 10, 5)]);
    ground.refers(Some(10));
    ground.settle();
    ground.delete(1);
    ground.settle();
    assert_eq!((ground.state(10), ground.departing(10)), (Some(State::DelDeferRef), Some(1)));
    ground.refers(None);
    ground.settle();
    assert_eq!((ground.state(10), ground.departing(10), ground.rows.kept()), (None, None, 0));
}

#[test]
fn a_row_is_let_go_of_at_once_if_its_entry_never_left() {
    let mut ground = Ground::new();
    ground.write(row(1, 10, 5));
    ground.rows.delete(&1);
    ground.binding.deliver(&mut ground.rows, &mut ground.engine, 1, ground.now);
    assert_eq!((ground.rows.kept(), ground.binding.entries(), ground.binding.leaving()), (0, 0, 0));
    ground.settle();
    assert_eq!(ground.sent(), [""; 0]);
}

#[test]
fn a_row_that_comes_back_before_its_entry_let_go_is_in_use_again() {
    let mut ground = Ground::with([row(1, 10, 5)]);
    ground.delete(1);
    ground.send();
    ground.write(row(1, 10, 6));
    assert_eq!(
        (ground.in_use(10), ground.departing(10), ground.state(10)),
        (Some(1), None, Some(State::RenewWait))
    );
    ground.settle();
    assert_eq!(ground.sent(), ["delete Thing 10", "add Thing 10"]);
    assert_eq!((ground.in_use(10), ground.value(10), ground.binding.leaving()), (Some(1), Some(6), 0));
    ground.delete(1);
    ground.settle();
    assert_eq!((ground.rows.kept(), ground.binding.entries()), (0, 0));
}

#[test]
fn a_row_that_comes_back_under_another_key_leaves_the_entry_that_has_not_let_go() {
    let mut ground = Ground::with([row(1, 10, 5)]);
    ground.delete(1);
    ground.send();
    ground.write(row(1, 20, 5));
    assert_eq!((ground.departing(10), ground.in_use(20)), (None, Some(1)));
    ground.delete(1);
    ground.answer();
    ground.clean_up();
    assert_eq!((ground.departing(20), ground.binding.entries()), (None, 0), "the add had not left");
    ground.settle();
    assert_eq!(ground.rows.kept(), 0);
}

#[test]
fn another_row_can_come_into_use_before_the_entry_let_go_of_the_old_one() {
    let mut ground = Ground::with([row(1, 10, 5)]);
    ground.delete(1);
    ground.send();
    ground.write(row(2, 10, 6));
    assert_eq!((ground.in_use(10), ground.departing(10), ground.rows.kept()), (Some(2), None, 0));
    ground.settle();
    assert_eq!((ground.value(10), ground.state(10)), (Some(6), Some(State::InSync)));
}

#[test]
fn cleaning_up_looks_at_so_many_entries_a_call_and_comes_to_all_of_them() {
    let mut ground = Ground::with((0..10).map(|key| row(key, key, 0)));
    ground.refers(Some(0)); // it stays, at the head of the queue
    ground.settle();
    for key in 0..10 {
        ground.rows.delete(&key);
    }
    ground.deliver();
    while ground.send() {
        ground.answer();
    }
    let mut kept = Vec::new();
    for _ in 0..4 {
        ground.binding.clean_up(&mut ground.rows, &ground.engine, 3);
        kept.push(ground.rows.kept());
    }
    assert_eq!(kept, [8, 5, 2, 1]);
    assert_eq!(ground.departing(0), Some(0));
}

#[test]
fn a_binding_that_is_closed_lets_go_of_its_rows_and_leaves_the_entries() {
    let mut ground = Ground::with([row(1, 10, 5), row(2, 20, 6)]);
    ground.delete(1);
    let Ground { mut rows, engine, binding, .. } = ground;
    assert_eq!(rows.kept(), 1);
    binding.close(&mut rows);
    assert_eq!(rows.kept(), 0);
    assert!(engine.get::<Thing>(&20).is_some());
}

// ---- What is refused ----

#[test]
fn a_refused_row_is_reported_once_with_the_reason_and_kept() {
    let mut ground = Ground::new();
    ground.write(row(1, 10, UNLUCKY));
    let refused = ground.binding.poll_refused().expect("reported");
    assert_eq!((refused.row, refused.entry), (1, 10));
    assert!(matches!(&refused.reason, RefusedBecause::Set(SetError::Invalid { .. })));
    assert_eq!(refused.to_string(), "row 1: Thing 10: value: 13 is unlucky");
    assert_eq!(ground.binding.poll_refused(), None);
    assert_eq!(ground.binding.refused().collect::<Vec<_>>(), [&refused]);
    assert_eq!((ground.in_use(10), ground.value(10)), (Some(1), None), "the row is not lost");
}

#[test]
fn a_later_change_of_a_refused_row_tries_again() {
    let mut ground = Ground::new();
    ground.write(row(1, 10, UNLUCKY));
    ground.write(row(1, 10, UNLUCKY));
    assert!(ground.binding.poll_refused().is_some());
    assert_eq!(ground.binding.poll_refused(), None, "refused twice, and asked once");
    ground.write(row(1, 10, UNLUCKY));
    assert!(ground.binding.poll_refused().is_some(), "refused anew");
    ground.write(row(1, 10, 14));
    assert_eq!((ground.value(10), ground.binding.refused().count()), (Some(14), 0));
}

#[test]
fn a_refusal_is_not_reported_any_more_once_the_row_is_taken_or_gone() {
    let mut ground = Ground::new();
    ground.write(row(1, 10, UNLUCKY));
    ground.write(row(1, 10, 14));
    ground.write(row(2, 20, UNLUCKY));
    ground.delete(2);
    ground.write(row(3, 30, UNLUCKY));
    assert_eq!(ground.binding.poll_refused().map(|refused| refused.row), Some(3));
    assert_eq!(ground.binding.poll_refused(), None);
    assert_eq!((ground.binding.refused().count(), ground.binding.entries(), ground.rows.kept()), (1, 2, 0));
}

#[test]
fn a_refused_change_leaves_the_entry_as_it_was() {
    let mut ground = Ground::with([row(1, 10, 5)]);
    ground.write(row(1, 10, UNLUCKY));
    assert_eq!((ground.value(10), ground.binding.refused().count()), (Some(5), 1));
    ground.delete(1);
    ground.settle();
    assert_eq!(ground.sent(), ["delete Thing 10"]);
    assert_eq!(ground.rows.kept(), 0);
}

#[test]
fn an_entry_is_withdrawn_if_the_row_that_takes_over_is_refused() {
    let mut ground = Ground::with([row(1, 10, 5), row(2, 10, UNLUCKY), row(3, 10, 7)]);
    ground.delete(1);
    assert_eq!((ground.in_use(10), ground.queued(10), ground.value(10)), (Some(2), vec![3], None));
    assert_eq!((ground.departing(10), ground.binding.refused().count()), (Some(1), 1));
    ground.settle();
    assert_eq!((ground.sent(), ground.rows.kept()), (vec!["delete Thing 10".to_owned()], 0));
    assert_eq!(ground.in_use(10), Some(2));
    ground.write(row(2, 10, 14));
    assert_eq!(ground.value(10), Some(14));
}

#[test]
fn an_entry_is_withdrawn_if_its_row_moved_and_the_one_that_takes_over_is_refused() {
    let mut ground = Ground::with([row(1, 10, 5), row(2, 10, UNLUCKY)]);
    ground.write(row(1, 20, 5));
    assert_eq!((ground.value(10), ground.in_use(10), ground.departing(10)), (None, Some(2), None));
}

#[test]
fn a_row_that_comes_back_behind_a_refused_one_is_queued_and_not_forgotten() {
    let mut ground = Ground::with([row(1, 10, 5), row(2, 10, UNLUCKY)]);
    ground.delete(1);
    ground.send();
    ground.write(row(1, 10, 6));
    assert_eq!((ground.in_use(10), ground.queued(10), ground.departing(10)), (Some(2), vec![1], None));
    ground.settle();
    assert_eq!(ground.queued(10), [1]);
    ground.delete(2);
    assert_eq!((ground.in_use(10), ground.value(10)), (Some(1), Some(6)));
}

#[test]
fn the_departing_row_of_an_entry_is_kept_though_refused_rows_come_and_go() {
    let mut ground = Ground::with([row(1, 10, 5), row(2, 10, UNLUCKY)]);
    ground.delete(1);
    ground.delete(2);
    assert_eq!((ground.departing(10), ground.in_use(10), ground.rows.kept()), (Some(1), None, 1));
    ground.settle();
    assert_eq!((ground.rows.kept(), ground.binding.entries()), (0, 0));
}

#[test]
fn an_entry_that_somebody_else_declared_survives_a_refused_row() {
    let mut ground = Ground::new();
    ground.engine.set(Thing { id: 10, value: 1 }, ground.now).expect("registered");
    ground.write(row(1, 10, UNLUCKY));
    ground.delete(1);
    assert_eq!((ground.value(10), ground.rows.kept()), (Some(1), 0));
}

/// An engine's table that has room for so many entries only.
struct Narrow<'a> {
    engine: &'a mut Engine,
    room: usize,
}

impl Entries<Thing> for Narrow<'_> {
    fn set(&mut self, value: Thing, now: Instant) -> Result<(), SetError> {
        if self.engine.get::<Thing>(&value.id).is_none() && self.engine.iter::<Thing>().count() >= self.room {
            return Err(SetError::TableFull { kind: "Thing" });
        }
        self.engine.set(value, now)
    }

    fn remove(&mut self, key: &u32, now: Instant) -> bool {
        self.engine.remove::<Thing>(key, now)
    }

    fn state(&self, key: &u32) -> Option<State> {
        self.engine.state::<Thing>(key)
    }

    fn is_going_away(&self) -> bool {
        false
    }
}

#[test]
fn rows_that_found_the_table_full_can_be_tried_again() {
    let mut ground = Ground::new();
    for key in 1..=4 {
        ground.notify(row(key, key, 0));
    }
    let Ground { rows, engine, binding, now, .. } = &mut ground;
    while binding.deliver(rows, &mut Narrow { engine, room: 2 }, 3, *now) {}
    let refused: Vec<u32> =
        std::iter::from_fn(|| binding.poll_refused()).map(|refused| refused.row).collect();
    assert_eq!(refused, [3, 4]);
    assert!(
        binding
            .refused()
            .all(|refused| { refused.reason == RefusedBecause::Set(SetError::TableFull { kind: "Thing" }) })
    );
    rows.delete(&1);
    while binding.deliver(rows, &mut Narrow { engine, room: 2 }, 3, *now) {}
    binding.retry_refused(rows);
    while binding.deliver(rows, &mut Narrow { engine, room: 2 }, 3, *now) {}
    assert_eq!(binding.refused().map(|refused| refused.row).collect::<Vec<_>>(), [4]);
    assert_eq!(engine.iter::<Thing>().map(|thing| thing.id).max(), Some(3));
}

#[test]
fn a_kind_without_a_table_refuses_its_rows() {
    let mut ground = Ground::new();
    ground.engine = Engine::new(Default::default());
    ground.write(row(1, 10, 5));
    let refused = ground.binding.poll_refused().expect("reported");
    assert_eq!(refused.reason, RefusedBecause::Set(SetError::NotRegistered { kind: "Thing" }));
    ground.engine.register::<Thing>().expect("room");
    ground.binding.retry_refused(&mut ground.rows);
    ground.deliver();
    assert_eq!(ground.value(10), Some(5));
}

/// A kind whose author made a mistake.
#[derive(Clone, Debug, PartialEq, KSyncEntry)]
#[ksync(protocol = route, header = NoHeader, add = 24, delete = 25)]
struct Muddled {
    #[ksync(key, nla = 1)]
    id: u32,
}

impl FromRow<Row> for Muddled {
    fn from_row(row: &Row) -> Self {
        Muddled { id: row.value }
    }

    fn key_of_row(row: &Row) -> u32 {
        row.entry
    }
}

#[test]
fn a_kind_that_contradicts_itself_on_the_key_is_told_so() {
    let mut ground = Ground::new();
    ground.engine.register::<Muddled>().expect("room");
    let mut binding: Binding<Row, Muddled> = Binding::new(&mut ground.rows);
    ground.notify(row(1, 10, 11));
    while binding.deliver(&mut ground.rows, &mut ground.engine, 10, ground.now) {}
    let refused = binding.poll_refused().expect("reported");
    assert_eq!(refused.to_string(), "row 1: Muddled: `from_row` makes entry 11, `key_of_row` says 10");
    assert_eq!(ground.engine.iter::<Muddled>().count(), 0);
}

// ---- Tables that go away ----

fn empty_the_table(ground: &mut Ground) {
    assert!(ground.engine.delete_all::<Thing>());
}

#[test]
fn notifications_are_ignored_while_the_table_goes_away() {
    let mut ground = Ground::with([row(1, 10, 5), row(2, 10, 6)]);
    empty_the_table(&mut ground);
    ground.write(row(1, 10, 7));
    assert_eq!(ground.binding.refused().count(), 0, "ignored is not refused");
    ground.write(row(2, 30, 6));
    ground.write(row(3, 30, 7));
    ground.delete(1);
    assert_eq!((ground.value(30), ground.in_use(30)), (None, None));
    assert_eq!(ground.queued(10), [2], "and nobody takes over");
    ground.settle();
    assert_eq!(ground.sent(), ["delete Thing 10"]);
    assert_eq!(ground.engine.poll_empty(), Some("Thing"));
}

#[test]
fn rows_are_let_go_of_as_the_entries_of_a_table_that_goes_away_do() {
    let mut ground = Ground::with((0..9).map(|key| row(key, key / 3, 0)));
    empty_the_table(&mut ground);
    ground.delete(0); // in use
    ground.delete(1); // queued
    assert_eq!((ground.departing(0), ground.rows.kept()), (Some(0), 1));
    ground.send();
    ground.clean_up();
    assert_eq!((ground.rows.kept(), ground.binding.entries()), (1, 3), "the kernel has not answered");
    assert_eq!((ground.in_use(1), ground.in_use(2)), (Some(3), Some(6)));
    ground.answer();
    ground.clean_up();
    assert_eq!((ground.rows.kept(), ground.binding.entries(), ground.binding.leaving()), (0, 0, 0));
    assert_eq!(ground.rows.len(), 7, "rows that live have nothing to do with it");
    ground.delete(8);
    assert_eq!(ground.rows.kept(), 0);
}

#[test]
fn a_table_that_goes_away_is_cleaned_up_in_slices() {
    let mut ground = Ground::with((0..10).map(|key| row(key, key, 0)));
    empty_the_table(&mut ground);
    while ground.send() {
        ground.answer();
    }
    let mut left = Vec::new();
    for _ in 0..4 {
        ground.binding.clean_up(&mut ground.rows, &ground.engine, 3);
        left.push(ground.binding.entries());
    }
    assert_eq!(left, [7, 4, 1, 0]);
}

/// A table that begins to go away between the question and the answer.
struct Abrupt;

impl Entries<Thing> for Abrupt {
    fn set(&mut self, value: Thing, _: Instant) -> Result<(), SetError> {
        Err(SetError::GoingAway { kind: "Thing", key: value.id.to_string() })
    }

    fn remove(&mut self, _: &u32, _: Instant) -> bool {
        false
    }

    fn state(&self, _: &u32) -> Option<State> {
        None
    }

    fn is_going_away(&self) -> bool {
        false
    }
}

#[test]
fn a_row_refused_by_a_table_that_goes_away_is_not_lost() {
    let mut ground = Ground::new();
    ground.notify(row(1, 10, 5));
    ground.binding.deliver(&mut ground.rows, &mut Abrupt, 10, ground.now);
    let refused = ground.binding.poll_refused().expect("reported");
    assert!(matches!(refused.reason, RefusedBecause::Set(SetError::GoingAway { .. })));
    assert_eq!(ground.in_use(10), Some(1));
    ground.write(row(1, 10, 6));
    assert_eq!(ground.value(10), Some(6));
}

// ---- Stale entries, questions, agents ----

#[test]
fn a_row_claims_a_stale_entry() {
    let mut ground = Ground::new();
    ground.engine.set_stale(Thing { id: 10, value: 5 }, ground.now).expect("not live");
    ground.settle();
    ground.write(row(1, 10, 5));
    assert!(!ground.engine.is_stale::<Thing>(&10));
    ground.engine.sweep(10, ground.now);
    assert_eq!((ground.value(10), ground.in_use(10)), (Some(5), Some(1)));
}

#[test]
fn what_is_pending_can_be_asked() {
    let mut ground = Ground::new();
    ground.notify(row(1, 10, 5));
    ground.notify(row(2, 10, 5));
    ground.notify(row(2, 10, 6));
    assert_eq!(ground.binding.pending(&ground.rows), 2);
    assert!(ground.binding.is_pending(&ground.rows, &2) && !ground.binding.is_pending(&ground.rows, &3));
    assert!(ground.binding.deliver(&mut ground.rows, &mut ground.engine, 1, ground.now));
    assert!(!ground.binding.is_pending(&ground.rows, &1) && ground.binding.is_pending(&ground.rows, &2));
    ground.deliver();
    assert_eq!(ground.binding.pending(&ground.rows), 0);
}

/// A kind whose filter looks at whether the row is known.
#[derive(Clone, Debug, PartialEq, KSyncEntry)]
#[ksync(protocol = route, header = NoHeader, add = 26, change = 27, delete = 28)]
struct Once {
    #[ksync(key, nla = 1)]
    id: u32,
    #[ksync(nla = 2)]
    value: u32,
}

impl FromRow<Row> for Once {
    fn from_row(row: &Row) -> Self {
        Once { id: row.entry, value: row.value }
    }

    fn filter(_: &Row, current: Option<&u32>) -> Verdict {
        if current.is_some() { Verdict::Ignore } else { Verdict::Accept }
    }
}

#[test]
fn a_filter_is_told_which_entry_the_row_belongs_to() {
    let mut ground = Ground::new();
    ground.engine.register::<Once>().expect("room");
    let mut binding: Binding<Row, Once> = Binding::new(&mut ground.rows);
    for value in [5, 6] {
        ground.notify(row(1, 10, value));
        while binding.deliver(&mut ground.rows, &mut ground.engine, 10, ground.now) {}
    }
    assert_eq!(ground.engine.get::<Once>(&10).map(|once| once.value), Some(5));
    // While the entry is on its way out, the row belongs to none.
    ground.send();
    ground.answer();
    ground.rows.delete(&1);
    while binding.deliver(&mut ground.rows, &mut ground.engine, 10, ground.now) {}
    ground.send();
    ground.notify(row(1, 10, 7));
    while binding.deliver(&mut ground.rows, &mut ground.engine, 10, ground.now) {}
    assert_eq!(ground.engine.get::<Once>(&10).map(|once| once.value), Some(7));
}

#[test]
fn the_filter_can_be_asked_anew_for_all_rows() {
    let mut ground = Ground::with((0..5).map(|key| row(key, key, 1)));
    ground.engine.remove::<Thing>(&3, ground.now);
    let mut walk = Walk::default();
    while ground.binding.filter_again(&mut ground.rows, &mut walk, 2) {
        ground.deliver();
    }
    ground.deliver();
    assert_eq!(ground.value(3), Some(1));
}

/// A bridge, as the simulated kernel knows it.
#[derive(Clone, Debug, PartialEq, KSyncEntry)]
#[ksync(
    protocol = route, header = LinkHeader, add = RTM_NEWLINK, delete = RTM_DELLINK,
    get = RTM_GETLINK, index(from = kernel, header = ifi_index)
)]
struct Bridge {
    #[ksync(key, nla = IFLA_IFNAME)]
    name: String,
    #[ksync(nla = IFLA_LINKINFO)]
    info: Info,
}

#[derive(Clone, Debug, PartialEq, KSyncNested)]
struct Info {
    #[ksync(nla = IFLA_INFO_KIND)]
    kind: String,
}

#[derive(Debug)]
struct Tenant {
    name: &'static str,
    bridge: &'static str,
}

impl DbRow for Tenant {
    type Key = &'static str;

    fn key(&self) -> &'static str {
        self.name
    }
}

impl FromRow<Tenant> for Bridge {
    fn from_row(tenant: &Tenant) -> Self {
        Bridge { name: tenant.bridge.to_owned(), info: Info { kind: "bridge".to_owned() } }
    }
}

#[tokio::test]
async fn rows_feed_an_agent_through_its_handle() {
    let agent = Agent::builder().object::<Bridge>().kernel(SimulatedKernel::new()).start().expect("starts");
    let mut bridges = agent.table::<Bridge>();
    let mut tenants = DbTable::new();
    let mut binding: Binding<Tenant, Bridge> = Binding::new(&mut tenants);
    let now = Instant::now();
    for (name, bridge) in [("red", "br0"), ("blue", "br0"), ("green", "br1")] {
        tenants.notify(Tenant { name, bridge }).expect("room");
    }
    while binding.deliver(&mut tenants, &mut bridges, 1, now) {}
    agent.settled().await.expect("in sync");
    assert_eq!(bridges.counts().in_sync(), 2);
    tenants.delete(&"red");
    tenants.delete(&"green");
    while binding.deliver(&mut tenants, &mut bridges, 1, now) {}
    agent.settled().await.expect("in sync");
    binding.clean_up(&mut tenants, &bridges, 10);
    assert_eq!(bridges.all().into_iter().map(|bridge| bridge.name).collect::<Vec<_>>(), ["br0"]);
    assert_eq!((tenants.len(), tenants.kept(), agent.totals().writes()), (1, 0, 3));
}

// ---- Everything, in every order ----

#[test]
fn entries_follow_rows_whatever_happens() {
    let begin = Instant::now();
    for seed in 0..6_000 {
        if std::panic::catch_unwind(|| model::live(seed, begin)).is_err() {
            panic!("seed {seed} breaks a rule");
        }
    }
}

#[test]
fn the_same_calls_give_the_same_outputs() {
    let begin = Instant::now();
    for seed in 0..50 {
        assert_eq!(model::live(seed, begin), model::live(seed, begin), "seed {seed}");
    }
}
