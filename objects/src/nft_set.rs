//! Sets of nf_tables: `nft add set`.

use std::time::Duration;

use ksync_runtime::declare::Invalid;
use ksync_runtime::prelude::*;
use ksync_runtime::wire::ValueError;
use ksync_runtime::wire::nf_tables::*;

use crate::NftTable;
use crate::nft_wire::{be32, comment, milliseconds32, milliseconds64, user_data};

/// A set: values that rules look things up in.
///
/// ```text
/// nft add set inet filter blocked '{ type ipv4_addr; flags timeout; timeout 1h; gc-interval 10s; size 65535; }'
/// nft add set inet filter blocked '{ type ipv4_addr; flags timeout; timeout 2h; }'     # a change
/// nft delete set inet filter blocked
/// ```
///
/// Another `timeout`, `gc_interval` or `size` is a change in place; kernels that can't do that accept it and keep what
/// they have. Anything else takes delete and add, with all elements; that is refused as long as a rule uses the set.
///
/// Sets of intervals, concatenations and maps are other kinds.
///
/// ```
/// use std::time::Duration;
///
/// use ksync_objects::{NftFamily, NftSet, NftSetFlags, NftType};
///
/// let blocked = NftSet {
///     flags: NftSetFlags { timeout: true, ..NftSetFlags::default() },
///     timeout: Some(Duration::from_secs(3600)),
///     ..NftSet::new(NftFamily::Inet.table("filter"), "blocked", NftType::Ipv4Addr)
/// };
/// # let _ = blocked;
/// ```
#[derive(Clone, Debug, PartialEq, KSyncEntry)]
#[ksync(
    protocol = nf_tables,
    header = NetfilterHeader,
    add = NFT_MSG_NEWSET, delete = NFT_MSG_DELSET, get = NFT_MSG_GETSET,
    check = timeouts_are_allowed,
    flushes_dependents,
)]
pub struct NftSet {
    /// The table that it is in.
    #[depends_on]
    #[ksync(key, with = table)]
    pub table: Ref<NftTable>,
    /// Its name, unique within the table.
    #[ksync(key, nla = NFTA_SET_NAME)]
    pub name: String,
    /// What its elements are. `type`
    #[ksync(with = element_type, immutable, check = NftType::check)]
    pub element: NftType,
    /// For people who read the rules. `comment`
    // Behind `element`: they share an attribute.
    #[ksync(with = set_comment, immutable, check = comment::check)]
    pub comment: Option<String>,
    /// What may be done with it. `flags`
    #[ksync(nla = NFTA_SET_FLAGS, with = flags, immutable, default)]
    pub flags: NftSetFlags,
    /// How long an element stays that says nothing else. `timeout`
    #[ksync(nla = NFTA_SET_TIMEOUT, with = milliseconds64, check = milliseconds64::check)]
    pub timeout: Option<Duration>,
    /// How often elements whose time is over are cleared away. `gc-interval`
    #[ksync(nla = NFTA_SET_GC_INTERVAL, with = milliseconds32, check = milliseconds32::check)]
    pub gc_interval: Option<Duration>,
    /// How many elements it may have. `size`
    #[ksync(with = size)]
    pub size: Option<u32>,
}

impl NftSet {
    /// A set without flags and limits.
    pub fn new(
        table: impl Into<<NftTable as KSyncEntry>::Key>,
        name: impl Into<String>,
        element: NftType,
    ) -> Self {
        NftSet {
            table: Ref::to(table),
            name: name.into(),
            element,
            comment: None,
            flags: NftSetFlags::default(),
            timeout: None,
            gc_interval: None,
            size: None,
        }
    }
}

fn timeouts_are_allowed(set: &NftSet) -> Result<(), Invalid> {
    if set.timeout.is_some() && !set.flags.timeout {
        return Err(Invalid { field: "timeout", reason: "needs the flag `timeout`".to_owned() });
    }
    Ok(())
}

/// What may be done with a set.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct NftSetFlags {
    /// Its elements can't be changed once a rule uses it. `constant`
    pub constant: bool,
    /// Its elements may have a timeout. `timeout`
    pub timeout: bool,
    /// Rules may add elements. `dynamic`
    pub dynamic: bool,
}

