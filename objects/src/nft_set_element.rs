//! Elements of sets of nf_tables: `nft add element`.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::time::Duration;

use ksync_runtime::prelude::*;
use ksync_runtime::wire::nf_tables::*;

use crate::nft_wire::{comment, milliseconds64};
use crate::{NftSet, NftSetKey};

/// An element of a set.
///
/// ```text
/// nft add element inet filter blocked '{ 192.0.2.1 }'
/// nft add element inet filter blocked '{ 192.0.2.1 timeout 30m comment "knocks too often" }'
/// nft delete element inet filter blocked '{ 192.0.2.1 }'
/// ```
///
/// Nothing of it can be changed in place on all kernels: another timeout or comment takes delete and add. Elements
/// whose time is over vanish from the kernel without a word.
///
/// The kernel shows the elements of one set at a time; those of sets in which nothing is declared stay unseen.
///
/// ```
/// use ksync_objects::{NftFamily, NftSetElement, NftSetKey};
/// use ksync_runtime::prelude::*;
///
/// let set = NftSetKey { table: Ref::to(NftFamily::Inet.table("filter")), name: "blocked".into() };
/// let element = NftSetElement::new(set, std::net::Ipv4Addr::new(192, 0, 2, 1));
/// assert_eq!(element.value.bytes(), [192, 0, 2, 1]);
/// ```
#[derive(Clone, Debug, PartialEq, KSyncEntry)]
#[ksync(
    protocol = nf_tables,
    header = NetfilterHeader,
    inside(NFTA_SET_ELEM_LIST_ELEMENTS, NFTA_LIST_ELEM),
    add = NFT_MSG_NEWSETELEM, delete = NFT_MSG_DELSETELEM, get = NFT_MSG_GETSETELEM,
)]
pub struct NftSetElement {
    /// The set that it is in.
    #[depends_on]
    #[ksync(key, with = set, outside, dumped_by)]
    pub set: Ref<NftSet>,
    /// The value, in as many bytes as the set's type takes.
    #[ksync(key, with = value)]
    pub value: NftValue,
    /// How long it stays, if not as long as the set says. The set must have the flag `timeout`. `timeout`
    #[ksync(nla = NFTA_SET_ELEM_TIMEOUT, with = milliseconds64, immutable, check = milliseconds64::check)]
    pub timeout: Option<Duration>,
    /// For people who read the rules. `comment`
    #[ksync(nla = NFTA_SET_ELEM_USERDATA, with = element_comment, immutable, check = comment::check)]
    pub comment: Option<String>,
}

impl NftSetElement {
    /// An element that stays as long as the set says.
    pub fn new(set: impl Into<NftSetKey>, value: impl Into<NftValue>) -> Self {
        NftSetElement { set: Ref::to(set), value: value.into(), timeout: None, comment: None }
    }
}

/// The bytes of an element: addresses and ports in network byte order, marks in that of the host.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct NftValue(Vec<u8>);

impl NftValue {
    /// A value of a type that nothing here converts from.
    #[must_use]
    pub fn from_bytes(bytes: Vec<u8>) -> Self {
        NftValue(bytes)
    }

    /// A mark of packets.
    #[must_use]
    pub fn mark(mark: u32) -> Self {
        NftValue(mark.to_ne_bytes().to_vec())
    }

    /// A port.
    #[must_use]
    pub fn port(port: u16) -> Self {
        NftValue(port.to_be_bytes().to_vec())
    }

    /// A protocol above IP, as 6 for TCP.
    #[must_use]
    pub fn protocol(number: u8) -> Self {
        NftValue(vec![number])
    }

    /// The bytes.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        &self.0
    }
}

impl From<Ipv4Addr> for NftValue {
    fn from(address: Ipv4Addr) -> Self {
        NftValue(address.octets().to_vec())
    }
}

