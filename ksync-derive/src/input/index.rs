//! `index(...)`: where a kind's index comes from, and where on the wire it stands.

use proc_macro2::Ident;
use syn::{Expr, ExprRange, RangeLimits};

use super::word::Word;
use crate::ctxt::Ctxt;
use crate::words;

/// The index of a kind.
#[derive(Debug)]
pub(crate) struct Index {
    pub(crate) from: Source,
    pub(crate) place: IndexPlace,
}

/// Who allocates the index.
#[derive(Debug)]
pub(crate) enum Source {
    /// KSync, from these numbers, both ends included.
    KSync { first: Box<Expr>, last: Box<Expr> },
    /// The kernel.
    Kernel,
}

/// Where on the wire the index stands.
#[derive(Debug)]
pub(crate) enum IndexPlace {
    Attribute(Expr),
    Header(Ident),
}

impl Index {
    pub(crate) fn read(word: &Word, ctxt: &Ctxt) -> Option<Index> {
        let (mut from, mut range, mut nla, mut header) = (None::<Ident>, None::<ExprRange>, None, None);
        for inner in word.list(ctxt) {
            match inner.name.to_string().as_str() {
                words::FROM => inner.value(&mut from, ctxt),
                words::RANGE => inner.value(&mut range, ctxt),
                words::NLA => inner.value(&mut nla, ctxt),
                words::HEADER => inner.value(&mut header, ctxt),
                _ => inner.unknown(words::OF_INDEX, ctxt),
            }
        }
        let place = match (nla, header) {
            (Some(nla), None) => Some(IndexPlace::Attribute(nla)),
            (None, Some(header)) => Some(IndexPlace::Header(header)),
            (Some(_), Some(_)) => {
                ctxt.error_on(&word.name, "an index stands in one place: `nla` or `header`, not both");
                None
            }
            (None, None) => {
                ctxt.error_on(
                    &word.name,
                    "where on the wire is the index? Add `nla = ...` or `header = ...`",
                );
                None
            }
        };
        let Some(from) = from else {
            ctxt.error_on(&word.name, "who allocates the index? Add `from = ksync` or `from = kernel`");
            return None;
        };
        let from = match from.to_string().as_str() {
            "ksync" => match range {
                Some(range) => bounds(&range, ctxt),
                None => {
                    ctxt.error_on(
                        &word.name,
                        "an index from KSync needs the numbers it may use: `range = 1..=65535`",
                    );
                    None
                }
            },
            "kernel" => {
                if let Some(range) = range {
                    ctxt.error_on(
                        range,
                        "the kernel picks its own numbers: drop `range`, or use `from = ksync`",
                    );
                }
                Some(Source::Kernel)
            }
            _ => {
                ctxt.error_on(&from, words::unknown(&from.to_string(), &["ksync", "kernel"]));
                None
            }
        };
        Some(Index { from: from?, place: place? })
    }
}

fn bounds(range: &ExprRange, ctxt: &Ctxt) -> Option<Source> {
    match (&range.start, &range.limits, &range.end) {
        (Some(first), RangeLimits::Closed(_), Some(last)) => {
            if let (Some(low), Some(high)) = (literal(first), literal(last)) {
                if low > high {
                    ctxt.error_on(range, format!("the range is empty: {low} is greater than {high}"));
                } else if high > u64::from(u32::MAX) {
                    ctxt.error_on(last, "an index has 32 bits");
                }
            }
            Some(Source::KSync { first: first.clone(), last: last.clone() })
        }
        _ => {
            ctxt.error_on(range, "write both ends, the last one included: `1..=65535`");
            None
        }
    }
}

fn literal(expr: &Expr) -> Option<u64> {
    match expr {
        Expr::Lit(syn::ExprLit { lit: syn::Lit::Int(number), .. }) => number.base10_parse().ok(),
        _ => None,
    }
}
