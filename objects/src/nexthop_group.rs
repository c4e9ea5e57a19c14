//! Groups of nexthops: `ip nexthop add ... group`

use std::collections::HashSet;
use std::time::Duration;

use ksync_runtime::declare::{Context, Invalid, OperationError, Resolver};
use ksync_runtime::prelude::*;
use ksync_runtime::wire::{HeaderValue, ParseError};

use crate::route_protocol::RouteProtocol;
use crate::{Name, Nexthop};

/// A group of nexthops that share the packets.
///
/// ```text
/// ip nexthop add id 2000000000 group 1000000000,2/1000000001 protocol static
/// ip nexthop add id 2000000000 group 1000000000/1000000001 type resilient buckets 32 idle_timer 60 protocol static
/// ```
///
/// Groups share their numbers with [`Nexthop`]s; KSync allocates from 2,000,000,000 to 2,999,999,999.
///
/// Members, weights and timers change in place. Whether the group is resilient, into how many buckets, and who installed
/// it does not.
/// A nexthop that goes takes itself out of its groups; the last one takes the group along.
///
/// ```
/// use ksync_objects::{Member, NexthopGroup};
/// use ksync_runtime::prelude::*;
///
/// let group = NexthopGroup::new("uplinks", [Member::new("core1", 2), Member::new("core2", 1)]);
/// assert!(group.check().is_ok());
///
/// let empty = NexthopGroup::new("uplinks", []);
/// assert_eq!(empty.check().unwrap_err().to_string(), "members: a group has at least one nexthop");
/// ```
#[derive(Clone, Debug, PartialEq, KSyncEntry)]
#[ksync(
    protocol = route,
    header = NexthopHeader,
    add = RTM_NEWNEXTHOP, delete = RTM_DELNEXTHOP, get = RTM_GETNEXTHOP,
    index(from = ksync, range = 2_000_000_000..=2_999_999_999, nla = NHA_ID),
    flushes_dependents,
    check = check,
)]
pub struct NexthopGroup {
    /// The agent's own name for it. The kernel never sees it.
    #[ksync(key)]
    pub name: Name,
    /// The nexthops, and the share of each. `group`
    // One that goes leaves the others; which of them are left, the next change tells the kernel anew.
    #[depends_on(Nexthop)]
    #[ksync(nla = NHA_GROUP, array, survives)]
    pub members: Vec<Member>,
    /// How packets are spread. `type`
    #[ksync(nla = NHA_GROUP_TYPE, immutable, default)]
    pub spread: Spread,
    /// What a resilient group goes by. `buckets`, `idle_timer`, `unbalanced_timer`
    #[ksync(nla = NHA_RES_GROUP)]
    pub resilience: Option<Resilience>,
    /// Who installed it: the mark by which one's own groups are known. `protocol`
    // The kernel takes another one in a change, and forgets it.
    #[ksync(header = nh_protocol, immutable, check = RouteProtocol::check)]
    pub protocol: RouteProtocol,
}

/// How a group spreads packets over its nexthops (`NEXTHOP_GRP_TYPE_*`, linux/nexthop.h).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, KSyncValue)]
#[ksync(repr = u16)]
pub enum Spread {
    /// By the hash of their flow: when a member comes or goes, flows of all members move. `type mpath`
    #[default]
    #[ksync(value = NEXTHOP_GRP_TYPE_MPATH)]
    Hash,
    /// By buckets: when a member goes, only its own flows move. `type resilient`
    #[ksync(value = NEXTHOP_GRP_TYPE_RES)]
    Resilient,
}

/// What a resilient group goes by.
#[derive(Clone, Debug, PartialEq, KSyncNested)]
pub struct Resilience {
    /// Flows are sorted into that many buckets, each of which goes to one nexthop. `buckets`
    #[ksync(nla = NHA_RES_GROUP_BUCKETS, immutable)]
    pub buckets: u16,
    /// A bucket without packets for this long may move to another nexthop. `idle_timer`
    #[ksync(nla = NHA_RES_GROUP_IDLE_TIMER, unit = centis, compare = to_the_tick)]
    pub idle_timer: Duration,
    /// After this long out of balance, buckets with packets move too; zero: never. `unbalanced_timer`
    #[ksync(nla = NHA_RES_GROUP_UNBALANCED_TIMER, unit = centis, compare = to_the_tick)]
    pub unbalanced_timer: Duration,
}

