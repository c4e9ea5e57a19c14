//! The numbers of routes, of what they go by, and of rules.

use super::constants::constants;

constants! {
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
}
