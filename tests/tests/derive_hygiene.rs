//! Generated code leans on nothing in the scope that it lands in, and causes no warnings there.

#![deny(warnings, clippy::all, clippy::pedantic)]

/// The runtime under another name.
mod vendored {
    pub(crate) use ksync_runtime as sync;
}

/// No prelude, and every name that the generated code might be tempted by means something else.
#[no_implicit_prelude]
mod hostile {
    #![allow(dead_code, non_camel_case_types, unused_macros, reason = "they are there to be in the way")]

    use ::ksync_runtime::prelude as good;

    pub(crate) struct Option;
    pub(crate) struct Result;
    pub(crate) struct Some;
    pub(crate) struct None;
    pub(crate) struct Ok;
    pub(crate) struct Err;
    pub(crate) struct Vec;
    pub(crate) struct Default;
    pub(crate) struct Self_;
    pub(crate) trait Clone {}
    pub(crate) trait Hash {}
    pub(crate) trait Into {}
    pub(crate) trait ToString {}
    pub(crate) mod core {}
    pub(crate) mod std {}
    pub(crate) mod ksync_runtime {}
    pub(crate) struct u64;

    macro_rules! write {
        ($($any:tt)*) => {
            compile_error!("this is not the macro that was meant")
        };
    }
    macro_rules! unreachable {
        () => {
            compile_error!("this is not the macro that was meant")
        };
    }

