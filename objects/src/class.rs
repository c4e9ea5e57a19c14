//! Classes of queueing disciplines: `tc class`.

use ksync_runtime::declare::Invalid;
use ksync_runtime::prelude::*;

use crate::tc_parent;
use crate::tc_rate;
use crate::{Link, TcHandle, TcParent};

/// A class: a share of what its discipline gives out.
///
/// ```text
/// tc class add dev eth0 parent 1: classid 1:1 htb rate 100mbit
/// tc class add dev eth0 parent 1:1 classid 1:10 htb rate 10mbit ceil 50mbit prio 1
/// ```
///
/// Rates are in bytes per second here, and in bits per second where `tc` says `bit`.
///
/// A class waits for its parent: the kernel takes one whose parent class is missing for a child of the discipline
/// itself, and says nothing. It deletes no class that has children or that a filter sends packets to (`EBUSY`),
/// so one of these can be made anew only after they were removed; a discipline below a class goes with it.
///
/// ```
/// use ksync_objects::{Class, ClassKind, HtbClass, TcHandle};
/// use ksync_runtime::prelude::*;
///
/// let trunk = Class::htb("eth0", TcHandle::new(1, 0), TcHandle::new(1, 1), HtbClass::new(12_500_000));
/// assert!(trunk.check().is_ok());
///
/// let some = HtbClass { ceil: Some(6_250_000), prio: 1, ..HtbClass::new(1_250_000) };
/// let branch = Class::htb("eth0", TcHandle::new(1, 1), TcHandle::new(1, 0x10), some);
/// assert!(branch.check().is_ok());
/// # let _ = ClassKind::Htb { share: HtbClass::new(1) };
/// ```
#[derive(Clone, Debug, PartialEq, KSyncEntry)]
#[ksync(
    protocol = route,
    header = TrafficControlHeader,
    add = RTM_NEWTCLASS, delete = RTM_DELTCLASS, get = RTM_GETTCLASS,
    change_flags = 0,
    self_dependent, flushes_dependents,
    check = is_of_its_qdisc,
    classify = tc_parent::classify,
)]
pub struct Class {
    /// The link. `dev`
    #[depends_on]
    #[ksync(key, header = tcm_ifindex, dumped_by)]
    pub link: Ref<Link>,
    /// Its number: the major one of its discipline, and a minor one of its own. `classid`
    #[ksync(key, header = tcm_handle)]
    pub classid: TcHandle,
    /// Its discipline, or the class that it takes a share of. `parent`
    ///
    /// The kernel takes a change of it, and does nothing.
    #[depends_on(crate::Qdisc, Class)]
    #[ksync(header = tcm_parent, immutable, compare = hangs_there)]
    pub parent: TcParent,
    /// What sort of class, and what it gets. The sort is that of the discipline.
    #[ksync(flatten)]
    pub kind: ClassKind,
}

impl Class {
    /// A class of an `htb` discipline. The parent, a class or the discipline, is declared too.
    #[must_use]
    pub fn htb(link: impl Into<String>, parent: TcHandle, classid: TcHandle, share: HtbClass) -> Self {
        let link = link.into();
        let parent = TcParent::of(link.clone(), parent);
        Class { link: Ref::to(link), classid, parent, kind: ClassKind::Htb { share } }
    }
}

/// What sort of class it is.
#[derive(Clone, Debug, PartialEq, KSyncNested)]
#[ksync(kind = TCA_KIND, data = TCA_OPTIONS)]
#[non_exhaustive]
pub enum ClassKind {
    /// Of an `htb`. `htb`
    #[ksync(kind = "htb")]
    Htb {
        /// What it gets.
        #[ksync(with = htb, check = HtbClass::check, compare = HtbClass::met_by)]
        share: HtbClass,
    },
}

