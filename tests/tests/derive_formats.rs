//! What the words for the payload of attributes put on the wire, against bytes written by hand from the kernel's
//! headers; and back.

mod derive_support;

use std::net::{IpAddr, Ipv4Addr};
use std::time::Duration;

use derive_support::{Names, view};
use ksync_runtime::declare::{Difference, KSyncEntry};
use ksync_runtime::prelude::*;
use ksync_runtime::wire::{Incoming, ParseError};

/// `struct rtnexthop` (linux/rtnetlink.h).
mod headers {
    ksync_runtime::fixed_header! {
        pub(crate) struct MultipathHeader {
            rtnh_len: u16,
            rtnh_flags: u8,
            rtnh_hops: u8,
            rtnh_ifindex: i32,
        }
    }

    // No struct of the kernel: a field of each sort.
    ksync_runtime::fixed_header! {
        pub(crate) struct Wide {
            port: u16,
            flags: u16,
            ifindex: u32,
            cookie: u64,
            offset: i64,
        }
    }

    // `struct nexthop_grp` (linux/nexthop.h).
    ksync_runtime::fixed_header! {
        pub(crate) struct GroupMember {
            id: u32,
            weight: u8,
            resvd1: u8,
            resvd2: u16,
        }
    }
}
use headers::{GroupMember, MultipathHeader, Wide};

#[derive(Clone, Debug, PartialEq, KSyncEntry)]
#[ksync(
    protocol = route, header = LinkHeader, add = RTM_NEWLINK, delete = RTM_DELLINK,
    index(from = kernel, header = ifi_index),
)]
struct Port {
    #[ksync(key, nla = IFLA_IFNAME)]
    name: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, KSyncValue)]
#[ksync(repr = u16)]
enum EtherType {
    #[ksync(value = 0x0800)]
    Ipv4,
    #[ksync(value = 0x86dd)]
    Ipv6,
    #[ksync(other)]
    Other(u16),
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, KSyncValue)]
enum Mode {
    #[ksync(name = "bridge")]
    Bridge,
    #[ksync(name = "private")]
    Private,
    #[ksync(other)]
    Other(String),
}

#[derive(Clone, Debug, PartialEq, KSyncNested)]
#[ksync(header = GroupMember)]
struct Member {
    #[depends_on]
    #[ksync(header = id)]
    port: Ref<Port>,
    #[ksync(header = weight)]
    weight: u8,
}

#[derive(Clone, Debug, PartialEq, KSyncNested)]
#[ksync(header = MultipathHeader)]
struct Path {
    #[depends_on]
    #[ksync(header = rtnh_ifindex)]
    port: Ref<Port>,
    #[ksync(header = rtnh_hops)]
    hops: u8,
    #[ksync(nla = RTA_GATEWAY)]
    gateway: Option<Ipv4Addr>,
}

#[derive(Clone, Debug, PartialEq, KSyncNested)]
struct Inner {
    #[ksync(nla = 1, be)]
    number: u16,
    #[ksync(nla = 2)]
    note: Option<u8>,
}

#[derive(Clone, Debug, PartialEq, KSyncNested)]
struct Flat {
    #[ksync(nla = 60, be)]
    number: u16,
    #[ksync(flatten)]
    deeper: Option<Deeper>,
}

#[derive(Clone, Debug, PartialEq, KSyncNested)]
struct Deeper {
    #[ksync(nla = 61)]
    number: u8,
}

#[derive(Clone, Debug, PartialEq, KSyncNested)]
#[ksync(kind = 70, data = 71, repr = u16)]
enum Numbered {
    #[ksync(kind = 1)]
    One {
        #[ksync(nla = 1)]
        number: u8,
    },
    #[ksync(kind = 2, header = GroupMember)]
    Two {
        #[ksync(header = weight)]
        weight: u8,
    },
    #[ksync(other)]
    Neither,
}

