//! The pipeline on one connection of route netlink, with the answers written by hand: windows, lost answers, what could
//! not be sent, and dumps that go wrong.

use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

use ksync_runtime::declare::{Channel, OperationError};
use ksync_runtime::engine::machine::State;
use ksync_runtime::engine::{Engine, RetryPolicy, Share};
use ksync_runtime::pipeline::{Limits, Pipeline, ReadBack};
use ksync_runtime::prelude::*;
use ksync_runtime::wire::{MessageView, Messages, NoHeader};
use ksync_tests::explore::{Kind, Numbered, Plain, Wish};

const PORT: u32 = 77;
const NLMSG_ERROR: u16 = 2;
const NLMSG_DONE: u16 = 3;
const NLM_F_ECHO: u16 = 8;
const NLM_F_DUMP_INTR: u16 = 0x10;
/// The message type of an object of the kinds here.
const OBJECT: u16 = 16;
const EEXIST: i32 = 17;

/// Something of which there can be any number.
#[derive(Clone, Debug, PartialEq, KSyncEntry)]
#[ksync(protocol = route, header = NoHeader, add = 20, delete = 21)]
struct Item {
    #[ksync(key, nla = 1)]
    id: u32,
}

/// Something whose message is as long as one likes.
#[derive(Clone, Debug, PartialEq, KSyncEntry)]
#[ksync(protocol = route, header = NoHeader, add = 22, delete = 23)]
struct Text {
    #[ksync(key, nla = 1)]
    id: u32,
    #[ksync(nla = 2)]
    text: Vec<u8>,
}

struct Bench {
    pipeline: Pipeline,
    now: Instant,
}

impl Bench {
    fn new(answer_capacity: usize) -> Self {
        Bench::with_batches_of(answer_capacity, 64 * 1024)
    }

    /// Where no batch is longer than `max_batch_len` bytes.
    fn with_batches_of(answer_capacity: usize, max_batch_len: usize) -> Self {
        let mut engine = Engine::new(RetryPolicy::default());
        engine.register::<Plain>().expect("room");
        engine.register::<Numbered>().expect("room");
        engine.register::<Item>().expect("room");
        engine.register::<Text>().expect("room");
        let limits = Limits {
            channel: Channel::Route,
            port: PORT,
            answer_capacity,
            max_batch_len,
            answer_timeout: Duration::from_secs(5),
        };
        let pipeline = Pipeline::new(engine, [limits]).expect("the connection carries the kinds");
        Bench { pipeline, now: Instant::now() }
    }

    /// With `count` entries declared.
    fn plain(answer_capacity: usize, count: u32) -> Self {
        let mut bench = Bench::new(answer_capacity);
        for key in 1..=count {
            bench.set::<Plain>(key, 0);
        }
        bench
    }

    /// With `count` items declared.
    fn many(answer_capacity: usize, count: u32) -> Self {
        let mut bench = Bench::new(answer_capacity);
        let items = (0..count).map(|id| Item { id });
        assert!(bench.pipeline.engine_mut().set_all(items, Share::Bulk, bench.now).is_empty());
        bench
    }

    fn set<T: Kind>(&mut self, key: u32, value: u32) {
        let value = T::make(key, Wish { value, ..Wish::default() });
        self.pipeline.engine_mut().set(value, self.now).expect("valid");
    }

    /// Numbers and flags of the messages of the next batch, if there is one.
    fn next(&mut self) -> Option<Vec<(u32, u16)>> {
        while self.pipeline.engine_mut().work(100, self.now) {}
        let batch = self.pipeline.poll_transmit(0, self.now)?;
        let messages = Messages::new(&batch).map(|message| message.expect("a whole message"));
        Some(messages.map(|message| (message.seq, message.flags)).collect())
    }

    /// The numbers of the next batch that is made ahead, if there is one.
    fn ahead(&mut self) -> Option<Vec<u32>> {
        while self.pipeline.engine_mut().work(100, self.now) {}
        let batch = self.pipeline.poll_ahead(0, self.now)?;
        Some(Messages::new(&batch).map(|message| message.expect("a whole message").seq).collect())
    }

