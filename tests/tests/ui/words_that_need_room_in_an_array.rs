//! Elements of an array have no heads of their own.

use ksync_runtime::prelude::*;

#[derive(Clone, Debug, PartialEq, KSyncEntry)]
#[ksync(protocol = route, header = RouteHeader, add = RTM_NEWROUTE, delete = RTM_DELROUTE)]
struct Thing {
    #[ksync(key, header = rtm_table)]
    table: u8,
    #[ksync(nla = 3, array, no_nul)]
    texts: Vec<String>,
    #[ksync(nla = 4, array, unit = seconds)]
    ages: Vec<std::time::Duration>,
}

fn main() {}