/// One field for each word.
#[derive(Clone, Debug, PartialEq, KSyncEntry)]
#[ksync(protocol = route, header = RuleHeader, add = 100, delete = 102)]
struct All {
    #[ksync(key, nla = 1, be)]
    key: u32,
    #[ksync(header = flags, be)]
    in_header: u32,
    #[ksync(header = action)]
    protocol: Action,
    #[ksync(nla = 2, be)]
    ether: Option<EtherType>,
    #[ksync(nla = 3, no_nul)]
    text: String,
    #[ksync(nla = 4)]
    mode: Mode,
    #[ksync(nla = 5, flag)]
    flag: bool,
    #[ksync(nla = 6, repeated, be)]
    repeated: Vec<u16>,
    #[ksync(nla = 7, each = 9)]
    each: Vec<Inner>,
    #[ksync(nla = 8, numbered)]
    numbered: Option<Vec<u8>>,
    #[ksync(nla = 9, numbered = 0, no_nul)]
    from_zero: Vec<String>,
    #[ksync(nla = 10, array)]
    members: Vec<Member>,
    #[ksync(nla = 11, array, be)]
    ports: Vec<u16>,
    #[ksync(nla = 12, records = rtnh_len)]
    paths: Vec<Path>,
    #[ksync(flatten)]
    flat: Flat,
    #[ksync(flatten)]
    tagged: Numbered,
    #[ksync(nla = 13, bit = 0x1)]
    low: bool,
    #[ksync(nla = 13, bit = 0x80)]
    high: bool,
    #[ksync(nla = 14, bit = 0x2, selector)]
    chosen: Option<bool>,
    #[ksync(nla = 14, bit = 0x4, selector)]
    chosen_too: Option<bool>,
    #[ksync(nla = 15, unit = centis)]
    ticks: Duration,
    #[ksync(nla = 16, unit = millis as u64, be)]
    timeout: Option<Duration>,
    #[ksync(nla = 17, default = 7u8)]
    usual: u8,
    #[depends_on]
    #[ksync(nla = 18, by_key)]
    named: Ref<Port>,
    #[depends_on]
    #[ksync(nla = 19, each = 1)]
    indexes: Vec<Ref<Port>>,
    #[depends_on]
    #[ksync(nla = 20, array)]
    in_a_row: Option<Vec<Ref<Port>>>,
    #[depends_on]
    #[ksync(nla = 21, repeated, by_key, no_nul)]
    names: Vec<Ref<Port>>,
    #[ksync(nla = (22, 23))]
    either: IpAddr,
    #[ksync(nla = 30, prefix_len = src_len)]
    source: Option<Ipv4Net>,
    #[ksync(nla = 31, prefix_len = dst_len, family = family)]
    destination: IpNet,
    #[depends_on(Port)]
    #[ksync(nla = 32, each = 1)]
    structs: Vec<Member>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, KSyncValue)]
#[ksync(repr = u8)]
enum Action {
    #[ksync(value = FR_ACT_TO_TBL)]
    ToTable,
    #[ksync(other)]
    Other(u8),
}

fn names() -> Names {
    Names::default().with::<Port>("a", 5).with::<Port>("b", 6)
}

fn all() -> All {
    All {
        key: 0x0102_0304,
        in_header: 0x0a0b_0c0d,
        protocol: Action::ToTable,
        ether: Some(EtherType::Ipv6),
        text: "text".to_owned(),
        mode: Mode::Private,
        flag: true,
        repeated: vec![0x1122, 0x3344],
        each: vec![Inner { number: 0x0506, note: None }, Inner { number: 0x0708, note: Some(1) }],
        numbered: Some(vec![7, 8]),
        from_zero: vec!["x".to_owned()],
        members: vec![Member { port: Ref::to("a"), weight: 1 }, Member { port: Ref::to("b"), weight: 2 }],
        ports: vec![0x0102, 0x0304],
        paths: vec![
            Path { port: Ref::to("a"), hops: 1, gateway: Some(Ipv4Addr::new(192, 0, 2, 1)) },
            Path { port: Ref::to("b"), hops: 2, gateway: None },
        ],
        flat: Flat { number: 0x6061, deeper: Some(Deeper { number: 9 }) },
        tagged: Numbered::One { number: 3 },
        low: true,
        high: true,
        chosen: Some(true),
        chosen_too: Some(false),
        ticks: Duration::from_millis(2_500),
        timeout: Some(Duration::from_millis(1_500)),
        usual: 9,
        named: Ref::to("b"),
        indexes: vec![Ref::to("a"), Ref::to("b")],
        in_a_row: Some(vec![Ref::to("b"), Ref::to("a")]),
        names: vec![Ref::to("a")],
        either: "2001:db8::1".parse().expect("an address"),
        source: Some("10.0.0.0/8".parse().expect("a prefix")),
        destination: "2001:db8::/32".parse().expect("a prefix"),
        structs: vec![Member { port: Ref::to("a"), weight: 3 }],
    }
}

