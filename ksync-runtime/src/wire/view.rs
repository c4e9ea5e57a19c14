//! Reading messages: from a datagram to headers and attributes, without a copy and without a panic.

use std::any::type_name;

use netlink_packet_utils::nla::NlasIterator;

use super::attribute::{NLA_TYPE_MASK, ValueError};
use super::fixed_header::FixedHeader;
use super::message::NLMSG_HEADER_LEN;
use crate::declare::{ResolveError, Schema};

/// One netlink message inside a datagram.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MessageView<'a> {
    /// `nlmsg_type`.
    pub message_type: u16,
    /// `nlmsg_flags`.
    pub flags: u16,
    /// `nlmsg_seq`.
    pub seq: u32,
    /// `nlmsg_pid`: the port id of the socket that asked, 0 for what nobody asked for.
    pub port: u32,
    /// The fixed header and the attributes.
    pub body: &'a [u8],
}

/// Walks the messages of one datagram. Ends after the first one that can't be read.
#[derive(Clone, Debug)]
pub struct Messages<'a> {
    rest: &'a [u8],
}

impl<'a> Messages<'a> {
    /// The messages in `datagram`.
    #[must_use]
    pub fn new(datagram: &'a [u8]) -> Self {
        Messages { rest: datagram }
    }
}

impl<'a> Iterator for Messages<'a> {
    type Item = Result<MessageView<'a>, ParseError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.rest.is_empty() {
            return None;
        }
        let datagram = std::mem::take(&mut self.rest);
        let truncated =
            |expected| ParseError::Truncated { what: "netlink message", expected, got: datagram.len() };
        let Some((head, _)) = datagram.split_first_chunk::<NLMSG_HEADER_LEN>() else {
            return Some(Err(truncated(NLMSG_HEADER_LEN)));
        };
        let u32_at = |at: usize| u32::from_ne_bytes([head[at], head[at + 1], head[at + 2], head[at + 3]]);
        let len = u32_at(0) as usize;
        if len < NLMSG_HEADER_LEN || len > datagram.len() {
            return Some(Err(truncated(len.max(NLMSG_HEADER_LEN))));
        }
        self.rest = datagram.get(len.next_multiple_of(4)..).unwrap_or_default();
        Some(Ok(MessageView {
            message_type: u16::from_ne_bytes([head[4], head[5]]),
            flags: u16::from_ne_bytes([head[6], head[7]]),
            seq: u32_at(8),
            port: u32_at(12),
            body: &datagram[NLMSG_HEADER_LEN..len],
        }))
    }
}

/// A message with its fixed header read and its attributes found.
#[derive(Debug)]
pub struct Incoming<'a, H> {
    /// The fixed header.
    pub header: H,
    /// The attributes behind it.
    pub attributes: AttributeList<'a>,
}

impl<'a, H: FixedHeader> Incoming<'a, H> {
    /// Reads `body`: a fixed header, and attributes behind it.
    ///
    /// # Errors
    /// When the header is cut off, or the attributes can't be told apart.
    pub fn parse(body: &'a [u8]) -> Result<Self, ParseError> {
        let header = H::parse(body).ok_or(ParseError::Truncated {
            what: type_name::<H>(),
            expected: H::LEN,
            got: body.len(),
        })?;
        let attributes = AttributeList::parse(body.get(H::LEN.next_multiple_of(4)..).unwrap_or_default())?;
        Ok(Incoming { header, attributes })
    }

    /// The same message, with the attributes that are nested in others, the outermost first.
    ///
    /// # Errors
    /// When one of the others is missing, or the attributes in it can't be told apart.
    pub fn inside(&self, nests: &[u16]) -> Result<Self, ParseError> {
        let mut attributes = self.attributes.clone();
        for nla in nests {
            attributes = AttributeList::parse(attributes.required(*nla)?)?;
        }
        Ok(Incoming { header: self.header, attributes })
    }

    /// The same, once for each time that the innermost of the others is there.
    ///
    /// # Errors
    /// When one of the others but the innermost is missing, or attributes can't be told apart.
    pub fn each_inside(&self, nests: &[u16]) -> Result<Vec<Self>, ParseError> {
        let Some((innermost, outer)) = nests.split_last() else {
            return Ok(vec![Incoming { header: self.header, attributes: self.attributes.clone() }]);
        };
        let list = self.inside(outer)?.attributes;
        let each = list.iter().filter(|(nla, _)| nla == innermost);
        each.map(|(_, nest)| Ok(Incoming { header: self.header, attributes: AttributeList::parse(nest)? }))
            .collect()
    }
}

/// The attributes of one message, or of one nested attribute.
#[derive(Clone, Debug, Default)]
pub struct AttributeList<'a> {
    attributes: Vec<(u16, &'a [u8])>,
}

