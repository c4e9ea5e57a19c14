//! Links: `ip link`.
//!
//! What the kernel can create and what only gets configured are one kind here: the interfaces of a host have
//! one name space, and whatever refers to a link should not have to know where it came from.

mod bridge;
mod codec;
mod lower;
mod stacked;
mod tunnel;
mod veth;
mod vxlan;

use ksync_runtime::declare::{ErrorClass, Invalid, OperationError, Verb};
use ksync_runtime::prelude::*;

use crate::ethernet;
pub use bridge::Bridge;
pub use lower::Lower;
pub use stacked::{Bond, BondHashPolicy, BondMode, Macvlan, MacvlanMode, Vlan, Vrf};
pub use tunnel::{Gre, Ipip};
pub use veth::{Namespace, VethPeer};
pub use vxlan::{DontFragment, Vxlan};

/// A network interface.
///
/// ```text
/// ip link add veth0 type veth peer name veth1         # kind: LinkKind::veth("veth1")
/// ip link add br0 type bridge stp_state 1             # kind: LinkKind::Bridge(Bridge { stp: Some(true), .. })
/// ip link add vx100 type vxlan id 100 dstport 4789    # kind: LinkKind::Vxlan(Vxlan { port: Some(4789), .. })
/// ip link add eth0.5 link eth0 type vlan id 5         # kind: LinkKind::Vlan(Vlan::new(5)), lower: "eth0".into()
/// ip link set eth0 up mtu 9000 master br0             # kind: LinkKind::Existing
/// ```
///
/// The kernel numbers links; KSync learns the number, and again after the link was created anew. A change
/// names only what differs, so the kernel keeps the rest; an option that was set and is set no longer
/// therefore needs a new link, but for [`master`](Self::master); of a link that is only configured, it stays. What
/// can't be changed in place says so.
///
/// **Namespaces.** A link is declared in the namespace in which the agent's connection was opened; an agent for
/// each namespace keeps those of another. The far end of a veth pair can be created elsewhere
/// ([`VethPeer::namespace`]). Moving a link that is there is not supported, nor is standing on a link of another
/// namespace: it would be out of sight of the agent that declares it.
///
/// ```
/// use ksync_objects::{Link, LinkKind};
/// use ksync_runtime::prelude::*;
///
/// let bridge = Link::new("br0", LinkKind::bridge());
/// let port = Link { master: Some(Ref::to("br0")), ..Link::new("veth0", LinkKind::veth("veth1")) };
/// assert_eq!(port.key(), "veth0");
/// assert!(port.check().is_ok());
///
/// // 16 bytes: one more than the kernel takes.
/// assert!(Link::new("a-name-too-long!", LinkKind::Ifb).check().is_err());
/// # let _ = bridge;
/// ```
#[derive(Clone, Debug, PartialEq, KSyncEntry)]
#[ksync(
    protocol = route,
    header = LinkHeader,
    add = RTM_NEWLINK, delete = RTM_DELLINK, get = RTM_GETLINK,
    // The kernel refuses NLM_F_REPLACE for links; without NLM_F_CREATE it configures what is there.
    add_flags = if self.kind.is_created() { NLM_F_CREATE | NLM_F_EXCL } else { 0 },
    add_again_flags = if self.kind.is_created() { NLM_F_CREATE } else { 0 },
    change_flags = 0,
    index(from = kernel, header = ifi_index),
    nothing_to_delete = !self.kind.is_created(),
    merge, self_dependent, flushes_dependents, early,
    check = fits_together,
    classify = what_errors_mean,
)]
pub struct Link {
    /// The interface name: 1 to 15 bytes, no `/`, no white space, neither `.` nor `..`.
    #[ksync(key, nla = IFLA_IFNAME, check = is_interface_name)]
    pub name: String,
    /// What sort of link it is, and what only that sort has. Another kind is another link.
    #[depends_on(Link)]
    #[ksync(nla = IFLA_LINKINFO)]
    pub kind: LinkKind,
    /// Administratively up. `ip link set up`
    #[ksync(header = ifi_flags, bit = IFF_UP, mask = ifi_change)]
    pub up: bool,
    /// Largest packet, in bytes. `ip link set mtu`
    #[ksync(nla = IFLA_MTU)]
    pub mtu: Option<u32>,
    /// Hardware address. `ip link set address`
    #[ksync(nla = IFLA_ADDRESS, with = ethernet)]
    pub mac: Option<MacAddr6>,
    /// What people call it; at most 255 bytes. Only of a link that something else made: the kernel ignores it,
    /// without a word, in the message that creates a link. `ip link set alias`
    #[ksync(nla = IFLA_IFALIAS, no_nul, check = is_alias)]
    pub alias: Option<String>,
    /// A number by which links are named together; 0 for none. `ip link set group`
    #[ksync(nla = IFLA_GROUP)]
    pub group: Option<u32>,
    /// How many packets wait to be sent. `ip link set txqueuelen`
    #[ksync(nla = IFLA_TXQLEN)]
    pub txqlen: Option<u32>,
    /// The link that it stands on: of a macvlan or vlan, and only of these. It can't be changed. `ip link add link`
    #[depends_on(Link)]
    #[ksync(nla = IFLA_LINK, immutable, default)]
    pub lower: Lower,
    /// The bridge, or other master, that it is a port of. `None` takes it out. `ip link set master`
    #[depends_on]
    #[ksync(nla = IFLA_MASTER, none = 0u32, survives)]
    pub master: Option<Ref<Link>>,
}