/// `struct nlattr` and the payload, padded.
fn nla(number: u16, payload: &[u8]) -> Vec<u8> {
    let len = u16::try_from(payload.len() + 4).expect("short");
    let mut bytes = [&len.to_ne_bytes()[..], &number.to_ne_bytes(), payload].concat();
    bytes.resize(bytes.len().next_multiple_of(4), 0);
    bytes
}

/// The same, `NLA_F_NESTED`.
fn nest(number: u16, inside: &[Vec<u8>]) -> Vec<u8> {
    nla(number | 0x8000, &inside.concat())
}

fn host(number: u32) -> [u8; 4] {
    number.to_ne_bytes()
}

fn body(bytes: &[u8]) -> Vec<u8> {
    view(bytes).body.to_vec()
}

#[test]
fn every_word_writes_what_the_kernel_reads() {
    let v6 = |text: &str| text.parse::<std::net::Ipv6Addr>().expect("an address").octets();
    let member = |index: u32, weight: u8| [&host(index)[..], &[weight, 0, 0, 0]].concat();
    let path = |len: u16, hops: u8, index: u32, behind: &[u8]| {
        [&len.to_ne_bytes()[..], &[0, hops], &host(index), behind].concat()
    };
    let expected = [
        // family, dst_len, src_len, tos, table, two reserved, action, flags
        vec![10, 32, 8, 0, 0, 0, 0, 1, 0x0a, 0x0b, 0x0c, 0x0d],
        nla(1, &[1, 2, 3, 4]),
        nla(2, &[0x86, 0xdd]),
        nla(3, b"text"),
        nla(4, b"private\0"),
        nla(5, &[]),
        nla(6, &[0x11, 0x22]),
        nla(6, &[0x33, 0x44]),
        nest(7, &[nest(9, &[nla(1, &[5, 6])]), nest(9, &[nla(1, &[7, 8]), nla(2, &[1])])]),
        nest(8, &[nla(1, &[7]), nla(2, &[8])]),
        nest(9, &[nla(0, b"x")]),
        nla(10, &[member(5, 1), member(6, 2)].concat()),
        nla(11, &[1, 2, 3, 4]),
        nla(12, &[path(16, 1, 5, &nla(5, &[192, 0, 2, 1])), path(8, 2, 6, &[])].concat()),
        nla(60, &[0x60, 0x61]),
        nla(61, &[9]),
        nla(70, &1u16.to_ne_bytes()),
        nest(71, &[nla(1, &[3])]),
        nla(13, &host(0x81)),
        nla(14, &[host(0x2), host(0x6)].concat()),
        nla(15, &host(250)),
        nla(16, &1_500u64.to_be_bytes()),
        nla(17, &[9]),
        nla(18, b"b\0"),
        nest(19, &[nla(1, &host(5)), nla(1, &host(6))]),
        nla(20, &[host(6), host(5)].concat()),
        nla(21, b"a"),
        nla(23, &v6("2001:db8::1")),
        nla(30, &[10, 0, 0, 0]),
        nla(31, &v6("2001:db8::")),
        // A struct is no nest, so it has no NLA_F_NESTED.
        nest(32, &[nla(1, &member(5, 3))]),
    ];
    let written = body(&names().add(&all(), None));
    let mut rest = written.as_slice();
    for piece in &expected {
        let (found, behind) = rest.split_at_checked(piece.len()).expect("long enough");
        assert_eq!(found, piece, "{} bytes from the end", rest.len());
        rest = behind;
    }
    assert_eq!(rest, [0u8; 0]);
}

