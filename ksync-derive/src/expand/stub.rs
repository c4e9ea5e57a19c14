//! What is written besides the error messages: impls that do nothing, so that one mistake gives one error and
//! not a second one at each use of the type.

use proc_macro2::TokenStream;
use quote::quote;
use syn::DeriveInput;

use super::key::Key;
use super::quiet;
use crate::input::kind::Kind;
use crate::input::nested::{Content, Nested};
use crate::input::value::Value;

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
                    inside: &[],
                    add: 0,
                    change: 0,
                    delete: 0,
                    get: #runtime::core::option::Option::None,
                    dumped: #runtime::Dumped::AtOnce,
                    self_dependent: true,
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
                fn references<__L: #runtime::Links>(&mut self, _: &mut #runtime::References<'_, __L>) {}
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
    let result = quote!(#runtime::core::result::Result);
    let header = match &nested.content {
        Content::Struct { header: Some(header), .. } => quote!(#header),
        _ => quote!(#runtime::NoHeader),
    };
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
            #[automatically_derived]
            #quiet
            impl #runtime::Nested for #ident {
                type Header = #header;
                fn header(&self, _: &mut #runtime::Attributes<'_>, _: &#runtime::Context<'_>) -> #header {
                    #runtime::core::unreachable!()
                }
                fn emit_attributes(&self, _: &mut #runtime::Attributes<'_>, _: &#runtime::Context<'_>) {}
                fn parse_body(
                    _: &#header,
                    _: &#runtime::AttributeList<'_>,
                    _: &#runtime::Resolver<'_>,
                ) -> #result<Self, #runtime::ParseError> {
                    #runtime::core::unreachable!()
                }
                fn any_in(_: &#runtime::AttributeList<'_>) -> bool {
                    #runtime::core::unreachable!()
                }
            }
            #[automatically_derived]
            #quiet
            impl #runtime::codec::FixedSize for #ident {
                const LEN: usize = 1;
                fn emit(&self, _: &mut #runtime::Attributes<'_>, _: &#runtime::Context<'_>) {}
                fn parse(_: &[u8], _: &#runtime::Resolver<'_>) -> #result<Self, #runtime::ParseError> {
                    #runtime::core::unreachable!()
                }
                fn met_by(&self, _: &Self) -> bool {
                    #runtime::core::unreachable!()
                }
            }
        };
    }
}

pub(super) fn value(input: &DeriveInput, value: &Value) -> TokenStream {
    if !input.generics.params.is_empty() {
        return quote!();
    }
    let (ident, runtime, quiet) = (&value.ident, &value.runtime, quiet());
    let result = quote!(#runtime::core::result::Result);
    quote! {
        const _: () = {
            #[automatically_derived]
            #quiet
            impl #runtime::AttributeValue for #ident {
                fn emit(&self, _: &mut #runtime::bytes::BytesMut) {}
                fn parse(_: &[u8]) -> #result<Self, #runtime::ValueError> {
                    #runtime::core::unreachable!()
                }
            }
            #[automatically_derived]
            #quiet
            impl #runtime::HeaderValue for #ident {
                fn to_header(&self, _: &#runtime::Context<'_>) -> #result<i128, #runtime::OperationError> {
                    #runtime::core::unreachable!()
                }
                fn from_header(_: i128, _: &#runtime::Resolver<'_>) -> #result<Self, #runtime::ParseError> {
                    #runtime::core::unreachable!()
                }
            }
            #[automatically_derived]
            #quiet
            impl #runtime::codec::BigEndianValue for #ident {
                fn put_be(&self, _: &mut #runtime::bytes::BytesMut) {}
                fn from_be(_: &[u8]) -> #result<Self, #runtime::ValueError> {
                    #runtime::core::unreachable!()
                }
            }
            #[automatically_derived]
            #quiet
            impl #runtime::codec::TextValue for #ident {
                fn text(&self) -> &str {
                    #runtime::core::unreachable!()
                }
                fn from_text(_: #runtime::std::string::String) -> #result<Self, #runtime::ValueError> {
                    #runtime::core::unreachable!()
                }
            }
        };
    }
}
