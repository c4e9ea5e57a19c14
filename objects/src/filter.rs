//! Filters: `tc filter`.

use ksync_runtime::declare::{ErrorClass, Invalid, OperationError, Verb};
use ksync_runtime::prelude::*;

use crate::tc_parent;
use crate::{Link, TcParent, U32, U32Handle};

/// A filter: what becomes of packets that look in a certain way.
///
/// ```text
/// tc filter add dev eth0 parent 1: protocol ip prio 10 handle ::1 u32 \
///     match ip dst 10.0.0.0/8 classid 1:10                        # U32::node(..), classid: Some(..)
/// ```
///
/// The kernel keeps the filters of one priority in tables of their own, and names the first one by itself: filters in
/// it are known by their place alone, as in `handle ::1`. All filters of one priority look at one protocol.
///
/// Of a `u32` filter the kernel changes where packets go. It takes other changes, too, and does nothing; so these
/// are a delete and an add.
///
/// What comes in and what goes out share these tables, if the priority is the same, and the kernel shows the filters of
/// both in both places: give them priorities of their own, if you want to read them back.
///
/// With the last filter of a parent the kernel drops its tables, and says nothing: keep a filter beside them that is
/// never made anew. As long as there are others, it keeps an empty priority, with its protocol.
///
/// ```
/// use ksync_objects::{Filter, TcFlow, TcHandle, TcParent, U32, U32Handle, U32Match};
/// use ksync_runtime::prelude::*;
///
/// let class = TcHandle::new(1, 0x10);
/// let to_ten = U32 {
///     classid: Some(TcFlow::class("eth0", class)),
///     ..U32::matching(U32Match::destination("10.0.0.0/8".parse()?))
/// };
/// let filter = Filter::u32("eth0", TcParent::qdisc("eth0", class.qdisc()), 10, ETH_P_IP, U32Handle::node(1), to_ten);
/// assert!(filter.check().is_ok());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, KSyncEntry)]
#[ksync(
    protocol = route,
    header = TrafficControlHeader,
    add = RTM_NEWTFILTER, delete = RTM_DELTFILTER, get = RTM_GETTFILTER,
    change_flags = 0,
    fill(tcm_handle = self.handle.to_add(), on(add)),
    // Until its number is known: never 0, which deletes all filters of the priority.
    fill(tcm_handle = self.handle.without_number(), on(change, delete)),
    // The kernel names the first table of a priority, and knows filters in it by that name only.
    index(from = kernel, header = tcm_handle),
    self_dependent,
    check = is_in_one_place,
    classify = classify,
)]
pub struct Filter {
    /// The link. `dev`
    #[depends_on]
    #[ksync(key, header = tcm_ifindex, dumped_by)]
    pub link: Ref<Link>,
    /// What it is a filter of. `parent`, `ingress`, `egress`
    #[depends_on(crate::Qdisc, crate::Class)]
    #[ksync(key, header = tcm_parent, dumped_by)]
    pub parent: TcParent,
    /// The chain of filters; the first one is 0. `chain`
    #[ksync(key, nla = TCA_CHAIN, default)]
    pub chain: u32,
    /// Filters with a smaller number are asked first; from 1. `prio`
    #[ksync(key, with = priority)]
    pub priority: u16,
    /// Its place among those of the same priority. `handle`
    #[ksync(key, with = place)]
    pub handle: U32Handle,
    /// Packets of that protocol (`ETH_P_IP`, or `ETH_P_ALL`). `protocol`
    #[ksync(with = protocol, immutable)]
    pub protocol: u16,
    /// What it looks for, and what comes of it.
    #[depends_on(crate::Class)]
    #[ksync(nla = TCA_OPTIONS)]
    pub kind: U32,
    /// Filters that have to be there first: the tables that it is in, and leads to.
    #[depends_on]
    pub after: Vec<Ref<Filter>>,
}

