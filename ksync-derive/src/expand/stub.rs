//! What is written besides the error messages: impls that do nothing, so that one mistake gives one error and
//! not a second one at each use of the type.

use proc_macro2::TokenStream;
use quote::quote;
use syn::DeriveInput;

use super::key::Key;
use super::quiet;
use crate::input::kind::Kind;
use crate::input::nested::Nested;

pub(super) fn entry(input: &DeriveInput, kind: &Kind, key: &Key<'_>) -> TokenStream {
    // With parameters, the bounds that a kind needs can't be met by a stub.
    if !input.generics.params.is_empty() {
        return quote!();
    }
    let (ident, runtime, quiet) = (&kind.ident, &kind.runtime, quiet());
    let key = key.ty();
    let name = ident.to_string();
    let result = quote!(#runtime::core::result::Result);
    let operation = quote!(#result<#runtime::Progress, #runtime::OperationError>);
    quote! {
        const _: () = {
            #[automatically_derived]
            #quiet
            impl #runtime::KSyncEntry for #ident {
                type Key = #key;
                const SCHEMA: &'static #runtime::Schema = &#runtime::Schema {
                    name: #name,
                    protocol: #runtime::Protocol::Route,
                    header_len: 0,
                    add: 0,
                    change: 0,
                    delete: 0,
                    get: #runtime::core::option::Option::None,
                    index: #runtime::IndexSource::None,
                    flushes_dependents: false,
                    early: false,
                    resolved_on: #runtime::ResolvedOn::Accepted,
                    compress: true,
                    fields: &[],
                    depends_on: &[],
                };
                fn key(&self) -> Self::Key {
                    #runtime::core::unreachable!()
                }
                fn has_key(&self, _: &Self::Key) -> bool {
                    #runtime::core::unreachable!()
                }
                fn hash_key<__H: #runtime::core::hash::Hasher>(&self, _: &mut __H) {}
                fn describe_key(
                    _: &Self::Key,
                    _: &mut #runtime::core::fmt::Formatter<'_>,
                ) -> #runtime::core::fmt::Result {
                    #runtime::core::unreachable!()
                }
                fn references(&mut self, _: &mut #runtime::References<'_>) {}
                fn compare(&self, _: &Self) -> #runtime::Difference {
                    #runtime::core::unreachable!()
                }
                fn unmet(&self, _: &Self) -> #runtime::core::option::Option<&'static str> {
                    #runtime::core::unreachable!()
                }
                fn add_msg(&self, _: &#runtime::Context<'_>, _: #runtime::Request<'_>) -> #operation {
                    #runtime::core::unreachable!()
                }
                fn change_msg(
                    &self,
                    _: #runtime::core::option::Option<&Self>,
                    _: &#runtime::Context<'_>,
                    _: #runtime::Request<'_>,
                ) -> #operation {
                    #runtime::core::unreachable!()
                }
                fn delete_msg(&self, _: &#runtime::Context<'_>, _: #runtime::Request<'_>) -> #operation {
                    #runtime::core::unreachable!()
                }
                fn parse(
                    _: &#runtime::MessageView<'_>,
                    _: &#runtime::Resolver<'_>,
                ) -> #result<Self, #runtime::ParseError> {
                    #runtime::core::unreachable!()
                }
            }
            #[automatically_derived]
            impl #runtime::Indexed for #ident {}
        };
    }
}

pub(super) fn nested(input: &DeriveInput, nested: &Nested) -> TokenStream {
    if !input.generics.params.is_empty() {
        return quote!();
    }
    let (ident, runtime, quiet) = (&nested.ident, &nested.runtime, quiet());
    quote! {
        const _: () = {
            #[automatically_derived]
            #quiet
            impl #runtime::AttributeField for #ident {
                fn emit(&self, _: u16, _: &mut #runtime::Attributes<'_>, _: &#runtime::Context<'_>) {}
                fn parse(
                    _: u16,
                    _: &#runtime::AttributeList<'_>,
                    _: &#runtime::Resolver<'_>,
                ) -> #runtime::core::result::Result<Self, #runtime::ParseError> {
                    #runtime::core::unreachable!()
                }
                fn met_by(&self, _: &Self) -> bool {
                    #runtime::core::unreachable!()
                }
            }
        };
    }
}
