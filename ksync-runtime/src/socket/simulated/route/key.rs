//! What tells routes apart, as bytes.

use super::super::identity::Identity;

/// The place of the first route of its key. Twins are put in front of it or behind it.
const MIDDLE: u32 = 1 << 31;

/// What tells routes apart, in bytes whose order is that of dumps and of lookups: address family, table,
/// destination, prefix length, tos, metric, and the place among twins.
pub(super) struct Key {
    bytes: [u8; Key::LONGEST],
    len: usize,
}

impl Key {
    const LONGEST: usize = 1 + 4 + 16 + 1 + 1 + 4 + 4;

    /// The key of the first of its twins. Host bits of `destination` don't count.
    pub(super) fn new(family: u8, table: u32, destination: &[u8], len: u8, tos: u8, metric: u32) -> Self {
        let mut masked = [0; 16];
        for (to, from) in masked.iter_mut().zip(destination) {
            *to = *from;
        }
        mask(&mut masked, len);
        let mut key = Key { bytes: [0; Key::LONGEST], len: 0 };
        key.push(&[family]);
        key.push(&table.to_be_bytes());
        key.push(masked.get(..destination.len()).unwrap_or(&masked));
        key.push(&[len, tos]);
        key.push(&metric.to_be_bytes());
        key.push(&MIDDLE.to_be_bytes());
        key
    }

    fn push(&mut self, bytes: &[u8]) {
        if let Some(room) = self.bytes.get_mut(self.len..self.len + bytes.len()) {
            room.copy_from_slice(bytes);
            self.len += bytes.len();
        }
    }

    pub(super) fn whole(&self) -> &[u8] {
        self.bytes.get(..self.len).unwrap_or_default()
    }

    fn but(&self, last: usize) -> &[u8] {
        self.whole().get(..self.len.saturating_sub(last)).unwrap_or_default()
    }

    pub(super) fn without_place(&self) -> &[u8] {
        self.but(4)
    }

    pub(super) fn up_to_tos(&self) -> &[u8] {
        self.but(8)
    }

    pub(super) fn up_to_length(&self) -> &[u8] {
        self.but(9)
    }

    pub(super) fn metric(&self) -> u32 {
        self.without_place().last_chunk::<4>().map_or(0, |bytes| u32::from_be_bytes(*bytes))
    }

    pub(super) fn put_place(&mut self, place: u32) {
        let at = self.len.saturating_sub(4);
        if let Some(room) = self.bytes.get_mut(at..self.len) {
            room.copy_from_slice(&place.to_be_bytes());
        }
    }

    pub(super) fn place_of(identity: &Identity) -> u32 {
        identity.as_bytes().last_chunk::<4>().map_or(MIDDLE, |bytes| u32::from_be_bytes(*bytes))
    }
}

/// Sets all bits behind the first `len` to zero.
pub(super) fn mask(address: &mut [u8; 16], len: u8) {
    for (at, byte) in address.iter_mut().enumerate() {
        let inside = usize::from(len).saturating_sub(at * 8).min(8) as u32;
        *byte &= !0xff_u8.checked_shr(inside).unwrap_or(0);
    }
}
