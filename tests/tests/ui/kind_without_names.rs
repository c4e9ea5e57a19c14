//! The fields of a kind have names.

use ksync_runtime::prelude::*;

#[derive(Clone, Debug, PartialEq, KSyncEntry)]
#[ksync(protocol = route, add = RTM_NEWROUTE, delete = RTM_DELROUTE)]
struct Thing(u32);

fn main() {}
