//! Variants have a name of their own on the wire.

use ksync_runtime::prelude::*;

#[derive(Clone, Debug, PartialEq, KSyncNested)]
#[ksync(kind = IFLA_INFO_KIND)]
enum Sort {
    Unnamed,
    #[ksync(kind = "bridge")]
    Bridge,
    #[ksync(kind = "bridge")]
    Again,
    #[ksync(kind = "vxlan")]
    Vxlan {
        #[ksync(nla = IFLA_VXLAN_ID)]
        id: u32,
    },
    #[ksync(kind = "tuple")]
    Tuple(u32, u32),
    #[ksync(other)]
    Other,
    #[ksync(other)]
    Another,
    #[ksync(unwritten, kind = "name")]
    Written {
        #[ksync(nla = IFLA_VXLAN_ID)]
        id: u32,
    },
}

fn main() {}
