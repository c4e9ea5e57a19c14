//! The disciplines' own options. One attribute names the discipline, another holds its options.

use std::time::Duration;

use ksync_runtime::prelude::*;
use ksync_runtime::wire::{AttributeList, Attributes, ParseError};

use crate::tc_rate::{self, RateSpec};

/// Which discipline, and its options. What is `None` is as the kernel likes it.
#[derive(Clone, Debug, PartialEq, KSyncNested)]
#[ksync(kind = TCA_KIND, data = TCA_OPTIONS)]
#[non_exhaustive]
pub enum QdiscKind {
    /// A tree of classes that share what there is. `htb`
    #[ksync(kind = "htb")]
    Htb {
        /// What holds for all classes.
        #[ksync(nla = TCA_HTB_INIT, immutable)]
        init: HtbInit,
        /// How many packets queue past the classes. `direct_qlen`
        #[ksync(nla = TCA_HTB_DIRECT_QLEN, immutable)]
        direct_qlen: Option<u32>,
    },
    /// One shaper. `tbf`
    #[ksync(kind = "tbf")]
    Tbf {
        /// Rate and bucket.
        #[ksync(with = tbf, check = Tbf::check, compare = Tbf::met_by)]
        shaper: Tbf,
    },
    /// First in, first out. `pfifo`
    #[ksync(kind = "pfifo", header = FifoOptions)]
    Pfifo {
        /// In packets. `limit`; `tc` takes the link's `txqueuelen`
        #[ksync(header = limit)]
        limit: u32,
    },
    /// First in, first out. `bfifo`
    #[ksync(kind = "bfifo", header = FifoOptions)]
    Bfifo {
        /// In bytes. `limit`; `tc` takes the link's `txqueuelen` times its `mtu`
        #[ksync(header = limit)]
        limit: u32,
    },
    /// First in, first out; a full queue drops the oldest. `pfifo_head_drop`
    #[ksync(kind = "pfifo_head_drop", header = FifoOptions)]
    PfifoHeadDrop {
        /// In packets. `limit`
        #[ksync(header = limit)]
        limit: u32,
    },
    /// Three queues by priority. `pfifo_fast`
    #[ksync(kind = "pfifo_fast")]
    PfifoFast,
    /// A queue for every flow, each kept short. `fq_codel`
    #[ksync(kind = "fq_codel")]
    FqCodel {
        /// The delay that is fine. `target`, 5 ms by default
        #[ksync(nla = TCA_FQ_CODEL_TARGET, unit = micros, compare = same_delay)]
        target: Option<Duration>,
        /// How many packets all queues hold. `limit`
        #[ksync(nla = TCA_FQ_CODEL_LIMIT)]
        limit: Option<u32>,
        /// How long the delay may be longer before packets are dropped. `interval`, 100 ms by default
        #[ksync(nla = TCA_FQ_CODEL_INTERVAL, unit = micros, compare = same_delay)]
        interval: Option<Duration>,
        /// Mark packets rather than drop them. `ecn`, `noecn`
        #[ksync(nla = TCA_FQ_CODEL_ECN, with = on_or_off)]
        ecn: Option<bool>,
        /// How many queues. `flows`
        #[ksync(nla = TCA_FQ_CODEL_FLOWS, immutable, check = is_some_flow)]
        flows: Option<u32>,
        /// How many bytes a queue sends in its turn. `quantum`
        #[ksync(nla = TCA_FQ_CODEL_QUANTUM)]
        quantum: Option<u32>,
        /// Above this delay every packet is marked. `ce_threshold`
        #[ksync(nla = TCA_FQ_CODEL_CE_THRESHOLD, unit = micros, compare = same_delay)]
        ce_threshold: Option<Duration>,
        /// How many packets are dropped at once when all is full. `drop_batch`
        #[ksync(nla = TCA_FQ_CODEL_DROP_BATCH_SIZE)]
        drop_batch: Option<u32>,
        /// How many bytes of memory all queues take. `memory_limit`
        #[ksync(nla = TCA_FQ_CODEL_MEMORY_LIMIT)]
        memory_limit: Option<u32>,
    },
    /// Filters on what comes in. `ingress`
    #[ksync(kind = "ingress")]
    Ingress,
    /// Filters on what comes in and goes out. `clsact`
    #[ksync(kind = "clsact")]
    Clsact,
}

