//! Every reference of an entry, shown in the order of declaration.

use proc_macro2::TokenStream;
use quote::quote;

use super::field;
use crate::input::kind::Kind;

pub(super) fn items(kind: &Kind) -> TokenStream {
    let runtime = &kind.runtime;
    let fields = kind.fields.iter().map(|field| {
        let ident = &field.ident;
        field::references(field, runtime, &quote!(&mut self.#ident))
    });
    // Inlined, since what it is handed then stays out of memory: a call costs some forty instructions.
    quote! {
        #[inline(always)]
        fn references<__L: #runtime::Links>(&mut self, __references: &mut #runtime::References<'_, __L>) {
            #(#fields)*
        }
    }
}
