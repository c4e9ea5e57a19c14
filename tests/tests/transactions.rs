//! The pipeline between an engine and a connection of nf_tables or generic netlink, with the answers written by hand:
//! those that the real kernel gives too rarely to wait for.

use std::time::{Duration, Instant};

use ksync_objects::{MptcpEndpoint, NftFamily, NftTable};
use ksync_runtime::declare::{Channel, ErrorClass, KSyncEntry};
use ksync_runtime::engine::machine::State;
use ksync_runtime::engine::{Engine, Failure, RetryPolicy};
use ksync_runtime::pipeline::{Limits, Pipeline};
use ksync_runtime::wire::Messages;

const PORT: u32 = 77;
const ENOENT: i32 = 2;
const EPERM: i32 = 1;
const ENOMEM: i32 = 12;
const EEXIST: i32 = 17;

const BEGIN: u16 = 0x10;
const END: u16 = 0x11;

struct Bench {
    pipeline: Pipeline,
    now: Instant,
}

/// Number and message type of each message of a batch.
type Sent = Vec<(u32, u16)>;

impl Bench {
    fn new(channel: Channel, register: impl FnOnce(&mut Engine)) -> Self {
        let mut engine = Engine::new(RetryPolicy::default());
        register(&mut engine);
        let limits = Limits {
            channel,
            port: PORT,
            answer_capacity: 256,
            max_batch_len: 64 * 1024,
            answer_timeout: Duration::from_secs(5),
        };
        let pipeline = Pipeline::new(engine, [limits]).expect("the connection carries the kind");
        Bench { pipeline, now: Instant::now() }
    }

    fn tables(count: usize) -> Self {
        let mut bench =
            Bench::new(Channel::NfTables, |engine| engine.register::<NftTable>().expect("room for it"));
        for number in 0..count {
            let table = NftTable::new(NftFamily::Inet, format!("t{number}"));
            bench.pipeline.engine_mut().set(table, bench.now).expect("valid");
        }
        bench
    }

    /// The next batch, if there is one.
    fn next(&mut self) -> Option<Sent> {
        while self.pipeline.engine_mut().work(100, self.now) {}
        let batch = self.pipeline.poll_transmit(0, self.now)?;
        let messages = Messages::new(&batch).map(|message| message.expect("a whole message"));
        Some(messages.map(|message| (message.seq, message.message_type)).collect())
    }

    /// The numbers of what stands between begin and end of the next batch; and that of the begin.
    fn transaction(&mut self) -> (u32, Vec<u32>) {
        let sent = self.next().expect("a batch");
        assert_eq!((sent[0].1, sent[sent.len() - 1].1), (BEGIN, END));
        assert!(sent.windows(2).all(|pair| pair[1].0 == pair[0].0 + 1), "numbers without a gap: {sent:?}");
        (sent[0].0, sent[1..sent.len() - 1].iter().map(|(seq, _)| *seq).collect())
    }

    /// `struct nlmsgerr` for that message.
    fn answer(&mut self, seq: u32, errno: i32) {
        let mut bytes = Vec::new();
        bytes.extend(36u32.to_ne_bytes());
        bytes.extend(2u16.to_ne_bytes());
        bytes.extend(0x100u16.to_ne_bytes());
        bytes.extend(seq.to_ne_bytes());
        bytes.extend(PORT.to_ne_bytes());
        bytes.extend((-errno).to_ne_bytes());
        bytes.extend([0; 16]);
        self.pipeline.handle_datagram(0, &bytes, self.now);
    }

    /// The answer to the question for a family.
    fn family(&mut self, seq: u32, number: u16) {
        let mut bytes = Vec::new();
        bytes.extend(28u32.to_ne_bytes());
        bytes.extend(0x10u16.to_ne_bytes());
        bytes.extend(0u16.to_ne_bytes());
        bytes.extend(seq.to_ne_bytes());
        bytes.extend(PORT.to_ne_bytes());
        bytes.extend([1, 2, 0, 0, 6, 0, 1, 0]);
        bytes.extend(number.to_ne_bytes());
        bytes.extend([0, 0]);
        self.pipeline.handle_datagram(0, &bytes, self.now);
    }

    fn states(&self, count: usize) -> Vec<State> {
        let key = |number: usize| NftFamily::Inet.table(format!("t{number}"));
        (0..count).filter_map(|number| self.pipeline.engine().state::<NftTable>(&key(number))).collect()
    }

    fn failure<T: KSyncEntry>(&self, key: &T::Key) -> Failure {
        let why = self.pipeline.engine().why::<T>(key).expect("declared");
        why.root().and_then(|cause| cause.failure.clone()).unwrap_or_else(|| panic!("no failure: {why}"))
    }
}

