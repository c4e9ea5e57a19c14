//! A nested attribute has fewer words.

use ksync_runtime::prelude::*;

#[derive(Clone, Debug, PartialEq, KSyncNested)]
struct Inner {
    #[ksync(nla = IFLA_MTU, immutable)]
    mtu: u32,
    #[ksync(key)]
    name: String,
}

fn main() {}
