//! Checks of an index range that only the compiler can make: its ends may be constants, and the width of a
//! header field is known to nobody else.

use proc_macro2::TokenStream;
use quote::{quote, quote_spanned};
use syn::spanned::Spanned;

use crate::input::index::{IndexPlace, Source};
use crate::input::kind::Kind;

/// Checks that an index from KSync has somewhere to come from, and fits where it goes, once the compiler knows
/// the numbers.
pub(super) fn items(kind: &Kind) -> TokenStream {
    let Some(Source::KSync { first, last }) = kind.index.as_ref().map(|index| &index.from) else {
        return quote!();
    };
    let runtime = &kind.runtime;
    let span = first.span();
    let runtime = runtime.at(span);
    let fit = match (kind.index.as_ref().map(|index| &index.place), &kind.header) {
        (Some(IndexPlace::Header(place)), Some(header)) => quote_spanned! {span=>
            const _: () =
                #runtime::expect_fit(#last, #runtime::width_of(|__header: &#header| __header.#place));
        },
        _ => quote!(),
    };
    quote_spanned! {span=>
        const _: () = #runtime::expect_range(#first, #last);
        #fit
    }
}
