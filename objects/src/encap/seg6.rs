//! The routing header of segment routing as bytes: `struct seg6_iptunnel_encap` (linux/seg6_iptunnel.h) with a
//! `struct ipv6_sr_hdr` (linux/seg6.h, RFC 8754).

use std::net::Ipv6Addr;

use ksync_runtime::wire::{AttributeValue, ValueError};

/// Where the routing header goes (`SEG6_IPTUN_MODE_*`, linux/seg6_iptunnel.h).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Seg6Mode {
    /// Between the packet's own header and its contents. `inline`
    Inline,
    /// Behind a new header, around the packet. `encap`
    Encap,
    /// Behind a new header, around the frame. `l2encap`
    L2Encap,
    /// As `Encap`, without the first segment, which stands in the new header anyhow. `encap.red`
    EncapReduced,
    /// As `L2Encap`, without the first segment. `l2encap.red`
    L2EncapReduced,
}

/// All modes, each at its own number.
const MODES: [Seg6Mode; 5] =
    [Seg6Mode::Inline, Seg6Mode::Encap, Seg6Mode::L2Encap, Seg6Mode::EncapReduced, Seg6Mode::L2EncapReduced];

/// `IPV6_SRCRT_TYPE_4`.
const ROUTING_TYPE: u8 = 4;
/// The mode, and the header in front of the segments.
const HEAD: usize = 4 + 8;
const SEGMENT: usize = 16;
/// The header tells its length in units of 8 bytes, in one byte; inline, one segment is the packet's destination.
pub(super) const MOST: usize = 126;

pub(super) fn header(mode: Seg6Mode, segments: &[Ipv6Addr]) -> Vec<u8> {
    let number = MODES.iter().position(|known| *known == mode).unwrap_or_default();
    // Inline, the packet's own destination is the last segment; the kernel puts it there.
    let room = usize::from(mode == Seg6Mode::Inline);
    let count = segments.len() + room;
    let last = u8::try_from(count.saturating_sub(1)).unwrap_or(u8::MAX);
    let len = u8::try_from(2 * count).unwrap_or(u8::MAX);
    let mut bytes = Vec::with_capacity(HEAD + SEGMENT * count);
    bytes.extend_from_slice(&u32::try_from(number).unwrap_or_default().to_ne_bytes());
    // Next header, length, type, segments left, last segment, flags, tag (16 bits).
    bytes.extend_from_slice(&[0, len, ROUTING_TYPE, last, last, 0, 0, 0]);
    bytes.extend(std::iter::repeat_n(0, SEGMENT * room));
    // The last segment comes first.
    bytes.extend(segments.iter().rev().flat_map(Ipv6Addr::octets));
    bytes
}

pub(super) fn parse(payload: &[u8]) -> Result<(Seg6Mode, Vec<Ipv6Addr>), ValueError> {
    let wrong = |expected| ValueError::Length { expected, got: payload.len() };
    let (head, rest) = payload.split_at_checked(HEAD).ok_or_else(|| wrong(HEAD))?;
    let number = u32::parse(head.get(..4).unwrap_or_default())?;
    let mode = usize::try_from(number).ok().and_then(|number| MODES.get(number)).copied();
    let mode = mode.ok_or_else(|| ValueError::Content(format!("mode {number} of seg6 is unknown")))?;
    let count = usize::from(head.get(8).copied().unwrap_or_default()) + 1;
    // Behind the segments, there may be more (an HMAC).
    let (segments, _) = rest.as_chunks::<SEGMENT>();
    let segments = segments.get(..count).ok_or_else(|| wrong(HEAD + SEGMENT * count))?;
    let room = usize::from(mode == Seg6Mode::Inline);
    let segments = segments.get(room..).unwrap_or_default();
    Ok((mode, segments.iter().rev().map(|octets| Ipv6Addr::from(*octets)).collect()))
}
