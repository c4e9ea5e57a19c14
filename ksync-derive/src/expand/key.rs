//! The key: its type, and how it is taken, compared, hashed and described.

use proc_macro2::{Ident, TokenStream};
use quote::{format_ident, quote, quote_spanned};
use syn::spanned::Spanned;

use crate::input::field::Field;
use crate::input::kind::Kind;

/// The key of a kind.
pub(super) struct Key<'a> {
    kind: &'a Kind,
    fields: Vec<&'a Field>,
    name: Ident,
}

impl<'a> Key<'a> {
    pub(super) fn of(kind: &'a Kind) -> Self {
        Key { kind, fields: kind.keys(), name: format_ident!("{}Key", kind.ident) }
    }

    /// Whether the key is a field as it is, and no struct of several.
    pub(super) fn is_single(&self) -> bool {
        self.fields.len() <= 1
    }

    /// The key's type.
    pub(super) fn ty(&self) -> TokenStream {
        match self.fields.as_slice() {
            [] => quote!(()),
            [field] => {
                let ty = &field.ty;
                quote!(#ty)
            }
            _ => {
                let name = &self.name;
                quote!(#name)
            }
        }
    }

    /// The struct of a key of several fields. It stands beside the kind, so that the user can name it.
    pub(super) fn definition(&self) -> TokenStream {
        if self.is_single() {
            return quote!();
        }
        let Key { kind, fields, name } = self;
        let (runtime, vis) = (&kind.runtime, &kind.vis);
        let doc = format!("Tells one [`{0}`] from another: the key of [`{0}`].", kind.ident);
        let fields = fields.iter().map(|field| {
            let Field { ident, ty, docs, .. } = field;
            let doc = format!("The entry's `{ident}`.");
            let docs = if docs.is_empty() { quote!(#[doc = #doc]) } else { quote!(#(#docs)*) };
            quote!(#docs pub #ident: #ty,)
        });
        quote! {
            #[doc = #doc]
            #[derive(
                #runtime::core::clone::Clone,
                #runtime::core::fmt::Debug,
                #runtime::core::cmp::PartialEq,
                #runtime::core::cmp::Eq,
                #runtime::core::hash::Hash,
            )]
            #vis struct #name { #(#fields)* }
        }
    }

    /// The fields of a key of several, by themselves.
    pub(super) fn fields_impl(&self) -> TokenStream {
        if self.is_single() {
            return quote!();
        }
        let Key { kind, fields, name } = self;
        let runtime = &kind.runtime;
        let quiet = super::quiet();
        let types: Vec<_> = fields.iter().map(|field| &field.ty).collect();
        let idents: Vec<_> = fields.iter().map(|field| &field.ident).collect();
        quote! {
            #[automatically_derived]
            #quiet
            impl #runtime::codec::KeyFields for #name {
                type Fields = (#(#types,)*);

                fn fields(&self) -> Self::Fields {
                    (#(<#types as #runtime::core::clone::Clone>::clone(&self.#idents),)*)
                }

                fn of_fields((#(#idents,)*): Self::Fields) -> Self {
                    #name { #(#idents),* }
                }
            }
        }
    }

    /// What the trait wants of the key.
    pub(super) fn items(&self) -> TokenStream {
        let Key { kind, fields, .. } = self;
        let runtime = &kind.runtime;
        let ty = self.ty();
        let clones = fields.iter().map(|field| {
            let Field { ident, ty, .. } = field;
            quote_spanned!(ty.span()=> <#ty as #runtime::core::clone::Clone>::clone(&self.#ident))
        });
        let idents: Vec<_> = fields.iter().map(|field| &field.ident).collect();
        let hashes = fields.iter().map(|field| {
            let Field { ident, ty, .. } = field;
            quote_spanned!(ty.span()=> <#ty as #runtime::core::hash::Hash>::hash(&self.#ident, __state);)
        });
        let (key, has_key, describe) = if self.is_single() {
            (
                quote!(#(#clones)*),
                quote!(#(self.#idents == *__key)*),
                match fields.first().and_then(|field| field.option()) {
                    Some(_) => quote! {
                        match __key {
                            #runtime::core::option::Option::Some(__value) => {
                                (&#runtime::describe::Describe(__value)).describe(__out)
                            }
                            #runtime::core::option::Option::None => __out.write_str("none"),
                        }
                    },
                    None => quote!((&#runtime::describe::Describe(__key)).describe(__out)),
                },
            )
        } else {
            let name = &self.name;
            let parts = fields.iter().map(|field| {
                let (ident, label) = (&field.ident, field.name());
                let part = |value: TokenStream| {
                    quote! {
                        __parts.part(#label, |__out| (&#runtime::describe::Describe(#value)).describe(__out))?;
                    }
                };
                // What is left open is left out.
                match field.option() {
                    Some(_) => {
                        let part = part(quote!(__value));
                        quote! {
                            if let #runtime::core::option::Option::Some(__value) = &__key.#ident { #part }
                        }
                    }
                    None => part(quote!(&__key.#ident)),
                }
            });
            (
                quote!(#name { #(#idents: #clones),* }),
                quote!(#(self.#idents == __key.#idents)&&*),
                quote! {
                    let mut __parts = #runtime::describe::Parts::new(__out);
                    #(#parts)*
                    __parts.finish()
                },
            )
        };
        quote! {
            type Key = #ty;

            fn key(&self) -> Self::Key {
                #key
            }

            fn has_key(&self, __key: &Self::Key) -> bool {
                #has_key
            }

            fn has_key_of(&self, __other: &Self) -> bool {
                #(self.#idents == __other.#idents)&&*
            }

            fn hash_key<__H: #runtime::core::hash::Hasher>(&self, __state: &mut __H) {
                #(#hashes)*
            }

            fn describe_key(
                __key: &Self::Key,
                __out: &mut #runtime::core::fmt::Formatter<'_>,
            ) -> #runtime::core::fmt::Result {
                use #runtime::describe::{ByDebug as _, ByDisplay as _};
                #describe
            }
        }
    }
}
