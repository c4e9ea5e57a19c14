#[derive(Clone, Debug, PartialEq, KSyncNested)]
#[ksync(kind = IFLA_INFO_KIND, data = IFLA_INFO_DATA)]
enum Sort {
    #[ksync(kind = "vxlan")]
    Vxlan {
        #[ksync(nla = IFLA_VXLAN_ID, check = is_vxlan_id)]
        id: u32,
        #[ksync(nla = IFLA_VXLAN_PORT, with = big_endian)]
        port: Option<u16>,
    },
    #[ksync(kind = "bridge")]
    Bridge,
    #[ksync(other)]
    Existing,
}
