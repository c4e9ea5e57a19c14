//! Rates and bursts as the kernel's schedulers take them: `struct tc_ratespec`, and time in ticks.
//!
//! Shared by the disciplines and classes that shape. Knows bytes and seconds, no messages.

use ksync_runtime::wire::{AttributeList, AttributeValue, FixedHeader, ParseError, ValueError};

ksync_runtime::fixed_header! {
    /// `struct tc_ratespec` (linux/pkt_sched.h).
    pub(crate) struct RateSpec {
        cell_log: u8,
        linklayer: u8,
        overhead: u16,
        cell_align: i16,
        mpu: u16,
        rate: u32,
    }
}

/// `TC_LINKLAYER_ETHERNET` (linux/pkt_sched.h). With it the kernel computes, and reads no rate table: `tc` sends one
/// for kernels before 3.8.
const LINKLAYER_ETHERNET: u8 = 1;

/// The kernel's tick, `PSCHED_TICKS2NS(1)` (net/pkt_sched.h): 64 nanoseconds.
const TICK_NS: u128 = 64;

impl RateSpec {
    /// For that many bytes a second. More than 32 bits stand in an attribute of their own ([`wide`]).
    pub(crate) fn new(rate: u64, overhead: u16, mpu: u16) -> Self {
        RateSpec {
            // What `tc` sends for its tables' sake.
            cell_log: 3,
            linklayer: LINKLAYER_ETHERNET,
            overhead,
            cell_align: -1,
            mpu,
            rate: u32::try_from(rate).unwrap_or(u32::MAX),
        }
    }
}

/// The rate for the attribute of 64 bits, if it needs that.
pub(crate) fn wide(rate: u64) -> Option<u64> {
    (rate > u64::from(u32::MAX - 1)).then_some(rate)
}

/// How long that many bytes take, in ticks, as `tc` reckons: in whole microseconds. What takes less than one would
/// be nothing at all by that, so it is reckoned in ticks.
pub(crate) fn ticks(rate: u64, bytes: u32) -> u32 {
    if rate == 0 {
        return u32::MAX;
    }
    let micros = u128::from(bytes) * 1_000_000 / u128::from(rate);
    let nanos = u128::from(bytes) * 1_000_000_000 / u128::from(rate);
    let nanos = if micros == 0 { nanos } else { micros * 1000 };
    u32::try_from(nanos / TICK_NS).unwrap_or(u32::MAX)
}

/// How many bytes pass in that many ticks: of those that give these ticks, the least.
pub(crate) fn bytes(rate: u64, ticks: u32) -> u32 {
    let nanos = u128::from(ticks) * TICK_NS;
    // A whole number of microseconds is rounded down to ticks: back up to it.
    let nanos = if nanos > 900 { nanos.next_multiple_of(1000) } else { nanos };
    let bytes = (u128::from(rate) * nanos).div_ceil(1_000_000_000);
    u32::try_from(bytes).unwrap_or(u32::MAX)
}

/// How many bytes pass in that many ticks, where nobody rounded to microseconds: the nearest number.
pub(crate) fn bytes_exactly(rate: u64, ticks: u32) -> u32 {
    let bytes = (u128::from(rate) * u128::from(ticks) * TICK_NS + 500_000_000) / 1_000_000_000;
    u32::try_from(bytes).unwrap_or(u32::MAX)
}

/// A structure of the kernel's as bytes.
pub(crate) fn to_bytes<H: FixedHeader>(structure: &H) -> Vec<u8> {
    let mut bytes = vec![0; H::LEN];
    structure.emit(&mut bytes);
    bytes
}

/// The structure that `payload` is; a newer kernel may have made it longer.
pub(crate) fn from_bytes<H: FixedHeader>(payload: &[u8]) -> Result<H, ValueError> {
    split(payload).map(|(structure, _)| structure)
}

/// The structure that `payload` begins with, and what is behind it.
pub(crate) fn split<H: FixedHeader>(payload: &[u8]) -> Result<(H, &[u8]), ValueError> {
    let cut_off = || ValueError::Length { expected: H::LEN, got: payload.len() };
    let behind = payload.get(H::LEN..).ok_or_else(cut_off)?;
    Ok((H::parse(payload).ok_or_else(cut_off)?, behind))
}

/// The value of an attribute that need not be there.
pub(crate) fn optional<V: AttributeValue>(
    nla: u16,
    attributes: &AttributeList<'_>,
) -> Result<Option<V>, ParseError> {
    let value = attributes.get(nla).map(V::parse).transpose();
    value.map_err(|error| ParseError::attribute(nla, error))
}

/// Whether the kernel can't tell one burst from the other: they differ by what passes in a microsecond.
pub(crate) fn same_burst(rate: u64, one: u32, other: u32) -> bool {
    u64::from(one.abs_diff(other)) <= 1 + rate / 1_000_000
}

#[cfg(test)]
mod tests {
    use super::{RateSpec, bytes, same_burst, ticks, wide};

    #[test]
    fn ticks_are_those_of_tc() {
        // What tc 6.1 sends for these bytes at these rates.
        for (rate, burst, expected) in [
            (1_250_000, 1600, 20_000),
            (375_000, 1600, 66_656),
            (875_000, 12_345, 220_437),
            (77_777_777, 100_000, 20_078),
        ] {
            assert_eq!(ticks(rate, burst), expected, "{burst} bytes at {rate}");
        }
        assert_eq!(ticks(2_500_000_000, 1602), 10, "tc: 0");
    }

    #[test]
    fn the_kernel_s_tick_is_the_one_that_is_reckoned_with() {
        let psched = std::fs::read_to_string("/proc/net/psched").expect("Linux");
        let numbers: Vec<u32> = psched
            .split_whitespace()
            .map(|number| u32::from_str_radix(number, 16).expect("hexadecimal"))
            .collect();
        assert_eq!(numbers[..2], [1000, super::TICK_NS as u32]);
    }

    #[test]
    fn bytes_survive_the_way_through_ticks() {
        let mut seed = 1u64;
        let mut draw = |bits: u32| {
            seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (seed >> 20) % (1 << bits)
        };
        for round in 0..100_000 {
            let rate = 8 + draw(4 + round % 34);
            let burst = 1600 + draw(20) as u32;
            let there = ticks(rate, burst);
            if there == u32::MAX {
                continue;
            }
            let back = bytes(rate, there);
            assert!(same_burst(rate, burst, back), "{burst} at {rate}: {there} ticks, back {back}");
            if there > 15 {
                assert_eq!(ticks(rate, back), there, "{burst} at {rate}: back {back}");
            }
        }
    }

    #[test]
    fn rates_beyond_32_bits_are_told_apart() {
        assert_eq!(RateSpec::new(1 << 40, 0, 0).rate, u32::MAX);
        assert_eq!(
            (wide(u64::from(u32::MAX)), wide(u64::from(u32::MAX) - 1)),
            (Some(u64::from(u32::MAX)), None)
        );
    }
}