/// What the elements of a set are, as nft numbers it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum NftType {
    /// `ipv4_addr`
    Ipv4Addr,
    /// `ipv6_addr`
    Ipv6Addr,
    /// `ether_addr`
    EtherAddr,
    /// `inet_proto`: a protocol above IP
    InetProto,
    /// `inet_service`: a port
    InetService,
    /// `mark`: of packets
    Mark,
    /// Another one.
    Other {
        /// nft's number of it.
        number: u32,
        /// The bytes that an element has.
        len: u32,
    },
}

impl NftType {
    const KNOWN: [NftType; 6] = [
        NftType::Ipv4Addr,
        NftType::Ipv6Addr,
        NftType::EtherAddr,
        NftType::InetProto,
        NftType::InetService,
        NftType::Mark,
    ];

    /// nft's number (the kernel only stores it), and the bytes that an element has.
    fn number_and_len(self) -> (u32, u32) {
        match self {
            NftType::Ipv4Addr => (7, 4),
            NftType::Ipv6Addr => (8, 16),
            NftType::EtherAddr => (9, 6),
            NftType::InetProto => (12, 1),
            NftType::InetService => (13, 2),
            NftType::Mark => (19, 4),
            NftType::Other { number, len } => (number, len),
        }
    }

    /// nft's `BYTEORDER_HOST_ENDIAN` or `BYTEORDER_BIG_ENDIAN`: in which order it shows the bytes.
    fn byte_order(self) -> u32 {
        if self == NftType::Mark { 1 } else { 2 }
    }

    /// Read back, it would be the one with the name.
    fn check(&self) -> Result<(), String> {
        let (number, len) = self.number_and_len();
        match NftType::of(number, len) {
            known if known != *self => Err(format!("{self:?} has a name: say `{known:?}`")),
            _ => Ok(()),
        }
    }

    fn of(number: u32, len: u32) -> Self {
        Self::KNOWN
            .into_iter()
            .find(|known| known.number_and_len() == (number, len))
            .unwrap_or(NftType::Other { number, len })
    }
}

/// The table: `nfgen_family` and `NFTA_SET_TABLE`.
mod table {
    use super::*;
    use ksync_runtime::wire::{AttributeValue, Incoming, Outgoing, ParseError};

    use crate::{NftFamily, NftTableKey};

    pub(super) fn emit(value: &Ref<NftTable>, message: &mut Outgoing<'_, NetfilterHeader>) {
        message.header.nfgen_family = value.key().family.number();
        message.attributes.put(NFTA_SET_TABLE, &value.key().name);
    }

    pub(super) fn parse(message: &Incoming<'_, NetfilterHeader>) -> Result<Ref<NftTable>, ParseError> {
        let family = NftFamily::from_number(message.header.nfgen_family)?;
        let name = String::parse(message.attributes.required(NFTA_SET_TABLE)?)
            .map_err(|error| ParseError::attribute(NFTA_SET_TABLE, error))?;
        Ok(Ref::to(NftTableKey { family, name }))
    }
}

/// `NFTA_SET_KEY_TYPE` and `NFTA_SET_KEY_LEN`, a number that the transaction could refer to the set by, and the byte
/// order, which nft wants to know and keeps in `NFTA_SET_USERDATA`.
mod element_type {
    use super::*;
    use ksync_runtime::wire::{Be32, BytesMut, Incoming, Outgoing, ParseError};

    const NFTNL_UDATA_SET_KEYBYTEORDER: u8 = 0;

    pub(super) fn emit(value: &NftType, message: &mut Outgoing<'_, NetfilterHeader>) {
        let (number, len) = value.number_and_len();
        message.attributes.put(NFTA_SET_KEY_TYPE, &Be32(number));
        message.attributes.put(NFTA_SET_KEY_LEN, &Be32(len));
        message.attributes.put(NFTA_SET_ID, &Be32(1));
        let mut data = BytesMut::new();
        user_data::put(NFTNL_UDATA_SET_KEYBYTEORDER, &value.byte_order().to_ne_bytes(), &mut data);
        message.attributes.put_bytes(NFTA_SET_USERDATA, &data);
    }

