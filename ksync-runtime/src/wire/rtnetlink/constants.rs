//! The kernel's numbers that messages of several sorts share, and those of links, addresses and neighbours, under the
//! kernel's names. The header that defines them stands beside each group.

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
        RTM_NEWVLAN = 112,
        RTM_DELVLAN = 113,
        RTM_GETVLAN = 114,
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
    // Attributes of address labels.
    "linux/if_addrlabel.h" u16 {
        IFAL_ADDRESS = 1,
        IFAL_LABEL = 2,
    }
}
