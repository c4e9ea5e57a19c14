//! Queueing disciplines, classes and filters as bytes: what is written, read, and refused before it is written.

mod tc_support;

use std::any::{Any, TypeId};
use std::time::Duration;

use bytes::BytesMut;
use ksync_objects::{
    ClassKind, Filter, HtbClass, HtbInit, Qdisc, QdiscKind, Tbf, TbfPeak, TcFlow, TcHandle, TcParent, U32,
    U32Handle, U32HashKey, U32Match,
};
use ksync_runtime::declare::{
    Context, ErrorClass, Indexes, Links, OperationError, Progress, References, Resolver, Target, Verb,
};
use ksync_runtime::prelude::*;
use ksync_runtime::wire::{MessageView, Messages, ParseError, Request};
use tc_support::{class, handle, ip_filter, root, shaper, to};

/// Link v0 has number 7, and nothing else has one.
struct Seven;

impl Links for Seven {
    fn link<T: KSyncEntry>(&mut self, _: &T::Key, _: bool) -> Target {
        Target::new(0)
    }
}

impl Indexes for Seven {
    fn index_of(&self, _: Target) -> Option<u32> {
        Some(7)
    }
}

fn add<T: KSyncEntry>(entry: &T) -> Vec<u8> {
    let mut entry = entry.clone();
    entry.references(&mut References::new(&mut Seven));
    let mut out = BytesMut::new();
    let written: Result<Progress, OperationError> =
        entry.add_msg(&Context::new(None, &Seven, false), Request::new(&mut out, 1, 0));
    assert_eq!(written, Ok(Progress::Pending));
    out.to_vec()
}

fn parse<T: KSyncEntry>(message: &MessageView<'_>) -> Result<T, ParseError> {
    let key_of = |_: TypeId, _: u32| Some(Box::new("v0".to_owned()) as Box<dyn Any>);
    T::parse(message, &Resolver::new(&key_of))
}

/// What is written is read as what it was, and so it is once more; cut off anywhere, it is an error and no panic.
fn comes_back<T: KSyncEntry>(entry: &T) -> T {
    assert_eq!(entry.check(), Ok(()), "{entry:?}");
    let bytes = add(entry);
    let message = Messages::new(&bytes).next().expect("a message").expect("a whole one");
    let seen: T = parse(&message).expect("readable");
    assert_eq!(
        (entry.unmet(&seen), entry.key() == seen.key()),
        (None, true),
        "{entry:?} is read as {seen:?}"
    );
    assert_eq!(add(&seen), bytes, "{entry:?}, {seen:?}");
    for len in 0..message.body.len() {
        let _ = parse::<T>(&MessageView { body: &message.body[..len], ..message });
    }
    seen
}

/// Numbers of every size, the same ones in every run.
struct Draw(u64);

impl Draw {
    fn up_to(&mut self, bits: u32) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let bits = (self.0 >> 58) as u32 % bits + 1;
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 8) & ((1 << bits) - 1)
    }

    fn maybe<T>(&mut self, draw: impl FnOnce(&mut Self) -> T) -> Option<T> {
        (self.up_to(8) & 1 == 1).then(|| draw(self))
    }
}

