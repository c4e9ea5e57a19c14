//! The codec that a field's words ask for, as a type; and calls of the methods that carry a field.

use proc_macro2::{Ident, TokenStream};
use quote::{ToTokens, format_ident, quote, quote_spanned};
use syn::Type;
use syn::spanned::Spanned;

use crate::input::field::Field;
use crate::input::format::List;
use crate::input::runtime::Runtime;
use crate::input::shape;

/// What carries the field as it is.
pub(super) fn carrier(field: &Field, runtime: &Runtime) -> Carrier {
    Carrier::of(field, &field.ty, true, runtime)
}

/// What carries the `T` of an `Option<T>`.
pub(super) fn inner_carrier(field: &Field, inner: &Type, runtime: &Runtime) -> Carrier {
    Carrier::of(field, inner, false, runtime)
}

/// Whatever carries a type: the type itself, or a codec.
pub(super) struct Carrier {
    path: TokenStream,
    span: proc_macro2::Span,
    by_codec: bool,
}

impl Carrier {
    fn of(field: &Field, ty: &Type, whole: bool, runtime: &Runtime) -> Carrier {
        let span = ty.span();
        let runtime = &runtime.at(span);
        match codec(field, whole, runtime) {
            Some(codec) => Carrier {
                path: quote_spanned!(span=> <#codec as #runtime::codec::Codec<#ty>>),
                span,
                by_codec: true,
            },
            // For what is spelled as a reference, a trait stands in that only references have: the compiler then
            // says that the kind lacks an index.
            None if shape::is_reference(shape::option_of(ty).unwrap_or(ty)) => Carrier {
                path: quote_spanned!(span=> <#ty as #runtime::ReferenceField>),
                span,
                by_codec: false,
            },
            None => Carrier {
                path: quote_spanned!(span=> <#ty as #runtime::AttributeField>),
                span,
                by_codec: false,
            },
        }
    }

    /// One of its methods.
    pub(super) fn method(&self, name: &str) -> TokenStream {
        let (path, method) = (&self.path, Ident::new(name, self.span));
        quote_spanned!(self.span=> #path::#method)
    }

    /// Whether attribute `nla` is among `attributes`.
    pub(super) fn is_there(&self, nla: &syn::Expr, attributes: &TokenStream) -> TokenStream {
        if self.by_codec {
            let is_there = self.method("is_there");
            return quote!(#is_there(#nla, &#attributes));
        }
        quote!(#attributes.get(#nla).is_some())
    }
}

/// The type of the codec; `None` if the field's type knows by itself how it is carried.
fn codec(field: &Field, whole: bool, runtime: &TokenStream) -> Option<TokenStream> {
    let format = &field.format;
    let span = field.ty.span();
    let element = field.element();
    let rt = quote_spanned!(span=> #runtime::codec);
    let coded = if format.be {
        Some(quote_spanned!(span=> #rt::BigEndian))
    } else if format.no_nul {
        Some(quote_spanned!(span=> #rt::NoNul))
    } else {
        None
    };
    let leaf = if let Some(unit) = &format.unit {
        let name = unit.name.to_string();
        let mut letters = name.chars();
        let first = letters.next().map(|letter| letter.to_ascii_uppercase());
        let name = Ident::new(&first.into_iter().chain(letters).collect::<String>(), span);
        let number = unit.number.as_ref().map_or_else(|| quote!(u32), ToTokens::to_token_stream);
        let by = coded.unwrap_or_else(|| quote_spanned!(span=> #rt::Native));
        Some(quote_spanned!(span=> #rt::Ticks<#rt::#name, #number, #by>))
    } else if !format.key_fields.is_empty() {
        let places = format.key_fields.iter().map(|nla| quote_spanned!(span=> #rt::At<{ #nla }>));
        Some(quote_spanned!(span=> #rt::ByKeyFields<(#(#places,)*)>))
    } else if format.by_key {
        Some(match coded {
            Some(coded) => quote_spanned!(span=> #rt::ByKeyAs<#coded>),
            None => quote_spanned!(span=> #rt::ByKey),
        })
    } else if format.flag {
        Some(quote_spanned!(span=> #rt::Presence))
    } else if let Some(v6) = &format.v6 {
        Some(quote_spanned!(span=> #rt::ByFamily<{ #v6 }>))
    } else {
        coded
    };
    let list = format.list();
    if leaf.is_none() && list.is_none() {
        return None;
    }
    let leaf = leaf.unwrap_or_else(|| {
        if shape::is_reference(element) {
            quote_spanned!(span=> #rt::ByIndex)
        } else {
            quote_spanned!(span=> #rt::Native)
        }
    });
    let inner = match list {
        None => leaf,
        Some(List::Repeated) => quote_spanned!(span=> #rt::Repeated<#leaf>),
        Some(List::Each(nla)) => quote_spanned!(span=> #rt::Each<{ #nla }, #leaf>),
        Some(List::Numbered(first)) => {
            let first = first.map_or_else(|| quote!(1), ToTokens::to_token_stream);
            quote_spanned!(span=> #rt::Numbered<{ #first }, #leaf>)
        }
        Some(List::Array) if format.be => quote_spanned!(span=> #rt::BigEndianArray),
        Some(List::Array) => quote_spanned!(span=> #rt::ArrayOf),
        Some(List::Records(header)) => {
            let marker = marker_name(element, header);
            quote_spanned!(span=> #rt::Records<#marker>)
        }
    };
    if !whole {
        return Some(inner);
    }
    Some(match field.option() {
        Some(_) => quote_spanned!(span=> #rt::Maybe<#inner>),
        None if list.is_some() => quote_spanned!(span=> #rt::UnlessEmpty<#inner>),
        None => inner,
    })
}

/// The types that stand for `records = field`: which field of the header tells the length.
pub(super) fn markers<'a>(fields: impl Iterator<Item = &'a Field>, runtime: &Runtime) -> TokenStream {
    let mut seen = Vec::new();
    let mut all = TokenStream::new();
    for field in fields {
        let Some(List::Records(place)) = field.format.list() else { continue };
        let element = field.element();
        let name = marker_name(element, place);
        if seen.contains(&name) {
            continue;
        }
        let at = runtime.at(element.span());
        let header = quote_spanned!(element.span()=> <#element as #at::Nested>::Header);
        let silent = super::quiet();
        let quiet = quote!(#[allow(non_camel_case_types, reason = "generated code")]);
        all.extend(quote_spanned! {element.span()=>
            #quiet
            struct #name;
            #[automatically_derived]
            #silent
            impl #at::codec::RecordLength<#header> for #name {
                fn set(__header: &mut #header, __len: usize) -> bool {
                    match #at::core::convert::TryFrom::try_from(__len) {
                        #at::core::result::Result::Ok(__len) => {
                            (*__header).#place = __len;
                            true
                        }
                        #at::core::result::Result::Err(_) => false,
                    }
                }

                fn get(__header: &#header) -> usize {
                    <usize as #at::core::convert::TryFrom<_>>::try_from((*__header).#place).unwrap_or(0)
                }
            }
        });
        seen.push(name);
    }
    all
}

fn marker_name(element: &Type, place: &Ident) -> Ident {
    let element: String =
        element.to_token_stream().to_string().chars().filter(|letter| letter.is_alphanumeric()).collect();
    format_ident!("__{}Of{}", place, element)
}
