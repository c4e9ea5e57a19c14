//! A duration is counted in something.

use ksync_runtime::prelude::*;
use std::time::Duration;

#[derive(Clone, Debug, PartialEq, KSyncEntry)]
#[ksync(protocol = route, header = RouteHeader, add = RTM_NEWROUTE, delete = RTM_DELROUTE)]
struct Thing {
    #[ksync(key, header = rtm_table)]
    table: u8,
    #[ksync(nla = 1)]
    open: Duration,
    #[ksync(nla = 2, unit = second)]
    misspelled: Duration,
    #[ksync(nla = 3, unit = hours)]
    unknown: Duration,
    #[ksync(nla = 4, unit = seconds)]
    number: u32,
    #[ksync(nla = 5, unit = seconds as f32)]
    broken: Option<Duration>,
}

fn main() {}
