//! Attributes (`struct nlattr`): writing them, and the values that they carry.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use bytes::{BufMut, BytesMut};
use macaddr::MacAddr6;

use super::draft::Draft;
use super::failure::Failure;
use super::fixed_header::FixedHeader;
use crate::declare::OperationError;

/// Takes the flags `NLA_F_NESTED` and `NLA_F_NET_BYTEORDER` off an attribute's type (linux/netlink.h).
pub const NLA_TYPE_MASK: u16 = 0x3fff;

/// `NLA_F_NESTED`: the payload is attributes again.
const NLA_F_NESTED: u16 = 0x8000;

/// `NLA_HDRLEN`.
const HEADER: usize = 4;

/// The longest payload that is written in one piece with its head: an IPv6 address.
const SHORT: usize = 16;

/// Writes attributes at the end of a message.
///
/// A value that can't be written makes the whole message fail; the first reason is kept and comes out of
/// [`Outgoing::finish`](super::Outgoing::finish).
pub struct Attributes<'a> {
    /// Everything but what stands in the draft.
    out: &'a mut BytesMut,
    draft: Draft<'a>,
    /// Where the first one begins.
    start: usize,
    error: Failure,
    /// Where the attribute starts that was ended last.
    last: usize,
}

impl<'a> Attributes<'a> {
    /// Writes behind what `out` holds. The end of `out` must be aligned to four bytes.
    pub fn new(out: &'a mut BytesMut) -> Self {
        let start = out.len();
        Attributes { out, draft: Draft::new(None), start, error: Failure::none(), last: usize::MAX }
    }

    /// The same, behind what the draft holds.
    #[inline(always)]
    pub(super) fn behind(out: &'a mut BytesMut, draft: Draft<'a>) -> Self {
        let start = out.len() + draft.len();
        Attributes { out, draft, start, error: Failure::none(), last: usize::MAX }
    }

    /// Whether one with that number was written already.
    #[must_use]
    pub fn has(&self, nla: u16) -> bool {
        let mut rest = match self.draft.get() {
            Some(draft) => draft.get(self.start - self.out.len()..),
            None => self.out.get(self.start..),
        }
        .unwrap_or_default();
        while let Some((&[a, b, c, d], _)) = rest.split_first_chunk() {
            if u16::from_ne_bytes([c, d]) & NLA_TYPE_MASK == nla {
                return true;
            }
            let len = usize::from(u16::from_ne_bytes([a, b])).max(HEADER).next_multiple_of(4);
            rest = rest.get(len..).unwrap_or_default();
        }
        false
    }

    /// Writes one attribute.
    #[inline]
    pub fn put<V: AttributeValue>(&mut self, nla: u16, value: &V) {
        value.put_into(nla, self);
    }

    /// Writes one attribute of `N` bytes: as [`put_bytes`](Self::put_bytes), and quicker where the length is known.
    #[inline]
    pub fn put_array<const N: usize>(&mut self, nla: u16, payload: [u8; N]) {
        const { assert!(N <= SHORT, "longer ones go by `put_bytes`") };
        // Head, payload and padding in one piece.
        let mut whole = [0; HEADER + SHORT];
        let [low, high] = ((HEADER + N) as u16).to_ne_bytes();
        let [nla_low, nla_high] = nla.to_ne_bytes();
        whole[..HEADER].copy_from_slice(&[low, high, nla_low, nla_high]);
        whole[HEADER..HEADER + N].copy_from_slice(&payload);
        let whole = &whole[..HEADER + N.next_multiple_of(4)];
        match self.draft.room(whole.len()) {
            Some(room) => {
                room.copy_from_slice(whole);
                self.last = self.out.len() + self.draft.len() - whole.len();
            }
            // Not by way of `self`, which may then lie in registers.
            None => self.last = put_behind(self.out, self.draft.take(), nla, payload),
        }
    }

    /// Writes one attribute from raw bytes.
    pub fn put_bytes(&mut self, nla: u16, payload: &[u8]) {
        self.framed(nla, |attributes| attributes.out().put_slice(payload));
    }

    /// Writes one attribute whose payload `emit` writes.
    pub fn put_with(&mut self, nla: u16, emit: impl FnOnce(&mut BytesMut)) {
        self.framed(nla, |attributes| emit(attributes.out()));
    }

    /// Writes an attribute without a payload: its presence says it all.
    pub fn flag(&mut self, nla: u16) {
        self.framed(nla, |_| {});
    }

    /// Writes an attribute that holds what `fill` writes (`NLA_F_NESTED`).
    pub fn nested(&mut self, nla: u16, fill: impl FnOnce(&mut Self)) {
        self.framed(nla | NLA_F_NESTED, fill);
    }

