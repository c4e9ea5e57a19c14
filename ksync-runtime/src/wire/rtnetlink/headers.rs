//! The fixed headers of the route family.

crate::fixed_header! {
    /// `struct ifinfomsg` (linux/rtnetlink.h): links.
    pub struct LinkHeader {
        ifi_family: u8,
        ifi_pad: u8,
        ifi_type: u16,
        ifi_index: i32,
        ifi_flags: u32,
        ifi_change: u32,
    }
}

crate::fixed_header! {
    /// `struct br_vlan_msg` (linux/if_bridge.h): vlans of bridge ports.
    pub struct BridgeVlanHeader {
        family: u8,
        reserved1: u8,
        reserved2: u16,
        ifindex: u32,
    }
}

crate::fixed_header! {
    /// `struct bridge_vlan_info` (linux/if_bridge.h), in attributes.
    pub struct BridgeVlanInfo {
        flags: u16,
        vid: u16,
    }
}

crate::fixed_header! {
    /// `struct ifaddrmsg` (linux/if_addr.h): addresses.
    pub struct AddressHeader {
        ifa_family: u8,
        ifa_prefixlen: u8,
        ifa_flags: u8,
        ifa_scope: u8,
        ifa_index: u32,
    }
}

crate::fixed_header! {
    /// `struct rtmsg` (linux/rtnetlink.h): routes.
    pub struct RouteHeader {
        rtm_family: u8,
        rtm_dst_len: u8,
        rtm_src_len: u8,
        rtm_tos: u8,
        rtm_table: u8,
        rtm_protocol: u8,
        rtm_scope: u8,
        rtm_type: u8,
        rtm_flags: u32,
    }
}

crate::fixed_header! {
    /// `struct nhmsg` (linux/nexthop.h): nexthop objects.
    pub struct NexthopHeader {
        nh_family: u8,
        nh_scope: u8,
        nh_protocol: u8,
        resvd: u8,
        nh_flags: u32,
    }
}

crate::fixed_header! {
    /// `struct ndmsg` (linux/neighbour.h): neighbours and forwarding entries.
    pub struct NeighbourHeader {
        ndm_family: u8,
        ndm_pad1: u8,
        ndm_pad2: u16,
        ndm_ifindex: i32,
        ndm_state: u16,
        ndm_flags: u8,
        ndm_type: u8,
    }
}

crate::fixed_header! {
    /// `struct fib_rule_hdr` (linux/fib_rules.h): routing rules.
    pub struct RuleHeader {
        family: u8,
        dst_len: u8,
        src_len: u8,
        tos: u8,
        table: u8,
        res1: u8,
        res2: u8,
        action: u8,
        flags: u32,
    }
}

crate::fixed_header! {
    /// `struct ifaddrlblmsg` (linux/if_addrlabel.h): address labels.
    pub struct AddressLabelHeader {
        ifal_family: u8,
        ifal_reserved: u8,
        ifal_prefixlen: u8,
        ifal_flags: u8,
        ifal_index: u32,
        ifal_seq: u32,
    }
}

crate::fixed_header! {
    /// `struct tcmsg` (linux/rtnetlink.h): queueing disciplines, classes and filters.
    pub struct TrafficControlHeader {
        tcm_family: u8,
        tcm_pad1: u8,
        tcm_pad2: u16,
        tcm_ifindex: i32,
        tcm_handle: u32,
        tcm_parent: u32,
        tcm_info: u32,
    }
}