    pub(super) fn parse(message: &Incoming<'_, NetfilterHeader>) -> Result<NftType, ParseError> {
        let number = |nla| {
            be32::parse(message.attributes.required(nla)?).map_err(|error| ParseError::attribute(nla, error))
        };
        // A set of intervals, a concatenation, a map: what is looked up there is no single value.
        if message.attributes.get(NFTA_SET_FLAGS).is_some() && number(NFTA_SET_FLAGS)? & !flags::KNOWN != 0 {
            return Err(ParseError::attribute(NFTA_SET_FLAGS, ValueError::Missing));
        }
        Ok(NftType::of(number(NFTA_SET_KEY_TYPE)?, number(NFTA_SET_KEY_LEN)?))
    }
}

mod flags {
    use super::*;
    use ksync_runtime::wire::BytesMut;

    /// What sets of this kind may have.
    pub(super) const KNOWN: u32 = NFT_SET_CONSTANT | NFT_SET_TIMEOUT | NFT_SET_EVAL;

    pub(super) fn emit(value: &NftSetFlags, out: &mut BytesMut) {
        let bit = |is: bool, bit: u32| if is { bit } else { 0 };
        let bits = bit(value.constant, NFT_SET_CONSTANT)
            | bit(value.timeout, NFT_SET_TIMEOUT)
            | bit(value.dynamic, NFT_SET_EVAL);
        be32::emit(&bits, out);
    }

    pub(super) fn parse(payload: &[u8]) -> Result<NftSetFlags, ValueError> {
        be32::parse(payload).map(|bits| NftSetFlags {
            constant: bits & NFT_SET_CONSTANT != 0,
            timeout: bits & NFT_SET_TIMEOUT != 0,
            dynamic: bits & NFT_SET_EVAL != 0,
        })
    }
}

/// `NFTA_SET_DESC_SIZE` in `NFTA_SET_DESC`.
mod size {
    use super::*;
    use ksync_runtime::wire::{AttributeList, Be32, Incoming, Outgoing, ParseError};

    pub(super) fn emit(value: &Option<u32>, message: &mut Outgoing<'_, NetfilterHeader>) {
        if let Some(size) = value {
            message.attributes.nested(NFTA_SET_DESC, |desc| desc.put(NFTA_SET_DESC_SIZE, &Be32(*size)));
        }
    }

    pub(super) fn parse(message: &Incoming<'_, NetfilterHeader>) -> Result<Option<u32>, ParseError> {
        let Some(desc) = message.attributes.get(NFTA_SET_DESC) else {
            return Ok(None);
        };
        let size = AttributeList::parse(desc)?.get(NFTA_SET_DESC_SIZE).map(be32::parse);
        size.transpose().map_err(|error| ParseError::attribute(NFTA_SET_DESC, error))
    }
}

/// The comment among the user data of a set.
mod set_comment {
    use super::*;
    use ksync_runtime::wire::{BytesMut, Incoming, Outgoing, ParseError};

    const NFTNL_UDATA_SET_COMMENT: u8 = 7;

    pub(super) fn emit(value: &Option<String>, message: &mut Outgoing<'_, NetfilterHeader>) {
        let Some(comment) = value else { return };
        let mut data = BytesMut::new();
        user_data::put_text(NFTNL_UDATA_SET_COMMENT, comment, &mut data);
        message.attributes.append(NFTA_SET_USERDATA, &data);
    }

    pub(super) fn parse(message: &Incoming<'_, NetfilterHeader>) -> Result<Option<String>, ParseError> {
        match message
            .attributes
            .get(NFTA_SET_USERDATA)
            .map(|data| user_data::text(NFTNL_UDATA_SET_COMMENT, data))
        {
            None | Some(Err(ValueError::Missing)) => Ok(None),
            Some(Ok(comment)) => Ok(Some(comment)),
            Some(Err(error)) => Err(ParseError::attribute(NFTA_SET_USERDATA, error)),
        }
    }
}
