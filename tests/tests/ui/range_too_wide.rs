//! An index fits the header field that carries it.

use ksync_runtime::prelude::*;

#[derive(Clone, Debug, PartialEq, KSyncEntry)]
#[ksync(
    header = RouteHeader, protocol = route, add = RTM_NEWROUTE, delete = RTM_DELROUTE,
    index(from = ksync, range = 1..=256, header = rtm_tos)
)]
struct Thing {
    #[ksync(key)]
    name: String,
}

fn main() {}