impl Filter {
    /// A `u32` filter. If it is in a table other than the first one of its priority, that table is waited for.
    #[must_use]
    pub fn u32(
        link: impl Into<String>,
        parent: TcParent,
        priority: u16,
        protocol: u16,
        handle: U32Handle,
        options: U32,
    ) -> Self {
        let link: Ref<Link> = Ref::to(link);
        let table =
            |handle| FilterKey { link: link.clone(), parent: parent.clone(), chain: 0, priority, handle };
        let within = Some(handle.within()).filter(|table| *table != handle);
        let after =
            within.into_iter().chain(options.link.map(U32Handle::table)).filter(|table| !table.is_first());
        let after = after.map(|handle| Ref::to(table(handle))).collect();
        let kind = U32 { bucket: handle.bucket(), ..options };
        Filter { link, parent, chain: 0, priority, handle, protocol, kind, after }
    }
}

fn is_in_one_place(filter: &Filter) -> Result<(), Invalid> {
    filter.parent.check_link(&filter.link)?;
    if let Some(classid) = &filter.kind.classid {
        classid.check_link(&filter.link)?;
    }
    let wrong = |field, reason: String| Err(Invalid { field, reason });
    if filter.priority == 0 {
        return wrong(
            "priority",
            "0 leaves it to the kernel, and nobody could find the filter again".to_owned(),
        );
    }
    if [TcParent::Root, TcParent::Ingress].contains(&filter.parent) {
        return wrong("parent", format!("{} takes no filters: what hangs there does", filter.parent));
    }
    if let Err(reason) = filter.handle.check() {
        return wrong("handle", reason);
    }
    if filter.handle.bucket() != filter.kind.bucket {
        return wrong("kind", format!("its bucket is another one than that of handle {}", filter.handle));
    }
    if filter.handle.is_table() != filter.kind.divisor.is_some() {
        return wrong(
            "kind",
            format!("a table needs a divisor, and nothing else has one; the handle is {}", filter.handle),
        );
    }
    Ok(())
}

/// A second filter in one place is refused for the lack of a free one.
fn classify(verb: Verb, error: &OperationError) -> ErrorClass {
    const ENOSPC: i32 = 28;
    match (verb, error.errno) {
        (Verb::Add, ENOSPC) => ErrorClass::AlreadyThere,
        _ => tc_parent::classify(verb, error),
    }
}

/// The upper half of `tcm_info`.
mod priority {
    use ksync_runtime::prelude::*;
    use ksync_runtime::wire::{Incoming, Outgoing, ParseError};

    pub(super) fn emit(priority: &u16, message: &mut Outgoing<'_, TrafficControlHeader>) {
        message.header.tcm_info |= u32::from(*priority) << 16;
    }

    pub(super) fn parse(message: &Incoming<'_, TrafficControlHeader>) -> Result<u16, ParseError> {
        Ok((message.header.tcm_info >> 16) as u16)
    }
}

/// The lower half of `tcm_info`, in network byte order.
mod protocol {
    use ksync_runtime::prelude::*;
    use ksync_runtime::wire::{Incoming, Outgoing, ParseError};

    pub(super) fn emit(protocol: &u16, message: &mut Outgoing<'_, TrafficControlHeader>) {
        message.header.tcm_info |= u32::from(protocol.to_be());
    }

    pub(super) fn parse(message: &Incoming<'_, TrafficControlHeader>) -> Result<u16, ParseError> {
        Ok(u16::from_be(message.header.tcm_info as u16))
    }
}

/// `tcm_handle` as the kernel reports it. What it is when it is written depends on the message, see `fill`.
mod place {
    use ksync_runtime::prelude::*;
    use ksync_runtime::wire::{Incoming, Outgoing, ParseError, ValueError};

    use crate::U32Handle;

    pub(super) fn emit(_: &U32Handle, _: &mut Outgoing<'_, TrafficControlHeader>) {}

    pub(super) fn parse(message: &Incoming<'_, TrafficControlHeader>) -> Result<U32Handle, ParseError> {
        U32Handle::seen(message.header.tcm_handle).ok_or(ParseError::header(ValueError::Missing))
    }
}
