//! Nexthops and groups of them: all comes back.

use ksync_objects::{Nexthop, NexthopGroup};

use super::kind;
use crate::strategies::nexthops::{nexthop_groups, nexthops};

kind! {
    nexthop: Nexthop, nexthops(), seen = |nexthop| nexthop, changed = |nexthop| nexthop,
}
kind! {
    nexthop_group: NexthopGroup, nexthop_groups(), seen = |group| group, changed = |group| group,
}
