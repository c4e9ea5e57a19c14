//! Who installed a route, nexthop or rule: the mark by which programs tell their objects apart.

use std::fmt;

use ksync_runtime::declare::{Context, OperationError, Resolver};
use ksync_runtime::prelude::{
    RTPROT_BGP, RTPROT_BIRD, RTPROT_BOOT, RTPROT_KERNEL, RTPROT_REDIRECT, RTPROT_STATIC, RTPROT_UNSPEC,
    RTPROT_ZEBRA,
};
use ksync_runtime::wire::{AttributeValue, BytesMut, HeaderValue, ParseError, ValueError};

/// Who installed a route, nexthop or rule (`enum` of `RTPROT_*`, linux/rtnetlink.h; `/etc/iproute2/rt_protos`).
///
/// The kernel keeps it and does nothing by it, but for two things: it deletes no route and no rule of another
/// protocol than the request names, and can dump the routes of one protocol alone. So it is the mark of one's own
/// objects. Numbers from 4 up are free to choose.
///
/// What the kernel itself installed, or nobody put a mark on, is no object of these kinds.
///
/// ```
/// use ksync_objects::RouteProtocol;
///
/// assert!(RouteProtocol(99).check().is_ok());
/// assert!(RouteProtocol(2).check().unwrap_err().contains("kernel"));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RouteProtocol(pub u8);

impl RouteProtocol {
    /// `RTPROT_STATIC`: by an administrator, or a program on his behalf.
    pub const STATIC: RouteProtocol = RouteProtocol(RTPROT_STATIC);
    /// `RTPROT_ZEBRA`
    pub const ZEBRA: RouteProtocol = RouteProtocol(RTPROT_ZEBRA);
    /// `RTPROT_BIRD`
    pub const BIRD: RouteProtocol = RouteProtocol(RTPROT_BIRD);
    /// `RTPROT_BGP`
    pub const BGP: RouteProtocol = RouteProtocol(RTPROT_BGP);

    /// Refuses marks that are none.
    ///
    /// # Errors
    /// Whose the mark is.
    pub fn check(&self) -> Result<(), String> {
        let whose = match self.0 {
            RTPROT_UNSPEC => "no mark at all: a delete with it matches the objects of everybody",
            RTPROT_REDIRECT | RTPROT_KERNEL => "the mark of what the kernel installs by itself",
            RTPROT_BOOT => "what `ip` writes when nobody says a protocol, so it is no mark of one's own",
            _ => return Ok(()),
        };
        Err(format!("{self} is {whose}; choose one from 4 up, as `RouteProtocol::STATIC`"))
    }

    fn of(number: u8) -> Result<Self, ValueError> {
        let protocol = RouteProtocol(number);
        protocol.check().map(|()| protocol).map_err(|_| ValueError::Missing)
    }
}

impl fmt::Display for RouteProtocol {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(out)
    }
}

impl AttributeValue for RouteProtocol {
    fn emit(&self, out: &mut BytesMut) {
        self.0.emit(out);
    }

    fn parse(payload: &[u8]) -> Result<Self, ValueError> {
        u8::parse(payload).and_then(RouteProtocol::of)
    }
}

impl HeaderValue for RouteProtocol {
    fn to_header(&self, _: &Context<'_>) -> Result<i128, OperationError> {
        Ok(self.0.into())
    }

    fn from_header(number: i128, resolver: &Resolver<'_>) -> Result<Self, ParseError> {
        let number = <u8 as HeaderValue>::from_header(number, resolver)?;
        RouteProtocol::of(number).map_err(ParseError::header)
    }
}
