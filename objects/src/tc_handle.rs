//! How traffic control numbers its objects: `major:minor`.

use std::fmt;
use std::str::FromStr;

use ksync_runtime::declare::{Context, OperationError, Resolver};
use ksync_runtime::wire::{AttributeValue, BytesMut, HeaderValue, ParseError, ValueError};

/// The number of a queueing discipline (`1:`) or a class (`1:10`), in hexadecimal as `tc` writes them.
///
/// ```
/// use ksync_objects::TcHandle;
///
/// let class: TcHandle = "1:10".parse()?;
/// assert_eq!(class, TcHandle::new(1, 0x10));
/// assert_eq!(class.qdisc().to_string(), "1:");
/// assert!("1:10000".parse::<TcHandle>().is_err());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TcHandle(u32);

impl TcHandle {
    /// `major:minor`. Queueing disciplines have minor 0.
    #[must_use]
    pub const fn new(major: u16, minor: u16) -> Self {
        TcHandle((major as u32) << 16 | minor as u32)
    }

    /// The handle that the kernel knows by this number.
    #[must_use]
    pub const fn from_number(number: u32) -> Self {
        TcHandle(number)
    }

    /// The kernel's number.
    #[must_use]
    pub const fn number(self) -> u32 {
        self.0
    }

    /// What stands before the colon.
    #[must_use]
    pub const fn major(self) -> u16 {
        (self.0 >> 16) as u16
    }

    /// What stands behind the colon.
    #[must_use]
    pub const fn minor(self) -> u16 {
        self.0 as u16
    }

    /// The queueing discipline that a class belongs to.
    #[must_use]
    pub const fn qdisc(self) -> TcHandle {
        TcHandle::new(self.major(), 0)
    }
}

impl fmt::Display for TcHandle {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.minor() {
            0 => write!(out, "{:x}:", self.major()),
            minor => write!(out, "{:x}:{minor:x}", self.major()),
        }
    }
}

impl fmt::Debug for TcHandle {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, out)
    }
}

/// The text is no handle.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NoTcHandle(String);

impl fmt::Display for NoTcHandle {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{:?} is no handle: write `1:` or `1:10`, of hexadecimal numbers up to ffff", self.0)
    }
}

impl std::error::Error for NoTcHandle {}

impl FromStr for TcHandle {
    type Err = NoTcHandle;

    fn from_str(text: &str) -> Result<Self, NoTcHandle> {
        let half = |half: &str| match half {
            "" => Some(0),
            digits if digits.bytes().all(|digit| digit.is_ascii_hexdigit()) => {
                u16::from_str_radix(digits, 16).ok()
            }
            _ => None,
        };
        text.split_once(':')
            .filter(|(major, _)| !major.is_empty())
            .and_then(|(major, minor)| Some(TcHandle::new(half(major)?, half(minor)?)))
            .ok_or_else(|| NoTcHandle(text.to_owned()))
    }
}

impl HeaderValue for TcHandle {
    fn to_header(&self, _: &Context<'_>) -> Result<i128, OperationError> {
        Ok(i128::from(self.0))
    }

    /// Number 0 is none: so the kernel shows what nobody asked for.
    fn from_header(number: i128, _: &Resolver<'_>) -> Result<Self, ParseError> {
        match u32::try_from(number) {
            Ok(0) => Err(ParseError::header(ValueError::Missing)),
            Ok(number) => Ok(TcHandle(number)),
            Err(_) => Err(ParseError::header(ValueError::Content(format!("{number} is no handle")))),
        }
    }
}

impl AttributeValue for TcHandle {
    fn emit(&self, out: &mut BytesMut) {
        self.0.emit(out);
    }

    fn parse(payload: &[u8]) -> Result<Self, ValueError> {
        u32::parse(payload).map(TcHandle)
    }
}
