use ksync_runtime::prelude::*;

#[derive(Clone, Debug, PartialEq, KSyncEntry)]
#[ksync(protocol = generic("a_family_of_16_b"), add = 1, delete = 2)]
struct Endpoint {
    #[ksync(key, nla = 1)]
    id: u8,
}

fn main() {}