#[test]
fn the_last_message_may_be_acknowledged_although_all_was_undone() {
    let mut bench = Bench::tables(4);
    let (_, ops) = bench.transaction();
    bench.answer(ops[1], EEXIST);
    bench.answer(ops[3], 0);
    use State::{AddDefer, InSync, SyncWait};
    assert_eq!(bench.states(4), [SyncWait, AddDefer, SyncWait, SyncWait], "nothing of it is in the kernel");
    let (_, again) = bench.transaction();
    assert_eq!(again.len(), 3, "without the one at fault");
    bench.answer(again[2], 0);
    assert_eq!(bench.states(4), [InSync, AddDefer, InSync, InSync]);
    assert!(bench.next().is_none() && bench.pipeline.is_idle());
    assert_eq!(bench.failure::<NftTable>(&NftFamily::Inet.table("t1")).error.errno, EEXIST);
}

#[test]
fn what_was_undone_leaves_before_anything_new_and_by_itself() {
    let mut bench = Bench::tables(3);
    let (_, ops) = bench.transaction();
    bench.pipeline.engine_mut().set(NftTable::new(NftFamily::Ip, "new"), bench.now).expect("valid");
    bench.answer(ops[0], EEXIST);
    bench.answer(ops[2], 0);
    let (_, again) = bench.transaction();
    assert_eq!(again.len(), 2);
    bench.answer(again[1], 0);
    let (_, new) = bench.transaction();
    assert_eq!(new.len(), 1);
}

#[test]
fn a_refusal_of_the_whole_is_halved_and_one_alone_takes_it() {
    let mut bench = Bench::tables(4);
    let (begin, ops) = bench.transaction();
    // The kernel ran out of memory while it committed: the last one may even be acknowledged after that.
    bench.answer(begin, ENOMEM);
    bench.answer(ops[3], 0);
    let (_, first) = bench.transaction();
    assert_eq!(first.len(), 2);
    bench.answer(first[1], 0);
    let (begin, second) = bench.transaction();
    assert_eq!(second.len(), 2);
    bench.answer(begin, ENOMEM);
    for errno in [ENOMEM, 0] {
        let (begin, alone) = bench.transaction();
        assert_eq!(alone.len(), 1);
        bench.answer(if errno == 0 { alone[0] } else { begin }, errno);
    }
    use State::{AddDefer, InSync};
    assert_eq!(bench.states(4), [InSync, InSync, AddDefer, InSync]);
    let failure = bench.failure::<NftTable>(&NftFamily::Inet.table("t2"));
    assert_eq!((failure.error.errno, failure.class), (ENOMEM, ErrorClass::Busy));
    assert!(bench.next().is_none());
}

#[test]
fn what_is_left_of_a_half_leaves_before_the_other_half() {
    let mut bench = Bench::tables(8);
    let (begin, _) = bench.transaction();
    bench.answer(begin, ENOMEM);
    let (_, first) = bench.transaction();
    assert_eq!(first.len(), 4);
    bench.answer(first[0], EEXIST);
    bench.answer(first[3], 0);
    assert_eq!(bench.transaction().1.len(), 3);
}

#[test]
fn what_no_part_could_do_either_is_not_tried_in_parts() {
    let mut bench = Bench::tables(100);
    let (begin, _) = bench.transaction();
    bench.answer(begin, EPERM);
    assert_eq!(bench.states(100), [State::AddDefer; 100]);
    assert!(bench.next().is_none());
}

#[test]
fn a_transaction_without_an_answer_is_in_doubt_and_sent_again() {
    let mut bench = Bench::tables(3);
    let (_, first) = bench.transaction();
    bench.now += Duration::from_secs(6);
    bench.pipeline.handle_timeout(bench.now);
    assert_eq!(bench.pipeline.totals().lost_answers, 3);
    let (_, second) = bench.transaction();
    assert_eq!((first.len(), second.len()), (3, 3));
    // A late answer to the first one means nothing.
    bench.answer(first[2], 0);
    assert!(!bench.states(3).contains(&State::InSync));
    bench.answer(second[2], 0);
    assert_eq!(bench.states(3), [State::InSync; 3]);
}

