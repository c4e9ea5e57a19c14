//! An attribute names the variant.

use ksync_runtime::prelude::*;

#[derive(Clone, Debug, PartialEq, KSyncNested)]
enum Sort {
    #[ksync(kind = "bridge")]
    Bridge,
}

fn main() {}