impl Link {
    /// A link that is up, all else as the kernel likes it.
    #[must_use]
    pub fn new(name: impl Into<String>, kind: LinkKind) -> Self {
        Link {
            name: name.into(),
            kind,
            up: true,
            mtu: None,
            mac: None,
            alias: None,
            group: None,
            txqlen: None,
            lower: Lower::default(),
            master: None,
        }
    }
}

/// What sort of link it is.
#[derive(Clone, Debug, PartialEq, KSyncNested)]
#[ksync(kind = IFLA_INFO_KIND, data = IFLA_INFO_DATA)]
#[non_exhaustive]
pub enum LinkKind {
    /// One end of a pair; what goes in at one end comes out at the other. `type veth`
    ///
    /// Creates both ends. To configure the other end further, declare it as [`LinkKind::PeerOf`] this one.
    #[ksync(kind = "veth")]
    Veth {
        /// The other end. The kernel does not report it together with this one.
        #[ksync(nla = VETH_INFO_PEER, write_only, immutable)]
        peer: VethPeer,
    },
    /// The other end of a declared pair: configured, created and deleted together with that one.
    #[ksync(unwritten)]
    PeerOf {
        /// The end that is declared as [`LinkKind::Veth`].
        #[depends_on]
        link: Ref<Link>,
    },
    /// An Ethernet switch. `type bridge`
    #[ksync(kind = "bridge")]
    Bridge(Bridge),
    /// A VXLAN tunnel. `type vxlan`
    #[ksync(kind = "vxlan")]
    Vxlan(Vxlan),
    /// Takes the packets that another link redirects to it, so that they can be queued. `type ifb`
    #[ksync(kind = "ifb")]
    Ifb,
    /// A second station on a link. `type macvlan`
    #[ksync(kind = "macvlan")]
    Macvlan(Macvlan),
    /// A vlan on a link. `type vlan`
    #[ksync(kind = "vlan")]
    Vlan(Vlan),
    /// Swallows packets; a place for addresses. `type dummy`
    #[ksync(kind = "dummy")]
    Dummy,
    /// A routing domain. `type vrf`
    #[ksync(kind = "vrf")]
    Vrf(Vrf),
    /// Several links as one. `type bond`
    #[ksync(kind = "bond")]
    Bond(Bond),
    /// A tunnel for IP packets. `type gre`
    #[ksync(kind = "gre")]
    Gre(Gre),
    /// A tunnel for Ethernet frames. `type gretap`
    #[ksync(kind = "gretap")]
    Gretap(Gre),
    /// A tunnel for IPv4 packets. `type ipip`
    #[ksync(kind = "ipip")]
    Ipip(Ipip),
    /// An encrypted tunnel; its keys and peers are set by other means (`wg`). `type wireguard`
    #[ksync(kind = "wireguard")]
    Wireguard,
    /// A link that something else made, `eth0` or `lo`: configured, never created nor deleted.
    #[ksync(other)]
    Existing,
}

impl LinkKind {
    /// A pair whose other end has that name.
    #[must_use]
    pub fn veth(peer: impl Into<String>) -> Self {
        LinkKind::Veth { peer: VethPeer { name: peer.into(), ..VethPeer::default() } }
    }

    /// A bridge, all else as the kernel likes it.
    #[must_use]
    pub fn bridge() -> Self {
        LinkKind::Bridge(Bridge::default())
    }

