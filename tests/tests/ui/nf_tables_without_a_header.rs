use ksync_runtime::prelude::*;

#[derive(Clone, Debug, PartialEq, KSyncEntry)]
#[ksync(protocol = nf_tables, add = 0, delete = 2)]
struct Table {
    #[ksync(key, nla = 1)]
    name: String,
}

fn main() {}