    /// The oldest of these left, and the kernel had to do so long.
    fn sent(&mut self, took: Duration) {
        self.pipeline.handle_sent(0, took, self.now);
    }

    fn numbers(&mut self) -> Vec<u32> {
        self.next().expect("a batch").into_iter().map(|(seq, _)| seq).collect()
    }

    fn message(&mut self, message_type: u16, flags: u16, seq: u32, port: u32, body: &[u8]) {
        let mut bytes = Vec::new();
        bytes.extend((16 + body.len() as u32).to_ne_bytes());
        bytes.extend(message_type.to_ne_bytes());
        bytes.extend(flags.to_ne_bytes());
        bytes.extend(seq.to_ne_bytes());
        bytes.extend(port.to_ne_bytes());
        bytes.extend(body);
        self.pipeline.handle_datagram(0, &bytes, self.now);
    }

    fn answer(&mut self, seq: u32, errno: i32) {
        let mut body = (-errno).to_ne_bytes().to_vec();
        body.extend([0; 16]);
        self.message(NLMSG_ERROR, 0x100, seq, PORT, &body);
    }

    /// An object with these attributes, each a number of 32 bits.
    fn object(&mut self, seq: u32, flags: u16, attributes: &[(u16, u32)]) {
        let mut body = Vec::new();
        for (attribute, value) in attributes {
            body.extend(8u16.to_ne_bytes());
            body.extend(attribute.to_ne_bytes());
            body.extend(value.to_ne_bytes());
        }
        self.message(OBJECT, flags, seq, PORT, &body);
    }

    /// Asks for a dump. Its result, and its number.
    fn dump<T: KSyncEntry>(&mut self) -> (Receiver<Result<ReadBack<T>, OperationError>>, u32) {
        let (tell, told) = channel();
        self.pipeline.read_back::<T>(move |result| tell.send(result).expect("somebody listens"));
        assert!(!self.pipeline.is_idle(), "a dump is asked for");
        (told, self.numbers()[0])
    }

    fn state(&self, key: u32) -> Option<State> {
        self.pipeline.engine().state::<Plain>(&key)
    }

    fn lost(&self) -> u64 {
        self.pipeline.totals().lost_answers
    }
}

#[test]
fn a_batch_has_no_more_messages_than_answers_fit_and_fewer_after_some_were_lost() {
    let mut bench = Bench::plain(4, 9);
    let mut sizes = Vec::new();
    for _ in 0..4 {
        sizes.push(bench.numbers().len());
        assert!(bench.next().is_none(), "nothing leaves before the answers are in");
        bench.pipeline.handle_overrun(0);
        bench.pipeline.handle_quiet(0, bench.now);
    }
    assert_eq!(sizes, [4, 2, 1, 1]);
}

/// A bad time is not paid for ever after: each batch that was answered in whole makes room for one message more.
#[test]
fn batches_grow_again_to_what_answers_fit_when_none_are_lost() {
    let mut bench = Bench::many(8, 60);
    for _ in 0..4 {
        bench.numbers();
        bench.pipeline.handle_overrun(0);
        bench.pipeline.handle_quiet(0, bench.now);
    }
    let mut sizes = Vec::new();
    while let Some(batch) = bench.next() {
        sizes.push(batch.len());
        bench.answer(batch[batch.len() - 1].0, 0);
    }
    assert_eq!(sizes, [1, 2, 3, 4, 5, 6, 7, 8, 8, 8, 8]);
    assert_eq!(bench.pipeline.engine().counts::<Item>().in_sync(), 60);
}

/// One that was refused was answered; one of which an answer was lost was not answered in whole.
#[test]
fn batches_do_not_grow_after_one_of_which_an_answer_was_lost() {
    let mut bench = Bench::many(8, 60);
    let sizes: Vec<usize> = (0..4)
        .map(|round| {
            let sent = bench.numbers();
            if round % 2 == 0 {
                bench.pipeline.handle_overrun(0);
            } else {
                bench.answer(sent[0], EEXIST);
            }
            bench.answer(sent[sent.len() - 1], 0);
            sent.len()
        })
        .collect();
    assert_eq!(sizes, [8, 4, 5, 2]);
}

