//! The kinds of generic netlink and nf_tables as bytes: what is written is read back as it was, and bytes that no
//! kernel would send are refused without a panic.

use std::net::IpAddr;
use std::time::Duration;

use ksync_objects::{
    Link, MptcpEndpoint, NftFamily, NftSet, NftSetElement, NftSetFlags, NftTable, NftType, NftValue,
};
use ksync_runtime::declare::{KSyncEntry, Protocol, Resolver};
use ksync_runtime::prelude::*;
use ksync_runtime::wire::{MessageView, Messages, NLMSG_HEADER_LEN, head_len, open_message};

mod derive_support;

use derive_support::{Names, view};

/// Numbers that look random and are the same each time (xorshift).
struct Numbers(u64);

impl Numbers {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    fn below(&mut self, bound: u64) -> u64 {
        self.next() % bound
    }

    fn coin(&mut self) -> bool {
        self.below(2) == 0
    }

    fn maybe<T>(&mut self, make: impl FnOnce(&mut Self) -> T) -> Option<T> {
        self.coin().then(|| make(self))
    }

    fn text(&mut self, most: u64) -> String {
        let len = 1 + self.below(most);
        (0..len).map(|_| ['a', 'Z', '9', '_', ' ', 'ä'][self.below(6) as usize]).collect()
    }

    fn address(&mut self) -> IpAddr {
        if self.coin() {
            (self.next() as u32).to_be_bytes().into()
        } else {
            (u128::from(self.next()) << 64 | u128::from(self.next())).to_be_bytes().into()
        }
    }

    fn time(&mut self, most: u64) -> Duration {
        Duration::from_millis(1 + self.below(most))
    }

    fn family(&mut self) -> NftFamily {
        use NftFamily::{Arp, Bridge, Inet, Ip, Ip6, Netdev};
        [Ip, Ip6, Inet, Arp, Bridge, Netdev][self.below(6) as usize]
    }

    fn endpoint(&mut self) -> MptcpEndpoint {
        MptcpEndpoint {
            port: self.maybe(|numbers| numbers.next() as u16),
            link: self.maybe(|_| Ref::to("eth0")),
            subflow: self.coin(),
            signal: self.coin(),
            backup: self.coin(),
            fullmesh: self.coin(),
            ..MptcpEndpoint::new(1 + self.below(255) as u8, self.address())
        }
    }

    fn table(&mut self) -> NftTable {
        NftTable {
            dormant: self.coin(),
            comment: self.maybe(|numbers| numbers.text(60)),
            ..NftTable::new(self.family(), self.text(20))
        }
    }

    fn set(&mut self) -> NftSet {
        let other = NftType::Other { number: 1000 + self.below(9) as u32, len: 1 + self.below(64) as u32 };
        let kind = [NftType::Ipv4Addr, NftType::Ipv6Addr, NftType::EtherAddr, NftType::Mark, other];
        let flags = NftSetFlags { constant: self.coin(), timeout: self.coin(), dynamic: self.coin() };
        NftSet {
            comment: self.maybe(|numbers| numbers.text(60)),
            flags,
            timeout: flags.timeout.then(|| self.time(1 << 40)),
            gc_interval: self.maybe(|numbers| numbers.time(1 << 31)),
            size: self.maybe(|numbers| numbers.next() as u32),
            ..NftSet::new(self.family().table(self.text(20)), self.text(20), kind[self.below(5) as usize])
        }
    }

    fn element(&mut self) -> NftSetElement {
        let bytes = (0..1 + self.below(64)).map(|_| self.next() as u8).collect();
        NftSetElement {
            timeout: self.maybe(|numbers| numbers.time(1 << 40)),
            comment: self.maybe(|numbers| numbers.text(60)),
            ..NftSetElement::new(self.set().key(), NftValue::from_bytes(bytes))
        }
    }
}