#[test]
fn what_is_written_is_read_back_the_same() {
    let smallest = All {
        ether: Some(EtherType::Other(0x9100)),
        protocol: Action::Other(200),
        mode: Mode::Other("source".to_owned()),
        flag: false,
        repeated: Vec::new(),
        each: Vec::new(),
        numbered: Some(Vec::new()),
        from_zero: Vec::new(),
        members: Vec::new(),
        ports: Vec::new(),
        paths: Vec::new(),
        flat: Flat { number: 1, deeper: None },
        tagged: Numbered::Two { weight: 6 },
        low: false,
        high: true,
        chosen: None,
        chosen_too: None,
        ticks: Duration::ZERO,
        timeout: None,
        indexes: Vec::new(),
        in_a_row: None,
        names: Vec::new(),
        either: "192.0.2.7".parse().expect("an address"),
        source: None,
        destination: "0.0.0.0/0".parse().expect("a prefix"),
        ..all()
    };
    let neither = All { tagged: Numbered::Neither, ether: None, numbered: None, ..smallest.clone() };
    for entry in [all(), smallest, neither] {
        let bytes = names().add(&entry, None);
        assert_eq!(names().parse::<All>(&bytes).as_ref(), Ok(&entry));
        assert_eq!(entry.unmet(&entry), None);
    }
}

#[test]
fn what_may_be_missing_is_read_as_such() {
    let written = names().add(&All { repeated: vec![], ..all() }, None);
    // Without the attributes 3 (text, needed) and 17 (has a default).
    let without = |number: u16| {
        let message = view(&written);
        let Incoming { attributes, .. } = Incoming::<RuleHeader>::parse(message.body).expect("parses");
        let mut bytes = written[..28].to_vec();
        for (nla_type, payload) in attributes.iter().filter(|(nla_type, _)| *nla_type != number) {
            bytes.extend(nla(nla_type, payload));
        }
        let len = u32::try_from(bytes.len()).expect("short");
        bytes[..4].copy_from_slice(&len.to_ne_bytes());
        bytes
    };
    assert_eq!(names().parse::<All>(&without(17)).map(|entry| entry.usual), Ok(7));
    let lacks = names().parse::<All>(&without(3)).expect_err("the text is needed");
    assert!(lacks.is_foreign(), "{lacks}");
    assert_eq!(lacks.to_string(), "field text (attribute 3): missing");
    assert_eq!(names().parse::<All>(&without(10)).map(|entry| entry.members), Ok(vec![]));
    assert_eq!(names().parse::<All>(&without(13)).map(|entry| (entry.low, entry.high)), Ok((false, false)));
}

