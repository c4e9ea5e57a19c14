//! The numbers of traffic control.

use super::constants::constants;

constants! {
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
