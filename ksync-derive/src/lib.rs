//! Derive macros of KSync: a kind of kernel object is an annotated struct.
//!
//! [`KSyncEntry`](derive@KSyncEntry) writes the three serializers (AddMsg, ChangeMsg, DeleteMsg), the parser, the
//! key, the comparison, the dependency check and the index wiring; [`KSyncNested`](derive@KSyncNested) does the
//! like for an attribute that nests others. All words stand in `#[ksync(...)]`, but for `#[depends_on]`; paths and
//! expressions are written without quotes, flags are bare words.
//!
//! The macros know Rust's syntax and the grammar of their words, nothing of the engine or of sockets. Input is
//! read word by word (`input`), checked as a whole (`check`), and written out part by part (`expand`); all
//! mistakes are reported at once, and where there are some, a stub stands in for the code.

mod check;
mod ctxt;
mod expand;
mod input;
mod words;

use proc_macro::TokenStream;
use syn::{DeriveInput, parse_macro_input};

/// Makes a kind of kernel object of a struct: implements the trait `KSyncEntry`, and `Indexed` if the kind has an
/// index.
///
/// ```
/// use ksync_runtime::prelude::*;
///
/// /// A rule: which routing table packets with a mark go by. `ip rule add fwmark 7 table 100 priority 1000`
/// #[derive(Clone, Debug, PartialEq, KSyncEntry)]
/// #[ksync(
///     protocol = route,
///     header = RuleHeader,
///     add = RTM_NEWRULE, delete = RTM_DELRULE, get = RTM_GETRULE,
///     fill(family = AF_INET, action = FR_ACT_TO_TBL),
/// )]
/// pub struct Rule {
///     #[ksync(key, nla = FRA_PRIORITY)]
///     pub priority: u32,
///     #[ksync(key, nla = FRA_FWMARK)]
///     pub mark: u32,
///     #[ksync(nla = FRA_TABLE, immutable)]
///     pub table: u32,
/// }
///
/// let rule = Rule { priority: 1000, mark: 7, table: 100 };
/// assert_eq!(rule.key(), RuleKey { priority: 1000, mark: 7 });
/// ```
///
/// # The key
///
/// The fields marked `key`. Of one field, the key is that field's type; of several, it is a struct that is
/// written beside the kind, `RuleKey` for `Rule`. A key that goes nowhere on the wire is the agent's own name for
/// the object; such a kind needs an `index`, by which it is found again in what the kernel reports.
///
/// # Words of the struct
///
/// | word | meaning |
/// | --- | --- |
/// | `protocol = ...` | The protocol of its messages, see below. Required. |
/// | `header = RouteHeader` | Type of the fixed header; none if left out. |
/// | `inside(A, B)` | The attributes that all others are nested in, the outermost first. Each time that the innermost is there is an object by itself: a message of the kernel may hold many. |
/// | `add = RTM_NEW...`, `delete = RTM_DEL...` | Message types, or commands. Required. |
/// | `change = RTM_...` | Message type of a change, if it is not that of an add. |
/// | `get = RTM_GET...` | Message type that reads one object by its key, and dumps them all. |
/// | `add_flags = ...` | Flags of an add: `NLM_F_CREATE \| NLM_F_EXCL`. The usual flags are none at all in generic netlink and in protocols of your own; nf_tables has no `NLM_F_REPLACE`. |
/// | `add_again_flags = ...` | The same when an earlier try may have been carried out: `NLM_F_CREATE \| NLM_F_REPLACE`. |
/// | `change_flags = ...`, `delete_flags = ...` | `NLM_F_REPLACE`, and none. |
/// | `fill(field = ..., on(...))` | Header fields that are no field of the struct. On add, change and delete unless `on` says otherwise; what `on(get)` says of all objects stands in the request for a dump too. What stands in a delete too, and is the same for all objects, is also the mark of the kind: a message without it is about somebody else's object. |
/// | `index(from = ksync, range = 1..=65535, nla = ...)` | KSync numbers the objects. Written in all messages. |
/// | `index(from = kernel, header = ...)` | The kernel does, and tells. Written in change and delete. Either sort stands in an attribute (`nla`) or in the header. |
/// | `merge` | The kernel keeps what a change does not name: changes carry what differs, and no immutable fields. Otherwise they carry the whole object. |
/// | `flushes_dependents` | The kernel removes what refers to an object together with it. |
/// | `early` | Adds and changes leave before those of other kinds that could leave at the same time: others need the object in ways that no reference shows, as a gateway needs an address on its link. |
/// | `resolved_on_sent` | Those who depend on an object may be sent as soon as it was sent, not only once it was accepted: for slow channels that keep the order. |
/// | `self_dependent` | The kind may refer to itself. |
/// | `no_compress` | A delete is sent even if the kernel never saw the entry. |
/// | `nothing_to_delete = ...` | When it holds, the object is not ours: it is configured, never deleted. A delete is complete without a message, and what refers to the object stays. An add then writes the `none` of a field that is `None`, since the object may hold anything. |
/// | `nothing_to_change = ...` | When it holds, a change is complete without a message. |
/// | `check = path` | `fn(&Self) -> Result<(), Invalid>`: refuses values before anybody asks the kernel. |
/// | `classify = path` | `fn(Verb, &OperationError) -> ErrorClass`: what an error of the kernel means, where the usual reading is wrong. |
/// | `crate = path` | Where the runtime is, if it was renamed. |
///
/// Expressions are evaluated when the message is written, and may use `self`.
///
/// # Words of a field
///
/// Where it goes; one of these, unless it is the agent's own key or a bare dependency:
///
/// | word | meaning |
/// | --- | --- |
/// | `nla = RTA_...` | An attribute. An `Option` is written when it is `Some`, a `Ref` as the index of its target. |
/// | `nla = RTA_..., with = module` | An attribute with `module::emit(&T, &mut BytesMut)` and `module::parse(&[u8]) -> Result<T, ValueError>`. Of an `Option<T>` the codec sees the `T`; if it says `ValueError::Missing`, that is `None`. |
/// | `with = module` | `module::emit(&T, &mut Outgoing<'_, Header>)` and `module::parse(&Incoming<'_, Header>) -> Result<T, ParseError>`, for what takes several places (`wire::prefix`, `wire::table`). |
/// | `header = field` | A field of the fixed header, of any integer type; what does not fit is an error. Of an `Option<Ref<T>>`, `None` is 0. |
/// | `header = field, bit = IFF_UP` | Bits of it, for a `bool`. `mask = other_field` sets the same bits there whenever the field is written; with a mask the type may be `Option<bool>`, whose `None` leaves the bits open. |
/// | `nla = RTA_..., bit = ...` | Bits of an attribute, which several fields may share: `bool`, written together. The attribute is an integer of the constant's type, `u32` if it is a bare number. With `selector` it is a `struct nla_bitfield32`, and `Option<bool>` leaves bits open. |
/// | `nla = RTA_..., part = Header.field` | A field of the struct (declared with `fixed_header!`) that is the payload of the attribute, which several fields may share: integers, `bool`, `Ref<T>`, written together. With `bit = ...`, bits of that field. |
/// | `nla = (V4, V6)` | One of two attributes, by the family of an `IpAddr`. |
/// | `nla = RTA_..., prefix_len = field` | A prefix (`IpNet`, `Ipv4Net`, `Ipv6Net`): the address in the attribute, the length in the header. |
/// | `flatten` | The attributes of a nested value, among those of this message. Of an `Option`, one that writes nothing is read back as `None`. |
/// | `skip` | Nowhere: the agent's own data. Not compared, and the default when read back. |
/// | `outside` | Besides one of these: not in the attributes of `inside(...)`. |
///
/// How it stands in the attribute, where the type alone does not say:
///
/// | word | type | meaning |
/// | --- | --- | --- |
/// | `be` | `u16` to `u64`, signed too | In network byte order. Also of a header field: `header = field, be`. |
/// | `no_nul` | `String` | No NUL at the end. Read with and without. |
/// | `flag` | `bool` | There or not, without a payload. |
/// | `unit = seconds` | `Duration` | A number of `seconds`, `millis`, `micros` or `centis` (clock ticks of `USER_HZ`), of 32 bits; `unit = millis as u64` names another integer. What is no whole number of them is refused. |
/// | `by_key` | `Ref<T>` | The key of the target in place of its index. |
/// | `by_key(A, B)` | `Ref<T>` | A key of several fields: a nest with an attribute for each of them, in the order of the target's key. |
/// | `family = field` | an address or prefix | Its family goes into that header field. |
/// | `repeated` | `Vec<T>` | The attribute is there once for each element. |
/// | `each = X` | `Vec<T>` | A nest of attributes with number `X`. |
/// | `numbered` | `Vec<T>` | A nest of attributes that count from 1; `numbered = 0` from 0. |
/// | `array` | `Vec<T>` | Elements of a fixed size, one behind the other: integers, addresses, references, and structs with a fixed header alone. |
/// | `records = field` | `Vec<T>` | Structs with a fixed header and attributes behind it; that header field tells the length of each. |
///
/// The words for single values go with those for lists: `repeated, be`, `each = X, by_key`. An empty list is left
/// out, and one that is missing is empty; of an `Option<Vec<T>>`, `None` is left out.
///
/// And what holds for it:
///
/// | word | meaning |
/// | --- | --- |
/// | `key` | Part of the key. Written in all messages. |
/// | `dumped_by` | Of a part of the key: a request for a dump names it, as the kernel shows the classes of one link at a time. A request goes out for each value that declared entries have; what is nowhere near them stays unseen. |
/// | `up_to = ATTR` | Of a part of the key, a number: one object of the kernel may stand for all from this number to that in the attribute. It is read as that many objects, and never written. |
/// | `immutable` | Can't be changed in place: a difference means delete and add. So it does for fields that no change message carries. |
/// | `none = 0u32` | What a change writes for `None`. It also makes `None` something to ask for; otherwise `None` is content with what is there. On `merge` kinds without it, an option that is set no longer means delete and add. |
/// | `write_only` | The kernel never reports it. The default when read back, and never found missing. |
/// | `read_only` | Reported by the kernel, never written or compared. |
/// | `default`, `default = ...` | The default, or that value, when the attribute is missing. |
/// | `compare = path` | `fn(declared: &T, seen: &T) -> bool`: whether what the kernel reports does what was asked for, where it normalises. Of an `Option<T>` the function sees the `T`. |
/// | `on(add, change, delete, get)` | The messages that carry it, if not add and change. |
/// | `survives` | Of a dependency: the kernel keeps the object when it removes what the field refers to, though that kind says `flushes_dependents`. A port outlives its bridge. |
/// | `check = path` | `fn(&T) -> Result<(), impl Display>`: refuses values, in the name of the field. |
///
/// The functions of `compare` and `check` may be closures: `check = \|vlan\| is_vlan(*vlan)` calls one that takes a small
/// value as clippy likes it.
///
/// Without a word, values are refused that would be read back as others: texts that hold a NUL, and what has a name in an
/// enum but is given as its `other`.
///
/// # Protocols
///
/// | word | messages | `add`, `delete`, ... are |
/// | --- | --- | --- |
/// | `route` | of `NETLINK_ROUTE` | message types |
/// | `generic("mptcp_pm", version = 1)` | of a family of generic netlink; its number is asked for by its name, while the agent runs. A family that the kernel lacks is the failure of the entry, and tried again later. | commands |
/// | `nf_tables` | of nf_tables, in transactions: one failure undoes the batch, and what did not fail by itself is sent again. `header = NetfilterHeader` is required. | message types (`NFT_MSG_...`) |
/// | `netlink(6)` | of another netlink family, by its number | message types |
/// | `PATH` | of a protocol of your own: a constant of type `Protocol`, as `Protocol::Custom(&Switchd)`; see `declare::CustomProtocol` in the runtime | what it makes of them |
///
/// The agent needs a `.kernel(...)` for each of them.
///
/// ```
/// use ksync_runtime::prelude::*;
/// use ksync_runtime::wire::mptcp_pm::*;
///
/// /// An endpoint of Multipath TCP. `ip mptcp endpoint add 192.0.2.1 id 1`
/// #[derive(Clone, Debug, PartialEq, KSyncEntry)]
/// #[ksync(
///     protocol = generic("mptcp_pm", version = 1),
///     inside(MPTCP_PM_ATTR_ADDR),
///     add = MPTCP_PM_CMD_ADD_ADDR, delete = MPTCP_PM_CMD_DEL_ADDR, get = MPTCP_PM_CMD_GET_ADDR,
/// )]
/// pub struct Endpoint {
///     #[ksync(key, nla = MPTCP_PM_ADDR_ATTR_ID)]
///     pub id: u8,
///     #[ksync(nla = MPTCP_PM_ADDR_ATTR_FAMILY, on(add))]
///     pub family: u16,
///     #[ksync(nla = MPTCP_PM_ADDR_ATTR_ADDR4, on(add))]
///     pub address: std::net::Ipv4Addr,
/// }
///
/// assert_eq!(Endpoint::SCHEMA.protocol.to_string(), "generic netlink (family mptcp_pm)");
/// ```
///
/// # Dependencies
///
/// `#[depends_on]` on a `Ref<T>` or `Option<Ref<T>>`, or on a nested value that holds some: the entry is sent only
/// once its targets are there. Without a place on the wire, `Option<Ref<T>>` and `Vec<Ref<T>>` only set the order.
/// On a nested value, `#[depends_on(A, B)]` lists the kinds inside, which the macro can't see.
///
/// ```
/// use ksync_runtime::prelude::*;
///
/// /// An interface of the host: its index comes from the kernel.
/// #[derive(Clone, Debug, PartialEq, KSyncEntry)]
/// #[ksync(
///     protocol = route,
///     header = LinkHeader,
///     add = RTM_NEWLINK, delete = RTM_DELLINK, get = RTM_GETLINK,
///     add_flags = 0, change_flags = 0,
///     index(from = kernel, header = ifi_index),
///     nothing_to_delete = true,
///     merge,
/// )]
/// pub struct Interface {
///     #[ksync(key, nla = IFLA_IFNAME)]
///     pub name: String,
///     #[ksync(header = ifi_flags, bit = IFF_UP, mask = ifi_change)]
///     pub up: bool,
/// }
///
/// /// A neighbour that is told, not asked for. `ip neighbour add 192.0.2.1 lladdr ... dev eth0`
/// #[derive(Clone, Debug, PartialEq, KSyncEntry)]
/// #[ksync(
///     protocol = route,
///     header = NeighbourHeader,
///     add = RTM_NEWNEIGH, delete = RTM_DELNEIGH, get = RTM_GETNEIGH,
///     fill(ndm_family = AF_INET),
///     fill(ndm_state = NUD_PERMANENT, on(add, change)),
/// )]
/// pub struct Neighbour {
///     #[depends_on]
///     #[ksync(key, header = ndm_ifindex)]
///     pub interface: Ref<Interface>,
///     #[ksync(key, nla = NDA_DST)]
///     pub address: std::net::Ipv4Addr,
///     #[ksync(nla = NDA_LLADDR)]
///     pub mac: MacAddr6,
/// }
///
/// assert_eq!(Neighbour::SCHEMA.depends_on.len(), 1);
/// ```
///
/// # Mistakes
///
/// Every mistake is reported on the words that it is about, all of them at once:
///
/// ```compile_fail
/// use ksync_runtime::prelude::*;
///
/// #[derive(Clone, Debug, PartialEq, KSyncEntry)]
/// #[ksync(protocol = route, header = RouteHeader, add = RTM_NEWROUTE, delete = RTM_DELROUTE)]
/// struct Route {
///     #[ksync(key, header = rtm_table)]
///     table: u8,
///     #[ksync(nla = RTA_PRIORITY, imutable)] // unknown word `imutable`, did you mean `immutable`?
///     metric: u32,
///     mark: u32, // where on the wire does `mark` go?
/// }
/// ```
///
/// Kinds that need each other in a circle could never be sent, none before the other. The compiler finds circles of up
/// to eight kinds, through nested values as far as `#[depends_on(A, B)]` lists what is inside, and names the way
/// round; longer ones, and those through kinds that are written by hand, are an error when the agent starts. A circle that leads through a `self_dependent` kind counts as meant.
///
/// ```compile_fail
/// use ksync_runtime::prelude::*;
///
/// #[derive(Clone, Debug, PartialEq, KSyncEntry)]
/// #[ksync(protocol = route, header = LinkHeader, add = RTM_NEWLINK, delete = RTM_DELLINK)]
/// struct Hen {
///     #[ksync(key, nla = IFLA_IFNAME)]
///     name: String,
///     #[depends_on]
///     from: Option<Ref<Egg>>, // `Egg` depends on `Hen`, which depends on `Egg`: a circle of kinds, ...
/// }
///
/// #[derive(Clone, Debug, PartialEq, KSyncEntry)]
/// #[ksync(protocol = route, header = LinkHeader, add = RTM_NEWLINK, delete = RTM_DELLINK)]
/// struct Egg {
///     #[ksync(key, nla = IFLA_IFNAME)]
///     name: String,
///     #[depends_on]
///     from: Option<Ref<Hen>>,
/// }
/// ```
///
#[doc = include_str!("../docs/words.md")]
///
/// # What comes of it
///
/// Of this kind:
#[doc = concat!("```text\n", include_str!("../expected/kind.input.rs"), "\n```")]
/// the macro makes this; a test keeps the two equal:
#[doc = concat!("```text\n", include_str!("../expected/kind.output.rs"), "\n```")]
///
/// # What it costs
///
#[doc = include_str!("../docs/cost.md")]
#[proc_macro_derive(KSyncEntry, attributes(ksync, depends_on))]
pub fn derive_entry(input: TokenStream) -> TokenStream {
    expand::entry(&parse_macro_input!(input as DeriveInput)).into()
}

