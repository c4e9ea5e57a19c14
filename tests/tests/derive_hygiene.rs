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