    /// As [`nested`](Self::nested), but leaves no trace if `fill` writes nothing.
    pub fn nested_unless_empty(&mut self, nla: u16, fill: impl FnOnce(&mut Self)) {
        let start = self.out().len();
        self.nested(nla, fill);
        if self.out.len() == start + HEADER {
            self.out.truncate(start);
        }
    }

    /// Writes what `head` and then `rest` write, and leaves no trace if `rest` writes nothing.
    pub fn unless_alone(&mut self, head: impl FnOnce(&mut Self), rest: impl FnOnce(&mut Self)) {
        let before = self.out().len();
        head(self);
        let between = self.out.len();
        rest(self);
        if self.out.len() == between {
            self.out.truncate(before);
        }
    }

    /// Writes bytes that are no attribute: a fixed header inside a nested one.
    ///
    /// Their length must be a multiple of four.
    pub fn raw(&mut self, bytes: &[u8]) {
        self.out().put_slice(bytes);
    }

    /// As [`raw`](Self::raw), for a header that is at hand. It is padded to four bytes.
    pub fn header<H: FixedHeader>(&mut self, header: &H) {
        let out = self.out();
        let start = out.len();
        out.put_bytes(0, H::LEN.next_multiple_of(4));
        if let Some(room) = out.get_mut(start..start + H::LEN) {
            header.emit(room);
        }
    }

    /// As [`header`](Self::header), without padding: an element of an array.
    pub fn element<H: FixedHeader>(&mut self, header: &H) {
        let out = self.out();
        let start = out.len();
        out.put_bytes(0, H::LEN);
        if let Some(room) = out.get_mut(start..start + H::LEN) {
            header.emit(room);
        }
    }

    /// Writes one attribute whose payload `fill` writes, as far as it is no nest.
    pub fn payload(&mut self, nla: u16, fill: impl FnOnce(&mut Self)) {
        self.framed(nla, fill);
    }

    /// The end of the message, for whatever does not fit the draft: from now on all of it goes there.
    #[inline]
    pub(crate) fn out(&mut self) -> &mut BytesMut {
        self.draft.put_out(self.out);
        self.out
    }

    /// Notes why the message can't be written. The first reason stays.
    #[inline(always)]
    pub fn fail(&mut self, error: OperationError) {
        self.error.note(error);
    }

    /// Names the field that a failure belongs to, if there was one and it names none yet.
    #[inline]
    pub fn blame(&mut self, field: &'static str) {
        if let Some(error) = self.error.get_mut() {
            error.field.get_or_insert(field);
        }
    }

    /// The buffer, if everything could be written.
    ///
    /// # Errors
    /// The first thing that could not.
    #[inline]
    pub fn into_inner(mut self) -> Result<&'a mut BytesMut, OperationError> {
        self.out();
        match self.error.take() {
            Some(error) => Err(*error),
            None => Ok(self.out),
        }
    }

    /// All that was written, if it still stands in the draft and nothing failed; and what it goes to.
    #[inline(always)]
    pub(super) fn in_draft(&mut self) -> Option<(&mut [u8], &mut BytesMut)> {
        if self.error.is_some() {
            return None;
        }
        self.draft.written().map(|written| (written, &mut *self.out))
    }

    /// Begins an attribute that holds all that is written until [`close`](Self::close) (`NLA_F_NESTED`). For what
    /// [`nested`](Self::nested) can't do: attributes that several writers fill.
    pub fn open(&mut self, nla: u16) -> Nest {
        let out = self.out();
        let start = out.len();
        out.put_bytes(0, HEADER);
        Nest { start, nla: nla | NLA_F_NESTED }
    }

    /// Ends the attribute.
    pub fn close(&mut self, nest: Nest) {
        self.end(nest.start, nest.nla);
    }

    /// Adds bytes to the payload of the attribute that was just written, if that is `nla`, and writes a new one
    /// otherwise.
    pub fn append(&mut self, nla: u16, payload: &[u8]) {
        let at = self.last;
        let last = self.out().get(at..).and_then(|last| last.first_chunk::<HEADER>());
        let Some(&[low, high, ..]) = last.filter(|head| head[2..] == nla.to_ne_bytes()) else {
            return self.put_bytes(nla, payload);
        };
        let start = self.last;
        self.out.truncate(start + usize::from(u16::from_ne_bytes([low, high])));
        self.out.put_slice(payload);
        self.end(start, nla);
    }

    fn framed(&mut self, nla: u16, fill: impl FnOnce(&mut Self)) {
        let out = self.out();
        let start = out.len();
        out.put_bytes(0, HEADER);
        fill(self);
        self.end(start, nla);
    }

    fn end(&mut self, start: usize, nla: u16) {
        let len = self.out.len() - start;
        let Ok(short) = u16::try_from(len) else {
            self.out.truncate(start);
            self.fail(OperationError::local(
                None,
                format!("attribute {} takes {len} bytes, netlink allows 65535", nla & NLA_TYPE_MASK),
            ));
            return;
        };
        self.out[start..start + 2].copy_from_slice(&short.to_ne_bytes());
        self.out[start + 2..start + 4].copy_from_slice(&nla.to_ne_bytes());
        self.out.put_bytes(0, len.next_multiple_of(4) - len);
        self.last = start;
    }
}