/// Makes one attribute that nests others of a struct or an enum: implements the trait `AttributeField`.
///
/// A **struct** is a nest of attributes. `header = Type` puts a fixed header in front of them, and `fill(...)`
/// fills fields of it.
///
/// An **enum** is a nest of two: the attribute `kind` names the variant, the attribute `data` nests the variant's
/// fields. It is left out when there are none to write.
///
/// | word of a variant | meaning |
/// | --- | --- |
/// | `kind = "veth"` | How the kernel calls it. With `repr = u16` on the enum it is a number: `kind = LWTUNNEL_ENCAP_IP`. |
/// | `header = Type` | A fixed header in front of the variant's fields, in the attribute `data`. |
/// | `other` | Nothing of it is written; what has no name, or one that is unknown here, is read as this variant. Without such a variant that belongs to somebody else. |
/// | `unwritten` | Nothing of it is written, and nothing is read as it. |
///
/// A variant that is not written asks for nothing: whatever the kernel reports is right.
///
/// `Variant(Body)` stands for a struct that has the variant's fields, for variants of many.
///
/// In a kind with `merge`, a change carries of a nest what differs, with the variant's name in front, and nothing
/// that is `immutable`; an option that is set no longer, or another variant, means delete and add of the whole object.
/// A struct whose attributes the kernel takes as a whole all the same says `whole`.
///
/// Either can also be a field with `flatten`, without an attribute around it: then the attributes stand among those
/// of the message or nest that it is in.
///
/// Fields have the words of [`KSyncEntry`](derive@KSyncEntry), but for `key`, `none` and `on`. An `immutable` one
/// makes a difference in it a reason to delete and add the whole object. A codec without `nla` is
/// `emit(&T, &mut Attributes<'_>)` and `parse(&AttributeList<'_>) -> Result<T, ParseError>` here.
///
/// ```
/// use ksync_runtime::prelude::*;
///
/// #[derive(Clone, Debug, PartialEq, KSyncNested)]
/// #[ksync(kind = IFLA_INFO_KIND, data = IFLA_INFO_DATA)]
/// enum Sort {
///     #[ksync(kind = "bridge")]
///     Bridge {
///         #[ksync(nla = IFLA_BR_VLAN_FILTERING)]
///         vlan_filtering: Option<bool>,
///     },
///     #[ksync(kind = "ifb")]
///     Ifb,
///     #[ksync(other)]
///     SomebodyElses,
/// }
///
/// #[derive(Clone, Debug, PartialEq, KSyncEntry)]
/// #[ksync(protocol = route, header = LinkHeader, add = RTM_NEWLINK, delete = RTM_DELLINK)]
/// struct Interface {
///     #[ksync(key, nla = IFLA_IFNAME)]
///     name: String,
///     #[ksync(nla = IFLA_LINKINFO, immutable)]
///     sort: Sort,
/// }
///
/// let bridge = Interface { name: "br0".into(), sort: Sort::Bridge { vlan_filtering: Some(true) } };
/// let seen = Interface { sort: Sort::Bridge { vlan_filtering: Some(false) }, ..bridge.clone() };
/// assert_eq!(bridge.unmet(&seen), Some("sort"));
/// # let _ = (Sort::Ifb, Sort::SomebodyElses);
/// ```
#[proc_macro_derive(KSyncNested, attributes(ksync, depends_on))]
pub fn derive_nested(input: TokenStream) -> TokenStream {
    expand::nested(&parse_macro_input!(input as DeriveInput)).into()
}