/// Whoever sends it: no panic, and an error that names the place.
#[test]
fn truncated_and_mutilated_messages_are_refused_with_a_reason() {
    let whole = names().add(&all(), None);
    let resized = |len: usize| {
        let mut bytes = whole[..len].to_vec();
        bytes[..4].copy_from_slice(&u32::try_from(len).expect("short").to_ne_bytes());
        bytes
    };
    for len in 16..whole.len() {
        let _ = names().parse::<All>(&resized(len));
    }
    // Every byte once set to each of a few values; lengths of records and nests are among them.
    for at in 16..whole.len() {
        for value in [0, 1, 3, 4, 0x7f, 0x80, 0xff] {
            let mut bytes = whole.clone();
            bytes[at] = value;
            let _ = names().parse::<All>(&bytes);
        }
    }
    let with = |number: u16, payload: &[u8]| {
        let mut bytes = whole[..28].to_vec();
        for (nla_type, old) in Incoming::<RuleHeader>::parse(&whole[16..]).expect("parses").attributes.iter()
        {
            bytes.extend(nla(nla_type, if nla_type == number { payload } else { old }));
        }
        let len = u32::try_from(bytes.len()).expect("short");
        bytes[..4].copy_from_slice(&len.to_ne_bytes());
        names().parse::<All>(&bytes).map(|_| ()).map_err(|error| error.to_string())
    };
    let refused = |number, payload: &[u8], reason: &str| {
        assert_eq!(with(number, payload), Err(reason.to_owned()));
    };
    refused(2, &[1], "field ether (attribute 2): expected 2 bytes, got 1");
    refused(
        3,
        &[0xff],
        "field text (attribute 3): not UTF-8: invalid utf-8 sequence of 1 bytes from index 0",
    );
    refused(10, &[0; 12], "field members (attribute 10): expected 16 bytes, got 12");
    refused(11, &[0; 3], "field ports (attribute 11): expected 4 bytes, got 3");
    refused(12, &[0; 8], "field paths (attribute 12): expected 8 bytes, got 8");
    refused(12, &[0xff; 8], "field paths (attribute 12): expected 65535 bytes, got 8");
    refused(14, &[0; 4], "field chosen (attribute 14): expected 8 bytes, got 4");
    refused(31, &[1, 2, 3], "field destination (attribute 31): expected 16 bytes, got 3");
}

#[test]
fn text_may_end_in_a_nul() {
    let text = |payload: &[u8]| {
        let mut bytes = names().add(&All { text: String::new(), ..all() }, None);
        let at = bytes.windows(4).position(|window| window == nla(3, &[])).expect("written");
        bytes.splice(at..at + 4, nla(3, payload));
        let len = u32::try_from(bytes.len()).expect("short");
        bytes[..4].copy_from_slice(&len.to_ne_bytes());
        names().parse::<All>(&bytes).map(|entry| entry.text)
    };
    assert_eq!(text(b"abc"), Ok("abc".to_owned()));
    assert_eq!(text(b"abc\0"), Ok("abc".to_owned()));
}

#[test]
fn what_has_a_name_is_called_by_it() {
    let refused = |entry: All| entry.check().expect_err("read back, it would be another value").to_string();
    assert_eq!(
        refused(All { mode: Mode::Other("bridge".into()), ..all() }),
        "mode: Other(\"bridge\") has a name: say `Bridge`"
    );
    assert_eq!(
        refused(All { mode: Mode::Other("a\0".into()), ..all() }),
        "mode: \"a\\0\" holds a NUL, and the kernel stops reading there"
    );
    assert_eq!(
        refused(All { ether: Some(EtherType::Other(0x86dd)), ..all() }),
        "ether: Other(34525) has a name: say `Ipv6`"
    );
    assert_eq!(All { ether: Some(EtherType::Other(0x88cc)), ..all() }.check(), Ok(()));
}

#[test]
fn durations_that_the_kernel_can_not_hold_are_refused_at_once() {
    let refused = |entry: All| entry.check().expect_err("refused").to_string();
    assert_eq!(
        refused(All { ticks: Duration::from_millis(15), ..all() }),
        "ticks: 15ms is no whole number of hundredths of a second"
    );
    assert_eq!(
        refused(All { ticks: Duration::from_secs(1 << 30), ..all() }),
        "ticks: 1073741824s is too long: 4 bytes can't count its hundredths of a second"
    );
    assert_eq!(All { timeout: Some(Duration::from_secs(1 << 40)), ..all() }.check(), Ok(()));
}

#[test]
fn open_options_inside_lists_ask_for_nothing() {
    let entry = All { paths: vec![Path { gateway: None, ..all().paths[0].clone() }], ..all() };
    let seen = All { paths: vec![all().paths[0].clone()], ..all() };
    assert_eq!(entry.unmet(&seen), None);
    assert_eq!(seen.unmet(&entry), Some("paths"));
    assert_eq!(entry.unmet(&All { paths: vec![], ..seen.clone() }), Some("paths"), "one of them is missing");
    assert_eq!(All { numbered: None, ..seen.clone() }.unmet(&seen), None);
    assert_eq!(All { chosen: None, ..seen.clone() }.unmet(&seen), None);
    assert_eq!(All { low: false, ..seen.clone() }.unmet(&seen), Some("low"));
}

