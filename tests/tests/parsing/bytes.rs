//! The attributes of a message as places in its bytes: where one can be cut, bent, or added.
//!
//! Written anew and not taken from the runtime, whose reader is what is tested.

use std::ops::Range;

/// `NLA_F_NESTED` (linux/netlink.h).
const NESTED: u16 = 0x8000;

/// `NLA_HDRLEN`.
const HEAD: usize = 4;

/// One attribute.
#[derive(Clone, Debug)]
pub(crate) struct Attribute {
    /// Where its head begins.
    pub(crate) start: usize,
    /// Its number, without the flags.
    pub(crate) nla: u16,
    /// What `nla_len` says: head and payload.
    pub(crate) len: usize,
    /// The attributes around it, the outermost first, by where they begin.
    pub(crate) around: Vec<usize>,
}

impl Attribute {
    /// Where the next one would begin.
    pub(crate) fn end(&self) -> usize {
        self.start + self.len.next_multiple_of(4)
    }
}

/// All attributes from `start` on, in the order of their beginnings; those inside of nests too.
pub(crate) fn attributes(body: &[u8], start: usize) -> Vec<Attribute> {
    let mut found = Vec::new();
    walk(body, start..body.len(), &[], &mut found);
    found
}

fn walk(body: &[u8], range: Range<usize>, around: &[usize], found: &mut Vec<Attribute>) {
    let mut at = range.start;
    while at + HEAD <= range.end {
        let len = usize::from(u16::from_ne_bytes([body[at], body[at + 1]]));
        let nla = u16::from_ne_bytes([body[at + 2], body[at + 3]]);
        assert!(
            len >= HEAD && at + len <= range.end,
            "what was written has no attribute of {len} bytes at {at}"
        );
        let attribute = Attribute { start: at, nla: nla & !NESTED, len, around: around.to_vec() };
        let next = attribute.end();
        found.push(attribute);
        // A nest with a fixed header in it (the far end of a veth pair) can't be told by its bytes.
        if nla & NESTED != 0 && is_a_list(&body[at + HEAD..at + len]) {
            let inside: Vec<usize> = around.iter().copied().chain([at]).collect();
            walk(body, at + HEAD..at + len, &inside, found);
        }
        at = next;
    }
    assert!(at >= range.end, "{} bytes are left at {at}", range.end.saturating_sub(at));
}

fn is_a_list(mut payload: &[u8]) -> bool {
    while let Some((&[low, high, ..], _)) = payload.split_first_chunk::<HEAD>() {
        let len = usize::from(u16::from_ne_bytes([low, high]));
        if len < HEAD || len > payload.len() {
            return false;
        }
        payload = payload.get(len.next_multiple_of(4)..).unwrap_or_default();
    }
    payload.is_empty()
}

/// The body with something more at the end of the payload of an attribute, as of a structure that grew.
pub(crate) fn with_longer(body: &[u8], attribute: &Attribute, more: &[u8]) -> Option<Vec<u8>> {
    let mut new = [&body[..attribute.start + attribute.len], more].concat();
    let len = u16::try_from(attribute.len + more.len()).ok()?;
    new[attribute.start..attribute.start + 2].copy_from_slice(&len.to_ne_bytes());
    new.resize(new.len().next_multiple_of(4), 0);
    let longer = u16::try_from(new.len() - attribute.end()).ok()?;
    new.extend(body.get(attribute.end()..).unwrap_or_default());
    for start in &attribute.around {
        let old = u16::from_ne_bytes([new[*start], new[*start + 1]]);
        new[*start..*start + 2].copy_from_slice(&old.checked_add(longer)?.to_ne_bytes());
    }
    Some(new)
}

/// The body with an attribute put in at `at`, which lies inside of the attributes that begin at `around`.
pub(crate) fn with_inserted(
    body: &[u8],
    at: usize,
    around: &[usize],
    nla: u16,
    payload: &[u8],
) -> Option<Vec<u8>> {
    let len = HEAD + payload.len();
    let mut new = body[..at].to_vec();
    new.extend(u16::try_from(len).ok()?.to_ne_bytes());
    new.extend(nla.to_ne_bytes());
    new.extend(payload);
    new.resize(at + len.next_multiple_of(4), 0);
    new.extend(&body[at..]);
    for start in around {
        let old = u16::from_ne_bytes([new[*start], new[*start + 1]]);
        let longer = old.checked_add(u16::try_from(len.next_multiple_of(4)).ok()?)?;
        new[*start..*start + 2].copy_from_slice(&longer.to_ne_bytes());
    }
    Some(new)
}
