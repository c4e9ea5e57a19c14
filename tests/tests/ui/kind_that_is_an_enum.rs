//! A kind is a struct.

use ksync_runtime::prelude::*;

#[derive(Clone, Debug, PartialEq, KSyncEntry)]
#[ksync(protocol = route, add = RTM_NEWROUTE, delete = RTM_DELROUTE)]
enum Thing {
    One,
}

fn main() {}
