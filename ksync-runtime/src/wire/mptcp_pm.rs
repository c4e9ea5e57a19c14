//! The generic netlink family `mptcp_pm` (path manager of Multipath TCP): its numbers, under the kernel's names.

use super::rtnetlink::constants;

constants! {
    "linux/mptcp_pm.h" u16 {
        MPTCP_PM_CMD_ADD_ADDR = 1,
        MPTCP_PM_CMD_DEL_ADDR = 2,
        MPTCP_PM_CMD_GET_ADDR = 3,
        MPTCP_PM_CMD_FLUSH_ADDRS = 4,
        MPTCP_PM_CMD_SET_LIMITS = 5,
        MPTCP_PM_CMD_GET_LIMITS = 6,
        MPTCP_PM_CMD_SET_FLAGS = 7,
        MPTCP_PM_ATTR_ADDR = 1,
        MPTCP_PM_ADDR_ATTR_FAMILY = 1,
        MPTCP_PM_ADDR_ATTR_ID = 2,
        MPTCP_PM_ADDR_ATTR_ADDR4 = 3,
        MPTCP_PM_ADDR_ATTR_ADDR6 = 4,
        MPTCP_PM_ADDR_ATTR_PORT = 5,
        MPTCP_PM_ADDR_ATTR_FLAGS = 6,
        MPTCP_PM_ADDR_ATTR_IF_IDX = 7,
    }
    "linux/mptcp.h" u32 {
        MPTCP_PM_ADDR_FLAG_SIGNAL = 0x1,
        MPTCP_PM_ADDR_FLAG_SUBFLOW = 0x2,
        MPTCP_PM_ADDR_FLAG_BACKUP = 0x4,
        MPTCP_PM_ADDR_FLAG_FULLMESH = 0x8,
        MPTCP_PM_ADDR_FLAG_IMPLICIT = 0x10,
    }
}