    #[derive(::core::clone::Clone, ::core::fmt::Debug, ::core::cmp::PartialEq, good::KSyncEntry)]
    #[ksync(
        protocol = route,
        header = good::LinkHeader,
        add = good::RTM_NEWLINK, delete = good::RTM_DELLINK, get = good::RTM_GETLINK,
        index(from = kernel, header = ifi_index),
        merge,
    )]
    pub(crate) struct Link {
        #[ksync(key, nla = good::IFLA_IFNAME, check = checked)]
        pub(crate) name: ::std::string::String,
        #[ksync(header = ifi_flags, bit = good::IFF_UP, mask = ifi_change)]
        pub(crate) up: bool,
        #[ksync(nla = good::IFLA_MTU, none = 0u32)]
        pub(crate) mtu: ::core::option::Option<u32>,
        #[ksync(nla = good::IFLA_LINKINFO, default)]
        pub(crate) kind: ::core::option::Option<Kind>,
    }

    fn checked(name: &str) -> ::core::result::Result<(), &'static str> {
        if name.is_empty() {
            return ::core::result::Result::Err("must not be empty");
        }
        ::core::result::Result::Ok(())
    }

    #[derive(::core::clone::Clone, ::core::fmt::Debug, ::core::cmp::PartialEq, good::KSyncNested)]
    #[ksync(kind = good::IFLA_INFO_KIND, data = good::IFLA_INFO_DATA)]
    pub(crate) enum Kind {
        #[ksync(kind = "veth")]
        Veth {
            #[ksync(nla = good::VETH_INFO_PEER)]
            peer: Peer,
        },
        #[ksync(other)]
        Other,
    }

    #[derive(::core::clone::Clone, ::core::fmt::Debug, ::core::cmp::PartialEq, good::KSyncNested)]
    #[ksync(header = good::LinkHeader, fill(ifi_type = 1))]
    pub(crate) struct Peer {
        #[ksync(header = ifi_index)]
        pub(crate) index: i32,
        #[ksync(nla = good::IFLA_IFNAME, write_only)]
        pub(crate) name: ::std::string::String,
    }

    #[derive(::core::clone::Clone, ::core::fmt::Debug, ::core::cmp::PartialEq, good::KSyncEntry)]
    #[ksync(
        crate = crate::vendored::sync,
        protocol = route,
        header = good::AddressHeader,
        add = good::RTM_NEWADDR, delete = good::RTM_DELADDR,
    )]
    pub(crate) struct Address {
        #[depends_on]
        #[ksync(key, header = ifa_index)]
        pub(crate) link: good::Ref<Link>,
        #[ksync(key, nla = good::IFA_ADDRESS)]
        pub(crate) r#type: ::std::net::Ipv4Addr,
    }

    ::ksync_runtime::fixed_header! {
        pub(crate) struct RecordHeader {
            len: u16,
            kind: u16,
        }
    }

    #[derive(::core::clone::Clone, ::core::fmt::Debug, ::core::cmp::PartialEq, good::KSyncNested)]
    #[ksync(crate = crate::vendored::sync, header = RecordHeader)]
    pub(crate) struct Record {
        #[ksync(header = kind, be)]
        pub(crate) kind: u16,
        #[ksync(nla = 1, each = 2, be)]
        pub(crate) numbers: ::core::option::Option<::std::vec::Vec<u32>>,
    }

    #[derive(::core::clone::Clone, ::core::fmt::Debug, ::core::cmp::PartialEq, good::KSyncNested)]
    #[ksync(crate = crate::vendored::sync, header = RecordHeader)]
    pub(crate) struct Short {
        #[ksync(header = kind)]
        pub(crate) kind: Number,
    }

    #[derive(::core::clone::Clone, ::core::fmt::Debug, ::core::cmp::PartialEq, good::KSyncValue)]
    #[ksync(crate = crate::vendored::sync, repr = u16)]
    pub(crate) enum Number {
        #[ksync(value = 1)]
        One,
        #[ksync(other)]
        Other(u16),
    }

    #[derive(::core::clone::Clone, ::core::fmt::Debug, ::core::cmp::PartialEq, good::KSyncValue)]
    #[ksync(crate = crate::vendored::sync)]
    pub(crate) enum Name {
        #[ksync(name = "one")]
        One,
        #[ksync(name = "two")]
        Two,
    }

    #[derive(::core::clone::Clone, ::core::fmt::Debug, ::core::cmp::PartialEq, good::KSyncNested)]
    #[ksync(crate = crate::vendored::sync, kind = 40, data = 41, repr = u16)]
    pub(crate) enum Tagged {
        #[ksync(kind = 1, header = RecordHeader)]
        One {
            #[ksync(header = kind)]
            kind: u16,
        },
        #[ksync(kind = 2)]
        Two,
    }

    #[derive(::core::clone::Clone, ::core::fmt::Debug, ::core::cmp::PartialEq, good::KSyncEntry)]
    #[ksync(
        crate = crate::vendored::sync,
        protocol = route, header = good::RouteHeader,
        add = good::RTM_NEWROUTE, delete = good::RTM_DELROUTE,
        merge,
    )]
    pub(crate) struct Words {
        #[ksync(key, nla = 1, be)]
        pub(crate) key: u32,
        #[ksync(nla = 2, no_nul)]
        pub(crate) name: Name,
        #[ksync(nla = 3, flag)]
        pub(crate) flag: bool,
        #[ksync(nla = 4, repeated)]
        pub(crate) repeated: ::std::vec::Vec<Number>,
        #[ksync(nla = 5, numbered = 0, no_nul)]
        pub(crate) numbered: ::std::vec::Vec<::std::string::String>,
        #[ksync(nla = 6, array)]
        pub(crate) array: ::std::vec::Vec<Short>,
        #[ksync(nla = 7, records = len)]
        pub(crate) records: ::std::vec::Vec<Record>,
        #[ksync(flatten)]
        pub(crate) tagged: Tagged,
        #[ksync(nla = 8, bit = 1)]
        pub(crate) bit: bool,
        #[ksync(nla = 9, bit = 1, selector)]
        pub(crate) chosen: ::core::option::Option<bool>,
        #[ksync(header = rtm_flags, bit = 1, mask = rtm_flags)]
        pub(crate) open: ::core::option::Option<bool>,
        #[ksync(nla = 10, unit = millis as u16, be, none = ::core::time::Duration::ZERO)]
        pub(crate) age: ::core::option::Option<::core::time::Duration>,
        #[depends_on]
        #[ksync(nla = 11, repeated, by_key)]
        pub(crate) links: ::std::vec::Vec<good::Ref<Link>>,
        #[ksync(nla = (12, 13))]
        pub(crate) either: ::core::option::Option<::std::net::IpAddr>,
        #[ksync(nla = 14, prefix_len = rtm_dst_len, family = rtm_family)]
        pub(crate) prefix: good::IpNet,
        #[ksync(nla = 15, prefix_len = rtm_src_len)]
        pub(crate) source: ::core::option::Option<good::Ipv4Net>,
        #[ksync(nla = 16, default = 5u8, compare = alike)]
        pub(crate) usual: u8,
        #[ksync(nla = 17, compare = alike)]
        pub(crate) rare: ::core::option::Option<u8>,
        #[ksync(nla = 18, compare = |asked, seen| asked <= seen, check = |number| checked_number(*number))]
        pub(crate) by_closure: u8,
        #[ksync(nla = 19, part = RecordHeader.kind, be)]
        pub(crate) part: u16,
        #[ksync(nla = 19, part = RecordHeader.len, bit = 4)]
        pub(crate) bit_of_part: bool,
        #[depends_on]
        #[ksync(nla = 20, repeated, by_key)]
        pub(crate) same: ::std::vec::Vec<good::Ref<Link>>,
        #[depends_on]
        #[ksync(nla = 21, repeated, by_key(1, 2))]
        pub(crate) addresses: ::std::vec::Vec<good::Ref<Named>>,
    }

    #[derive(::core::clone::Clone, ::core::fmt::Debug, ::core::cmp::PartialEq, good::KSyncEntry)]
    #[ksync(protocol = route, header = good::RouteHeader, add = good::RTM_NEWROUTE, delete = good::RTM_DELROUTE)]
    pub(crate) struct Named {
        #[ksync(key, nla = 1)]
        pub(crate) fields: u8,
        #[ksync(key, nla = 2)]
        pub(crate) r#type: ::std::string::String,
    }

    fn checked_number(number: u8) -> ::core::result::Result<(), &'static str> {
        if number == 0 {
            return ::core::result::Result::Err("must not be zero");
        }
        ::core::result::Result::Ok(())
    }

    /// Several in a message, dumped by one of the parts of the key.
    #[derive(::core::clone::Clone, ::core::fmt::Debug, ::core::cmp::PartialEq, good::KSyncEntry)]
    #[ksync(
        crate = crate::vendored::sync,
        protocol = route, header = good::RouteHeader, inside(1, 2),
        add = good::RTM_NEWROUTE, delete = good::RTM_DELROUTE, get = good::RTM_GETROUTE,
        fill(rtm_type = 1, on(get)),
        self_dependent,
    )]
    pub(crate) struct Several {
        #[ksync(key, header = rtm_table, outside, dumped_by)]
        pub(crate) table: u8,
        #[ksync(key, nla = 1, up_to = 2)]
        pub(crate) number: u16,
        #[ksync(key, nla = 3)]
        pub(crate) open: ::core::option::Option<u16>,
        #[depends_on]
        pub(crate) next: ::core::option::Option<good::Ref<Self>>,
    }

    fn alike<T: ::core::cmp::PartialOrd>(asked: &T, seen: &T) -> bool {
        asked <= seen
    }
}