/// Writes a whole attribute behind what was drafted, and that before. Returns where it starts.
#[cold]
fn put_behind<const N: usize>(
    out: &mut BytesMut,
    drafted: Option<&mut [u8]>,
    nla: u16,
    payload: [u8; N],
) -> usize {
    out.extend_from_slice(drafted.unwrap_or_default());
    let start = out.len();
    out.put_u16_ne((HEADER + N) as u16);
    out.put_u16_ne(nla);
    out.put_slice(&payload);
    out.put_bytes(0, N.next_multiple_of(4) - N);
    start
}

/// An attribute that was begun with [`Attributes::open`].
#[derive(Debug)]
#[must_use]
pub struct Nest {
    start: usize,
    nla: u16,
}

impl fmt::Debug for Attributes<'_> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Attributes").field("error", &self.error).finish_non_exhaustive()
    }
}

/// A value that fills the payload of one attribute.
///
/// ```
/// use ksync_runtime::wire::AttributeValue;
///
/// let mut bytes = bytes::BytesMut::new();
/// "eth0".to_string().emit(&mut bytes);
/// assert_eq!(&bytes[..], b"eth0\0");
/// assert_eq!(String::parse(&bytes).as_deref(), Ok("eth0"));
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` can't be carried by a netlink attribute",
    label = "no attribute type",
    note = "attributes carry integers, `bool`, `String`, `Vec<u8>`, `[u8; N]`, addresses, `MacAddr6`, `Ref<T>` to a kind with an index, and `Option` of these",
    note = "derive `KSyncNested` for a struct or enum of nested attributes, `KSyncValue` for an enum that is a number or a name, implement `AttributeValue` for a value of your own, or name a codec: `#[ksync(nla = ..., with = module)]`",
    note = "with `by_key`, this is the key of what is referred to: one of several fields is a nest, `by_key(A, B)` names an attribute for each of them"
)]
pub trait AttributeValue: Sized {
    /// Appends the payload.
    fn emit(&self, out: &mut BytesMut);

    /// Writes the whole attribute. What has a fixed length can do that quicker, with
    /// [`put_array`](Attributes::put_array).
    fn put_into(&self, nla: u16, attributes: &mut Attributes<'_>) {
        attributes.put_with(nla, |out| self.emit(out));
    }

    /// Reads the payload.
    ///
    /// # Errors
    /// When the bytes are none of this type.
    fn parse(payload: &[u8]) -> Result<Self, ValueError>;

    /// Looks at whether the payload can say the value at all.
    ///
    /// # Errors
    /// Why it can't: what would be read back is something else.
    fn check(&self) -> Result<(), String> {
        Ok(())
    }
}

/// The payload of an attribute, or a field of a header, is not what it should be.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ValueError {
    /// The length is wrong.
    #[error("expected {expected} bytes, got {got}")]
    Length {
        /// What the type takes.
        expected: usize,
        /// What was there.
        got: usize,
    },
    /// The bytes make no such value.
    #[error("{0}")]
    Content(String),
    /// What should be there is not.
    #[error("missing")]
    Missing,
}

pub(super) fn exactly<const N: usize>(payload: &[u8]) -> Result<[u8; N], ValueError> {
    payload.try_into().map_err(|_| ValueError::Length { expected: N, got: payload.len() })
}

macro_rules! integers {
    ($($int:ty),*) => {$(
        impl AttributeValue for $int {
            fn emit(&self, out: &mut BytesMut) {
                out.put_slice(&self.to_ne_bytes());
            }

            #[inline]
            fn put_into(&self, nla: u16, attributes: &mut Attributes<'_>) {
                attributes.put_array(nla, self.to_ne_bytes());
            }

            fn parse(payload: &[u8]) -> Result<Self, ValueError> {
                exactly(payload).map(<$int>::from_ne_bytes)
            }
        }
    )*};
}
integers!(u8, u16, u32, u64, i8, i16, i32, i64);

/// A 16-bit number in network byte order.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Be16(pub u16);

/// A 32-bit number in network byte order.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Be32(pub u32);

impl AttributeValue for Be16 {
    fn emit(&self, out: &mut BytesMut) {
        out.put_u16(self.0);
    }

