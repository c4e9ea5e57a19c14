//! A variant has a name or a number, as its enum says.

use ksync_runtime::prelude::*;

#[derive(Clone, Debug, PartialEq, KSyncNested)]
#[ksync(kind = 1, data = 2)]
enum Names {
    #[ksync(kind = 7)]
    Number,
    #[ksync(kind = "full")]
    Full {
        #[ksync(header = rtm_tos)]
        tos: u8,
    },
}

#[derive(Clone, Debug, PartialEq, KSyncNested)]
#[ksync(kind = 1, data = 2, repr = u16)]
enum Numbers {
    #[ksync(kind = "name")]
    Name,
}

fn main() {}
