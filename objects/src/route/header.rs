//! What a route says in its header, as far as it is no number.

/// What becomes of the packets of a route (`RTN_*`, linux/rtnetlink.h).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum RouteKind {
    /// They go on.
    #[default]
    Unicast,
    /// They are for this host. `local`
    Local,
    /// They are dropped without a word. `blackhole`
    Blackhole,
    /// They are refused as "network unreachable". `unreachable`
    Unreachable,
    /// They are refused as "administratively prohibited". `prohibit`
    Prohibit,
    /// As if the table had no route for them: the next rule is looked at. `throw`
    Throw,
}

impl RouteKind {
    /// Whether packets go nowhere, so that no way is named.
    #[must_use]
    pub fn is_nowhere(self) -> bool {
        !matches!(self, RouteKind::Unicast | RouteKind::Local)
    }
}

/// `rtm_type`. What a route is by way of a nexthop object, the object says: the kernel shows a blackhole where a
/// unicast route leads to a nexthop that is one.
pub(super) mod kind {
    use ksync_runtime::prelude::*;
    use ksync_runtime::wire::{Incoming, Outgoing, ParseError, ValueError};

    use super::RouteKind;

    /// What says where packets go.
    const WAYS: [u16; 5] = [RTA_NH_ID, RTA_OIF, RTA_GATEWAY, RTA_VIA, RTA_MULTIPATH];

    pub(in crate::route) fn emit(value: &RouteKind, message: &mut Outgoing<'_, RouteHeader>) {
        message.header.rtm_type = match value {
            RouteKind::Unicast => RTN_UNICAST,
            RouteKind::Local => RTN_LOCAL,
            RouteKind::Blackhole => RTN_BLACKHOLE,
            RouteKind::Unreachable => RTN_UNREACHABLE,
            RouteKind::Prohibit => RTN_PROHIBIT,
            RouteKind::Throw => RTN_THROW,
        };
    }

    pub(in crate::route) fn parse(message: &Incoming<'_, RouteHeader>) -> Result<RouteKind, ParseError> {
        Ok(match message.header.rtm_type {
            RTN_UNICAST if WAYS.iter().any(|nla| message.attributes.get(*nla).is_some()) => {
                RouteKind::Unicast
            }
            RTN_BLACKHOLE if message.attributes.get(RTA_NH_ID).is_some() => RouteKind::Unicast,
            RTN_LOCAL => RouteKind::Local,
            RTN_BLACKHOLE => RouteKind::Blackhole,
            RTN_UNREACHABLE => RouteKind::Unreachable,
            RTN_PROHIBIT => RouteKind::Prohibit,
            RTN_THROW => RouteKind::Throw,
            // Broadcast, anycast and multicast are the kernel's own; a unicast route has a way.
            _ => return Err(ParseError::header(ValueError::Missing)),
        })
    }
}

/// `RTNH_F_ONLINK` of `rtm_flags`. A nexthop object has it by itself, and the kernel shows it in the route as well.
pub(super) mod onlink {
    use ksync_runtime::prelude::*;
    use ksync_runtime::wire::{Incoming, Outgoing, ParseError};

    pub(in crate::route) fn emit(value: &bool, message: &mut Outgoing<'_, RouteHeader>) {
        if *value {
            message.header.rtm_flags |= RTNH_F_ONLINK;
        }
    }

    #[expect(clippy::unnecessary_wraps, reason = "the signature of a codec")]
    pub(in crate::route) fn parse(message: &Incoming<'_, RouteHeader>) -> Result<bool, ParseError> {
        let own = message.attributes.get(RTA_NH_ID).is_none();
        Ok(own && message.header.rtm_flags & RTNH_F_ONLINK != 0)
    }
}