    #[inline]
    fn put_into(&self, nla: u16, attributes: &mut Attributes<'_>) {
        attributes.put_array(nla, self.0.to_be_bytes());
    }

    fn parse(payload: &[u8]) -> Result<Self, ValueError> {
        exactly(payload).map(u16::from_be_bytes).map(Be16)
    }
}

impl AttributeValue for Be32 {
    fn emit(&self, out: &mut BytesMut) {
        out.put_u32(self.0);
    }

    #[inline]
    fn put_into(&self, nla: u16, attributes: &mut Attributes<'_>) {
        attributes.put_array(nla, self.0.to_be_bytes());
    }

    fn parse(payload: &[u8]) -> Result<Self, ValueError> {
        exactly(payload).map(u32::from_be_bytes).map(Be32)
    }
}

/// One byte, 0 or 1.
impl AttributeValue for bool {
    fn emit(&self, out: &mut BytesMut) {
        out.put_u8(u8::from(*self));
    }

    fn parse(payload: &[u8]) -> Result<Self, ValueError> {
        u8::parse(payload).map(|byte| byte != 0)
    }
}

/// Text with a terminating NUL.
impl AttributeValue for String {
    fn emit(&self, out: &mut BytesMut) {
        out.put_slice(self.as_bytes());
        out.put_u8(0);
    }

    fn parse(payload: &[u8]) -> Result<Self, ValueError> {
        let text = payload.split(|byte| *byte == 0).next().unwrap_or_default();
        std::str::from_utf8(text)
            .map(str::to_owned)
            .map_err(|error| ValueError::Content(format!("not UTF-8: {error}")))
    }

    fn check(&self) -> Result<(), String> {
        text_ends_where_it_ends(self)
    }
}

/// The kernel reads a text up to the first NUL.
pub(super) fn text_ends_where_it_ends(text: &str) -> Result<(), String> {
    if text.contains('\0') {
        return Err(format!("{text:?} holds a NUL, and the kernel stops reading there"));
    }
    Ok(())
}

impl AttributeValue for Vec<u8> {
    fn emit(&self, out: &mut BytesMut) {
        out.put_slice(self);
    }

    fn parse(payload: &[u8]) -> Result<Self, ValueError> {
        Ok(payload.to_vec())
    }
}

impl<const N: usize> AttributeValue for [u8; N] {
    fn emit(&self, out: &mut BytesMut) {
        out.put_slice(self);
    }

    fn parse(payload: &[u8]) -> Result<Self, ValueError> {
        exactly(payload)
    }
}

impl AttributeValue for Ipv4Addr {
    fn emit(&self, out: &mut BytesMut) {
        out.put_slice(&self.octets());
    }

    #[inline]
    fn put_into(&self, nla: u16, attributes: &mut Attributes<'_>) {
        attributes.put_array(nla, self.octets());
    }

    fn parse(payload: &[u8]) -> Result<Self, ValueError> {
        exactly::<4>(payload).map(Ipv4Addr::from)
    }
}

impl AttributeValue for Ipv6Addr {
    fn emit(&self, out: &mut BytesMut) {
        out.put_slice(&self.octets());
    }

    #[inline]
    fn put_into(&self, nla: u16, attributes: &mut Attributes<'_>) {
        attributes.put_array(nla, self.octets());
    }

    fn parse(payload: &[u8]) -> Result<Self, ValueError> {
        exactly::<16>(payload).map(Ipv6Addr::from)
    }
}

/// 4 or 16 bytes; the family stands elsewhere in the message.
impl AttributeValue for IpAddr {
    fn emit(&self, out: &mut BytesMut) {
        match self {
            IpAddr::V4(address) => address.emit(out),
            IpAddr::V6(address) => address.emit(out),
        }
    }

    #[inline]
    fn put_into(&self, nla: u16, attributes: &mut Attributes<'_>) {
        match self {
            IpAddr::V4(address) => address.put_into(nla, attributes),
            IpAddr::V6(address) => address.put_into(nla, attributes),
        }
    }

    fn parse(payload: &[u8]) -> Result<Self, ValueError> {
        if payload.len() == 4 {
            Ipv4Addr::parse(payload).map(IpAddr::V4)
        } else {
            Ipv6Addr::parse(payload).map(IpAddr::V6)
        }
    }
}

impl AttributeValue for MacAddr6 {
    fn emit(&self, out: &mut BytesMut) {
        out.put_slice(self.as_bytes());
    }

    #[inline]
    fn put_into(&self, nla: u16, attributes: &mut Attributes<'_>) {
        attributes.put_array(nla, self.into_array());
    }

    fn parse(payload: &[u8]) -> Result<Self, ValueError> {
        exactly::<6>(payload).map(MacAddr6::from)
    }
}