/// A share: `htb rate .. ceil .. burst ..`
#[derive(Clone, Debug, PartialEq)]
pub struct HtbClass {
    /// What it gets in any case, in bytes per second. `rate`
    pub rate: u64,
    /// What it gets if others leave it, in bytes per second. `None`: the rate. `ceil`
    pub ceil: Option<u64>,
    /// How much may be sent at once at `rate`, in bytes. `None`: 1600, and what passes in a nanosecond. `burst`
    ///
    /// The kernel keeps the time that it takes, and `tc` as well as KSync tell it whole microseconds.
    pub burst: Option<u32>,
    /// The same at `ceil`. `cburst`
    pub cburst: Option<u32>,
    /// Who comes first to what is left over: 0 before 7. `prio`
    pub prio: u32,
    /// How many bytes it may send in its turn. `None`: its rate, divided by the discipline's `r2q`. `quantum`
    pub quantum: Option<u32>,
    /// Bytes that every packet takes besides its own. `overhead`
    pub overhead: u16,
    /// Bytes that a packet takes at least. `mpu`
    pub mpu: u16,
}

impl HtbClass {
    /// That many bytes per second, all else as `tc` has it.
    #[must_use]
    pub fn new(rate: u64) -> Self {
        HtbClass { rate, ceil: None, burst: None, cburst: None, prio: 0, quantum: None, overhead: 0, mpu: 0 }
    }

    fn ceil(&self) -> u64 {
        self.ceil.unwrap_or(self.rate)
    }

    fn burst(&self) -> u32 {
        self.burst.unwrap_or_else(|| usual_burst(self.rate))
    }

    fn cburst(&self) -> u32 {
        self.cburst.unwrap_or_else(|| usual_burst(self.ceil()))
    }

    fn check(&self) -> Result<(), String> {
        let too_long = |name, burst, rate| {
            Err(format!(
                "the {name}, {burst} bytes, takes more than the 274 seconds that the kernel can count, at {rate} bytes \
                 per second"
            ))
        };
        let (burst, cburst) = (self.burst(), self.cburst());
        match self {
            HtbClass { rate: 0, .. } => Err("the rate must be one byte per second at least".to_owned()),
            HtbClass { ceil: Some(0), .. } => Err("the ceil must be one byte per second at least".to_owned()),
            HtbClass { prio: 8.., .. } => {
                Err(format!("prio {} is too large: it goes from 0 to 7", self.prio))
            }
            HtbClass { quantum: Some(0), .. } => {
                Err("quantum 0 leaves it to the kernel: leave it out".to_owned())
            }
            _ if tc_rate::ticks(self.rate, burst) == u32::MAX => too_long("burst", burst, self.rate),
            _ if tc_rate::ticks(self.ceil(), cburst) == u32::MAX => too_long("cburst", cburst, self.ceil()),
            _ => Ok(()),
        }
    }

    /// What is left out is what `tc` would have sent, and asked for just the same.
    fn met_by(&self, there: &HtbClass) -> bool {
        (self.rate, self.ceil(), self.prio) == (there.rate, there.ceil(), there.prio)
            && (self.overhead, self.mpu) == (there.overhead, there.mpu)
            && tc_rate::same_burst(self.rate, self.burst(), there.burst())
            && tc_rate::same_burst(self.ceil(), self.cburst(), there.cburst())
            && (self.quantum.is_none() || self.quantum == there.quantum)
    }
}

/// What `tc` takes: a packet, and what passes in a tick of a clock that is nanoseconds nowadays.
fn usual_burst(rate: u64) -> u32 {
    u32::try_from(rate / 1_000_000_000).unwrap_or(u32::MAX).saturating_add(1600)
}

ksync_runtime::fixed_header! {
    /// What follows two rates in `struct tc_htb_opt` (linux/pkt_sched.h).
    struct HtbRest {
        buffer: u32,
        cbuffer: u32,
        quantum: u32,
        level: u32,
        prio: u32,
    }
}