#[test]
fn references_in_lists_are_dependencies() {
    let found = std::panic::catch_unwind(|| Names::default().with::<Port>("a", 1).add(&all(), None));
    assert!(found.is_err(), "`b` was looked up");
    assert_eq!(All::SCHEMA.depends_on.len(), 1);
    let unknown = Names::default().with::<Port>("a", 5).parse::<All>(&names().add(&all(), None));
    assert!(matches!(unknown, Err(ParseError::Unresolved(_))), "{unknown:?}");
}

/// On a kind whose changes are merged.
#[derive(Clone, Debug, PartialEq, KSyncEntry)]
#[ksync(protocol = route, header = LinkHeader, add = 100, delete = 102, merge)]
struct Merged {
    #[ksync(key, nla = 1)]
    key: u32,
    #[ksync(nla = 2, flag)]
    flag: bool,
    #[ksync(nla = 3, each = 1)]
    list: Vec<u8>,
    #[ksync(nla = 4)]
    nest: Inside,
    #[ksync(nla = 5, bit = 1)]
    first: bool,
    #[ksync(nla = 5, bit = 2)]
    second: bool,
    #[ksync(nla = 6, unit = seconds, none = Duration::ZERO)]
    age: Option<Duration>,
    #[ksync(nla = 7, be, none = 0xffffu16)]
    port: Option<u16>,
    #[ksync(header = ifi_flags, bit = 0x4, mask = ifi_change)]
    open: Option<bool>,
    #[ksync(nla = 8, compare = at_least)]
    room: Option<u32>,
    #[ksync(nla = (9, 10))]
    address: Option<IpAddr>,
}

#[derive(Clone, Debug, PartialEq, KSyncNested)]
struct Inside {
    #[ksync(nla = 1)]
    option: Option<u8>,
    #[ksync(nla = 2, immutable)]
    fixed: u8,
    #[ksync(nla = 3, read_only, default)]
    counted: u8,
}

/// The kernel rounds up.
fn at_least(declared: &u32, seen: &u32) -> bool {
    declared <= seen
}

fn merged() -> Merged {
    Merged {
        key: 1,
        flag: true,
        list: vec![1],
        nest: Inside { option: Some(1), fixed: 1, counted: 0 },
        first: true,
        second: false,
        age: Some(Duration::from_secs(3)),
        port: Some(0x0102),
        open: None,
        room: Some(10),
        address: Some([192, 0, 2, 1].into()),
    }
}

#[test]
fn what_a_merged_change_can_not_take_back_needs_delete_and_add() {
    let difference = |desired: Merged| merged().compare(&desired);
    let recreate = |field| Difference::Recreate { field };
    assert_eq!(difference(Merged { flag: false, ..merged() }), recreate("flag"));
    assert_eq!(Merged { flag: false, ..merged() }.compare(&merged()), Difference::Change);
    assert_eq!(difference(Merged { list: vec![], ..merged() }), recreate("list"));
    assert_eq!(difference(Merged { list: vec![2], ..merged() }), Difference::Change);
    let nest = |option, fixed| Merged { nest: Inside { option, fixed, counted: 0 }, ..merged() };
    assert_eq!(difference(nest(None, 1)), recreate("nest"));
    assert_eq!(difference(nest(Some(1), 2)), recreate("nest"));
    assert_eq!(difference(nest(Some(2), 1)), Difference::Change);
    assert_eq!(difference(Merged { age: None, ..merged() }), Difference::Change, "has a word for none");
    assert_eq!(difference(Merged { second: true, ..merged() }), Difference::Change);
    let address = |address: IpAddr| Merged { address: Some(address), ..merged() };
    assert_eq!(difference(address([192, 0, 2, 2].into())), Difference::Change);
    assert_eq!(
        difference(address([0; 16].into())),
        recreate("address"),
        "the one of the other family would stay in its attribute"
    );
}

