#[derive(Clone, Debug, PartialEq, KSyncEntry)]
#[ksync(protocol = route, header = RouteHeader, add = RTM_NEWROUTE, delete = RTM_DELROUTE)]
struct Route {
    #[ksync(key, header = rtm_table)]
    table: u8,
    #[ksync(key, nla = RTA_PRIORITY, imutable)]
    metric: u32,
}