#[test]
fn answers_to_others_mean_nothing_and_a_second_one_neither() {
    let mut bench = Bench::plain(9, 2);
    let sent = bench.numbers();
    bench.message(NLMSG_ERROR, 0x100, sent[1], PORT + 1, &[0; 20]);
    assert_eq!(bench.state(2), Some(State::SyncWait));
    bench.answer(sent[0], EEXIST);
    bench.answer(sent[0], EEXIST);
    bench.answer(sent[1], 0);
    assert_eq!((bench.state(1), bench.state(2)), (Some(State::AddDefer), Some(State::InSync)));
    assert_eq!((bench.pipeline.totals().refusals, bench.pipeline.engine().rejected()), (1, 0));
}

#[test]
fn answers_are_given_up_when_their_time_comes() {
    let mut bench = Bench::plain(9, 1);
    bench.numbers();
    let due = bench.pipeline.next_timeout().expect("an answer is awaited");
    assert_eq!(due, bench.now + Duration::from_secs(5));
    bench.now = due;
    bench.pipeline.handle_timeout(due);
    assert_eq!(bench.lost(), 1);
    assert_eq!(bench.numbers().len(), 1, "it is sent again");
}

#[test]
fn an_add_asks_for_the_index_that_the_kernel_gives_and_the_object_alone_proves_nothing() {
    let mut bench = Bench::plain(9, 1);
    bench.set::<Numbered>(1, 0);
    let sent = bench.next().expect("a batch");
    assert_eq!(sent.iter().map(|(_, flags)| flags & NLM_F_ECHO).collect::<Vec<_>>(), [0, NLM_F_ECHO]);
    bench.object(sent[1].0, 0, &[(1, 1), (9, 5)]);
    bench.pipeline.handle_overrun(0);
    bench.pipeline.handle_quiet(0, bench.now);
    assert_eq!(bench.lost(), 2);
    assert_ne!(bench.pipeline.engine().state::<Numbered>(&1), Some(State::InSync));

    // The object and the acknowledgement do.
    let again = bench.numbers();
    bench.object(again[1], 0, &[(1, 1), (9, 6)]);
    bench.answer(again[1], 0);
    assert_eq!(bench.pipeline.engine().index::<Numbered>(&1), Some(6));
    assert!(bench.pipeline.is_idle());
}

#[test]
fn of_several_messages_about_numbered_objects_the_adds_alone_ask_for_the_object() {
    let mut bench = Bench::new(20);
    bench.set::<Numbered>(1, 0);
    bench.set::<Numbered>(2, 0);
    for (seq, _) in bench.next().expect("a batch") {
        bench.object(seq, 0, &[(1, 1), (9, seq)]);
        bench.answer(seq, 0);
    }
    assert!(bench.pipeline.is_idle());
    bench.set::<Numbered>(1, 1);
    bench.set::<Numbered>(3, 0);
    bench.pipeline.engine_mut().remove::<Numbered>(&2, bench.now);
    bench.set::<Numbered>(4, 0);
    let sent = bench.next().expect("a change, an add, a delete, an add");
    let echoes: Vec<u16> = sent.iter().map(|(_, flags)| flags & NLM_F_ECHO).collect();
    assert_eq!(echoes, [0, NLM_F_ECHO, 0, NLM_F_ECHO]);
}

#[test]
fn what_could_not_be_sent_failed() {
    let mut bench = Bench::plain(9, 2);
    bench.numbers();
    bench.pipeline.handle_send_error(0, &std::io::Error::from_raw_os_error(105), bench.now);
    assert_eq!((bench.state(1), bench.state(2)), (Some(State::AddDefer), Some(State::AddDefer)));
    assert_eq!(bench.lost(), 0, "nothing of it happened");
    assert!(bench.pipeline.is_idle());
}