#[test]
fn bits_that_differ_take_the_others_of_their_attribute_along() {
    let change = |desired: &Merged| body(&names().change(Some(&merged()), desired, None))[16..].to_vec();
    assert_eq!(change(&Merged { second: true, ..merged() }), [nla(1, &host(1)), nla(5, &host(3))].concat());
    assert_eq!(change(&merged()), nla(1, &host(1)));
    let gone = change(&Merged { age: None, port: None, ..merged() });
    assert_eq!(gone, [nla(1, &host(1)), nla(6, &host(0)), nla(7, &[0xff, 0xff])].concat());
}

#[test]
fn an_open_bit_is_left_out_of_the_mask() {
    let header = |open| {
        let bytes = names().add(&Merged { open, ..merged() }, None);
        let header = Incoming::<LinkHeader>::parse(view(&bytes).body).expect("parses").header;
        (header.ifi_flags, header.ifi_change)
    };
    assert_eq!([header(None), header(Some(false)), header(Some(true))], [(0, 0), (0, 4), (4, 4)]);
}

#[test]
fn the_users_comparison_decides_what_is_met() {
    let seen = |room| Merged { room, ..merged() };
    assert_eq!(merged().unmet(&seen(Some(16))), None);
    assert_eq!(merged().unmet(&seen(Some(9))), Some("room"));
    assert_eq!(merged().unmet(&seen(None)), Some("room"));
    assert_eq!(seen(None).unmet(&merged()), None);
}

#[test]
fn what_is_only_read_is_neither_written_nor_missed() {
    let entry = Merged { nest: Inside { counted: 5, ..merged().nest }, ..merged() };
    assert_eq!(names().add(&entry, None), names().add(&merged(), None));
    assert_eq!(entry.unmet(&merged()), None);
}

/// The whole header is of 64 bits, and the same struct once more in an attribute.
#[derive(Clone, Debug, PartialEq, KSyncEntry)]
#[ksync(protocol = route, header = Wide, add = 100, delete = 101)]
struct Parts {
    #[ksync(key, header = cookie)]
    cookie: u64,
    #[ksync(header = offset)]
    offset: i64,
    #[ksync(key, nla = 1, part = Wide.port, be)]
    port: u16,
    #[depends_on]
    #[ksync(nla = 1, part = Wide.ifindex)]
    link: Ref<Port>,
    #[ksync(nla = 1, part = Wide.flags, bit = 2)]
    high: bool,
    #[ksync(nla = 1, part = Wide.flags, bit = 1)]
    low: bool,
    #[ksync(nla = 1, part = Wide.cookie)]
    inner: u64,
    #[ksync(nla = 2)]
    nest: PartsOfNest,
}

#[derive(Clone, Debug, PartialEq, KSyncNested)]
struct PartsOfNest {
    #[ksync(nla = 7, part = GroupMember.id)]
    id: u32,
    #[ksync(nla = 7, part = GroupMember.weight, default = 9u8)]
    weight: u8,
}