/// What the add message says is read back; what the delete message says has the same key.
fn comes_back<T: KSyncEntry>(seed: u64, make: impl Fn(&mut Numbers) -> T) {
    let mut numbers = Numbers(seed);
    for _ in 0..2000 {
        let entry = make(&mut numbers);
        assert_eq!(entry.check(), Ok(()), "{entry:?}");
        let written = written_unlinked(&entry);
        let read =
            T::parse(&view(&written), &resolver()).unwrap_or_else(|error| panic!("{entry:?}: {error}"));
        assert_eq!(read, entry);
        assert_eq!(entry.unmet(&read), None);
        assert_eq!(read.key(), entry.key());
    }
}

fn resolver() -> Resolver<'static> {
    Resolver::new(&|_, index| (index == 7).then(|| Box::new("eth0".to_owned()) as Box<dyn std::any::Any>))
}

/// The add message, with 7 as the index of every link; references to others are not looked up.
fn written_unlinked<T: KSyncEntry>(entry: &T) -> Vec<u8> {
    struct Seven;
    impl ksync_runtime::declare::Indexes for Seven {
        fn index_of(&self, _: ksync_runtime::declare::Target) -> Option<u32> {
            Some(7)
        }
    }
    derive_support::written(|request| {
        entry.add_msg(&ksync_runtime::declare::Context::new(None, &Seven, false), request)
    })
}

#[test]
fn endpoints_come_back() {
    comes_back(1, Numbers::endpoint);
}

#[test]
fn tables_come_back() {
    comes_back(2, Numbers::table);
}

#[test]
fn sets_come_back() {
    comes_back(3, Numbers::set);
    let named = NftType::Other { number: 9, len: 6 };
    assert_eq!(
        NftSet::new(NftFamily::Ip.table("t"), "s", named).check().expect_err("another one").to_string(),
        "element: Other { number: 9, len: 6 } has a name: say `EtherAddr`"
    );
}

#[test]
fn elements_come_back() {
    comes_back(4, Numbers::element);
}

/// Every message, cut off anywhere, and with any byte replaced, makes a value or an error.
fn survives<T: KSyncEntry>(seed: u64, make: impl Fn(&mut Numbers) -> T) {
    let mut numbers = Numbers(seed);
    for _ in 0..50 {
        let written = written_unlinked(&make(&mut numbers));
        let body = &written[NLMSG_HEADER_LEN..];
        let original = view(&written);
        for end in 0..body.len() {
            let _ = T::parse(&MessageView { body: &body[..end], ..original }, &resolver());
        }
        for _ in 0..500 {
            let mut mutated = body.to_vec();
            for _ in 0..=numbers.below(3) {
                let at = numbers.below(mutated.len() as u64) as usize;
                mutated[at] = numbers.next() as u8;
            }
            let _ = T::parse(&MessageView { body: &mutated, ..original }, &resolver());
        }
    }
}

#[test]
fn hostile_bytes_make_no_panic() {
    survives(5, Numbers::endpoint);
    survives(6, Numbers::table);
    survives(7, Numbers::set);
    survives(8, Numbers::element);
}

#[test]
fn an_endpoint_is_written_as_ip_writes_it() {
    let endpoint = MptcpEndpoint {
        link: Some(Ref::to("eth0")),
        subflow: true,
        backup: true,
        ..MptcpEndpoint::new(3, [192, 0, 2, 1].into())
    };
    let mut names = Names::default().with::<Link>("eth0", 7);
    let bytes = names.add(&endpoint, None);
    let message = view(&bytes);
    // Command 1, version 1; MPTCP_PM_ATTR_ADDR nests ID, FAMILY, ADDR4, IF_IDX, FLAGS.
    #[rustfmt::skip]
    let expected = [
        1, 1, 0, 0,
        44, 0, 1, 0x80,
            5, 0, 2, 0, 3, 0, 0, 0,
            6, 0, 1, 0, 2, 0, 0, 0,
            8, 0, 3, 0, 192, 0, 2, 1,
            8, 0, 7, 0, 7, 0, 0, 0,
            8, 0, 6, 0, 6, 0, 0, 0,
    ];
    assert_eq!(
        (message.message_type, message.body),
        (0, &expected[..]),
        "the family's number is filled in later"
    );
    let delete = names.delete(&endpoint, None);
    assert_eq!(view(&delete).body, [2, 1, 0, 0, 12, 0, 1, 0x80, 5, 0, 2, 0, 3, 0, 0, 0]);
    let change = names.change(None, &endpoint, None);
    assert_eq!(view(&change).body.first(), Some(&7), "MPTCP_PM_CMD_SET_FLAGS");
    assert_eq!(message.flags, 1, "NLM_F_REQUEST alone: newer families refuse other flags");
}