#[test]
fn what_is_written_comes_back() {
    let mut draw = Draw(11);
    for _ in 0..3000 {
        let limit = draw.maybe(|draw| draw.up_to(32) as u32);
        let rate = 1 + draw.up_to(38);
        let tbf = Tbf {
            rate,
            burst: 1 + draw.up_to(31) as u32,
            limit: 1 + draw.up_to(31) as u32,
            peak: draw
                .maybe(|draw| TbfPeak { rate: rate + 1 + draw.up_to(38), mtu: 1 + draw.up_to(31) as u32 }),
            overhead: draw.up_to(16) as u16,
            mpu: draw.up_to(16) as u16,
        };
        let times = draw.maybe(|draw| Duration::from_micros(draw.up_to(32)));
        let codel = QdiscKind::FqCodel {
            target: times,
            limit,
            interval: draw.maybe(|draw| Duration::from_micros(draw.up_to(32))),
            ecn: draw.maybe(|draw| draw.up_to(8) > 7),
            flows: draw.maybe(|draw| 1 + draw.up_to(31) as u32),
            quantum: limit,
            ce_threshold: times,
            drop_batch: draw.maybe(|draw| draw.up_to(32) as u32),
            memory_limit: draw.maybe(|draw| draw.up_to(32) as u32),
        };
        let kinds = [
            QdiscKind::Htb {
                init: HtbInit { default: draw.up_to(16) as u16, r2q: draw.up_to(32) as u32 },
                direct_qlen: limit,
            },
            shaper(tbf),
            QdiscKind::Pfifo { limit: draw.up_to(32) as u32 },
            QdiscKind::Bfifo { limit: draw.up_to(32) as u32 },
            QdiscKind::PfifoHeadDrop { limit: draw.up_to(32) as u32 },
            QdiscKind::PfifoFast,
            codel,
        ];
        for kind in kinds {
            let qdisc = Qdisc { handle: TcHandle::new(1 + draw.up_to(15) as u16, 0), ..root(kind) };
            assert_eq!(comes_back(&qdisc), qdisc);
        }

        let rate = 100_000 + draw.up_to(38);
        let share = HtbClass {
            rate,
            ceil: draw.maybe(|draw| rate + draw.up_to(38)),
            burst: draw.maybe(|draw| draw.up_to(24) as u32),
            cburst: draw.maybe(|draw| draw.up_to(24) as u32),
            prio: draw.up_to(3) as u32,
            quantum: draw.maybe(|draw| 1 + draw.up_to(31) as u32),
            overhead: draw.up_to(16) as u16,
            mpu: draw.up_to(16) as u16,
        };
        let ClassKind::Htb { share: seen } = comes_back(&class("1:", "1:10", share.clone())).kind else {
            panic!("another sort of class")
        };
        assert_eq!((seen.rate, seen.ceil, seen.quantum), (rate, share.ceil.or(Some(rate)), share.quantum));

        let word = |draw: &mut Draw| {
            let mask = draw.up_to(32) as u32;
            U32Match { value: draw.up_to(32) as u32 & mask, mask, offset: draw.up_to(31) as i32 - 1000 }
        };
        let node = 1 + draw.up_to(11) as u16;
        let place = draw
            .maybe(|draw| U32Handle::in_bucket(1 + draw.up_to(10) as u16 % 0x7ff, draw.up_to(8) as u8, node))
            .unwrap_or(U32Handle::node(node));
        let link = draw.maybe(|draw| 1 + draw.up_to(10) as u16 % 0x7ff);
        let options = U32 {
            matches: (0..draw.up_to(4)).map(|_| word(&mut draw)).collect(),
            classid: draw.maybe(|draw| TcFlow::At(TcHandle::from_number(draw.up_to(32) as u32))),
            link,
            hash_key: link
                .map(|link| U32HashKey { mask: u32::from(link) << 3, offset: draw.up_to(15) as i16 - 99 }),
            divisor: None,
            bucket: None,
        };
        let mut filter = ip_filter(1 + draw.up_to(15) as u16, place, options);
        filter.chain = draw.up_to(32) as u32;
        filter.protocol = draw.up_to(16) as u16;
        // Who has to be there first does not stand in the message.
        filter.after.clear();
        assert_eq!(comes_back(&filter), filter);
    }
    comes_back(&Qdisc::ingress("v0"));
    comes_back(&Qdisc::clsact("v0"));
}

/// Another reader of the bytes, for what a kernel may lack.
#[test]
fn fq_codel_is_written_as_others_read_it() {
    use netlink_packet_core::{NetlinkMessage, NetlinkPayload};
    use netlink_packet_route::RouteNetlinkMessage;
    use netlink_packet_route::tc::{TcAttribute, TcOption, TcQdiscFqCodelOption as Read};
    let qdisc = root(QdiscKind::FqCodel {
        target: Some(Duration::from_millis(3)),
        limit: Some(10),
        interval: Some(Duration::from_millis(70)),
        ecn: Some(true),
        flows: Some(64),
        quantum: Some(1600),
        ce_threshold: Some(Duration::from_millis(5)),
        drop_batch: Some(7),
        memory_limit: Some(1_000_000),
    });
    let message = NetlinkMessage::<RouteNetlinkMessage>::deserialize(&add(&qdisc)).expect("decodes");
    let NetlinkPayload::InnerMessage(RouteNetlinkMessage::NewQueueDiscipline(message)) = message.payload
    else {
        panic!("no queueing discipline");
    };
    assert_eq!((message.header.index, u32::from(message.header.parent)), (7, TC_H_ROOT));
    assert_eq!((message.header.handle.major, message.header.handle.minor), (1, 0));
    let options = [
        Read::Target(3000),
        Read::Limit(10),
        Read::Interval(70_000),
        Read::Ecn(1),
        Read::Flows(64),
        Read::Quantum(1600),
        Read::CeThreshold(5000),
        Read::DropBatchSize(7),
        Read::MemoryLimit(1_000_000),
    ];
    let options = options.into_iter().map(TcOption::FqCodel).collect();
    assert_eq!(message.attributes, [TcAttribute::Kind("fq_codel".to_owned()), TcAttribute::Options(options)]);
}

