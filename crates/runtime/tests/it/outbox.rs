//! The outbox by itself: windows, confirmations, what is sent again.

use fermata_runtime::shard::outbox::{Outbox, Parcel, WINDOW};
use fermata_runtime::shard::relay::Internal;
use fermata_storage::{OutboxKey, OutboxRow};
use fermata_types::{RunId, ShardEpoch, ShardId, ShardKey, Timestamp};

const SOURCE: ShardId = ShardId(3);
const TARGET: ShardId = ShardId(5);

fn command(n: u32) -> Internal {
    let child = RunId::compose(Timestamp::from_ms(1), ShardKey::wrapping(5), n);
    Internal::EndChild { child, reason: format!("because of {n}") }
}

fn outbox() -> Outbox {
    Outbox::new(SOURCE, ShardEpoch(2))
}

fn add(outbox: &mut Outbox, many: u32) -> Vec<OutboxRow> {
    (0..many).map(|n| outbox.add(TARGET, command(n))).collect()
}

fn numbers(parcels: &[Parcel]) -> Vec<u64> {
    parcels.iter().map(|parcel| parcel.number).collect()
}

fn keys(rows: &[OutboxRow]) -> Vec<u64> {
    rows.iter().map(|row| row.key.number).collect()
}

#[test]
fn numbers_go_up_over_epochs() {
    let mut before = Outbox::new(SOURCE, ShardEpoch(1));
    let last = add(&mut before, 1000).pop().expect("a row").key.number;
    let first = add(&mut outbox(), 1).pop().expect("a row").key.number;
    assert!(first > last);
}

#[test]
fn only_what_is_durable_is_posted_and_each_names_the_one_before() {
    let mut outbox = outbox();
    let rows = add(&mut outbox, 3);
    let all = keys(&rows);
    let [first, second, third] = all[..] else { panic!("three rows") };
    let parcels = outbox.durable(TARGET, second);
    assert_eq!(numbers(&parcels), [first, second]);
    let after: Vec<u64> = parcels.iter().map(|parcel| parcel.after).collect();
    assert_eq!(after, [0, first]);
    assert!(outbox.durable(TARGET, second).is_empty(), "once");
    assert_eq!(numbers(&outbox.durable(TARGET, third)), [third]);
    assert_eq!(outbox.confirmed(TARGET, second), [first, second]);
    assert!(!outbox.knows(first) && outbox.knows(third));
    assert_eq!(numbers(&outbox.again(TARGET, second)), [third]);
    assert_eq!(outbox.confirmed(TARGET, third), [third]);
    assert!(outbox.again(TARGET, third).is_empty());
}

#[test]
fn what_does_not_fit_is_read_when_there_is_room() {
    let mut outbox = outbox();
    let many = u32::try_from(2 * WINDOW + 1).expect("small");
    let rows = add(&mut outbox, many);
    let all = keys(&rows);
    let last = *all.last().expect("rows");
    let posted = numbers(&outbox.durable(TARGET, last));
    assert_eq!(posted[..], all[..WINDOW], "a window");
    assert_eq!(outbox.wants(TARGET), None, "no room");
    assert!(outbox.knows(last));
    outbox.confirmed(TARGET, all[WINDOW - 3]);
    let (after, count) = outbox.wants(TARGET).expect("room");
    assert_eq!((after, count), (all[WINDOW - 1], WINDOW - 2));
    assert_eq!(outbox.wants(TARGET), None, "one read at a time");
    let read: Vec<(u64, usize, Internal)> = (0u32..)
        .zip(&rows)
        .filter(|(_, row)| row.key.number > after)
        .take(count)
        .map(|(n, row)| (row.key.number, row.command.len(), command(n)))
        .collect();
    let posted = numbers(&outbox.read(TARGET, read));
    assert_eq!(posted[..], all[WINDOW..WINDOW + count]);
    let next = outbox.add(TARGET, command(0)).key.number;
    assert!(outbox.durable(TARGET, next).is_empty(), "those before it are not read yet");
}

#[test]
fn large_commands_fill_the_window_early() {
    let mut outbox = outbox();
    let child = RunId::compose(Timestamp::from_ms(1), ShardKey::wrapping(5), 1);
    let reason = "x".repeat(700_000);
    let mut last = 0;
    for _ in 0..4 {
        let command = Internal::EndChild { child, reason: reason.clone() };
        last = outbox.add(TARGET, command).key.number;
    }
    assert_eq!(outbox.durable(TARGET, last).len(), 2);
}

#[test]
fn recovery_sends_what_no_one_confirmed() {
    let mut outbox = outbox();
    let row = |number| OutboxKey { source: SOURCE, target: TARGET, number };
    for number in [7, 9] {
        assert!(outbox.recover(row(number), 1, command(1)), "its row stays");
    }
    let all: Vec<Vec<u64>> =
        outbox.recovered().iter().map(|(_, parcels)| numbers(parcels)).collect();
    assert_eq!(all, [[7, 9]]);
    // A refusal: nothing of what was staged has happened, what was posted has left.
    outbox.confirmed(TARGET, 7);
    let refused = add(&mut outbox, 1);
    outbox.begin_anew();
    assert!(!outbox.recover(row(7), 1, command(1)), "confirmed: its row goes");
    assert!(outbox.recover(row(9), 1, command(1)));
    let again: usize = outbox.recovered().iter().map(|(_, parcels)| parcels.len()).sum();
    assert_eq!(again, 0, "9 was posted in this life");
    let next = outbox.add(TARGET, command(2)).key.number;
    assert!(keys(&refused).into_iter().all(|number| number < next), "no number twice");
}
