//! Links: `ip link`.
//!
//! What the kernel can create and what only gets configured are one kind here: the interfaces of a host have
//! one name space, and whatever refers to a link should not have to know where it came from.

use ksync_runtime::declare::{ErrorClass, Invalid, Verb};
use ksync_runtime::prelude::*;

/// A network interface.
///
/// ```text
/// ip link add veth0 type veth peer name veth1         # kind: LinkKind::veth("veth1")
/// ip link add vx100 type vxlan id 100 dstport 4789    # kind: LinkKind::vxlan(100), with its port set
/// ip link set eth0 up mtu 9000 master br0             # kind: LinkKind::Existing
/// ```
///
/// The kernel numbers links; KSync learns the number, and again after the link was created anew. A change
/// names only what differs, so the kernel keeps the rest; an option that was set and is set no longer
/// therefore needs a new link, but for [`master`](Self::master).
///
/// ```
/// use ksync_objects::{Link, LinkKind};
/// use ksync_runtime::prelude::*;
///
/// let bridge = Link::new("br0", LinkKind::Bridge);
/// let port = Link { master: Some(Ref::to("br0")), ..Link::new("veth0", LinkKind::veth("veth1")) };
/// assert_eq!(port.key(), "veth0");
/// assert!(port.check().is_ok());
///
/// // 16 bytes: one more than the kernel takes.
/// assert!(Link::new("a-name-too-long!", LinkKind::Bridge).check().is_err());
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
    check = refers_to_others,
    classify = what_errors_mean,
)]
pub struct Link {
    /// The interface name: 1 to 15 bytes, no `/`, no white space, neither `.` nor `..`.
    #[ksync(key, nla = IFLA_IFNAME, check = is_interface_name)]
    pub name: String,
    /// What sort of link it is, and what only that sort has. Another kind is another link.
    #[depends_on(Link)]
    #[ksync(nla = IFLA_LINKINFO, immutable)]
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
    /// The bridge, or other master, that it is a port of. `None` takes it out. `ip link set master`
    #[depends_on]
    #[ksync(nla = IFLA_MASTER, none = 0u32, survives)]
    pub master: Option<Ref<Link>>,
}

impl Link {
    /// A link that is up, all else as the kernel likes it.
    #[must_use]
    pub fn new(name: impl Into<String>, kind: LinkKind) -> Self {
        Link { name: name.into(), kind, up: true, mtu: None, mac: None, master: None }
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
        #[ksync(nla = VETH_INFO_PEER, write_only)]
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
    Bridge,
    /// A VXLAN tunnel. `type vxlan`
    #[ksync(kind = "vxlan")]
    Vxlan {
        /// The network identifier, below 2^24. `id`
        #[ksync(nla = IFLA_VXLAN_ID, check = is_vxlan_id)]
        id: u32,
        /// Where packets for unknown stations go: a host, or a multicast group. `remote`, `group`
        #[ksync(nla = (IFLA_VXLAN_GROUP, IFLA_VXLAN_GROUP6))]
        remote: Option<std::net::IpAddr>,
        /// The source address of the tunnel. `local`
        #[ksync(nla = (IFLA_VXLAN_LOCAL, IFLA_VXLAN_LOCAL6))]
        local: Option<std::net::IpAddr>,
        /// The UDP port. The kernel's own default is 8472, the assigned one is 4789. `dstport`
        #[ksync(nla = IFLA_VXLAN_PORT, be)]
        port: Option<u16>,
        /// Learn from packets which host a station is behind. `learning`, `nolearning`
        #[ksync(nla = IFLA_VXLAN_LEARNING)]
        learning: Option<bool>,
        /// The link that the tunnel's packets leave through. `dev`
        #[depends_on]
        #[ksync(nla = IFLA_VXLAN_LINK)]
        lower: Option<Ref<Link>>,
    },
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

    /// A tunnel with that network identifier, all else as the kernel likes it.
    #[must_use]
    pub fn vxlan(id: u32) -> Self {
        LinkKind::Vxlan { id, remote: None, local: None, port: None, learning: None, lower: None }
    }

    /// Whether declaring the link creates it (and forgetting it deletes it).
    #[must_use]
    pub fn is_created(&self) -> bool {
        !matches!(self, LinkKind::PeerOf { .. } | LinkKind::Existing)
    }
}

/// The other end of a veth pair, as it is created.
///
/// It is created down: the kernel answers ENOTCONN to an end that is to be up before the pair is tied. Declare
/// it as [`LinkKind::PeerOf`] to have it up.
#[derive(Clone, Debug, Default, PartialEq, KSyncNested)]
#[ksync(header = LinkHeader)]
pub struct VethPeer {
    /// Its interface name.
    #[ksync(nla = IFLA_IFNAME, check = is_interface_name)]
    pub name: String,
    /// Largest packet, in bytes.
    #[ksync(nla = IFLA_MTU)]
    pub mtu: Option<u32>,
    /// Hardware address.
    #[ksync(nla = IFLA_ADDRESS, with = ethernet)]
    pub mac: Option<MacAddr6>,
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

fn is_vxlan_id(id: &u32) -> Result<(), String> {
    if *id < 1 << 24 {
        return Ok(());
    }
    Err(format!("{id} is too large: a VXLAN network identifier has 24 bits"))
}

/// The kernel answers ENODEV to a change when the link itself is missing, and EINVAL when its master is.
fn what_errors_mean(verb: Verb, errno: i32) -> ErrorClass {
    const ENODEV: i32 = 19;
    match (verb, errno) {
        (Verb::Change, ENODEV) => ErrorClass::Gone,
        _ => ErrorClass::of(verb, errno),
    }
}

/// A link that waits for itself would wait for ever.
fn refers_to_others(link: &Link) -> Result<(), Invalid> {
    let own = |reference: &Ref<Link>| *reference.key() == link.name;
    if link.master.as_ref().is_some_and(own) {
        return Err(Invalid { field: "master", reason: "a link can't be its own master".to_owned() });
    }
    let inside = match &link.kind {
        LinkKind::PeerOf { link } => Some(link),
        LinkKind::Vxlan { lower, .. } => lower.as_ref(),
        _ => None,
    };
    if inside.is_some_and(own) {
        return Err(Invalid { field: "kind", reason: "a link can't stand on itself".to_owned() });
    }
    Ok(())
}

/// Hardware addresses of six bytes. Those of other lengths (tunnels have four) count as none.
mod ethernet {
    use ksync_runtime::prelude::MacAddr6;
    use ksync_runtime::wire::{AttributeValue, BytesMut, ValueError};

    pub(super) fn emit(mac: &MacAddr6, out: &mut BytesMut) {
        AttributeValue::emit(mac, out);
    }

    pub(super) fn parse(payload: &[u8]) -> Result<MacAddr6, ValueError> {
        <MacAddr6 as AttributeValue>::parse(payload).map_err(|_| ValueError::Missing)
    }
}