#[test]
fn a_dump_tells_ours_from_those_of_others_and_nothing_leaves_meanwhile() {
    let mut bench = Bench::new(9);
    let (told, seq) = bench.dump::<Plain>();
    bench.set::<Plain>(7, 0);
    assert!(bench.next().is_none(), "what it shows is what was accepted");
    bench.object(seq, 0, &[(1, 3), (2, 4), (3, 5)]);
    bench.object(seq, 0, &[(1, 4), (2, 4), (3, 5), (4, 9)]);
    bench.message(NLMSG_DONE, 0, seq, PORT, &[0; 4]);
    let read = told.try_recv().expect("it is over").expect("whole");
    assert_eq!(read.objects, [Plain::make(3, Wish { value: 4, fixed: 5, ..Wish::default() })]);
    assert_eq!((read.foreign, read.malformed.len(), read.interrupted), (1, 0, false));
    assert_eq!(bench.numbers().len(), 1);
}

#[test]
fn a_dump_that_was_interrupted_or_lost_a_part_says_so() {
    let mut bench = Bench::new(9);
    let (told, seq) = bench.dump::<Plain>();
    bench.object(seq, NLM_F_DUMP_INTR, &[(1, 3), (2, 4), (3, 5)]);
    bench.message(NLMSG_DONE, 0, seq, PORT, &[0; 4]);
    assert!(told.try_recv().expect("it is over").expect("whole").interrupted);

    let (told, seq) = bench.dump::<Plain>();
    bench.pipeline.handle_overrun(0);
    bench.message(NLMSG_DONE, 0, seq, PORT, &[0; 4]);
    told.try_recv().expect("it is over").expect_err("parts were lost");
}

#[test]
fn a_dump_has_its_time_after_every_part() {
    let mut bench = Bench::new(9);
    let (told, seq) = bench.dump::<Plain>();
    bench.now += Duration::from_secs(4);
    bench.object(seq, 0, &[(1, 3), (2, 4), (3, 5)]);
    bench.now += Duration::from_secs(4);
    bench.pipeline.handle_timeout(bench.now);
    told.try_recv().expect_err("it goes on");
    bench.now += Duration::from_secs(1);
    bench.pipeline.handle_timeout(bench.now);
    told.try_recv().expect("it is over").expect_err("nothing came for five seconds");
    assert!(bench.pipeline.is_idle());
}

const QUICK: Duration = Duration::from_micros(10);

#[test]
fn batches_made_ahead_have_no_more_messages_together_than_answers_fit() {
    let mut bench = Bench::many(9, 20);
    let batches: Vec<Vec<u32>> = std::iter::from_fn(|| bench.ahead()).collect();
    assert_eq!(batches.iter().map(Vec::len).collect::<Vec<_>>(), [3, 3, 3]);
    assert!(bench.next().is_none(), "whoever makes none ahead has one on its way at most");
    for batch in &batches {
        bench.sent(QUICK);
        bench.answer(batch[2], 0);
        assert_eq!(bench.ahead().map(|batch| batch.len()), Some(3), "the answer makes room for the next");
        assert!(bench.ahead().is_none());
    }
    assert_eq!(bench.pipeline.engine().counts::<Item>().in_sync(), 9);
}

#[test]
fn answers_lost_leave_batches_alone_that_had_not_left() {
    let mut bench = Bench::plain(9, 9);
    let batches: Vec<Vec<u32>> = std::iter::from_fn(|| bench.ahead()).collect();
    assert_eq!(batches.len(), 3);
    bench.sent(QUICK);
    bench.pipeline.handle_overrun(0);
    bench.pipeline.handle_quiet(0, bench.now);
    assert_eq!(bench.lost(), 3, "those of the one that had left");
    for batch in &batches[1..] {
        bench.sent(QUICK);
        bench.answer(batch[2], 0);
    }
    assert!((4..=9).all(|key| bench.state(key) == Some(State::InSync)));
    // The others are sent again, and fewer at a time.
    let again: Vec<u32> = std::iter::from_fn(|| bench.ahead()).flatten().collect();
    for _ in &again {
        bench.sent(QUICK);
    }
    again.iter().for_each(|seq| bench.answer(*seq, 0));
    while let Some(batch) = bench.ahead() {
        bench.sent(QUICK);
        bench.answer(batch[batch.len() - 1], 0);
    }
    assert!((1..=3).all(|key| bench.state(key) == Some(State::InSync)));
    assert!(bench.pipeline.is_idle());
}

