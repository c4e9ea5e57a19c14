//! Tables of nf_tables: `nft add table`.

use ksync_runtime::declare::{Context, OperationError, Resolver};
use ksync_runtime::prelude::*;
use ksync_runtime::wire::nf_tables::*;
use ksync_runtime::wire::{HeaderValue, ParseError, ValueError};

use crate::nft_wire::{be32, comment, user_data};

/// A table of nf_tables: what sets (and chains) belong to.
///
/// ```text
/// nft add table inet filter
/// nft add table inet filter '{ comment "by ksync"; }'
/// nft add table inet filter '{ flags dormant; }'        # dormant: true, also later
/// nft delete table inet filter
/// ```
///
/// The agent needs a `.kernel(Netlink::nf_tables()?)`. What is written there goes in transactions: if one operation
/// is refused, the kernel takes back all others of the same batch, and KSync sends them again without it.
///
/// Deleting a table takes along all that is in it, also what somebody else put there.
///
/// ```
/// use ksync_objects::{NftFamily, NftTable};
///
/// let table = NftTable::new(NftFamily::Inet, "filter");
/// assert_eq!(table.name, "filter");
/// ```
#[derive(Clone, Debug, PartialEq, KSyncEntry)]
#[ksync(
    protocol = nf_tables,
    header = NetfilterHeader,
    add = NFT_MSG_NEWTABLE, delete = NFT_MSG_DELTABLE, get = NFT_MSG_GETTABLE,
    flushes_dependents,
)]
pub struct NftTable {
    /// What its chains see: `inet`, `ip`, ...
    #[ksync(key, header = nfgen_family)]
    pub family: NftFamily,
    /// Its name, unique within the family.
    #[ksync(key, nla = NFTA_TABLE_NAME)]
    pub name: String,
    /// Its chains are not called. `flags dormant`
    #[ksync(nla = NFTA_TABLE_FLAGS, with = dormant, default)]
    pub dormant: bool,
    /// For people who read the rules. `comment`
    #[ksync(nla = NFTA_TABLE_USERDATA, with = table_comment, immutable, check = comment::check)]
    pub comment: Option<String>,
}

impl NftTable {
    /// A table with that name.
    #[must_use]
    pub fn new(family: NftFamily, name: impl Into<String>) -> Self {
        NftTable { family, name: name.into(), dormant: false, comment: None }
    }
}

/// What the chains of a table see.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum NftFamily {
    /// `ip`
    Ip,
    /// `ip6`
    Ip6,
    /// `inet`: both of these
    Inet,
    /// `arp`
    Arp,
    /// `bridge`
    Bridge,
    /// `netdev`
    Netdev,
}

impl NftFamily {
    /// The key of the table of this family with that name.
    pub fn table(self, name: impl Into<String>) -> NftTableKey {
        NftTableKey { family: self, name: name.into() }
    }

    pub(crate) fn number(self) -> u8 {
        match self {
            NftFamily::Ip => NFPROTO_IPV4,
            NftFamily::Ip6 => NFPROTO_IPV6,
            NftFamily::Inet => NFPROTO_INET,
            NftFamily::Arp => NFPROTO_ARP,
            NftFamily::Bridge => NFPROTO_BRIDGE,
            NftFamily::Netdev => NFPROTO_NETDEV,
        }
    }

    pub(crate) fn from_number(number: u8) -> Result<Self, ParseError> {
        [NftFamily::Ip, NftFamily::Ip6, NftFamily::Inet, NftFamily::Arp, NftFamily::Bridge, NftFamily::Netdev]
            .into_iter()
            .find(|family| family.number() == number)
            // A newer kernel may have others; nothing of this kind is in one.
            .ok_or(ParseError::header(ValueError::Missing))
    }
}

impl std::fmt::Display for NftFamily {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.pad(match self {
            NftFamily::Ip => "ip",
            NftFamily::Ip6 => "ip6",
            NftFamily::Inet => "inet",
            NftFamily::Arp => "arp",
            NftFamily::Bridge => "bridge",
            NftFamily::Netdev => "netdev",
        })
    }
}

impl HeaderValue for NftFamily {
    fn to_header(&self, _: &Context<'_>) -> Result<i128, OperationError> {
        Ok(self.number().into())
    }

    fn from_header(number: i128, _: &Resolver<'_>) -> Result<Self, ParseError> {
        NftFamily::from_number(u8::try_from(number).unwrap_or_default())
    }
}

/// `NFT_TABLE_F_DORMANT` among the flags.
mod dormant {
    use super::{NFT_TABLE_F_DORMANT, ValueError, be32};
    use ksync_runtime::wire::BytesMut;

    pub(super) fn emit(dormant: &bool, out: &mut BytesMut) {
        be32::emit(&if *dormant { NFT_TABLE_F_DORMANT } else { 0 }, out);
    }

    pub(super) fn parse(payload: &[u8]) -> Result<bool, ValueError> {
        be32::parse(payload).map(|flags| flags & NFT_TABLE_F_DORMANT != 0)
    }
}

/// The comment among the user data of a table: `NFTNL_UDATA_TABLE_COMMENT`.
mod table_comment {
    use super::{ValueError, user_data};
    use ksync_runtime::wire::BytesMut;

    const NFTNL_UDATA_TABLE_COMMENT: u8 = 0;

    pub(super) fn emit(comment: &str, out: &mut BytesMut) {
        user_data::put_text(NFTNL_UDATA_TABLE_COMMENT, comment, out);
    }

    pub(super) fn parse(payload: &[u8]) -> Result<String, ValueError> {
        user_data::text(NFTNL_UDATA_TABLE_COMMENT, payload)
    }
}
