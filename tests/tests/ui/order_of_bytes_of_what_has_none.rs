//! Only numbers of several bytes have a byte order.

use ksync_runtime::prelude::*;

#[derive(Clone, Debug, PartialEq, KSyncEntry)]
#[ksync(protocol = route, header = RouteHeader, add = RTM_NEWROUTE, delete = RTM_DELROUTE)]
struct Thing {
    #[ksync(key, header = rtm_table)]
    table: u8,
    #[ksync(nla = 1, be)]
    text: String,
    #[ksync(nla = 2, be)]
    byte: Option<u8>,
    #[ksync(header = rtm_tos, be)]
    tos: u8,
}

fn main() {}
