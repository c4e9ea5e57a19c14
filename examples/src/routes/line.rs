//! One line: text to a route.

use std::net::IpAddr;

use ksync_runtime::prelude::IpNet;

use super::bad_line::{BadLine, Quoted};

/// A route as a line gives it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RouteLine {
    /// The packets that it is for.
    pub prefix: IpNet,
    /// The router that they go to; of the same family.
    pub nexthop: IpAddr,
}

/// Reads a line, without its line feed. `None` for one that says nothing: blank, or a comment.
///
/// # Errors
/// What is wrong with it.
///
/// ```
/// use ksync_examples::routes::parse;
///
/// let route = parse(b"198.51.100.0/24,192.0.2.1")?.expect("it is a route");
/// assert_eq!(route.prefix.to_string(), "198.51.100.0/24");
/// assert_eq!(parse(b"# nothing")?, None);
/// assert_eq!(
///     parse(b"10.0.0.1/8,192.0.2.1").unwrap_err().to_string(),
///     "10.0.0.1/8 has host bits set; the prefix is 10.0.0.0/8",
/// );
/// # Ok::<(), ksync_examples::routes::BadLine>(())
/// ```
pub fn parse(line: &[u8]) -> Result<Option<RouteLine>, BadLine> {
    let text = text(line)?;
    let said = text.split_once('#').map_or(text, |(said, _comment)| said).trim();
    if said.is_empty() {
        return Ok(None);
    }
    let (prefix, nexthop) = said.split_once(',').ok_or_else(|| BadLine::NoComma(Quoted::new(said)))?;
    if nexthop.contains(',') {
        return Err(BadLine::TooManyFields { fields: said.split(',').count() });
    }
    let prefix = parse_prefix(prefix.trim())?;
    let nexthop = parse_nexthop(nexthop.trim())?;
    if prefix.addr().is_ipv4() != nexthop.is_ipv4() {
        return Err(BadLine::OtherFamily { prefix, nexthop });
    }
    Ok(Some(RouteLine { prefix, nexthop }))
}

fn text(line: &[u8]) -> Result<&str, BadLine> {
    let text = std::str::from_utf8(line).map_err(|error| {
        let at = error.valid_up_to();
        BadLine::NotText { byte: line.get(at).copied().unwrap_or_default(), column: at + 1 }
    })?;
    match line.iter().position(|byte| *byte == 0) {
        Some(at) => Err(BadLine::Nul { column: at + 1 }),
        None => Ok(text),
    }
}

fn parse_prefix(text: &str) -> Result<IpNet, BadLine> {
    if text.is_empty() {
        return Err(BadLine::NoPrefix);
    }
    let (address, length) = match text.split_once('/') {
        Some((address, length)) => (address, Some(length)),
        None => (text, None),
    };
    let address: IpAddr = address.parse().map_err(|_| BadLine::Prefix(Quoted::new(text)))?;
    let length = length.ok_or(BadLine::NoLength { address })?;
    // `u8::from_str` takes a plus sign, which is no part of a prefix length.
    let digits = Some(length).filter(|length| length.bytes().all(|byte| byte.is_ascii_digit()));
    let prefix = digits
        .and_then(|digits| digits.parse().ok())
        .and_then(|length| IpNet::new(address, length).ok())
        .ok_or_else(|| BadLine::Length { address, length: Quoted::new(length) })?;
    if prefix.trunc() != prefix {
        return Err(BadLine::HostBits(prefix));
    }
    Ok(prefix)
}

fn parse_nexthop(text: &str) -> Result<IpAddr, BadLine> {
    if text.is_empty() {
        return Err(BadLine::NoNexthop);
    }
    let nexthop: IpAddr = text.parse().map_err(|_| match text.contains('/') {
        true => BadLine::NexthopIsPrefix(Quoted::new(text)),
        false => BadLine::Nexthop(Quoted::new(text)),
    })?;
    match unusable(nexthop) {
        Some(sort) => Err(BadLine::Unusable { nexthop, sort }),
        None => Ok(nexthop),
    }
}

