//! Fields that are parts of the struct in one attribute.
//!
//! A part is carried as a field of a fixed header is; only the place differs.

use proc_macro2::TokenStream;
use quote::{quote, quote_spanned};
use syn::Expr;
use syn::spanned::Spanned;

use super::field::{Sink, Source, turned};
use crate::input::field::{Field, Place, StructField};
use crate::input::runtime::Runtime;

/// Writes the attribute. `value` gives a reference to each field.
pub(super) fn emit(
    group: &[&Field],
    nla: &Expr,
    first: &StructField,
    runtime: &Runtime,
    value: impl Fn(&Field) -> TokenStream,
    sink: &Sink,
) -> TokenStream {
    let attributes = &sink.attributes;
    let ty = &first.ty;
    let parts = group.iter().filter_map(|field| match field.place() {
        Place::Part(_, part, bit) => Some(emit_part(field, part, bit, runtime, &value(field), sink)),
        _ => None,
    });
    let put = quote_spanned!(ty.span()=> #runtime::payload::put_struct::<#ty>);
    quote! {{
        let mut __struct = <#ty as #runtime::core::default::Default>::default();
        #(#parts)*
        #put(&mut #attributes, #nla, &__struct);
    }}
}

fn emit_part(
    field: &Field,
    part: &StructField,
    bit: Option<&Expr>,
    runtime: &Runtime,
    value: &TokenStream,
    sink: &Sink,
) -> TokenStream {
    let (place, name, attributes) = (&part.field, field.name(), &sink.attributes);
    if let Some(bit) = bit {
        return quote!(if *#value { __struct.#place |= #bit; });
    }
    let ty = &field.ty;
    let to_header = quote_spanned!(ty.span()=> <#ty as #runtime::HeaderValue>::to_header);
    let number = if field.format.be {
        let turned = turned(place, runtime);
        quote!(#turned(__number))
    } else {
        quote!(__number)
    };
    quote! {
        match #runtime::fit_header(#to_header(#value, __context), #name) {
            #runtime::core::result::Result::Ok(__number) => __struct.#place = #number,
            #runtime::core::result::Result::Err(__error) => #attributes.fail(__error),
        }
    }
}

/// An expression that reads the part, as a `Result`.
pub(super) fn parse(
    field: &Field,
    nla: &Expr,
    part: &StructField,
    bit: Option<&Expr>,
    runtime: &Runtime,
    source: &Source,
) -> TokenStream {
    let (attributes, place) = (&source.attributes, &part.field);
    let (ty, of) = (&field.ty, &part.ty);
    let read = match bit {
        Some(bit) => quote! {
            #runtime::core::result::Result::<bool, #runtime::ParseError>::Ok((__struct.#place & (#bit)) == (#bit))
        },
        None => {
            let number = if field.format.be {
                let turned = turned(place, runtime);
                quote!(#turned(__struct.#place))
            } else {
                quote!(__struct.#place)
            };
            let from_header = quote_spanned!(ty.span()=> <#ty as #runtime::HeaderValue>::from_header);
            quote!(#from_header(#runtime::core::convert::Into::into(#number), __resolver))
        }
    };
    let required = quote_spanned!(of.span()=> #runtime::payload::required_struct::<#of>);
    quote! {
        match #required(#nla, &#attributes) {
            #runtime::core::result::Result::Ok(__struct) => #read,
            #runtime::core::result::Result::Err(__error) => #runtime::core::result::Result::Err(__error),
        }
    }
}