/// The last answer of the one that had left comes through, and so does that of the next, which nobody had to give up.
#[test]
fn what_leaves_after_answers_were_lost_is_confirmed_by_its_last_answer() {
    let mut bench = Bench::plain(9, 9);
    let batches: Vec<Vec<u32>> = std::iter::from_fn(|| bench.ahead()).collect();
    bench.sent(QUICK);
    bench.pipeline.handle_overrun(0);
    bench.sent(QUICK);
    bench.answer(batches[0][2], 0);
    assert_eq!(bench.lost(), 2, "the two before the last one of the first batch");
    bench.answer(batches[1][2], 0);
    bench.pipeline.handle_quiet(0, bench.now);
    bench.sent(QUICK);
    bench.answer(batches[2][2], 0);
    assert_eq!(bench.lost(), 2, "none of the others");
    assert!((3..=9).all(|key| bench.state(key) == Some(State::InSync)));
}

#[test]
fn of_batches_made_ahead_the_oldest_that_had_not_left_could_not_be_sent() {
    let mut bench = Bench::plain(9, 9);
    let batches: Vec<Vec<u32>> = std::iter::from_fn(|| bench.ahead()).collect();
    bench.sent(QUICK);
    bench.pipeline.handle_send_error(0, &std::io::Error::from_raw_os_error(105), bench.now);
    bench.sent(QUICK);
    bench.answer(batches[0][2], 0);
    bench.answer(batches[2][2], 0);
    let in_sync: Vec<u32> = (1..=9).filter(|key| bench.state(*key) == Some(State::InSync)).collect();
    assert_eq!(in_sync, [1, 2, 3, 7, 8, 9]);
    assert_eq!(bench.lost(), 0, "nothing of it happened");
}

/// An answer has its time once the batch left, however long it lay before.
#[test]
fn a_batch_made_ahead_is_not_given_up_before_it_left() {
    let mut bench = Bench::plain(9, 1);
    bench.ahead().expect("a batch");
    assert_eq!(bench.pipeline.next_timeout(), None);
    bench.now += Duration::from_secs(60);
    bench.pipeline.handle_timeout(bench.now);
    bench.sent(QUICK);
    assert_eq!(bench.lost(), 0);
    assert_eq!(bench.pipeline.next_timeout(), Some(bench.now + Duration::from_secs(5)));
}

/// Somebody who answers what was not sent can't confuse anything.
#[test]
fn an_answer_to_what_has_not_left_means_nothing() {
    let mut bench = Bench::plain(9, 9);
    let batches: Vec<Vec<u32>> = std::iter::from_fn(|| bench.ahead()).collect();
    bench.answer(batches[1][2], 0);
    bench.pipeline.handle_overrun(0);
    bench.pipeline.handle_quiet(0, bench.now);
    assert_eq!((bench.lost(), bench.state(6)), (0, Some(State::SyncWait)));
    for batch in batches {
        bench.sent(QUICK);
        bench.answer(batch[2], 0);
    }
    assert!((1..=9).all(|key| bench.state(key) == Some(State::InSync)));
}

#[test]
fn batches_are_small_where_the_kernel_is_slow_and_large_again_when_it_is_not() {
    let mut bench = Bench::many(10_000, 20_000);
    let send = |bench: &mut Bench, each: Duration| {
        let batch = bench.ahead().expect("a batch");
        bench.sent(each * batch.len() as u32);
        bench.answer(batch[batch.len() - 1], 0);
        batch.len()
    };
    assert_eq!(send(&mut bench, Duration::from_micros(2)), 256);
    // The sender was kept from running once: that is no reason.
    send(&mut bench, Duration::from_micros(30));
    assert_eq!(send(&mut bench, Duration::from_micros(2)), 256);
    for _ in 0..40 {
        send(&mut bench, Duration::from_millis(1));
    }
    assert_eq!(send(&mut bench, Duration::from_millis(1)), 2, "two milliseconds of the kernel's time");
    send(&mut bench, Duration::from_micros(2));
    assert_eq!(send(&mut bench, Duration::from_micros(2)), 256);
}

