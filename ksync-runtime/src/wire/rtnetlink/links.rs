//! The further numbers of links and of what hangs on them: bridges, tunnels, bonds, forwarding entries.

use super::constants::constants;

constants! {
    // Attributes of links.
    "linux/if_link.h" u16 {
        IFLA_AF_SPEC = 26,
        IFLA_LINK_NETNSID = 37,
    }
    // What a link is to its master.
    "linux/if_link.h" u16 {
        IFLA_BRPORT_PRIORITY = 2,
        IFLA_BRPORT_COST = 3,
        IFLA_BRPORT_MODE = 4,
        IFLA_BRPORT_GUARD = 5,
        IFLA_BRPORT_PROTECT = 6,
        IFLA_BRPORT_FAST_LEAVE = 7,
        IFLA_BRPORT_LEARNING = 8,
        IFLA_BRPORT_UNICAST_FLOOD = 9,
        IFLA_BRPORT_PROXYARP = 10,
        IFLA_BRPORT_PROXYARP_WIFI = 12,
        IFLA_BRPORT_MULTICAST_ROUTER = 25,
        IFLA_BRPORT_MCAST_FLOOD = 27,
        IFLA_BRPORT_MCAST_TO_UCAST = 28,
        IFLA_BRPORT_VLAN_TUNNEL = 29,
        IFLA_BRPORT_BCAST_FLOOD = 30,
        IFLA_BRPORT_GROUP_FWD_MASK = 31,
        IFLA_BRPORT_NEIGH_SUPPRESS = 32,
        IFLA_BRPORT_ISOLATED = 33,
        IFLA_BRPORT_BACKUP_PORT = 34,
        IFLA_BRPORT_LOCKED = 39,
    }
    // Vlans of bridge ports.
    "linux/if_bridge.h" u16 {
        BRIDGE_VLANDB_ENTRY = 1,
        BRIDGE_VLANDB_ENTRY_INFO = 1,
        BRIDGE_VLANDB_ENTRY_RANGE = 2,
    }
    // Data of bridge links.
    "linux/if_link.h" u16 {
        IFLA_BR_GROUP_FWD_MASK = 9,
        IFLA_BR_GROUP_ADDR = 20,
        IFLA_BR_MCAST_ROUTER = 22,
        IFLA_BR_MCAST_QUERY_USE_IFADDR = 24,
        IFLA_BR_MCAST_QUERIER = 25,
        IFLA_BR_MCAST_HASH_MAX = 27,
        IFLA_BR_MCAST_LAST_MEMBER_CNT = 28,
        IFLA_BR_MCAST_STARTUP_QUERY_CNT = 29,
        IFLA_BR_MCAST_LAST_MEMBER_INTVL = 30,
        IFLA_BR_MCAST_MEMBERSHIP_INTVL = 31,
        IFLA_BR_MCAST_QUERIER_INTVL = 32,
        IFLA_BR_MCAST_QUERY_INTVL = 33,
        IFLA_BR_MCAST_QUERY_RESPONSE_INTVL = 34,
        IFLA_BR_MCAST_STARTUP_QUERY_INTVL = 35,
        IFLA_BR_NF_CALL_IPTABLES = 36,
        IFLA_BR_NF_CALL_IP6TABLES = 37,
        IFLA_BR_NF_CALL_ARPTABLES = 38,
        IFLA_BR_VLAN_STATS_ENABLED = 41,
        IFLA_BR_MCAST_STATS_ENABLED = 42,
        IFLA_BR_MCAST_IGMP_VERSION = 43,
        IFLA_BR_MCAST_MLD_VERSION = 44,
        IFLA_BR_VLAN_STATS_PER_PORT = 45,
    }
    // Data of vxlan links.
    "linux/if_link.h" u16 {
        IFLA_VXLAN_PROXY = 11,
        IFLA_VXLAN_RSC = 12,
        IFLA_VXLAN_L2MISS = 13,
        IFLA_VXLAN_L3MISS = 14,
        IFLA_VXLAN_UDP_CSUM = 18,
        IFLA_VXLAN_UDP_ZERO_CSUM6_TX = 19,
        IFLA_VXLAN_UDP_ZERO_CSUM6_RX = 20,
        IFLA_VXLAN_LABEL = 26,
        IFLA_VXLAN_DF = 29,
    }
    // Data of macvlan links.
    "linux/if_link.h" u16 {
        IFLA_MACVLAN_MODE = 1,
        IFLA_MACVLAN_BC_QUEUE_LEN = 7,
    }
    // Data of vlan links.
    "linux/if_link.h" u16 {
        IFLA_VLAN_ID = 1,
        IFLA_VLAN_FLAGS = 2,
        IFLA_VLAN_PROTOCOL = 5,
    }
    // Flags of vlan links.
    "linux/if_vlan.h" u32 {
        VLAN_FLAG_REORDER_HDR = 0x1,
        VLAN_FLAG_GVRP = 0x2,
        VLAN_FLAG_LOOSE_BINDING = 0x4,
        VLAN_FLAG_MVRP = 0x8,
        VLAN_FLAG_BRIDGE_BINDING = 0x10,
    }
    // Data of vrf links.
    "linux/if_link.h" u16 {
        IFLA_VRF_TABLE = 1,
    }
    // Data of bond links.
    "linux/if_link.h" u16 {
        IFLA_BOND_MODE = 1,
        IFLA_BOND_MIIMON = 3,
        IFLA_BOND_UPDELAY = 4,
        IFLA_BOND_DOWNDELAY = 5,
        IFLA_BOND_XMIT_HASH_POLICY = 14,
        IFLA_BOND_RESEND_IGMP = 15,
        IFLA_BOND_NUM_PEER_NOTIF = 16,
        IFLA_BOND_ALL_SLAVES_ACTIVE = 17,
        IFLA_BOND_MIN_LINKS = 18,
        IFLA_BOND_AD_LACP_RATE = 21,
        IFLA_BOND_AD_SELECT = 22,
    }
    // Data of gre and gretap links.
    "linux/if_tunnel.h" u16 {
        IFLA_GRE_LINK = 1,
        IFLA_GRE_IFLAGS = 2,
        IFLA_GRE_OFLAGS = 3,
        IFLA_GRE_IKEY = 4,
        IFLA_GRE_OKEY = 5,
        IFLA_GRE_LOCAL = 6,
        IFLA_GRE_REMOTE = 7,
        IFLA_GRE_TTL = 8,
        IFLA_GRE_TOS = 9,
        IFLA_GRE_PMTUDISC = 10,
    }
    // Flags of gre tunnels.
    "linux/if_tunnel.h" u16 {
        GRE_KEY = 0x2000,
    }
    // Data of ipip links.
    "linux/if_tunnel.h" u16 {
        IFLA_IPTUN_LINK = 1,
        IFLA_IPTUN_LOCAL = 2,
        IFLA_IPTUN_REMOTE = 3,
        IFLA_IPTUN_TTL = 4,
        IFLA_IPTUN_TOS = 5,
        IFLA_IPTUN_PMTUDISC = 10,
    }
    // Inside of `IFLA_AF_SPEC`, of bridge ports.
    "linux/if_bridge.h" u16 {
        IFLA_BRIDGE_FLAGS = 0,
        IFLA_BRIDGE_VLAN_INFO = 2,
    }
    // Flags of the vlans of a bridge port.
    "linux/if_bridge.h" u16 {
        BRIDGE_VLAN_INFO_PVID = 0x2,
        BRIDGE_VLAN_INFO_UNTAGGED = 0x4,
        BRIDGE_VLAN_INFO_RANGE_BEGIN = 0x8,
        BRIDGE_VLAN_INFO_RANGE_END = 0x10,
    }
}
