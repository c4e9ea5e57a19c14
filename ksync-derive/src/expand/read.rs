//! Reading one field back.

use proc_macro2::{Span, TokenStream};
use quote::{quote, quote_spanned};
use syn::spanned::Spanned;

use super::bits::number;
use super::codec::carrier;
use super::field::{Source, turned};
use super::parts_of_struct;
use crate::input::field::{Field, Place};
use crate::input::runtime::Runtime;

/// An expression that reads the field, or returns with the reason why it can't.
pub(super) fn parse(field: &Field, runtime: &Runtime, source: &Source) -> TokenStream {
    let name = field.name();
    let ty = &field.ty;
    let Source { attributes, header, codec: codec_source } = source;
    let default = match &field.default {
        Some(Some(default)) => quote!(#default),
        _ => quote_spanned!(ty.span()=> <#ty as #runtime::core::default::Default>::default()),
    };
    let may_lack = field.may_lack();
    let result = match field.place() {
        Place::Attribute(nla) => {
            let carrier = carrier(field, runtime);
            let parse = carrier.method("parse");
            let parse = quote!(#parse(#nla, &#attributes, __resolver));
            if may_lack {
                let is_there = carrier.is_there(nla, attributes);
                quote! {
                    if #is_there {
                        #parse
                    } else {
                        #runtime::core::result::Result::Ok(#default)
                    }
                }
            } else {
                parse
            }
        }
        Place::Payload(nla, codec) => {
            let read = { quote_spanned!(codec.span()=> |__payload| #codec::parse(__payload)) };
            if field.option().is_some() {
                quote!(#runtime::payload::optional(#nla, &#attributes, #read))
            } else if may_lack {
                quote! {
                    #runtime::payload::optional(#nla, &#attributes, #read)
                        .map(|__read| __read.unwrap_or_else(|| #default))
                }
            } else {
                quote!(#runtime::payload::required(#nla, &#attributes, #read))
            }
        }
        Place::Header(place) => {
            let from_header = quote_spanned!(ty.span()=> <#ty as #runtime::HeaderValue>::from_header);
            let number = if field.format.be {
                let turned = turned(place, runtime);
                quote!(#turned(#header.#place))
            } else {
                quote!(#header.#place)
            };
            quote!(#from_header(#runtime::core::convert::Into::<i128>::into(#number), __resolver))
        }
        Place::Bit(place, bit) if field.option().is_some() => {
            return quote!(#runtime::core::option::Option::Some((#header.#place & (#bit)) == (#bit)));
        }
        Place::Bit(place, bit) => return quote!((#header.#place & (#bit)) == (#bit)),
        Place::AttributeBit(nla, bit) => {
            let bit = number(bit);
            if field.format.selector {
                quote! {
                    #runtime::codec::selected_bit(#nla, &#attributes, #bit)
                        .map(<#ty as #runtime::codec::Bit>::seen)
                }
            } else {
                quote!(#runtime::codec::bit(#nla, &#attributes, #bit))
            }
        }
        Place::Part(nla, part, bit) => {
            let parse = parts_of_struct::parse(field, nla, part, bit, runtime, source);
            if may_lack {
                quote! {
                    if #attributes.get(#nla).is_some() {
                        #parse
                    } else {
                        #runtime::core::result::Result::Ok(#default)
                    }
                }
            } else {
                parse
            }
        }
        Place::Flatten => {
            let flatten = quote_spanned!(ty.span()=> <#ty as #runtime::Flatten>);
            let parse = quote!(#flatten::parse(&#attributes, __resolver));
            if may_lack {
                quote! {
                    if #flatten::any_in(&#attributes) {
                        #parse
                    } else {
                        #runtime::core::result::Result::Ok(#default)
                    }
                }
            } else {
                parse
            }
        }
        Place::Prefix(nla, len) => {
            let family = match &field.format.family {
                Some(family) => quote! {
                    #runtime::core::option::Option::Some(
                        #runtime::core::convert::Into::<i128>::into(#header.#family)
                    )
                },
                None => quote!(#runtime::core::option::Option::None),
            };
            let inner = field.option().unwrap_or(ty);
            let parse = quote_spanned!(inner.span()=> <#inner as #runtime::codec::Prefix>::parse);
            let parse = quote! {
                #parse(#nla, &#attributes, #runtime::core::convert::Into::<i128>::into(#header.#len), #family)
            };
            if field.option().is_some() {
                quote!(#attributes.get(#nla).map(|_| #parse).transpose())
            } else if may_lack {
                quote! {
                    if #attributes.get(#nla).is_some() {
                        #parse
                    } else {
                        #runtime::core::result::Result::Ok(#default)
                    }
                }
            } else {
                parse
            }
        }
        Place::Codec(codec) => {
            let parse = quote_spanned!(codec.span()=> #codec::parse);
            let parse = quote!(#parse(#codec_source));
            if may_lack {
                quote! {
                    match #parse {
                        #runtime::core::result::Result::Err(__error) if __error.is_foreign() => {
                            #runtime::core::result::Result::Ok(#default)
                        }
                        __result => __result,
                    }
                }
            } else {
                parse
            }
        }
        Place::OwnName | Place::Order | Place::Nowhere => return default,
    };
    let open = Span::call_site();
    quote_spanned! {open=>
        match #result {
            #runtime::core::result::Result::Ok(__value) => __value,
            #runtime::core::result::Result::Err(__error) => {
                return #runtime::core::result::Result::Err(#runtime::ParseError::in_field(__error, #name));
            }
        }
    }
}