#[test]
fn a_dump_waits_for_what_was_made_ahead_and_holds_up_the_next() {
    let mut bench = Bench::plain(9, 6);
    let first = bench.ahead().expect("a batch");
    let (tell, told) = channel();
    bench.pipeline.read_back::<Plain>(move |result| tell.send(result).expect("somebody listens"));
    assert!(bench.ahead().is_none(), "what it shows is what was accepted");
    bench.sent(QUICK);
    bench.answer(first[2], 0);
    let dump = bench.ahead().expect("the dump")[0];
    bench.sent(QUICK);
    assert!(bench.ahead().is_none());
    bench.message(NLMSG_DONE, 0, dump, PORT, &[0; 4]);
    told.try_recv().expect("it is over").expect("whole");
    assert_eq!(bench.ahead().map(|batch| batch.len()), Some(3));
}

/// The ids of the messages of a batch, which begin with an attribute that holds it.
fn ids(batch: &[u8]) -> Vec<u32> {
    let id =
        |message: MessageView<'_>| message.body[4..8].try_into().map(u32::from_ne_bytes).expect("four bytes");
    Messages::new(batch).map(|message| id(message.expect("a whole message"))).collect()
}

#[test]
fn what_does_not_fit_a_batch_comes_first_in_the_next_one() {
    const MAX: usize = 500;
    let mut bench = Bench::with_batches_of(1000, MAX);
    // From 28 bytes to 468: some batches have room for one more, and the next message is too long for it.
    let texts = (0..200).map(|id| Text { id, text: vec![7; (id as usize * 37) % 440] });
    assert!(bench.pipeline.engine_mut().set_all(texts, Share::Bulk, bench.now).is_empty());
    let mut came = Vec::new();
    let mut next_seq = None;
    while came.len() < 200 {
        while bench.pipeline.engine_mut().work(100, bench.now) {}
        let batch = bench.pipeline.poll_transmit(0, bench.now).expect("a batch");
        assert!(batch.len() <= MAX, "{} bytes", batch.len());
        let numbers: Vec<u32> = Messages::new(&batch).map(|message| message.expect("whole").seq).collect();
        let first = next_seq.unwrap_or(numbers[0]);
        assert_eq!(numbers, (first..first + numbers.len() as u32).collect::<Vec<_>>());
        next_seq = Some(first + numbers.len() as u32);
        came.extend(ids(&batch));
        bench.answer(first + numbers.len() as u32 - 1, 0);
    }
    assert_eq!(came, (0..200).collect::<Vec<_>>());
    let counts = bench.pipeline.engine().counts::<Text>();
    assert_eq!((counts.in_sync(), bench.pipeline.is_idle()), (200, true));
    assert_eq!(bench.pipeline.totals().writes(), 200);
}

#[test]
fn what_is_too_long_for_any_batch_is_refused_and_holds_up_nobody() {
    let mut bench = Bench::with_batches_of(1000, 500);
    // The very first one too, and two in a row.
    let too_long = |id: &u32| matches!(id % 10, 0 | 3 | 4);
    let texts = (0..40).map(|id| Text { id, text: vec![7; if too_long(&id) { 600 } else { 20 }] });
    assert!(bench.pipeline.engine_mut().set_all(texts, Share::Bulk, bench.now).is_empty());
    let mut came = Vec::new();
    while let Some(batch) = bench.pipeline.poll_transmit(0, bench.now) {
        let last = Messages::new(&batch).last().expect("a message").expect("whole").seq;
        came.extend(ids(&batch));
        bench.answer(last, 0);
    }
    assert_eq!(came, (0..40).filter(|id| !too_long(id)).collect::<Vec<_>>());
    let why = bench.pipeline.engine().why::<Text>(&13).expect("it is not in sync").to_string();
    assert!(why.contains("the message takes 628 bytes, the connection sends at most 500"), "{why}");
}