#[test]
fn lost_answers_are_no_acknowledgement_but_one_failure_is_proof_that_nothing_happened() {
    let mut bench = Bench::tables(3);
    let (_, ops) = bench.transaction();
    bench.pipeline.handle_overrun(0);
    bench.answer(ops[2], 0);
    assert_eq!(bench.pipeline.totals().lost_answers, 3, "a failure may be among what was lost");

    let mut bench = Bench::tables(3);
    let (_, ops) = bench.transaction();
    bench.answer(ops[0], EEXIST);
    bench.pipeline.handle_overrun(0);
    bench.pipeline.handle_quiet(0, bench.now);
    assert_eq!((bench.pipeline.totals().lost_answers, bench.pipeline.totals().undone), (0, 2));
}

#[test]
fn a_family_is_asked_for_once_and_again_when_its_number_is_in_doubt() {
    let mut bench =
        Bench::new(Channel::Generic, |engine| engine.register::<MptcpOnly>().expect("room for it"));
    let set = |bench: &mut Bench, id| {
        let now = bench.now;
        bench.pipeline.engine_mut().set(MptcpOnly { id }, now).expect("valid");
    };
    set(&mut bench, 1);
    set(&mut bench, 2);
    let question = bench.next().expect("a question");
    assert_eq!((question.len(), question[0].1), (1, 0x10));
    assert!(bench.next().is_none(), "nothing leaves before it is answered");
    bench.family(question[0].0, 33);
    let sent = bench.next().expect("a batch");
    assert_eq!(sent.iter().map(|(_, number)| *number).collect::<Vec<_>>(), [33, 33]);
    bench.answer(sent[1].0, 0);

    set(&mut bench, 3);
    let sent = bench.next().expect("a batch");
    assert_eq!(sent[0].1, 33, "the number is known");
    // The module went, and came back under another number.
    bench.answer(sent[0].0, ENOENT);
    set(&mut bench, 4);
    let question = bench.next().expect("a question");
    assert_eq!(question[0].1, 0x10);
    bench.family(question[0].0, 34);
    assert_eq!(bench.next().expect("a batch")[0].1, 34);
}

#[test]
fn a_family_that_is_missing_is_asked_for_again_after_a_while() {
    let mut bench =
        Bench::new(Channel::Generic, |engine| engine.register::<MptcpOnly>().expect("room for it"));
    bench.pipeline.engine_mut().set(MptcpOnly { id: 1 }, bench.now).expect("valid");
    let question = bench.next().expect("a question");
    bench.answer(question[0].0, ENOENT);
    assert!(bench.next().is_none());
    assert_eq!(bench.failure::<MptcpOnly>(&1).class, ErrorClass::Blocked);
    for _ in 0..20 {
        bench.now = bench.pipeline.next_timeout().expect("it is tried again");
        bench.pipeline.handle_timeout(bench.now);
        if let Some(question) = bench.next() {
            bench.family(question[0].0, 40);
            let sent = bench.next().expect("a batch");
            bench.answer(sent[0].0, 0);
            assert_eq!(bench.pipeline.engine().state::<MptcpOnly>(&1), Some(State::InSync));
            return;
        }
    }
    panic!("never asked again");
}

#[test]
fn a_question_that_was_not_answered_or_not_sent_is_asked_again() {
    let mut bench =
        Bench::new(Channel::Generic, |engine| engine.register::<MptcpOnly>().expect("room for it"));
    bench.pipeline.engine_mut().set(MptcpOnly { id: 1 }, bench.now).expect("valid");
    let first = bench.next().expect("a question");
    bench.now = bench.pipeline.next_timeout().expect("the answer is awaited");
    bench.pipeline.handle_timeout(bench.now);
    let second = bench.next().expect("the question again");
    assert_eq!((first[0].1, second[0].1), (0x10, 0x10));

    bench.pipeline.handle_send_error(0, &std::io::Error::from_raw_os_error(ENOMEM), bench.now);
    assert!(bench.pipeline.is_idle(), "nothing is awaited but the time of the next try");
    assert_eq!(bench.failure::<MptcpOnly>(&1).error.errno, ENOMEM);
    bench.now = bench.pipeline.next_timeout().expect("it is tried again");
    bench.pipeline.handle_timeout(bench.now);
    assert_eq!(bench.next().expect("the question")[0].1, 0x10);
}

/// The least that speaks the protocol of an endpoint.
#[derive(Clone, Debug, PartialEq, ksync_runtime::KSyncEntry)]
#[ksync(protocol = generic("mptcp_pm"), add = 1, delete = 2)]
struct MptcpOnly {
    #[ksync(key, nla = 2)]
    id: u8,
}

#[test]
fn the_stand_in_speaks_what_the_kind_speaks() {
    assert_eq!(MptcpOnly::SCHEMA.protocol, MptcpEndpoint::SCHEMA.protocol);
}