#[test]
fn an_element_is_written_as_nft_writes_it() {
    let set = NftSet::new(NftFamily::Inet.table("t"), "s", NftType::Ipv4Addr);
    let element = NftSetElement {
        timeout: Some(Duration::from_millis(0x001b_7740)),
        comment: Some("x".to_owned()),
        ..NftSetElement::new(set.key(), std::net::Ipv4Addr::new(192, 0, 2, 1))
    };
    let bytes = written_unlinked(&element);
    let message = view(&bytes);
    // nft 1.0.6 writes the time before the key; the kernel takes any order.
    #[rustfmt::skip]
    let expected = [
        1, 0, 0, 0,
        6, 0, 1, 0, b't', 0, 0, 0,
        6, 0, 2, 0, b's', 0, 0, 0,
        40, 0, 3, 0x80,
            36, 0, 1, 0x80,
                12, 0, 1, 0x80, 8, 0, 1, 0, 192, 0, 2, 1,
                12, 0, 4, 0, 0, 0, 0, 0, 0, 0x1b, 0x77, 0x40,
                8, 0, 6, 0, 0, 2, b'x', 0,
    ];
    assert_eq!((message.message_type, message.body), (10 << 8 | 12, &expected[..]));
    assert_eq!(message.flags, 0x601, "NLM_F_REQUEST, NLM_F_CREATE, NLM_F_EXCL");
}

#[test]
fn the_field_at_fault_is_found_behind_the_head_and_inside_of_the_nests() {
    let endpoint = MptcpEndpoint { port: Some(80), ..MptcpEndpoint::new(3, [192, 0, 2, 1].into()) };
    let bytes = written_unlinked(&endpoint);
    let schema = MptcpEndpoint::SCHEMA;
    let head = head_len(schema.protocol);
    assert_eq!(head, 20);
    let body = &bytes[head..];
    // The nest, its header and the id: 4 bytes; then 8 for each attribute.
    assert_eq!(schema.field_at(body, 0), None, "the nest itself is no field");
    assert_eq!(schema.field_at(body, 4), Some("id"));
    assert_eq!(schema.field_at(body, 28), Some("port"));
    assert_eq!(schema.field_at(body, 4000), None);
}

#[test]
fn messages_of_others_are_told_apart() {
    let table = NftTable::new(NftFamily::Inet, "t");
    let bytes = written_unlinked(&table);
    let message = view(&bytes);
    assert!(open_message(NftTable::SCHEMA, &message).is_ok());
    // Another part of netfilter with the same number of a message.
    let conntrack = MessageView { message_type: 1 << 8, ..message };
    assert!(open_message(NftTable::SCHEMA, &conntrack).expect_err("another subsystem").is_foreign());
    let set = MessageView { message_type: 10 << 8 | 9, ..message };
    assert!(NftTable::parse(&set, &Resolver::empty()).expect_err("a set").is_foreign());

    let endpoint = written_unlinked(&MptcpEndpoint::new(1, [192, 0, 2, 1].into()));
    let error = MessageView { message_type: 2, ..view(&endpoint) };
    assert!(MptcpEndpoint::parse(&error, &Resolver::empty()).expect_err("NLMSG_ERROR").is_foreign());
    // What the kernel dumps bears the command that asked for it.
    let mut dumped = endpoint.clone();
    dumped[NLMSG_HEADER_LEN] = 3;
    assert!(MptcpEndpoint::parse(&view(&dumped), &Resolver::empty()).is_ok());
    dumped[NLMSG_HEADER_LEN] = 5;
    assert!(MptcpEndpoint::parse(&view(&dumped), &Resolver::empty()).is_err(), "limits are no endpoint");
    assert_eq!(Messages::new(&endpoint).count(), 1);
    assert_eq!(MptcpEndpoint::SCHEMA.protocol, Protocol::Generic { family: "mptcp_pm", version: 1 });
}
