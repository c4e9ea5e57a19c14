//! Codecs that the kinds of nf_tables share: numbers in network byte order, times, and the user data in which nft keeps
//! comments.

/// 32 bits in network byte order.
pub(crate) mod be32 {
    use ksync_runtime::wire::{AttributeValue, Be32, BytesMut, ValueError};

    pub(crate) fn emit(value: &u32, out: &mut BytesMut) {
        Be32(*value).emit(out);
    }

    pub(crate) fn parse(payload: &[u8]) -> Result<u32, ValueError> {
        Be32::parse(payload).map(|Be32(value)| value)
    }
}

/// Milliseconds, 64 bits in network byte order.
pub(crate) mod milliseconds64 {
    use std::time::Duration;

    use ksync_runtime::wire::{BytesMut, ValueError};

    pub(crate) fn emit(value: &Duration, out: &mut BytesMut) {
        let milliseconds = u64::try_from(value.as_millis()).unwrap_or(u64::MAX);
        out.extend_from_slice(&milliseconds.to_be_bytes());
    }

    /// No time at all is what a set or element without a timeout has.
    pub(crate) fn parse(payload: &[u8]) -> Result<Duration, ValueError> {
        let bytes = payload.try_into().map_err(|_| ValueError::Length { expected: 8, got: payload.len() })?;
        match u64::from_be_bytes(bytes) {
            0 => Err(ValueError::Missing),
            milliseconds => Ok(Duration::from_millis(milliseconds)),
        }
    }

    pub(crate) fn check(value: &Option<Duration>) -> Result<(), &'static str> {
        super::whole_milliseconds(value)
    }
}

/// Milliseconds, 32 bits in network byte order.
pub(crate) mod milliseconds32 {
    use std::time::Duration;

    use ksync_runtime::wire::{BytesMut, ValueError};

    use super::be32;

    pub(crate) fn emit(value: &Duration, out: &mut BytesMut) {
        be32::emit(&u32::try_from(value.as_millis()).unwrap_or(u32::MAX), out);
    }

    pub(crate) fn parse(payload: &[u8]) -> Result<Duration, ValueError> {
        match be32::parse(payload)? {
            0 => Err(ValueError::Missing),
            milliseconds => Ok(Duration::from_millis(milliseconds.into())),
        }
    }

    pub(crate) fn check(value: &Option<Duration>) -> Result<(), &'static str> {
        super::whole_milliseconds(value)?;
        match value {
            Some(time) if u32::try_from(time.as_millis()).is_err() => Err("the longest is 49 days"),
            _ => Ok(()),
        }
    }
}

fn whole_milliseconds(value: &Option<std::time::Duration>) -> Result<(), &'static str> {
    match value {
        Some(time) if time.is_zero() || time.subsec_nanos() % 1_000_000 != 0 => {
            Err("the kernel counts whole milliseconds, and none is no time")
        }
        _ => Ok(()),
    }
}

/// What nft keeps with an object for itself, and the kernel only stores: type, length and value, over and over
/// (libnftnl's `udata`).
pub(crate) mod user_data {
    use ksync_runtime::wire::{AttributeValue, BytesMut, ValueError};

    pub(crate) fn put(kind: u8, value: &[u8], out: &mut BytesMut) {
        let value = value.get(..usize::from(u8::MAX)).unwrap_or(value);
        out.extend_from_slice(&[kind, value.len() as u8]);
        out.extend_from_slice(value);
    }

    pub(crate) fn put_text(kind: u8, text: &str, out: &mut BytesMut) {
        let mut bytes = text.as_bytes().to_vec();
        bytes.push(0);
        put(kind, &bytes, out);
    }

    /// The text of that type. [`ValueError::Missing`] if there is none.
    pub(crate) fn text(kind: u8, mut payload: &[u8]) -> Result<String, ValueError> {
        while let Some(([found, len], rest)) = payload.split_first_chunk::<2>() {
            let len = usize::from(*len);
            let (value, rest) = rest
                .split_at_checked(len)
                .ok_or(ValueError::Length { expected: 2 + len, got: payload.len() })?;
            if *found == kind {
                return String::parse(value);
            }
            payload = rest;
        }
        Err(ValueError::Missing)
    }
}

/// Comments.
pub(crate) mod comment {
    pub(crate) fn check(value: &Option<String>) -> Result<(), &'static str> {
        match value {
            Some(text) if text.len() > 127 => Err("a comment has at most 127 bytes"),
            Some(text) if text.contains('\0') => Err("a comment holds no NUL"),
            _ => Ok(()),
        }
    }
}