#[test]
fn kinds_declared_in_a_hostile_place_work() {
    use ksync_runtime::prelude::*;

    let link = hostile::Link { name: "eth0".to_owned(), up: true, mtu: None, kind: None };
    assert_eq!(link.key(), "eth0");
    assert_eq!(link.unmet(&hostile::Link { mtu: Some(1500), ..link.clone() }), Some("mtu"));
    let address = hostile::Address { link: Ref::to("eth0"), r#type: [192, 0, 2, 1].into() };
    let key = hostile::AddressKey { link: Ref::to("eth0"), r#type: [192, 0, 2, 1].into() };
    assert!(address.has_key(&key));
    assert_eq!(hostile::Address::SCHEMA.fields[1].name, "type");
}

#[test]
fn every_word_works_in_a_hostile_place() {
    use hostile::{Name, Number, Record, Short, Tagged, Words};
    use ksync_runtime::declare::{Context, Progress, Resolver};
    use ksync_runtime::prelude::*;
    use ksync_runtime::wire::{Messages, Request};

    struct NoIndexes;
    impl ksync_runtime::declare::Indexes for NoIndexes {
        fn index_of(&self, _: ksync_runtime::declare::Target) -> Option<u32> {
            None
        }
    }

    let words = Words {
        key: 1,
        name: Name::Two,
        flag: true,
        repeated: vec![Number::One, Number::Other(9)],
        numbered: vec!["a".to_owned()],
        array: vec![Short { kind: Number::One }],
        records: vec![Record { kind: 3, numbers: Some(vec![4]) }, Record { kind: 3, numbers: None }],
        tagged: Tagged::One { kind: 7 },
        bit: true,
        chosen: Some(false),
        open: Some(true),
        age: Some(std::time::Duration::from_secs(1)),
        links: vec![Ref::to("eth0")],
        either: None,
        prefix: "192.0.2.0/24".parse().expect("a prefix"),
        source: None,
        usual: 2,
        rare: None,
        by_closure: 3,
        part: 5,
        bit_of_part: true,
        same: vec![],
        addresses: vec![Ref::to(hostile::NamedKey { fields: 1, r#type: "a".to_owned() })],
    };
    let mut out = ksync_runtime::wire::BytesMut::new();
    let written = words.add_msg(&Context::new(None, &NoIndexes, false), Request::new(&mut out, 1, 0));
    assert_eq!(written, Ok(Progress::Pending));
    let message = Messages::new(&out).next().expect("one").expect("whole");
    assert_eq!(Words::parse(&message, &Resolver::empty()), Ok(words.clone()));
    assert_eq!(
        words.unmet(&Words { usual: 1, tagged: Tagged::Two, name: Name::One, ..words.clone() }),
        Some("name")
    );
}

#[test]
fn messages_of_several_objects_work_in_a_hostile_place() {
    use ksync_runtime::prelude::*;

    let key = hostile::SeveralKey { table: 254, number: 7, open: None };
    let several = hostile::Several { table: 254, number: 7, open: None, next: Some(Ref::to(key.clone())) };
    assert_eq!(several.key(), key);
    assert_eq!(hostile::Several::SCHEMA.dumped, ksync_runtime::declare::Dumped::By(&["table"]));
}

/// A kind may live in a function, beside a value of the same name as one of its fields.
#[test]
fn a_kind_may_be_declared_in_a_function() {
    use ksync_runtime::prelude::*;

    #[derive(Clone, Debug, PartialEq, KSyncEntry)]
    #[ksync(protocol = route, header = RouteHeader, add = RTM_NEWROUTE, delete = RTM_DELROUTE)]
    struct Local {
        #[ksync(key, nla = RTA_PRIORITY)]
        message: u32,
        #[ksync(nla = RTA_MARK)]
        context: u32,
    }

    assert_eq!(Local { message: 1, context: 2 }.key(), 1);
}
