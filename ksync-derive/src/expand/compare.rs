//! What separates two values: same, change or recreate; and what an observed one lacks.

use proc_macro2::TokenStream;
use quote::quote;

use super::field;
use crate::input::field::Field;
use crate::input::kind::Kind;

pub(super) fn items(kind: &Kind) -> TokenStream {
    let runtime = &kind.runtime;
    let compared = || kind.fields.iter().filter(|field| field.is_compared());
    let recreations = compared().filter_map(|field| recreation(kind, field));
    let changes = compared().filter(|field| !field.needs_recreation()).map(|field| {
        let ident = &field.ident;
        quote! {
            if self.#ident != __desired.#ident {
                return #runtime::Difference::Change;
            }
        }
    });
    let unmet = kind.fields.iter().filter_map(|field| {
        let (ident, name) = (&field.ident, field.name());
        let met = field::is_met(field, runtime, &quote!(&self.#ident), &quote!(&__observed.#ident))?;
        Some(quote! {
            if !#met {
                return #runtime::core::option::Option::Some(#name);
            }
        })
    });
    let configured = configured(kind);
    quote! {
        fn compare(&self, __desired: &Self) -> #runtime::Difference {
            #configured
            #(#recreations)*
            #(#changes)*
            #runtime::Difference::Same
        }

        fn unmet(&self, __observed: &Self) -> #runtime::core::option::Option<&'static str> {
            #(#unmet)*
            #runtime::core::option::Option::None
        }
    }
}

/// What a change message can't say: an immutable field, or, where the kernel keeps what is not named, that an
/// option is gone; also inside of nested values.
fn recreation(kind: &Kind, field: &Field) -> Option<TokenStream> {
    let runtime = &kind.runtime;
    let (ident, name) = (&field.ident, field.name());
    let condition = if field.needs_recreation() {
        quote!(self.#ident != __desired.#ident)
    } else if !kind.merge && !field.may_need_recreation_inside() {
        return None;
    } else {
        let merge = kind.merge;
        let (held, desired) = (quote!(&self.#ident), quote!(&__desired.#ident));
        field::needs_recreation(field, runtime, &held, &desired, &quote!(#merge))?
    };
    let recreate = quote!(return #runtime::Difference::Recreate { field: #name };);
    Some(if kind.nothing_to_delete.is_some() {
        quote!(if #condition { if __configured { return #runtime::Difference::Change; } #recreate })
    } else {
        quote!(if #condition { #recreate })
    })
}

/// What is only configured can't be created anew: whatever differs, a change is all that can be done. Whether
/// it is can differ from value to value, so both are asked.
fn configured(kind: &Kind) -> Option<TokenStream> {
    let (ident, runtime) = (&kind.ident, &kind.runtime);
    kind.nothing_to_delete.as_ref().map(|when| {
        quote! {
            trait __Configured {
                fn __is_configured(&self) -> #runtime::core::primitive::bool;
            }
            impl __Configured for #ident {
                fn __is_configured(&self) -> #runtime::core::primitive::bool {
                    #when
                }
            }
            let __configured = __Configured::__is_configured(self) && __Configured::__is_configured(__desired);
        }
    })
}
