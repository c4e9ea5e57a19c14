use ksync_runtime::prelude::*;

#[derive(Clone, Debug, PartialEq, KSyncEntry)]
#[ksync(protocol = generic("mptcp_pm"), add = 1, delete = 2)]
struct Endpoint {
    #[ksync(key, nla = 1, outside)]
    id: u8,
}

fn main() {}
