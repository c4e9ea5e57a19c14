//! What the tests of traffic control share: objects of link v0, shortly.

#![allow(dead_code, reason = "every test file uses a part of it")]

use ksync_objects::{
    Class, Filter, HtbClass, Qdisc, QdiscKind, Tbf, TcFlow, TcHandle, TcParent, U32, U32Handle, U32Match,
};
use ksync_runtime::prelude::*;

pub(crate) fn handle(text: &str) -> TcHandle {
    text.parse().expect("a handle")
}

pub(crate) fn net(text: &str) -> IpNet {
    text.parse().expect("a prefix")
}

pub(crate) fn root(kind: QdiscKind) -> Qdisc {
    Qdisc::new("v0", handle("1:"), TcParent::Root, kind)
}

pub(crate) fn shaper(shaper: Tbf) -> QdiscKind {
    QdiscKind::Tbf { shaper }
}

pub(crate) fn class(parent: &str, classid: &str, share: HtbClass) -> Class {
    Class::htb("v0", handle(parent), handle(classid), share)
}

pub(crate) fn ip_filter(priority: u16, at: U32Handle, options: U32) -> Filter {
    Filter::u32("v0", TcParent::qdisc("v0", handle("1:")), priority, ETH_P_IP, at, options)
}

pub(crate) fn to(destination: &str, classid: &str) -> U32 {
    U32 {
        classid: Some(TcFlow::class("v0", handle(classid))),
        ..U32::matching(U32Match::destination(net(destination)))
    }
}
