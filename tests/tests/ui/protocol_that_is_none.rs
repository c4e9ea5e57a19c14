use ksync_runtime::prelude::*;

const SWITCHD: u32 = 7;

#[derive(Clone, Debug, PartialEq, KSyncEntry)]
#[ksync(protocol = SWITCHD, add = 1, delete = 2)]
struct Port {
    #[ksync(key, nla = 1)]
    number: u32,
}

fn main() {}
