//! The wire: netlink headers, attributes and answers as bytes.
//!
//! Nothing here knows of entries, states or sockets. Nothing here panics on bytes that come from outside:
//! every reader is bounded and says what it expected and what it got. Writers grow their buffer and keep
//! the first error until [`Outgoing::finish`].
//!
//! Integers are in host order, as rtnetlink has them, unless a type says otherwise ([`Be16`], [`Be32`]).

mod answer;
mod attribute;
pub mod codec;
mod draft;
mod failure;
mod field;
mod fixed_header;
pub mod generic;
mod message;
pub mod mptcp_pm;
mod nested;
pub mod nf_tables;
mod opened;
pub mod prefix;
pub mod rtnetlink;
pub mod table;
mod view;

pub use answer::Answer;
pub use attribute::{AttributeValue, Attributes, Be16, Be32, NLA_TYPE_MASK, Nest, ValueError};
/// What the payload codecs of attributes write to; re-exported so that they can name it.
pub use bytes::BytesMut;
pub(crate) use draft::BLANK_PAPER;
pub use field::{AttributeField, HeaderValue, emit_header, fit_header, parse_header};
pub use fixed_header::{FixedHeader, HeaderBytes, NoHeader};
pub use message::{NLMSG_HEADER_LEN, Outgoing, Request, set_flags, set_seq};
pub use nested::{Flatten, Nested};
pub use opened::{head_len, open_message};
pub use view::{AttributeList, Incoming, MessageView, Messages, ParseError, Place};