/// `TCA_HTB_PARMS` and what goes with it.
mod htb {
    use ksync_runtime::prelude::*;
    use ksync_runtime::wire::{AttributeList, Attributes, ParseError};

    use super::{HtbClass, HtbRest};
    use crate::tc_rate::{self, RateSpec};

    pub(super) fn emit(share: &HtbClass, inside: &mut Attributes<'_>) {
        for (nla, rate) in [(TCA_HTB_RATE64, share.rate), (TCA_HTB_CEIL64, share.ceil())] {
            if let Some(rate) = tc_rate::wide(rate) {
                inside.put(nla, &rate);
            }
        }
        let rest = HtbRest {
            buffer: tc_rate::ticks(share.rate, share.burst()),
            cbuffer: tc_rate::ticks(share.ceil(), share.cburst()),
            quantum: share.quantum.unwrap_or(0),
            level: 0,
            prio: share.prio,
        };
        let mut parameters = Vec::with_capacity(44);
        for rate in [share.rate, share.ceil()] {
            parameters.extend(tc_rate::to_bytes(&RateSpec::new(rate, share.overhead, share.mpu)));
        }
        parameters.extend(tc_rate::to_bytes(&rest));
        inside.put_bytes(TCA_HTB_PARMS, &parameters);
    }

    pub(super) fn parse(inside: &AttributeList<'_>) -> Result<HtbClass, ParseError> {
        let wrong = |error| ParseError::attribute(TCA_HTB_PARMS, error);
        let (rate_spec, behind) =
            tc_rate::split::<RateSpec>(inside.required(TCA_HTB_PARMS)?).map_err(wrong)?;
        let (ceil_spec, behind) = tc_rate::split::<RateSpec>(behind).map_err(wrong)?;
        let rest: HtbRest = tc_rate::from_bytes(behind).map_err(wrong)?;
        let wide = |nla, spec: &RateSpec| {
            tc_rate::optional::<u64>(nla, inside).map(|wide| wide.unwrap_or(u64::from(spec.rate)))
        };
        let (rate, ceil) = (wide(TCA_HTB_RATE64, &rate_spec)?, wide(TCA_HTB_CEIL64, &ceil_spec)?);
        Ok(HtbClass {
            rate,
            ceil: Some(ceil),
            burst: Some(tc_rate::bytes(rate, rest.buffer)),
            cburst: Some(tc_rate::bytes(ceil, rest.cbuffer)),
            prio: rest.prio,
            quantum: Some(rest.quantum).filter(|quantum| *quantum != 0),
            overhead: rate_spec.overhead,
            mpu: rate_spec.mpu,
        })
    }
}

/// The kernel shows what hangs on the discipline itself as hanging on the root.
fn hangs_there(declared: &TcParent, seen: &TcParent) -> bool {
    declared == seen || declared.handle().minor() == 0 && *seen == TcParent::Root
}

fn is_of_its_qdisc(class: &Class) -> Result<(), Invalid> {
    class.parent.check_link(&class.link)?;
    let (own, parent) = (class.classid, class.parent.handle());
    let wrong = |field, reason: String| Err(Invalid { field, reason });
    if own.minor() == 0 || own.major() == 0 {
        return wrong("classid", format!("{own} is no class: it needs a number before and behind the colon"));
    }
    match &class.parent {
        other if [TcParent::Root, TcParent::Ingress].contains(other) => {
            return wrong("parent", format!("{other} takes no classes"));
        }
        TcParent::Qdisc(_) | TcParent::Class(_) | TcParent::At(_) => {}
        other => return wrong("parent", format!("{other} takes no classes")),
    }
    if own == parent {
        return wrong("parent", "a class can't be its own parent".to_owned());
    }
    if own.major() != parent.major() {
        return wrong(
            "classid",
            format!("{own} is of discipline {}, its parent of {}", own.qdisc(), parent.qdisc()),
        );
    }
    Ok(())
}
