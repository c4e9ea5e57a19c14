//! Fields that share an attribute, as bits of a number or parts of a struct: gathered, and written together.

use proc_macro2::TokenStream;
use quote::{ToTokens, quote};
use syn::Expr;

use super::field::Sink;
use super::parts_of_struct;
use crate::input::field::{Field, Place};
use crate::input::runtime::Runtime;

/// What is written at one go.
pub(super) enum Part<'a> {
    /// A field by itself.
    Field(&'a Field),
    /// The fields of one attribute.
    Shared(Vec<&'a Field>),
}

/// The fields, those that share an attribute together where the first of them stands.
pub(super) fn parts<'a>(fields: impl Iterator<Item = &'a Field>) -> Vec<Part<'a>> {
    let mut parts: Vec<Part<'a>> = Vec::new();
    for field in fields {
        let Some(nla) = attribute_of(field) else {
            parts.push(Part::Field(field));
            continue;
        };
        let group = parts.iter_mut().find_map(|part| match part {
            Part::Shared(group)
                if group.first().and_then(|first| attribute_of(first)).as_ref() == Some(&nla) =>
            {
                Some(group)
            }
            _ => None,
        });
        match group {
            Some(group) => group.push(field),
            None => parts.push(Part::Shared(vec![field])),
        }
    }
    parts
}

/// The attribute that a field shares with others, as it is spelled.
fn attribute_of(field: &Field) -> Option<String> {
    match field.place() {
        Place::AttributeBit(nla, _) | Place::Part(nla, ..) => Some(nla.to_token_stream().to_string()),
        _ => None,
    }
}

/// Writes the attribute. `value` gives a reference to each field.
pub(super) fn emit(
    group: &[&Field],
    runtime: &Runtime,
    value: impl Fn(&Field) -> TokenStream,
    sink: &Sink,
) -> TokenStream {
    let nla = match group.first().map(|field| field.place()) {
        Some(Place::AttributeBit(nla, _)) => nla,
        Some(Place::Part(nla, part, _)) => {
            return parts_of_struct::emit(group, nla, part, runtime, value, sink);
        }
        _ => return quote!(),
    };
    let attributes = &sink.attributes;
    let with = quote!(#runtime::codec::BitsValue::with);
    let bits = group.iter().filter_map(|field| match field.place() {
        Place::AttributeBit(_, bit) => Some((value(field), number(bit))),
        _ => None,
    });
    if group.iter().any(|field| field.format.selector) {
        let set = bits.map(|(value, bit)| {
            quote! {
                if let #runtime::core::option::Option::Some(__on) = #runtime::codec::Bit::on(#value) {
                    __selector = #with(__selector, #bit);
                    if __on { __bits = #with(__bits, #bit); }
                }
            }
        });
        return quote! {{
            let (mut __bits, mut __selector) = (0u32, 0u32);
            #(#set)*
            #runtime::codec::put_selected(&mut #attributes, #nla, __bits, __selector);
        }};
    }
    let set = bits.map(|(value, bit)| quote!(if *#value { __bits = #with(__bits, #bit); }));
    quote! {{
        let mut __bits = 0;
        #(#set)*
        #attributes.put(#nla, &__bits);
    }}
}

/// The bits, 32 of them if the user wrote a bare number.
pub(super) fn number(bit: &Expr) -> TokenStream {
    match bit {
        Expr::Lit(syn::ExprLit { lit: syn::Lit::Int(number), .. }) if number.suffix().is_empty() => {
            let mut number = number.token();
            number.set_span(syn::spanned::Spanned::span(bit));
            let text = format!("{number}u32");
            text.parse::<proc_macro2::Literal>().map_or_else(|_| quote!(#bit), |literal| quote!(#literal))
        }
        _ => quote!((#bit)),
    }
}
