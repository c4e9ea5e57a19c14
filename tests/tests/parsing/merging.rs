//! A kernel that keeps what a change does not name: what it holds after a change, made of what it held and of the
//! change, byte by byte.
//!
//! Written from what the kernel does (`rtnl_changelink`, `fq_codel_change`), not from what the derive does.

/// What becomes of an attribute that stands in the change.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Rule {
    /// It takes the place of the one that was held.
    Replaced,
    /// It is a nest, and each of its attributes is looked at by itself.
    Inside(fn(u16, &[Attribute]) -> Rule),
    /// It is a `struct nla_bitfield32`: a number, and the bits of it that count.
    Bits,
}

/// Number and payload.
pub(crate) type Attribute = (u16, Vec<u8>);

/// The attributes in a payload. Flags of numbers are left out.
pub(crate) fn split(payload: &[u8]) -> Vec<Attribute> {
    let mut rest = payload;
    let mut all = Vec::new();
    while let Some((&[low, high, a, b], _)) = rest.split_first_chunk() {
        let len = usize::from(u16::from_ne_bytes([low, high]));
        all.push((u16::from_ne_bytes([a, b]) & 0x3fff, rest[4..len].to_vec()));
        rest = rest.get(len.next_multiple_of(4)..).unwrap_or_default();
    }
    all
}

fn joined(attributes: &[Attribute]) -> Vec<u8> {
    let mut bytes = Vec::new();
    for (nla, payload) in attributes {
        bytes.extend(u16::try_from(4 + payload.len()).expect("short").to_ne_bytes());
        bytes.extend(nla.to_ne_bytes());
        bytes.extend(payload);
        bytes.resize(bytes.len().next_multiple_of(4), 0);
    }
    bytes
}

/// The attributes that are held after the change; `rule` is given a number and all attributes of the change beside it.
pub(crate) fn merged(held: &[u8], change: &[u8], rule: fn(u16, &[Attribute]) -> Rule) -> Vec<u8> {
    let (mut held, change) = (split(held), split(change));
    for (nla, payload) in &change {
        match held.iter_mut().find(|(number, _)| number == nla) {
            None => held.push((*nla, payload.clone())),
            Some((_, there)) => {
                *there = match rule(*nla, &change) {
                    Rule::Replaced => payload.clone(),
                    Rule::Inside(inner) => merged(there, payload, inner),
                    Rule::Bits => bits(there, payload),
                }
            }
        }
    }
    joined(&held)
}

fn bits(held: &[u8], change: &[u8]) -> Vec<u8> {
    let number = |payload: &[u8], at| u32::from_ne_bytes(payload[at..at + 4].try_into().expect("4 bytes"));
    let (value, selector) = (number(change, 0), number(change, 4));
    let value = number(held, 0) & !selector | value & selector;
    [value.to_ne_bytes(), (number(held, 4) | selector).to_ne_bytes()].concat()
}