impl QdiscKind {
    /// Classes that share, and the minor number of the one for what no filter sends anywhere, all else as `tc` has it.
    #[must_use]
    pub fn htb(default: u16) -> Self {
        QdiscKind::Htb { init: HtbInit { default, r2q: 10 }, direct_qlen: None }
    }

    /// A shaper without a peak.
    #[must_use]
    pub fn tbf(rate: u64, burst: u32, limit: u32) -> Self {
        QdiscKind::Tbf { shaper: Tbf { rate, burst, limit, peak: None, overhead: 0, mpu: 0 } }
    }
}

/// What holds for all classes of an `htb`. The kernel can't change it.
#[derive(Clone, Debug, PartialEq, KSyncNested)]
#[ksync(header = HtbGlobal, fill(version = HTB_VERSION))]
pub struct HtbInit {
    /// Minor number of the class for packets that no filter sends anywhere; 0: they are not shaped. `default`
    #[ksync(header = defcls)]
    pub default: u16,
    /// By what a class's rate is divided for its quantum. `r2q`, 10 by default
    #[ksync(header = rate2quantum)]
    pub r2q: u32,
}

/// One bucket, filled with `rate`: `tbf rate .. burst .. limit ..`
#[derive(Clone, Debug, PartialEq)]
pub struct Tbf {
    /// Bytes per second. `rate`
    pub rate: u64,
    /// Size of the bucket, in bytes. `burst`
    pub burst: u32,
    /// How much may queue, in bytes. `limit`; for `latency`: rate × latency + burst
    pub limit: u32,
    /// What also holds for short times. `peakrate`, `mtu`
    pub peak: Option<TbfPeak>,
    /// Bytes that every packet takes besides its own. `overhead`
    pub overhead: u16,
    /// Bytes that a packet takes at least. `mpu`
    pub mpu: u16,
}

/// The second bucket of a `tbf`.
#[derive(Clone, Debug, PartialEq)]
pub struct TbfPeak {
    /// Bytes per second, more than the rate. `peakrate`
    pub rate: u64,
    /// Size of the bucket, in bytes. `mtu`
    pub mtu: u32,
}

ksync_runtime::fixed_header! {
    /// `struct tc_htb_glob` (linux/pkt_sched.h).
    pub struct HtbGlobal {
        version: u32,
        rate2quantum: u32,
        defcls: u32,
        debug: u32,
        direct_pkts: u32,
    }
}

ksync_runtime::fixed_header! {
    /// `struct tc_fifo_qopt` (linux/pkt_sched.h).
    struct FifoOptions {
        limit: u32,
    }
}

ksync_runtime::fixed_header! {
    /// What follows two rates in `struct tc_tbf_qopt` (linux/pkt_sched.h).
    struct TbfRest {
        limit: u32,
        buffer: u32,
        mtu: u32,
    }
}

/// `TC_HTB_PROTOVER` (linux/pkt_sched.h).
const HTB_VERSION: u32 = 3;

impl Tbf {
    fn emit(&self, inside: &mut Attributes<'_>) {
        let peak = self.peak.as_ref();
        let rest = TbfRest {
            limit: self.limit,
            buffer: tc_rate::ticks(self.rate, self.burst),
            mtu: peak.map_or(0, |peak| tc_rate::ticks(peak.rate, peak.mtu)),
        };
        let spec = |rate| RateSpec::new(rate, self.overhead, self.mpu);
        let mut parameters = Vec::with_capacity(36);
        parameters.extend(tc_rate::to_bytes(&spec(self.rate)));
        parameters.extend(tc_rate::to_bytes(&peak.map_or_else(RateSpec::default, |peak| spec(peak.rate))));
        parameters.extend(tc_rate::to_bytes(&rest));
        inside.put_bytes(TCA_TBF_PARMS, &parameters);
        inside.put(TCA_TBF_BURST, &self.burst);
        if let Some(rate) = tc_rate::wide(self.rate) {
            inside.put(TCA_TBF_RATE64, &rate);
        }
        if let Some(peak) = peak {
            if let Some(rate) = tc_rate::wide(peak.rate) {
                inside.put(TCA_TBF_PRATE64, &rate);
            }
            inside.put(TCA_TBF_PBURST, &peak.mtu);
        }
    }

