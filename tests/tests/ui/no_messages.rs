//! All that is missing is said at once.

use ksync_runtime::prelude::*;

#[derive(Clone, Debug, PartialEq, KSyncEntry)]
struct Thing {
    #[ksync(key, nla = RTA_PRIORITY)]
    metric: u32,
}

fn main() {}
