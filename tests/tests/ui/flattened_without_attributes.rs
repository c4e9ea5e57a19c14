//! Only a nest without a header can be taken apart.

use ksync_runtime::prelude::*;

#[derive(Clone, Debug, PartialEq, KSyncNested)]
#[ksync(header = RouteHeader)]
struct Headed {
    #[ksync(nla = 1)]
    number: u32,
}

#[derive(Clone, Debug, PartialEq, KSyncEntry)]
#[ksync(protocol = route, header = RouteHeader, add = RTM_NEWROUTE, delete = RTM_DELROUTE)]
struct Thing {
    #[ksync(key, header = rtm_table)]
    table: u8,
    #[ksync(flatten)]
    number: u32,
    #[ksync(flatten)]
    headed: Option<Headed>,
}

fn main() {}