#[test]
fn what_can_t_be_right_is_refused_before_the_kernel_is_asked() {
    fn refused<T: KSyncEntry>(entry: T) -> String {
        entry.check().expect_err("refused").to_string()
    }
    let qdisc = |at: &str, parent, kind| refused(Qdisc::new("v0", handle(at), parent, kind));
    let (fifo, other) = (QdiscKind::PfifoFast, TcParent::class("v1", handle("1:1")));
    assert_eq!(
        qdisc("1:", TcParent::Ingress, fifo.clone()),
        "parent: only ingress and clsact hang on ingress, and on nothing else; it hangs on ingress"
    );
    assert_eq!(
        qdisc("ffff:", TcParent::Root, QdiscKind::Clsact),
        "parent: only ingress and clsact hang on ingress, and on nothing else; it hangs on root"
    );
    assert_eq!(
        qdisc("1:", TcParent::Ingress, QdiscKind::Ingress),
        "handle: is 1:, but ingress and clsact can only be ffff:"
    );
    assert_eq!(
        qdisc("1:2", TcParent::Root, fifo.clone()),
        "handle: is 1:2, which is a class; the discipline is 1:"
    );
    assert_eq!(qdisc("ffff:", TcParent::Root, fifo.clone()), "handle: is ffff:; it goes from 1: to fffe:");
    assert_eq!(qdisc("1:", other, fifo), "parent: is one of link v1, this is one of link v0");
    assert_eq!(
        qdisc("1:", TcParent::Root, QdiscKind::tbf(0, 1, 1)),
        "kind: shaper: the rate must be one byte per second at least"
    );
    let peak = Some(TbfPeak { rate: 5, mtu: 1 });
    let tbf = Tbf { rate: 5, burst: 1, limit: 1, peak, overhead: 0, mpu: 0 };
    assert_eq!(qdisc("1:", TcParent::Root, shaper(tbf)), "kind: shaper: the peak must be more than the rate");

    let some = HtbClass::new(125_000);
    assert_eq!(
        refused(class("1:", "2:1", some.clone())),
        "classid: 2:1 is of discipline 2:, its parent of 1:"
    );
    assert_eq!(refused(class("1:1", "1:1", some.clone())), "parent: a class can't be its own parent");
    assert_eq!(
        refused(class("1:", "1:", some.clone())),
        "classid: 1: is no class: it needs a number before and behind the colon"
    );
    let wrong = |share| refused(class("1:", "1:1", share));
    assert_eq!(
        wrong(HtbClass { prio: 8, ..some.clone() }),
        "kind: share: prio 8 is too large: it goes from 0 to 7"
    );
    assert_eq!(
        wrong(HtbClass { quantum: Some(0), ..some.clone() }),
        "kind: share: quantum 0 leaves it to the kernel: leave it out"
    );
    assert!(
        wrong(HtbClass { burst: Some(1 << 26), ..some.clone() }).contains("takes more than the 274 seconds")
    );
    assert_eq!(wrong(HtbClass::new(0)), "kind: share: the rate must be one byte per second at least");
    assert_eq!(
        wrong(HtbClass { ceil: Some(0), ..some }),
        "kind: share: the ceil must be one byte per second at least"
    );

    let (at, ten) = (U32Handle::node(1), to("10.0.0.0/8", "1:10"));
    assert!(refused(ip_filter(0, at, ten.clone())).starts_with("priority: 0 leaves it to the kernel"));
    assert!(refused(ip_filter(1, U32Handle::table(5), ten.clone())).contains("a table needs a divisor"));
    assert!(refused(ip_filter(1, at, U32::table(4))).contains("a table needs a divisor"));
    assert_eq!(
        refused(ip_filter(1, U32Handle::table(5), U32::table(3))),
        "kind: divisor: 3 is no power of two up to 256"
    );
    for (place, reason) in [
        (U32Handle::node(0x1000), "a node goes from 1 to fff"),
        (U32Handle::in_bucket(0x800, 0, 1), "a table goes from 1 to 7ff"),
        (U32Handle::in_bucket(0, 1, 1), "the first table has bucket 0 only"),
        (U32Handle::node(0), "it names neither a table nor a node"),
    ] {
        assert_eq!(
            refused(ip_filter(1, place, ten.clone())),
            format!("handle: there can be no {place}: {reason}")
        );
    }
    let nowhere = TcParent::At(TcHandle::from_number(TC_H_ROOT));
    assert_eq!(
        refused(Filter { parent: nowhere.clone(), ..ip_filter(1, at, ten.clone()) }),
        "parent: ffff:ffff takes no filters: what hangs there does"
    );
    assert_eq!(
        refused(ksync_objects::Class { parent: nowhere, ..class("1:", "1:1", HtbClass::new(125_000)) }),
        "parent: ffff:ffff takes no classes"
    );
    let bits = U32::matching(vec![U32Match { value: 3, mask: 1, offset: 0 }]);
    assert_eq!(
        refused(ip_filter(1, at, bits)),
        "kind: matches: the value 00000003 has bits outside of its mask 00000001"
    );
    let elsewhere =
        Filter { kind: U32 { bucket: Some((5, 1)), ..ten.clone() }, ..ip_filter(1, at, ten.clone()) };
    assert_eq!(refused(elsewhere), "kind: its bucket is another one than that of handle ::1");
    let other = U32 { classid: Some(TcFlow::class("v1", handle("1:1"))), ..ten };
    assert_eq!(refused(ip_filter(1, at, other)), "classid: is one of link v1, this is one of link v0");
    assert_eq!(
        Filter::classify(Verb::Add, &OperationError::kernel(28, None, None)),
        ErrorClass::AlreadyThere
    );
}
