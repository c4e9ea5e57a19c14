//! The beginning of a message, where it is written before it goes into the batch in one piece.
//!
//! Most messages are short, and the compiler knows how long most of their attributes are. Here it can see all of the
//! writing, which leaves a few instructions of it. Knows nothing of what it holds.

use bytes::BytesMut;

/// Room for a draft: messages of routes, neighbours, nexthops and rules mostly fit in.
pub(crate) type Paper = [u8; 96];

/// Nothing is written on it.
pub(crate) const BLANK_PAPER: Paper = [0; 96];

/// What was written of a message, as long as nothing came that has no place here.
#[derive(Debug)]
pub(super) struct Draft<'a> {
    /// `None`: what comes goes into the batch at once.
    paper: Option<&'a mut Paper>,
    /// How many bytes are written.
    len: usize,
}

impl<'a> Draft<'a> {
    #[inline(always)]
    pub(super) fn new(paper: Option<&'a mut Paper>) -> Self {
        Draft { paper, len: 0 }
    }

    /// How many bytes are here.
    #[inline(always)]
    pub(super) fn len(&self) -> usize {
        self.len
    }

    /// Room for the next bytes, if there is as much. It holds anything.
    #[inline(always)]
    pub(super) fn room(&mut self, len: usize) -> Option<&mut [u8]> {
        let room = self.paper.as_mut()?.get_mut(self.len..self.len + len)?;
        self.len += len;
        Some(room)
    }

    /// What was written, if all of the message is here.
    #[inline(always)]
    pub(super) fn written(&mut self) -> Option<&mut [u8]> {
        self.paper.as_mut()?.get_mut(..self.len)
    }

    /// The same, for a look.
    pub(super) fn get(&self) -> Option<&[u8]> {
        self.paper.as_ref()?.get(..self.len)
    }

    /// What was written. From now on all goes into the batch.
    #[inline(always)]
    pub(super) fn take(&mut self) -> Option<&'a mut [u8]> {
        self.paper.take()?.get_mut(..self.len)
    }

    /// Moves what was written to where the rest will be written.
    #[inline]
    pub(super) fn put_out(&mut self, out: &mut BytesMut) {
        if let Some(written) = self.take() {
            out.extend_from_slice(written);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::{Attributes, FixedHeader, NoHeader, Request};

    /// What may be written next, by number.
    fn write(attributes: &mut Attributes<'_>, choice: u64, length: usize) {
        let nla = (choice >> 4) as u16 % 9;
        match choice % 16 {
            0..6 => attributes.put(nla, &(choice as u32)),
            6 => attributes.put(nla, &(choice as u8)),
            7 => attributes.put(nla, &std::net::Ipv6Addr::from(u128::from(choice))),
            8 => attributes.put_bytes(nla, &[7; 70][..length]),
            9 => attributes.append(nla, &[8; 70][..length]),
            10 => attributes.nested_unless_empty(nla, |inner| {
                for at in 0..length % 4 {
                    inner.put(at as u16, &choice);
                }
            }),
            11 => attributes.unless_alone(
                |head| head.put(nla, &1u32),
                |rest| {
                    if length > 30 {
                        rest.put(nla, &2u16);
                    }
                },
            ),
            12 => {
                let nest = attributes.open(nla);
                attributes.put(1, &(choice as u16));
                attributes.close(nest);
            }
            13 if attributes.has(nla) => attributes.flag(30),
            14 => attributes.put_with(nla, |out| out.extend_from_slice(&[9; 70][..length])),
            _ => attributes.put(nla, &"a text".to_owned()),
        }
    }

    fn message<H: FixedHeader>(request: Request<'_>, mut dice: u64) {
        let mut outgoing = request.begin::<H>(20, 0x400);
        for _ in 0..dice % 12 {
            dice = dice.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            write(&mut outgoing.attributes, dice >> 20, (dice >> 50) as usize % 70);
        }
        outgoing.finish().expect("it can be written");
    }

    /// A header of that many bytes, none of them zero.
    #[derive(Clone, Copy, Debug, PartialEq)]
    struct Wide<const N: usize>([u8; N]);

    impl<const N: usize> Default for Wide<N> {
        fn default() -> Self {
            Wide([0x5a; N])
        }
    }

    impl<const N: usize> FixedHeader for Wide<N> {
        const LEN: usize = N;

        fn emit(&self, out: &mut [u8]) {
            out.copy_from_slice(&self.0);
        }

        fn parse(bytes: &[u8]) -> Option<Self> {
            bytes.first_chunk().copied().map(Wide)
        }
    }

    #[test]
    fn a_message_is_the_same_with_and_without_a_draft() {
        let mut dice = 0x2545_f491_4f6c_dd1d_u64;
        // What the last one wrote is still on it.
        let mut paper = BLANK_PAPER;
        paper.fill(0xee);
        let (mut with, mut without) = (BytesMut::new(), BytesMut::new());
        let mut fitted = 0;
        for seq in 0..60_000 {
            dice = dice.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            let write: fn(Request<'_>, u64) = match dice >> 62 {
                0 => message::<NoHeader>,
                1 => message::<Wide<12>>,
                2 => message::<Wide<17>>,
                _ => message::<Wide<93>>,
            };
            let start = without.len();
            write(Request::new(&mut with, seq, 77).on(&mut paper), dice >> 8);
            write(Request::new(&mut without, seq, 77), dice >> 8);
            assert_eq!(with, without, "message {seq}");
            fitted += usize::from(without.len() - start <= paper.len());
            if without.len() > 10_000 {
                with.clear();
                without.clear();
            }
        }
        assert!((10_000..50_000).contains(&fitted), "{fitted} of 60,000 were short enough for a draft");
    }
}
