//! The kernel's numbers, under the kernel's names. The header that defines them stands beside each group.

/// Public constants with their kernel header as documentation.
macro_rules! constants {
    ($($header:literal $type:ty { $($name:ident = $value:literal),* $(,)? })*) => {$($(
        #[doc = concat!("`", stringify!($name), "` (", $header, ").")]
        pub const $name: $type = $value;
    )*)*};
}
pub(crate) use constants;

constants! {
    // Message types.
    "linux/rtnetlink.h" u16 {
        RTM_NEWLINK = 16,
        RTM_DELLINK = 17,
        RTM_GETLINK = 18,
        RTM_SETLINK = 19,
        RTM_NEWADDR = 20,
        RTM_DELADDR = 21,
        RTM_GETADDR = 22,
        RTM_NEWROUTE = 24,
        RTM_DELROUTE = 25,
        RTM_GETROUTE = 26,
        RTM_NEWNEIGH = 28,
        RTM_DELNEIGH = 29,
        RTM_GETNEIGH = 30,
        RTM_NEWRULE = 32,
        RTM_DELRULE = 33,
        RTM_GETRULE = 34,
        RTM_NEWQDISC = 36,
        RTM_DELQDISC = 37,
        RTM_GETQDISC = 38,
        RTM_NEWTCLASS = 40,
        RTM_DELTCLASS = 41,
        RTM_GETTCLASS = 42,
        RTM_NEWTFILTER = 44,
        RTM_DELTFILTER = 45,
        RTM_GETTFILTER = 46,
        RTM_NEWADDRLABEL = 72,
        RTM_DELADDRLABEL = 73,
        RTM_GETADDRLABEL = 74,
        RTM_NEWNEXTHOP = 104,
        RTM_DELNEXTHOP = 105,
        RTM_GETNEXTHOP = 106,
    }
    // Control messages.
    "linux/netlink.h" u16 {
        NLMSG_NOOP = 1,
        NLMSG_ERROR = 2,
        NLMSG_DONE = 3,
        NLMSG_OVERRUN = 4,
        NLMSG_MIN_TYPE = 16,
    }
    // Flags of requests and answers.
    "linux/netlink.h" u16 {
        NLM_F_REQUEST = 0x1,
        NLM_F_MULTI = 0x2,
        NLM_F_ACK = 0x4,
        NLM_F_ECHO = 0x8,
        NLM_F_DUMP_INTR = 0x10,
        NLM_F_DUMP_FILTERED = 0x20,
        NLM_F_ROOT = 0x100,
        NLM_F_MATCH = 0x200,
        NLM_F_DUMP = 0x300,
        NLM_F_REPLACE = 0x100,
        NLM_F_EXCL = 0x200,
        NLM_F_CREATE = 0x400,
        NLM_F_APPEND = 0x800,
        NLM_F_CAPPED = 0x100,
        NLM_F_ACK_TLVS = 0x200,
    }
    // Attributes of extended acknowledgements.
    "linux/netlink.h" u16 {
        NLMSGERR_ATTR_MSG = 1,
        NLMSGERR_ATTR_OFFS = 2,
        NLMSGERR_ATTR_MISS_TYPE = 5,
        NLMSGERR_ATTR_MISS_NEST = 6,
    }
    // Address families.
    "sys/socket.h" u8 {
        AF_UNSPEC = 0,
        AF_INET = 2,
        AF_INET6 = 10,
        AF_BRIDGE = 7,
    }
    // Attributes of links.
    "linux/if_link.h" u16 {
        IFLA_ADDRESS = 1,
        IFLA_BROADCAST = 2,
        IFLA_IFNAME = 3,
        IFLA_MTU = 4,
        IFLA_LINK = 5,
        IFLA_QDISC = 6,
        IFLA_MASTER = 10,
        IFLA_TXQLEN = 13,
        IFLA_OPERSTATE = 16,
        IFLA_LINKMODE = 17,
        IFLA_LINKINFO = 18,
        IFLA_NET_NS_PID = 19,
        IFLA_IFALIAS = 20,
        IFLA_GROUP = 27,
        IFLA_NET_NS_FD = 28,
        IFLA_EXT_MASK = 29,
        IFLA_PROMISCUITY = 30,
        IFLA_NUM_TX_QUEUES = 31,
        IFLA_NUM_RX_QUEUES = 32,
        IFLA_CARRIER = 33,
        IFLA_MIN_MTU = 50,
        IFLA_MAX_MTU = 51,
        IFLA_ALT_IFNAME = 53,
    }
    // Nested in `IFLA_LINKINFO`.
    "linux/if_link.h" u16 {
        IFLA_INFO_KIND = 1,
        IFLA_INFO_DATA = 2,
        IFLA_INFO_SLAVE_KIND = 4,
        IFLA_INFO_SLAVE_DATA = 5,
    }
    // Data of veth links.
    "linux/veth.h" u16 {
        VETH_INFO_PEER = 1,
    }
    // Data of vxlan links.
    "linux/if_link.h" u16 {
        IFLA_VXLAN_ID = 1,
        IFLA_VXLAN_GROUP = 2,
        IFLA_VXLAN_LINK = 3,
        IFLA_VXLAN_LOCAL = 4,
        IFLA_VXLAN_TTL = 5,
        IFLA_VXLAN_TOS = 6,
        IFLA_VXLAN_LEARNING = 7,
        IFLA_VXLAN_AGEING = 8,
        IFLA_VXLAN_LIMIT = 9,
        IFLA_VXLAN_PORT_RANGE = 10,
        IFLA_VXLAN_PORT = 15,
        IFLA_VXLAN_GROUP6 = 16,
        IFLA_VXLAN_LOCAL6 = 17,
        IFLA_VXLAN_COLLECT_METADATA = 25,
    }
    // Data of bridge links.
    "linux/if_link.h" u16 {
        IFLA_BR_FORWARD_DELAY = 1,
        IFLA_BR_HELLO_TIME = 2,
        IFLA_BR_MAX_AGE = 3,
        IFLA_BR_AGEING_TIME = 4,
        IFLA_BR_STP_STATE = 5,
        IFLA_BR_PRIORITY = 6,
        IFLA_BR_VLAN_FILTERING = 7,
        IFLA_BR_VLAN_PROTOCOL = 8,
        IFLA_BR_MCAST_SNOOPING = 23,
        IFLA_BR_VLAN_DEFAULT_PVID = 39,
    }
    // Flags of links.
    "linux/if.h" u32 {
        IFF_UP = 0x1,
        IFF_BROADCAST = 0x2,
        IFF_LOOPBACK = 0x8,
        IFF_RUNNING = 0x40,
        IFF_NOARP = 0x80,
        IFF_PROMISC = 0x100,
        IFF_LOWER_UP = 0x10000,
    }
    // Attributes of addresses.
    "linux/if_addr.h" u16 {
        IFA_ADDRESS = 1,
        IFA_LOCAL = 2,
        IFA_LABEL = 3,
        IFA_BROADCAST = 4,
        IFA_ANYCAST = 5,
        IFA_CACHEINFO = 6,
        IFA_MULTICAST = 7,
        IFA_FLAGS = 0x8,
        IFA_RT_PRIORITY = 9,
        IFA_PROTO = 11,
    }
    // Flags of addresses.
    "linux/if_addr.h" u32 {
        IFA_F_SECONDARY = 0x1,
        IFA_F_NODAD = 0x2,
        IFA_F_OPTIMISTIC = 0x4,
        IFA_F_DADFAILED = 0x8,
        IFA_F_HOMEADDRESS = 0x10,
        IFA_F_DEPRECATED = 0x20,
        IFA_F_TENTATIVE = 0x40,
        IFA_F_PERMANENT = 0x80,
        IFA_F_NOPREFIXROUTE = 0x200,
    }
    // Attributes of routes.
    "linux/rtnetlink.h" u16 {
        RTA_DST = 1,
        RTA_SRC = 2,
        RTA_IIF = 3,
        RTA_OIF = 4,
        RTA_GATEWAY = 5,
        RTA_PRIORITY = 6,
        RTA_PREFSRC = 7,
        RTA_METRICS = 8,
        RTA_MULTIPATH = 9,
        RTA_FLOW = 11,
        RTA_CACHEINFO = 12,
        RTA_TABLE = 15,
        RTA_MARK = 16,
        RTA_VIA = 18,
        RTA_PREF = 20,
        RTA_ENCAP_TYPE = 21,
        RTA_ENCAP = 22,
        RTA_EXPIRES = 23,
        RTA_NH_ID = 30,
    }
    // Types of routes.
    "linux/rtnetlink.h" u8 {
        RTN_UNSPEC = 0,
        RTN_UNICAST = 1,
        RTN_LOCAL = 2,
        RTN_BROADCAST = 3,
        RTN_ANYCAST = 4,
        RTN_MULTICAST = 5,
        RTN_BLACKHOLE = 6,
        RTN_UNREACHABLE = 7,
        RTN_PROHIBIT = 8,
        RTN_THROW = 9,
    }
    // Who installed a route.
    "linux/rtnetlink.h" u8 {
        RTPROT_UNSPEC = 0,
        RTPROT_REDIRECT = 1,
        RTPROT_KERNEL = 2,
        RTPROT_BOOT = 3,
        RTPROT_STATIC = 4,
        RTPROT_BIRD = 12,
        RTPROT_ZEBRA = 11,
        RTPROT_BGP = 186,
    }
    // Scopes of routes and addresses.
    "linux/rtnetlink.h" u8 {
        RT_SCOPE_UNIVERSE = 0,
        RT_SCOPE_SITE = 200,
        RT_SCOPE_LINK = 253,
        RT_SCOPE_HOST = 254,
        RT_SCOPE_NOWHERE = 255,
    }
    // Routing tables.
    "linux/rtnetlink.h" u32 {
        RT_TABLE_UNSPEC = 0,
        RT_TABLE_COMPAT = 252,
        RT_TABLE_DEFAULT = 253,
        RT_TABLE_MAIN = 254,
        RT_TABLE_LOCAL = 255,
    }
    // Flags of nexthops.
    "linux/rtnetlink.h" u32 {
        RTNH_F_DEAD = 0x1,
        RTNH_F_PERVASIVE = 0x2,
        RTNH_F_ONLINK = 0x4,
        RTNH_F_OFFLOAD = 0x8,
        RTNH_F_LINKDOWN = 0x10,
    }
    // Attributes of nexthop objects.
    "linux/nexthop.h" u16 {
        NHA_ID = 1,
        NHA_GROUP = 2,
        NHA_GROUP_TYPE = 3,
        NHA_BLACKHOLE = 4,
        NHA_OIF = 5,
        NHA_GATEWAY = 6,
        NHA_ENCAP_TYPE = 7,
        NHA_ENCAP = 8,
        NHA_GROUPS = 9,
        NHA_MASTER = 10,
        NHA_FDB = 11,
        NHA_RES_GROUP = 12,
    }
    // Nested in `NHA_RES_GROUP`.
    "linux/nexthop.h" u16 {
        NHA_RES_GROUP_BUCKETS = 1,
        NHA_RES_GROUP_IDLE_TIMER = 2,
        NHA_RES_GROUP_UNBALANCED_TIMER = 3,
        NHA_RES_GROUP_UNBALANCED_TIME = 4,
    }
    // Types of groups of nexthops.
    "linux/nexthop.h" u16 {
        NEXTHOP_GRP_TYPE_MPATH = 0,
        NEXTHOP_GRP_TYPE_RES = 1,
    }
    // Types of light-weight tunnels: what `RTA_ENCAP` and `NHA_ENCAP` hold.
    "linux/lwtunnel.h" u16 {
        LWTUNNEL_ENCAP_MPLS = 1,
        LWTUNNEL_ENCAP_IP = 2,
        LWTUNNEL_ENCAP_IP6 = 4,
        LWTUNNEL_ENCAP_SEG6 = 5,
    }
    // Tunnels of IPv4 and IPv6, whose attributes have the same numbers.
    "linux/lwtunnel.h" u16 {
        LWTUNNEL_IP_ID = 1,
        LWTUNNEL_IP_DST = 2,
        LWTUNNEL_IP_SRC = 3,
        LWTUNNEL_IP_TTL = 4,
        LWTUNNEL_IP_TOS = 5,
        LWTUNNEL_IP6_ID = 1,
        LWTUNNEL_IP6_DST = 2,
        LWTUNNEL_IP6_SRC = 3,
        LWTUNNEL_IP6_HOPLIMIT = 4,
        LWTUNNEL_IP6_TC = 5,
    }
    // Tunnels of MPLS.
    "linux/mpls_iptunnel.h" u16 {
        MPLS_IPTUNNEL_DST = 1,
        MPLS_IPTUNNEL_TTL = 2,
    }
    // Segment routing.
    "linux/seg6_iptunnel.h" u16 {
        SEG6_IPTUNNEL_SRH = 1,
    }
    // Nested in `RTA_METRICS`.
    "linux/rtnetlink.h" u16 {
        RTAX_LOCK = 1,
        RTAX_MTU = 2,
        RTAX_WINDOW = 3,
        RTAX_RTT = 4,
        RTAX_RTTVAR = 5,
        RTAX_SSTHRESH = 6,
        RTAX_CWND = 7,
        RTAX_ADVMSS = 8,
        RTAX_REORDERING = 9,
        RTAX_HOPLIMIT = 10,
        RTAX_INITCWND = 11,
        RTAX_FEATURES = 12,
        RTAX_RTO_MIN = 13,
        RTAX_INITRWND = 14,
        RTAX_QUICKACK = 15,
        RTAX_CC_ALGO = 16,
        RTAX_FASTOPEN_NO_COOKIE = 17,
    }
    // Attributes of neighbours.
    "linux/neighbour.h" u16 {
        NDA_DST = 1,
        NDA_LLADDR = 2,
        NDA_CACHEINFO = 3,
        NDA_PROBES = 4,
        NDA_VLAN = 5,
        NDA_PORT = 6,
        NDA_VNI = 7,
        NDA_IFINDEX = 8,
        NDA_MASTER = 9,
        NDA_SRC_VNI = 11,
        NDA_PROTOCOL = 12,
        NDA_NH_ID = 13,
        NDA_FLAGS_EXT = 15,
    }
    // States of neighbours.
    "linux/neighbour.h" u16 {
        NUD_NONE = 0x0,
        NUD_INCOMPLETE = 0x1,
        NUD_REACHABLE = 0x2,
        NUD_STALE = 0x4,
        NUD_DELAY = 0x8,
        NUD_PROBE = 0x10,
        NUD_FAILED = 0x20,
        NUD_NOARP = 0x40,
        NUD_PERMANENT = 0x80,
    }
    // Flags of neighbours.
    "linux/neighbour.h" u8 {
        NTF_USE = 0x1,
        NTF_SELF = 0x2,
        NTF_MASTER = 0x4,
        NTF_PROXY = 0x8,
        NTF_EXT_LEARNED = 0x10,
        NTF_OFFLOADED = 0x20,
        NTF_STICKY = 0x40,
        NTF_ROUTER = 0x80,
    }
    // Attributes of rules.
    "linux/fib_rules.h" u16 {
        FRA_DST = 1,
        FRA_SRC = 2,
        FRA_IIFNAME = 3,
        FRA_GOTO = 4,
        FRA_PRIORITY = 6,
        FRA_FWMARK = 10,
        FRA_FLOW = 11,
        FRA_TUN_ID = 12,
        FRA_SUPPRESS_IFGROUP = 13,
        FRA_SUPPRESS_PREFIXLEN = 14,
        FRA_TABLE = 15,
        FRA_FWMASK = 16,
        FRA_OIFNAME = 17,
        FRA_L3MDEV = 19,
        FRA_UID_RANGE = 20,
        FRA_PROTOCOL = 21,
        FRA_IP_PROTO = 22,
        FRA_SPORT_RANGE = 23,
        FRA_DPORT_RANGE = 24,
    }
    // Flags of rules.
    "linux/fib_rules.h" u32 {
        FIB_RULE_PERMANENT = 0x1,
        FIB_RULE_INVERT = 0x2,
        FIB_RULE_UNRESOLVED = 0x4,
    }
    // Actions of rules.
    "linux/fib_rules.h" u8 {
        FR_ACT_UNSPEC = 0,
        FR_ACT_TO_TBL = 1,
        FR_ACT_GOTO = 2,
        FR_ACT_NOP = 3,
        FR_ACT_BLACKHOLE = 6,
        FR_ACT_UNREACHABLE = 7,
        FR_ACT_PROHIBIT = 8,
    }
    // Attributes of address labels.
    "linux/if_addrlabel.h" u16 {
        IFAL_ADDRESS = 1,
        IFAL_LABEL = 2,
    }
    // Attributes of queueing.
    "linux/rtnetlink.h" u16 {
        TCA_KIND = 1,
        TCA_OPTIONS = 2,
        TCA_STATS = 3,
        TCA_RATE = 5,
        TCA_STAB = 8,
        TCA_CHAIN = 11,
        TCA_INGRESS_BLOCK = 13,
        TCA_EGRESS_BLOCK = 14,
    }
    // Attributes of single queueing disciplines.
    "linux/pkt_sched.h" u16 {
        TCA_HTB_PARMS = 1,
        TCA_HTB_INIT = 2,
        TCA_HTB_DIRECT_QLEN = 5,
        TCA_HTB_RATE64 = 6,
        TCA_HTB_CEIL64 = 7,
        TCA_TBF_PARMS = 1,
        TCA_TBF_RATE64 = 4,
        TCA_TBF_PRATE64 = 5,
        TCA_TBF_BURST = 6,
        TCA_TBF_PBURST = 7,
        TCA_FQ_CODEL_TARGET = 1,
        TCA_FQ_CODEL_LIMIT = 2,
        TCA_FQ_CODEL_INTERVAL = 3,
        TCA_FQ_CODEL_ECN = 4,
        TCA_FQ_CODEL_FLOWS = 5,
        TCA_FQ_CODEL_QUANTUM = 6,
        TCA_FQ_CODEL_CE_THRESHOLD = 7,
        TCA_FQ_CODEL_DROP_BATCH_SIZE = 8,
        TCA_FQ_CODEL_MEMORY_LIMIT = 9,
    }
    // Attributes of the u32 filter, and its flag.
    "linux/pkt_cls.h" u16 {
        TCA_U32_CLASSID = 1,
        TCA_U32_HASH = 2,
        TCA_U32_LINK = 3,
        TCA_U32_DIVISOR = 4,
        TCA_U32_SEL = 5,
    }
    "linux/pkt_cls.h" u8 {
        TC_U32_TERMINAL = 1,
    }
    // Places that have no number of their own.
    "linux/pkt_sched.h" u32 {
        TC_H_ROOT = 0xffff_ffff,
        TC_H_INGRESS = 0xffff_fff1,
        TC_H_MIN_INGRESS = 0xfff2,
        TC_H_MIN_EGRESS = 0xfff3,
    }
    // What a filter looks at.
    "linux/if_ether.h" u16 {
        ETH_P_ALL = 0x0003,
        ETH_P_IP = 0x0800,
        ETH_P_ARP = 0x0806,
        ETH_P_8021Q = 0x8100,
        ETH_P_IPV6 = 0x86dd,
    }
}
