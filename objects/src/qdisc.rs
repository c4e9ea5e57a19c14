//! Queueing disciplines: `tc qdisc`.

use ksync_runtime::declare::Invalid;
use ksync_runtime::prelude::*;

use crate::tc_parent::{self, INGRESS};
use crate::{Link, QdiscKind, TcHandle, TcParent};

/// A queueing discipline: how a link, or a class of one, queues packets.
///
/// ```text
/// tc qdisc add dev eth0 root handle 1: htb default 30            # QdiscKind::htb(0x30)
/// tc qdisc add dev eth0 parent 1:10 handle 10: bfifo limit 20000 # parent: TcParent::class("eth0", ..)
/// tc qdisc add dev eth0 clsact                                   # Qdisc::clsact("eth0")
/// ```
///
/// Handles are written in hexadecimal by `tc`. Without one the kernel shows a discipline that nobody asked for, and
/// such are not of this kind. Where another one with a handle stands already, it is left alone (`EEXIST`).
///
/// The kernel removes classes and filters together with their discipline. It can't change the options of `htb`,
/// nor one kind into another: that is a delete and an add, and what hung there is put back.
///
/// ```
/// use ksync_objects::{Qdisc, QdiscKind, TcHandle, TcParent};
/// use ksync_runtime::prelude::*;
///
/// let root = Qdisc::new("eth0", TcHandle::new(1, 0), TcParent::Root, QdiscKind::htb(0x30));
/// assert!(root.check().is_ok());
///
/// let queue = QdiscKind::Bfifo { limit: 20_000 };
/// let leaf = Qdisc::new("eth0", "10:".parse()?, TcParent::of("eth0", "1:10".parse()?), queue);
/// assert!(leaf.check().is_ok());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, KSyncEntry)]
#[ksync(
    protocol = route,
    header = TrafficControlHeader,
    add = RTM_NEWQDISC, delete = RTM_DELQDISC, get = RTM_GETQDISC,
    // With NLM_F_REPLACE the kernel would put it in the place of somebody else's.
    change_flags = 0,
    merge, flushes_dependents,
    check = fits_its_place,
    classify = tc_parent::classify,
)]
pub struct Qdisc {
    /// The link. `dev`
    #[depends_on]
    #[ksync(key, header = tcm_ifindex)]
    pub link: Ref<Link>,
    /// Its number, with minor 0; `ffff:` for `ingress` and `clsact`. `handle`
    #[ksync(key, header = tcm_handle)]
    pub handle: TcHandle,
    /// Where it hangs: the link's root, a class, or the ingress place. `root`, `parent`
    #[depends_on(crate::Class)]
    #[ksync(header = tcm_parent, immutable, on(add, change, delete))]
    pub parent: TcParent,
    /// Which discipline, and its options.
    #[ksync(flatten)]
    pub kind: QdiscKind,
}

impl Qdisc {
    /// A discipline of that link.
    #[must_use]
    pub fn new(link: impl Into<String>, handle: TcHandle, parent: TcParent, kind: QdiscKind) -> Self {
        Qdisc { link: Ref::to(link), handle, parent, kind }
    }

    /// The place of filters on what comes in. `tc qdisc add dev ... ingress`
    #[must_use]
    pub fn ingress(link: impl Into<String>) -> Self {
        Qdisc::new(link, INGRESS, TcParent::Ingress, QdiscKind::Ingress)
    }

    /// The place of filters on what comes in and what goes out. `tc qdisc add dev ... clsact`
    #[must_use]
    pub fn clsact(link: impl Into<String>) -> Self {
        Qdisc::new(link, INGRESS, TcParent::Ingress, QdiscKind::Clsact)
    }
}

fn fits_its_place(qdisc: &Qdisc) -> Result<(), Invalid> {
    qdisc.parent.check_link(&qdisc.link)?;
    let wrong = |field, reason: String| Err(Invalid { field, reason });
    let at_ingress = matches!(qdisc.kind, QdiscKind::Ingress | QdiscKind::Clsact);
    if at_ingress != (qdisc.parent == TcParent::Ingress) {
        return wrong(
            "parent",
            format!(
                "only ingress and clsact hang on ingress, and on nothing else; it hangs on {}",
                qdisc.parent
            ),
        );
    }
    match (at_ingress, qdisc.handle) {
        (true, INGRESS) => Ok(()),
        (true, handle) => {
            wrong("handle", format!("is {handle}, but ingress and clsact can only be {INGRESS}"))
        }
        (false, handle) if handle.minor() != 0 => {
            wrong("handle", format!("is {handle}, which is a class; the discipline is {}", handle.qdisc()))
        }
        (false, handle) if handle.major() == 0 || handle == INGRESS => {
            wrong("handle", format!("is {handle}; it goes from 1: to fffe:"))
        }
        (false, _) if matches!(qdisc.parent, TcParent::Incoming(_) | TcParent::Outgoing(_)) => {
            wrong("parent", "takes filters only".to_owned())
        }
        (false, _) => Ok(()),
    }
}
