//! A stack of MPLS labels as bytes (RFC 3032; `struct mpls_label`, linux/mpls.h).

use ksync_runtime::wire::ValueError;

/// Where the label stands in its 32 bits (`MPLS_LS_LABEL_SHIFT`).
const LABEL_SHIFT: u32 = 12;
/// The last label of a stack (`MPLS_LS_S_MASK`).
const BOTTOM: u32 = 0x100;
/// Labels have 20 bits.
const LARGEST: u32 = (1 << 20) - 1;
/// The label that stands for none (`MPLS_LABEL_IMPLNULL`): the kernel puts it on no packet.
const IMPLICIT_NULL: u32 = 3;

pub(super) fn is_label(label: u32) -> bool {
    label <= LARGEST && label != IMPLICIT_NULL
}

pub(super) fn stack(labels: &[u32]) -> Vec<u8> {
    let last = labels.len().saturating_sub(1);
    let entry = |(at, label): (usize, &u32)| {
        ((label & LARGEST) << LABEL_SHIFT | if at == last { BOTTOM } else { 0 }).to_be_bytes()
    };
    labels.iter().enumerate().flat_map(entry).collect()
}

pub(super) fn labels(payload: &[u8]) -> Result<Vec<u32>, ValueError> {
    let (entries, rest) = payload.as_chunks::<4>();
    if !rest.is_empty() {
        return Err(ValueError::Length { expected: payload.len().next_multiple_of(4), got: payload.len() });
    }
    Ok(entries.iter().map(|entry| u32::from_be_bytes(*entry) >> LABEL_SHIFT).collect())
}
