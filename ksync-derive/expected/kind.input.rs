#[derive(Clone, Debug, PartialEq, KSyncEntry)]
#[ksync(
    protocol = route,
    header = NexthopHeader,
    add = RTM_NEWNEXTHOP, delete = RTM_DELNEXTHOP, get = RTM_GETNEXTHOP,
    fill(nh_protocol = RTPROT_STATIC, on(add, change)),
    index(from = ksync, range = 1..=65535, nla = NHA_ID),
    flushes_dependents,
)]
pub struct Nexthop {
    #[ksync(key)]
    pub name: String,
    #[ksync(nla = NHA_GATEWAY)]
    pub gateway: Option<IpAddr>,
    #[depends_on]
    #[ksync(nla = NHA_OIF)]
    pub link: Ref<Link>,
    #[ksync(header = nh_flags, bit = RTNH_F_ONLINK)]
    pub onlink: bool,
}