impl<'a> AttributeList<'a> {
    /// Finds the attributes in `bytes`.
    ///
    /// # Errors
    /// When one of them claims a length that can't be.
    pub fn parse(bytes: &'a [u8]) -> Result<Self, ParseError> {
        let mut attributes = Vec::new();
        for attribute in NlasIterator::new(bytes) {
            let attribute = attribute.map_err(|error| ParseError::Attributes(error.to_string()))?;
            let at = attribute.value().as_ptr() as usize - bytes.as_ptr() as usize;
            let len = attribute.value().len();
            attributes.push((attribute.kind() & NLA_TYPE_MASK, &bytes[at..at + len]));
        }
        Ok(AttributeList { attributes })
    }

    /// One attribute by itself.
    #[must_use]
    pub fn of(nla: u16, payload: &'a [u8]) -> Self {
        AttributeList { attributes: vec![(nla, payload)] }
    }

    /// The payload of the (first) attribute with that number.
    #[must_use]
    pub fn get(&self, nla: u16) -> Option<&'a [u8]> {
        self.attributes.iter().find(|(number, _)| *number == nla).map(|(_, payload)| *payload)
    }

    /// The payload of the attribute with that number.
    ///
    /// # Errors
    /// When it is not there.
    pub fn required(&self, nla: u16) -> Result<&'a [u8], ParseError> {
        self.get(nla).ok_or(ParseError::Value { place: Place::Attribute(nla), error: ValueError::Missing })
    }

    /// Number and payload of every attribute, in the order of the message.
    pub fn iter(&self) -> impl Iterator<Item = (u16, &'a [u8])> + '_ {
        self.attributes.iter().copied()
    }
}

/// Where in a message a value stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// In the attribute with that number.
    Attribute(u16),
    /// In the fixed header.
    Header,
}

impl std::fmt::Display for Place {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Place::Attribute(nla) => write!(out, "attribute {nla}"),
            Place::Header => out.write_str("fixed header"),
        }
    }
}

/// Why a message makes no object of a kind.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ParseError {
    /// There are too few bytes.
    #[error("{what}: expected {expected} bytes, got {got}")]
    Truncated {
        /// What was being read.
        what: &'static str,
        /// What it takes.
        expected: usize,
        /// What was there.
        got: usize,
    },
    /// The attributes can't be told apart.
    #[error("attributes: {0}")]
    Attributes(String),
    /// A value is missing or wrong.
    #[error("{place}: {error}")]
    Value {
        /// Where it stands.
        place: Place,
        /// What is wrong.
        error: ValueError,
    },
    /// A value is missing or wrong, and the field that it belongs to is known.
    #[error("field {field} ({place}): {error}")]
    Field {
        /// The field of the kind.
        field: &'static str,
        /// Where it stands.
        place: Place,
        /// What is wrong.
        error: ValueError,
    },
    /// The message is of another kind of object.
    #[error("message type {got}, where {expected} was expected")]
    OtherType {
        /// The kind's own.
        expected: u16,
        /// What came.
        got: u16,
    },
    /// The object does not bear a mark that all objects of the kind bear: it is somebody else's.
    #[error("{header} is not what it is in objects of this kind")]
    Foreign {
        /// The field of the fixed header.
        header: &'static str,
    },
    /// The object names another one by a number that nothing here has.
    #[error(transparent)]
    Unresolved(#[from] ResolveError),
}

impl ParseError {
    /// An attribute whose payload is wrong.
    #[must_use]
    pub fn attribute(nla: u16, error: ValueError) -> Self {
        ParseError::Value { place: Place::Attribute(nla), error }
    }

    /// A fixed header with a wrong value.
    #[must_use]
    pub fn header(error: ValueError) -> Self {
        ParseError::Value { place: Place::Header, error }
    }

    /// The same error, with the name of the field that it is about.
    #[must_use]
    pub fn in_field(self, field: &'static str) -> Self {
        match self {
            ParseError::Value { place, error } => ParseError::Field { field, place, error },
            other => other,
        }
    }

    /// Whether the message is well-formed and merely is about an object that no table here could hold:
    /// it lacks something that every object of the kind has, or names something that is unknown here.
    /// Dumps are full of these.
    #[must_use]
    pub fn is_foreign(&self) -> bool {
        matches!(
            self,
            ParseError::Unresolved(_)
                | ParseError::Foreign { .. }
                | ParseError::OtherType { .. }
                | ParseError::Value { error: ValueError::Missing, .. }
                | ParseError::Field { error: ValueError::Missing, .. }
        )
    }

    /// Checks that the message is one about an object of the kind.
    ///
    /// # Errors
    /// [`ParseError::OtherType`].
    pub fn expect_type(schema: &Schema, message: &MessageView<'_>) -> Result<(), ParseError> {
        if [schema.add, schema.change, schema.delete].contains(&message.message_type) {
            return Ok(());
        }
        Err(ParseError::OtherType { expected: schema.add, got: message.message_type })
    }
}
