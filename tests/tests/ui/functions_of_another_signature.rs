//! What a function takes and gives is said at its name.

use ksync_runtime::prelude::*;

fn judges(_: u32) -> bool {
    true
}

mod codec {
    pub(super) fn emit(_: &u16, _: &mut ksync_runtime::wire::BytesMut) {}

    pub(super) fn parse(_: &[u8]) -> u16 {
        1
    }
}

#[derive(Clone, Debug, PartialEq, KSyncEntry)]
#[ksync(protocol = route, header = RouteHeader, add = RTM_NEWROUTE, delete = RTM_DELROUTE)]
struct Thing {
    #[ksync(key, header = rtm_table)]
    table: u8,
    #[ksync(nla = 1, check = judges)]
    judged: u32,
    #[ksync(nla = 2, with = codec)]
    coded: u32,
    #[ksync(nla = 3, none = "x".len())]
    open: Option<u32>,
}

fn main() {}