impl From<Ipv6Addr> for NftValue {
    fn from(address: Ipv6Addr) -> Self {
        NftValue(address.octets().to_vec())
    }
}

impl From<IpAddr> for NftValue {
    fn from(address: IpAddr) -> Self {
        match address {
            IpAddr::V4(address) => address.into(),
            IpAddr::V6(address) => address.into(),
        }
    }
}

impl From<MacAddr6> for NftValue {
    fn from(address: MacAddr6) -> Self {
        NftValue(address.as_bytes().to_vec())
    }
}

/// As addresses, where there are just as many bytes.
impl fmt::Display for NftValue {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Ok(octets) = <[u8; 4]>::try_from(self.bytes()) {
            return Ipv4Addr::from(octets).fmt(out);
        }
        if let Ok(octets) = <[u8; 16]>::try_from(self.bytes()) {
            return Ipv6Addr::from(octets).fmt(out);
        }
        out.write_str("0x")?;
        self.0.iter().try_for_each(|byte| write!(out, "{byte:02x}"))
    }
}

impl fmt::Debug for NftValue {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, out)
    }
}

/// The set: `nfgen_family`, `NFTA_SET_ELEM_LIST_TABLE` and `NFTA_SET_ELEM_LIST_SET`.
mod set {
    use super::*;
    use ksync_runtime::wire::{AttributeValue, Incoming, Outgoing, ParseError};

    use crate::NftFamily;

    pub(super) fn emit(value: &Ref<NftSet>, message: &mut Outgoing<'_, NetfilterHeader>) {
        let NftSetKey { table, name } = value.key();
        message.header.nfgen_family = table.key().family.number();
        message.attributes.put(NFTA_SET_ELEM_LIST_TABLE, &table.key().name);
        message.attributes.put(NFTA_SET_ELEM_LIST_SET, name);
    }

    pub(super) fn parse(message: &Incoming<'_, NetfilterHeader>) -> Result<Ref<NftSet>, ParseError> {
        let text = |nla| {
            String::parse(message.attributes.required(nla)?)
                .map_err(|error| ParseError::attribute(nla, error))
        };
        let family = NftFamily::from_number(message.header.nfgen_family)?;
        let table = Ref::to(family.table(text(NFTA_SET_ELEM_LIST_TABLE)?));
        Ok(Ref::to(NftSetKey { table, name: text(NFTA_SET_ELEM_LIST_SET)? }))
    }
}

/// `NFTA_DATA_VALUE` in `NFTA_SET_ELEM_KEY`.
mod value {
    use super::*;
    use ksync_runtime::wire::{AttributeList, Incoming, Outgoing, ParseError};

    pub(super) fn emit(value: &NftValue, message: &mut Outgoing<'_, NetfilterHeader>) {
        message.attributes.nested(NFTA_SET_ELEM_KEY, |key| key.put_bytes(NFTA_DATA_VALUE, value.bytes()));
    }

    pub(super) fn parse(message: &Incoming<'_, NetfilterHeader>) -> Result<NftValue, ParseError> {
        let key = AttributeList::parse(message.attributes.required(NFTA_SET_ELEM_KEY)?)?;
        key.required(NFTA_DATA_VALUE).map(|bytes| NftValue(bytes.to_vec()))
    }
}

/// The comment among the user data of an element: `NFTNL_UDATA_SET_ELEM_COMMENT`.
mod element_comment {
    use ksync_runtime::wire::{BytesMut, ValueError};

    use crate::nft_wire::user_data;

    const NFTNL_UDATA_SET_ELEM_COMMENT: u8 = 0;

    pub(super) fn emit(comment: &str, out: &mut BytesMut) {
        user_data::put_text(NFTNL_UDATA_SET_ELEM_COMMENT, comment, out);
    }

    pub(super) fn parse(payload: &[u8]) -> Result<String, ValueError> {
        user_data::text(NFTNL_UDATA_SET_ELEM_COMMENT, payload)
    }
}