/// Makes a value with names of an enum: a number in an attribute or header field, or a name in an attribute.
///
/// | word | meaning |
/// | --- | --- |
/// | `repr = u8` | On the enum: the integer that it is on the wire. Without it, it is a name. |
/// | `value = RT_SCOPE_LINK` | Of a variant: its number. |
/// | `name = "round-robin"` | Of a variant: its name. |
/// | `other` | Of a variant with one field, of that integer or a `String`: keeps what has no variant. Without it, what has none is an error. |
///
/// ```
/// use ksync_runtime::prelude::*;
/// use ksync_runtime::wire::AttributeValue;
///
/// #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, KSyncValue)]
/// #[ksync(repr = u8)]
/// enum Scope {
///     #[ksync(value = RT_SCOPE_UNIVERSE)]
///     Universe,
///     #[ksync(value = RT_SCOPE_LINK)]
///     Link,
///     #[ksync(other)]
///     Other(u8),
/// }
///
/// assert_eq!(Scope::parse(&[RT_SCOPE_LINK]), Ok(Scope::Link));
/// assert_eq!(Scope::parse(&[7]), Ok(Scope::Other(7)));
/// ```
#[proc_macro_derive(KSyncValue, attributes(ksync))]
pub fn derive_value(input: TokenStream) -> TokenStream {
    expand::value(&parse_macro_input!(input as DeriveInput)).into()
}
