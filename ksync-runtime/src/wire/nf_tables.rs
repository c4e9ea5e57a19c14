//! nf_tables, a part of `NETLINK_NETFILTER`: its numbers under the kernel's names, its header, and the messages that
//! a transaction is wrapped in.

use bytes::BytesMut;

use super::Request;
use super::rtnetlink::constants;

crate::fixed_header! {
    /// `struct nfgenmsg` (linux/netfilter/nfnetlink.h): in front of everything in `NETLINK_NETFILTER`.
    pub struct NetfilterHeader {
        nfgen_family: u8,
        version: u8,
        res_id: u16,
    }
}

constants! {
    "linux/netfilter/nfnetlink.h" u16 {
        NFNL_MSG_BATCH_BEGIN = 0x10,
        NFNL_MSG_BATCH_END = 0x11,
        NFNL_SUBSYS_NFTABLES = 10,
    }
    "linux/netfilter.h" u8 {
        NFPROTO_INET = 1,
        NFPROTO_IPV4 = 2,
        NFPROTO_ARP = 3,
        NFPROTO_NETDEV = 5,
        NFPROTO_BRIDGE = 7,
        NFPROTO_IPV6 = 10,
    }
    "linux/netfilter/nf_tables.h" u16 {
        NFT_MSG_NEWTABLE = 0,
        NFT_MSG_GETTABLE = 1,
        NFT_MSG_DELTABLE = 2,
        NFT_MSG_NEWSET = 9,
        NFT_MSG_GETSET = 10,
        NFT_MSG_DELSET = 11,
        NFT_MSG_NEWSETELEM = 12,
        NFT_MSG_GETSETELEM = 13,
        NFT_MSG_DELSETELEM = 14,
        NFTA_TABLE_NAME = 1,
        NFTA_TABLE_FLAGS = 2,
        NFTA_TABLE_USERDATA = 6,
        NFTA_SET_TABLE = 1,
        NFTA_SET_NAME = 2,
        NFTA_SET_FLAGS = 3,
        NFTA_SET_KEY_TYPE = 4,
        NFTA_SET_KEY_LEN = 5,
        NFTA_SET_DESC = 9,
        NFTA_SET_ID = 10,
        NFTA_SET_TIMEOUT = 11,
        NFTA_SET_GC_INTERVAL = 12,
        NFTA_SET_USERDATA = 13,
        NFTA_SET_DESC_SIZE = 1,
        NFTA_SET_ELEM_LIST_TABLE = 1,
        NFTA_SET_ELEM_LIST_SET = 2,
        NFTA_SET_ELEM_LIST_ELEMENTS = 3,
        NFTA_LIST_ELEM = 1,
        NFTA_SET_ELEM_KEY = 1,
        NFTA_SET_ELEM_FLAGS = 3,
        NFTA_SET_ELEM_TIMEOUT = 4,
        NFTA_SET_ELEM_EXPIRATION = 5,
        NFTA_SET_ELEM_USERDATA = 6,
        NFTA_DATA_VALUE = 1,
    }
    "linux/netfilter/nf_tables.h" u32 {
        NFT_TABLE_F_DORMANT = 0x1,
        NFT_SET_CONSTANT = 0x2,
        NFT_SET_INTERVAL = 0x4,
        NFT_SET_TIMEOUT = 0x10,
        NFT_SET_EVAL = 0x20,
    }
}

/// Length of `NFNL_MSG_BATCH_BEGIN` and `NFNL_MSG_BATCH_END`.
pub(crate) const BRACKET_LEN: usize = 20;

/// Writes `NFNL_MSG_BATCH_BEGIN` or `NFNL_MSG_BATCH_END`.
pub(crate) fn bracket(message_type: u16, out: &mut BytesMut, seq: u32, port: u32) {
    let mut message = Request::new(out, seq, port).begin::<NetfilterHeader>(message_type, 0);
    message.header.res_id = NFNL_SUBSYS_NFTABLES.to_be();
    let written = message.finish();
    debug_assert!(written.is_ok(), "there is nothing in it that could not be written");
}