/// The kernel keeps its own ticks, which need not be hundredths of a second, and rounds.
fn to_the_tick(declared: &Duration, seen: &Duration) -> bool {
    declared.abs_diff(*seen) <= Duration::from_millis(10)
}

/// One nexthop of a group.
#[derive(Clone, Debug, PartialEq, KSyncNested)]
#[ksync(header = MemberHeader)]
pub struct Member {
    /// The nexthop.
    #[depends_on]
    #[ksync(header = id)]
    pub nexthop: Ref<Nexthop>,
    /// Its share of the packets.
    #[ksync(header = weight)]
    pub weight: Weight,
}

ksync_runtime::fixed_header! {
    /// `struct nexthop_grp` (linux/nexthop.h).
    pub struct MemberHeader {
        id: u32,
        weight: u8,
        weight_high: u8,
        resvd2: u16,
    }
}

/// A share of the packets, from 1 to 256. The wire has one less.
///
/// (Linux 6.12 and newer take up to 65,536 in groups; this kind does not.)
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Weight(pub u16);

impl Weight {
    pub(crate) fn check(self) -> Result<(), String> {
        if (1..=256).contains(&self.0) {
            return Ok(());
        }
        Err(format!("weight {} is not within 1 and 256", self.0))
    }
}

impl HeaderValue for Weight {
    fn to_header(&self, _: &Context<'_>) -> Result<i128, OperationError> {
        Ok(i128::from(self.0) - 1)
    }

    fn from_header(number: i128, resolver: &Resolver<'_>) -> Result<Self, ParseError> {
        <u16 as HeaderValue>::from_header(number.saturating_add(1), resolver).map(Weight)
    }
}

impl Member {
    /// The nexthop with that name, and its share of the packets.
    #[must_use]
    pub fn new(nexthop: impl Into<Name>, weight: u16) -> Self {
        Member { nexthop: Ref::to(nexthop), weight: Weight(weight) }
    }
}

impl Resilience {
    /// That many buckets, and the timers that the kernel takes when it is told none: 120 seconds, and never.
    #[must_use]
    pub fn new(buckets: u16) -> Self {
        Resilience { buckets, idle_timer: Duration::from_secs(120), unbalanced_timer: Duration::ZERO }
    }
}

impl NexthopGroup {
    /// A group that spreads packets by the hash of their flow.
    #[must_use]
    pub fn new(name: impl Into<Name>, members: impl IntoIterator<Item = Member>) -> Self {
        NexthopGroup {
            name: name.into(),
            members: members.into_iter().collect(),
            spread: Spread::Hash,
            resilience: None,
            protocol: RouteProtocol::STATIC,
        }
    }

    /// A group that keeps flows where they are.
    #[must_use]
    pub fn resilient(
        name: impl Into<Name>,
        members: impl IntoIterator<Item = Member>,
        resilience: Resilience,
    ) -> Self {
        NexthopGroup {
            spread: Spread::Resilient,
            resilience: Some(resilience),
            ..NexthopGroup::new(name, members)
        }
    }
}

/// What the kernel would refuse.
fn check(group: &NexthopGroup) -> Result<(), Invalid> {
    let wrong = |field, reason: String| Err(Invalid { field, reason });
    if group.members.is_empty() {
        return wrong("members", "a group has at least one nexthop".to_owned());
    }
    let mut seen = HashSet::new();
    for Member { nexthop, weight } in &group.members {
        if let Err(reason) = weight.check() {
            return wrong("members", format!("nexthop {nexthop}: {reason}"));
        }
        if !seen.insert(nexthop) {
            return wrong("members", format!("nexthop {nexthop} is there twice; give it a weight"));
        }
    }
    match (group.spread, &group.resilience) {
        (Spread::Resilient, None) => {
            wrong("resilience", "a resilient group needs a number of buckets".to_owned())
        }
        (Spread::Hash, Some(_)) => wrong(
            "resilience",
            "a group that spreads by hash has none; say `spread: Spread::Resilient`".to_owned(),
        ),
        (Spread::Resilient, Some(resilience)) if resilience.buckets == 0 => {
            wrong("resilience", "buckets: there is one at least".to_owned())
        }
        _ => Ok(()),
    }
}