    /// The kernel reports bursts as time only.
    fn parse(inside: &AttributeList<'_>) -> Result<Self, ParseError> {
        let wrong = |error| ParseError::attribute(TCA_TBF_PARMS, error);
        let parameters = inside.required(TCA_TBF_PARMS)?;
        let (spec, behind) = tc_rate::split::<RateSpec>(parameters).map_err(wrong)?;
        let (peak_spec, behind) = tc_rate::split::<RateSpec>(behind).map_err(wrong)?;
        let rest: TbfRest = tc_rate::from_bytes(behind).map_err(wrong)?;
        let wide = |nla, spec: &RateSpec| {
            tc_rate::optional::<u64>(nla, inside).map(|wide| wide.unwrap_or(u64::from(spec.rate)))
        };
        // The kernel reckons with the overhead, once.
        let overhead = u32::from(spec.overhead);
        let exact = |nla, rate, ticks| {
            tc_rate::optional::<u32>(nla, inside).map(|exact| {
                exact.unwrap_or_else(|| tc_rate::bytes_exactly(rate, ticks).saturating_sub(overhead))
            })
        };
        let (rate, peak_rate) = (wide(TCA_TBF_RATE64, &spec)?, wide(TCA_TBF_PRATE64, &peak_spec)?);
        let peak = match peak_rate {
            0 => None,
            rate => Some(TbfPeak { rate, mtu: exact(TCA_TBF_PBURST, rate, rest.mtu)? }),
        };
        Ok(Tbf {
            rate,
            burst: exact(TCA_TBF_BURST, rate, rest.buffer)?,
            limit: rest.limit,
            peak,
            overhead: spec.overhead,
            mpu: spec.mpu,
        })
    }

    fn check(&self) -> Result<(), &'static str> {
        match &self.peak {
            _ if self.rate == 0 => Err("the rate must be one byte per second at least"),
            _ if self.burst == 0 => Err("the burst must be one byte at least, and better a packet"),
            _ if self.limit == 0 => Err("the limit must be one byte at least, and better a packet"),
            Some(peak) if peak.rate <= self.rate => Err("the peak must be more than the rate"),
            Some(peak) if peak.mtu == 0 => Err("the peak needs an mtu, of a packet at least"),
            _ => Ok(()),
        }
    }

    fn met_by(&self, there: &Tbf) -> bool {
        let peaks = match (&self.peak, &there.peak) {
            (Some(asked), Some(there)) => {
                asked.rate == there.rate && tc_rate::same_burst(asked.rate, asked.mtu, there.mtu)
            }
            (asked, there) => asked.is_none() && there.is_none(),
        };
        self.rate == there.rate
            && tc_rate::same_burst(self.rate, self.burst, there.burst)
            && (self.limit, self.overhead, self.mpu) == (there.limit, there.overhead, there.mpu)
            && peaks
    }
}

/// `TCA_TBF_PARMS` and what goes with it.
mod tbf {
    use ksync_runtime::wire::{AttributeList, Attributes, ParseError};

    use super::Tbf;

    pub(super) fn emit(shaper: &Tbf, inside: &mut Attributes<'_>) {
        shaper.emit(inside);
    }

    pub(super) fn parse(inside: &AttributeList<'_>) -> Result<Tbf, ParseError> {
        Tbf::parse(inside)
    }
}

/// The kernel keeps delays in units of 1024 nanoseconds.
fn same_delay(declared: &Duration, seen: &Duration) -> bool {
    let kept = declared.as_micros() * 1000 / 1024 * 1024 / 1000;
    declared == seen || kept == seen.as_micros()
}

fn is_some_flow(flows: &Option<u32>) -> Result<(), String> {
    if *flows == Some(0) { Err("there must be one at least".to_owned()) } else { Ok(()) }
}

/// 0 or 1, 32 bits.
mod on_or_off {
    use ksync_runtime::wire::{AttributeValue, BytesMut, ValueError};

    pub(super) fn emit(on: &bool, out: &mut BytesMut) {
        u32::from(*on).emit(out);
    }

    pub(super) fn parse(payload: &[u8]) -> Result<bool, ValueError> {
        u32::parse(payload).map(|number| number != 0)
    }
}