    /// A tunnel with that network identifier, all else as the kernel likes it.
    #[must_use]
    pub fn vxlan(id: u32) -> Self {
        LinkKind::Vxlan(Vxlan::new(id))
    }

    /// Whether the link stands on another one by [`Link::lower`].
    fn stands_on_another(&self) -> bool {
        matches!(self, LinkKind::Macvlan(_) | LinkKind::Vlan(_))
    }

    /// What the link refers to inside of its kind.
    fn inside(&self) -> Option<&Ref<Link>> {
        match self {
            LinkKind::PeerOf { link } => Some(link),
            LinkKind::Vxlan(vxlan) => vxlan.lower.as_ref(),
            LinkKind::Gre(gre) | LinkKind::Gretap(gre) => gre.lower.link(),
            LinkKind::Ipip(ipip) => ipip.lower.link(),
            _ => None,
        }
    }

    /// What no single option can tell.
    fn check(&self) -> Result<(), Invalid> {
        match self {
            LinkKind::Bridge(bridge) => bridge.check(),
            LinkKind::Vxlan(vxlan) => vxlan.check(),
            LinkKind::Gre(gre) | LinkKind::Gretap(gre) => gre.check(),
            LinkKind::Ipip(ipip) => ipip.check(),
            _ => Ok(()),
        }
    }

    /// Whether declaring the link creates it (and forgetting it deletes it).
    #[must_use]
    pub fn is_created(&self) -> bool {
        !matches!(self, LinkKind::PeerOf { .. } | LinkKind::Existing)
    }
}

/// What the kernel takes for the name of an interface (`dev_valid_name` in net/core/dev.c).
fn is_interface_name(name: &str) -> Result<(), String> {
    let reason = match name {
        "" => "is empty",
        "." | ".." => "is reserved",
        name if name.len() > 15 => "is longer than 15 bytes",
        // The kernel's isspace() knows ASCII and the no-break space of Latin-1.
        name if name.bytes().any(|byte| byte.is_ascii_whitespace() || matches!(byte, 0x0b | 0xa0)) => {
            "holds white space"
        }
        name if name.contains(['/', ':']) => "holds `/` or `:`",
        name if name.contains('\0') => "holds a NUL",
        name if name.contains('%') => "holds `%`, which the kernel replaces by a number",
        _ => return Ok(()),
    };
    Err(format!("{name:?} is no interface name: it {reason}"))
}

fn is_alias(alias: &Option<String>) -> Result<(), String> {
    match alias {
        Some(alias) if alias.is_empty() => Err("an empty alias is none: say `None`".to_owned()),
        Some(alias) if alias.len() > 255 => {
            Err(format!("it has {} bytes, the kernel takes 255", alias.len()))
        }
        Some(alias) if alias.contains('\0') => Err("it holds a NUL".to_owned()),
        _ => Ok(()),
    }
}

/// The kernel answers ENODEV to a change when the link itself is missing, and says no more; and with a text when what
/// the link stands on is. EINVAL it answers when the master is missing.
fn what_errors_mean(verb: Verb, error: &OperationError) -> ErrorClass {
    const ENODEV: i32 = 19;
    match (verb, error.errno) {
        (Verb::Change, ENODEV) if error.text.is_empty() => ErrorClass::Gone,
        _ => ErrorClass::of(verb, error.errno),
    }
}

/// A link that waits for itself would wait for ever; and what stands on another link needs one.
fn fits_together(link: &Link) -> Result<(), Invalid> {
    let own = |reference: &Ref<Link>| *reference.key() == link.name;
    let invalid = |field, reason: &str| Err(Invalid { field, reason: reason.to_owned() });
    if link.master.as_ref().is_some_and(own) {
        return invalid("master", "a link can't be its own master");
    }
    if link.kind.inside().is_some_and(own) {
        return invalid("kind", "a link can't stand on itself");
    }
    if link.alias.is_some() && link.kind.is_created() {
        return invalid(
            "alias",
            "the kernel ignores the alias of a link that it creates: set it by other means",
        );
    }
    match (link.kind.stands_on_another(), link.lower.link()) {
        (true, None) => return invalid("lower", "a link of this kind stands on another one: name it"),
        (false, Some(_)) => {
            return invalid("lower", "a link of this kind does not stand on another one here");
        }
        (true, Some(lower)) if own(lower) => return invalid("lower", "a link can't stand on itself"),
        _ => {}
    }
    link.kind.check().map_err(|inside| Invalid { field: "kind", reason: inside.to_string() })
}