/// Addresses that no router has anywhere. Which ones belong to this host itself, loopback and others, is for
/// the kernel to say.
fn unusable(address: IpAddr) -> Option<&'static str> {
    if address.is_unspecified() {
        return Some("the unspecified address");
    }
    if address.is_multicast() {
        return Some("a multicast address");
    }
    match address {
        IpAddr::V4(address) if address.is_broadcast() => Some("the broadcast address"),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reason(line: &[u8]) -> String {
        parse(line).expect_err("the line is bad").to_string()
    }

    #[track_caller]
    fn reads(line: &str, prefix: &str, nexthop: &str) {
        let expected = RouteLine {
            prefix: prefix.parse().expect("a prefix"),
            nexthop: nexthop.parse().expect("an address"),
        };
        assert_eq!(parse(line.as_bytes()), Ok(Some(expected)), "{line:?}");
    }

    #[test]
    fn routes_of_both_families_are_read() {
        reads("198.51.100.0/24,192.0.2.1", "198.51.100.0/24", "192.0.2.1");
        reads("2001:db8:1::/48,2001:db8::1", "2001:db8:1::/48", "2001:db8::1");
        reads("0.0.0.0/0,192.0.2.1", "0.0.0.0/0", "192.0.2.1");
        reads("::/0,fe80::1", "::/0", "fe80::1");
        reads("192.0.2.7/32,192.0.2.1", "192.0.2.7/32", "192.0.2.1");
    }

    #[test]
    fn white_space_carriage_returns_and_comments_are_no_part_of_a_route() {
        reads("  198.51.100.0/24 ,\t192.0.2.1 \t", "198.51.100.0/24", "192.0.2.1");
        reads("198.51.100.0/24,192.0.2.1\r", "198.51.100.0/24", "192.0.2.1");
        reads("198.51.100.0/24,192.0.2.1 # to the core, for now", "198.51.100.0/24", "192.0.2.1");
    }

    #[test]
    fn lines_that_say_nothing_are_no_fault() {
        for line in ["", " ", "\r", "\t\r", "# a comment", "   # another, with a comma", "#"] {
            assert_eq!(parse(line.as_bytes()), Ok(None), "{line:?}");
        }
    }

    #[test]
    fn a_line_without_a_comma_is_quoted() {
        assert_eq!(
            reason(b"198.51.100.0/24 192.0.2.1"),
            "no comma in \"198.51.100.0/24 192.0.2.1\": write PREFIX,NEXTHOP as in 198.51.100.0/24,192.0.2.1"
        );
    }

    #[test]
    fn what_is_quoted_can_do_no_harm_to_a_terminal_and_is_not_long() {
        let line = format!("\x1b[31m{}", "x".repeat(100));
        let said = reason(line.as_bytes());
        assert!(said.contains("\\u{1b}[31m"), "{said}");
        assert!(!said.contains('\x1b') && said.contains("x...\""), "{said}");
    }

    #[test]
    fn fields_are_two() {
        assert!(reason(b"198.51.100.0/24,192.0.2.1,5").starts_with("3 fields, not two"));
        assert_eq!(reason(b",192.0.2.1"), "no prefix before the comma");
        assert_eq!(reason(b"198.51.100.0/24,"), "no nexthop after the comma");
        assert_eq!(reason(b"198.51.100.0/24, # none"), "no nexthop after the comma");
    }

    #[test]
    fn a_bad_prefix_is_named() {
        assert_eq!(reason(b"198.51.100/24,192.0.2.1"), "\"198.51.100/24\" is no IPv4 or IPv6 prefix");
        assert_eq!(reason(b"core/24,192.0.2.1"), "\"core/24\" is no IPv4 or IPv6 prefix");
        assert_eq!(reason(b"010.0.0.0/8,192.0.2.1"), "\"010.0.0.0/8\" is no IPv4 or IPv6 prefix");
        assert_eq!(
            reason(b"192.0.2.7,192.0.2.1"),
            "192.0.2.7 has no prefix length; a single host is 192.0.2.7/32"
        );
        assert_eq!(
            reason(b"2001:db8::7,2001:db8::1"),
            "2001:db8::7 has no prefix length; a single host is 2001:db8::7/128"
        );
    }

    #[test]
    fn a_bad_prefix_length_is_named_with_the_right_ones() {
        assert_eq!(
            reason(b"10.0.0.0/33,192.0.2.1"),
            "\"33\" is no prefix length; that of 10.0.0.0 is 0 to 32"
        );
        assert_eq!(
            reason(b"2001:db8::/129,2001:db8::1"),
            "\"129\" is no prefix length; that of 2001:db8:: is 0 to 128"
        );
        for length in ["", "x", "-1", "+8", "8/8", "999", "8 8"] {
            let said = reason(format!("10.0.0.0/{length},192.0.2.1").as_bytes());
            assert_eq!(said, format!("\"{length}\" is no prefix length; that of 10.0.0.0 is 0 to 32"));
        }
    }

    #[test]
    fn host_bits_are_named_with_the_prefix_that_was_meant() {
        assert_eq!(reason(b"10.0.0.1/8,192.0.2.1"), "10.0.0.1/8 has host bits set; the prefix is 10.0.0.0/8");
        assert_eq!(
            reason(b"2001:db8::1/32,2001:db8::1"),
            "2001:db8::1/32 has host bits set; the prefix is 2001:db8::/32"
        );
    }

    #[test]
    fn a_bad_nexthop_is_named() {
        assert_eq!(reason(b"10.0.0.0/8,core1"), "nexthop \"core1\" is no IPv4 or IPv6 address");
        assert_eq!(reason(b"::/0,fe80::1%eth0"), "nexthop \"fe80::1%eth0\" is no IPv4 or IPv6 address");
        assert_eq!(
            reason(b"10.0.0.0/8,192.0.2.1/32"),
            "nexthop \"192.0.2.1/32\" has a prefix length; it must be the address of one router"
        );
    }

    #[test]
    fn no_router_has_a_special_address() {
        let sort = |nexthop: &str| {
            let prefix = if nexthop.contains(':') { "::/0" } else { "0.0.0.0/0" };
            match parse(format!("{prefix},{nexthop}").as_bytes()) {
                Err(BadLine::Unusable { sort, .. }) => sort,
                other => panic!("{nexthop}: {other:?}"),
            }
        };
        assert_eq!([sort("0.0.0.0"), sort("::")], ["the unspecified address"; 2]);
        assert_eq!([sort("224.0.0.5"), sort("ff02::1")], ["a multicast address"; 2]);
        assert_eq!(sort("255.255.255.255"), "the broadcast address");
    }

    #[test]
    fn prefix_and_nexthop_are_of_one_family() {
        assert_eq!(
            reason(b"10.0.0.0/8,2001:db8::1"),
            "10.0.0.0/8 is IPv4 and its nexthop 2001:db8::1 is IPv6; both must be of one family"
        );
        assert_eq!(
            reason(b"2001:db8::/32,192.0.2.1"),
            "2001:db8::/32 is IPv6 and its nexthop 192.0.2.1 is IPv4; both must be of one family"
        );
    }

    #[test]
    fn bytes_that_are_no_text_are_named_with_their_column() {
        assert_eq!(reason(b"10.0.0.0/8,\xff"), "byte 0xff in column 12 is no UTF-8 text");
        assert_eq!(reason(b"10\0,1.2.3.4"), "NUL byte in column 3; is this a text file?");
        assert_eq!(reason(b"# \xe9t\xe9"), "byte 0xe9 in column 3 is no UTF-8 text");
    }
}
