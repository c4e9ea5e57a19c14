//! The schema: names, numbers and places, as one constant.

use proc_macro2::TokenStream;
use quote::{ToTokens, quote, quote_spanned};
use syn::ext::IdentExt;
use syn::spanned::Spanned;

use super::messages::header;
use crate::input::field::Field;
use crate::input::index::Source;
use crate::input::kind::Kind;
use crate::input::runtime::Runtime;

pub(super) fn items(kind: &Kind) -> TokenStream {
    let runtime = &kind.runtime;
    let name = kind.ident.unraw().to_string();
    let header = header(kind);
    let protocol = kind.protocol.as_ref().map(|protocol| protocol.value(runtime));
    let inside = &kind.inside;
    let (add, delete) = (&kind.add, &kind.delete);
    let change = kind.change.as_ref().or(kind.add.as_ref());
    let get = option(runtime, kind.get.as_ref());
    let index = match kind.index.as_ref().map(|index| &index.from) {
        None => quote!(#runtime::IndexSource::None),
        Some(Source::Kernel) => quote!(#runtime::IndexSource::Kernel),
        Some(Source::KSync { first, last }) => {
            quote!(#runtime::IndexSource::KSync { first: #first, last: #last })
        }
    };
    let flushes_dependents = kind.flushes_dependents;
    let early = kind.early;
    let resolved_on = if kind.resolved_on_sent { quote!(Sent) } else { quote!(Accepted) };
    let compress = !kind.no_compress;
    let fields = kind.fields.iter().map(|field| of_field(runtime, field));
    let mut seen = Vec::new();
    let depends_on = kind.fields.iter().flat_map(Field::targets).filter_map(|target| {
        let spelled = target.to_token_stream().to_string();
        if seen.contains(&spelled) {
            return None;
        }
        seen.push(spelled);
        Some(quote_spanned!(target.span()=> #runtime::DependsOn::on::<#target>()))
    });
    let self_dependent = kind.self_dependent;
    let dumped_by: Vec<_> = kind.fields.iter().filter(|field| field.dumped_by).map(Field::name).collect();
    let dumped = if dumped_by.is_empty() {
        quote!(#runtime::Dumped::AtOnce)
    } else {
        quote!(#runtime::Dumped::By(&[#(#dumped_by),*]))
    };
    quote! {
        const SCHEMA: &'static #runtime::Schema = &#runtime::Schema {
            name: #name,
            protocol: #protocol,
            header_len: <#header as #runtime::FixedHeader>::LEN,
            inside: &[#(#inside),*],
            add: #add,
            change: #change,
            delete: #delete,
            get: #get,
            dumped: #dumped,
            self_dependent: #self_dependent,
            index: #index,
            flushes_dependents: #flushes_dependents,
            early: #early,
            resolved_on: #runtime::ResolvedOn::#resolved_on,
            compress: #compress,
            fields: &[#(#fields),*],
            depends_on: &[#(#depends_on),*],
        };
    }
}

fn of_field(runtime: &Runtime, field: &Field) -> TokenStream {
    let name = field.name();
    let nla = option(runtime, field.nla.as_ref());
    let header = option(runtime, field.header.as_ref().map(|header| header.unraw().to_string()));
    let (key, immutable) = (field.key, field.is_compared() && field.needs_recreation());
    quote! {
        #runtime::FieldSchema { name: #name, nla: #nla, header: #header, key: #key, immutable: #immutable }
    }
}

fn option(runtime: &Runtime, value: Option<impl ToTokens>) -> TokenStream {
    match value {
        Some(value) => quote!(#runtime::core::option::Option::Some(#value)),
        None => quote!(#runtime::core::option::Option::None),
    }
}