#[test]
fn parts_of_a_struct_are_written_together_and_read_one_by_one() {
    let mut names = Names::default().with::<Port>("p0", 5);
    let parts = Parts {
        cookie: u64::MAX,
        offset: i64::MIN,
        port: 0x1234,
        link: Ref::to("p0"),
        high: true,
        low: false,
        inner: 1 << 63,
        nest: PartsOfNest { id: 3, weight: 4 },
    };
    let mut header = [[0; 8], u64::MAX.to_ne_bytes(), i64::MIN.to_ne_bytes()].concat();
    let mut body = 28u16.to_ne_bytes().to_vec();
    body.extend(1u16.to_ne_bytes());
    body.extend([0x12, 0x34]);
    body.extend(2u16.to_ne_bytes());
    body.extend(5u32.to_ne_bytes());
    body.extend((1u64 << 63).to_ne_bytes());
    body.extend([0; 8]);
    let nest = [[16, 0x8002].map(u16::to_ne_bytes).concat(), [12, 7].map(u16::to_ne_bytes).concat()].concat();
    let mut expected = header.clone();
    expected.extend(&body);
    expected.extend(nest);
    expected.extend([3u32.to_ne_bytes(), [4, 0, 0, 0]].concat());
    let bytes = names.add(&parts, None);
    assert_eq!(view(&bytes).body, expected);
    assert_eq!(names.parse::<Parts>(&bytes), Ok(parts.clone()));

    // A delete says the key alone: the rest of the struct is zero.
    header[16..].fill(0);
    header.extend(28u16.to_ne_bytes());
    header.extend(1u16.to_ne_bytes());
    header.extend([0x12, 0x34]);
    header.extend([0; 22]);
    assert_eq!(view(&names.delete(&parts, None)).body, header);

    assert_eq!(parts.compare(&Parts { high: false, ..parts.clone() }), Difference::Change);
    assert_eq!(parts.unmet(&Parts { inner: 0, ..parts.clone() }), Some("inner"));
    // A struct that is cut off is told.
    let mut cut = names.add(&parts, None);
    cut.truncate(16 + 24 + 24);
    cut[..4].copy_from_slice(&64u32.to_ne_bytes());
    cut[40..42].copy_from_slice(&24u16.to_ne_bytes());
    let told = names.parse::<Parts>(&cut).expect_err("cut off").to_string();
    assert_eq!(told, "field port (attribute 1): expected 24 bytes, got 20");
}

/// Named by two fields, in a nest.
#[derive(Clone, Debug, PartialEq, KSyncEntry)]
#[ksync(protocol = route, header = RouteHeader, add = RTM_NEWROUTE, delete = RTM_DELROUTE)]
struct Service {
    #[ksync(key, nla = 1)]
    address: Ipv4Addr,
    #[ksync(key, nla = 2, be)]
    port: u16,
}

#[derive(Clone, Debug, PartialEq, KSyncEntry)]
#[ksync(protocol = route, header = RouteHeader, add = RTM_NEWROUTE, delete = RTM_DELROUTE)]
struct Server {
    #[depends_on]
    #[ksync(key, nla = 5, by_key(7, 8))]
    service: Ref<Service>,
    #[depends_on]
    #[ksync(nla = 6, repeated, by_key(7, 8))]
    others: Vec<Ref<Service>>,
}

#[test]
fn keys_of_several_fields_are_nests() {
    let service = |last| Ref::to(ServiceKey { address: [192, 0, 2, last].into(), port: 80 });
    let server = Server { service: service(1), others: vec![service(2), service(3)] };
    // Keys that are no names: the references lead nowhere here, and need no numbers.
    let mut out = bytes::BytesMut::new();
    let names = Names::default();
    let context = ksync_runtime::declare::Context::new(None, &names, false);
    let written = server.add_msg(&context, ksync_runtime::wire::Request::new(&mut out, 7, 0));
    assert_eq!(written, Ok(ksync_runtime::declare::Progress::Pending));
    let bytes = out.to_vec();
    let nest = |nla: u16, last: u8| {
        let numbers = [20, 0x8000 | nla, 8, 7].map(u16::to_ne_bytes).concat();
        [
            numbers,
            vec![192, 0, 2, last],
            [6u16, 8].map(u16::to_ne_bytes).concat(),
            80u16.to_ne_bytes().to_vec(),
            vec![0; 2],
        ]
        .concat()
    };
    assert_eq!(view(&bytes).body[12..], [nest(5, 1), nest(6, 2), nest(6, 3)].concat());
    assert_eq!(names.parse::<Server>(&bytes), Ok(server));
    // Without one of the fields it is nobody's.
    let mut cut = bytes.clone();
    cut[16 + 12 + 14..16 + 12 + 16].copy_from_slice(&9u16.to_ne_bytes());
    assert!(names.parse::<Server>(&cut).expect_err("no port").is_foreign());
}
