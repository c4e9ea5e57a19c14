#[derive(Clone, Debug, PartialEq, KSyncEntry)]
#[ksync(
    protocol = route,
    header = AddressHeader,
    add = RTM_NEWADDR, delete = RTM_DELADDR,
    merge,
    nothing_to_delete = self.kept,
)]
struct Address {
    #[depends_on]
    #[ksync(key, header = ifa_index)]
    link: Ref<Link>,
    #[ksync(key, with = address, check = address::check)]
    address: IpNet,
    #[ksync(nla = IFA_LABEL, immutable)]
    label: Option<String>,
    #[ksync(nla = IFA_RT_PRIORITY, none = 0u32)]
    metric: Option<u32>,
    #[ksync(skip)]
    kept: bool,
}
