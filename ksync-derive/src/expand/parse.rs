//! The parser: what the add message writes and what the kernel dumps, read back.

use proc_macro2::{Ident, TokenStream};
use quote::quote;

use super::field::{self, Source};
use super::key::Key;
use super::messages::header;
use crate::input::field::Place;
use crate::input::fill::Fill;
use crate::input::index::IndexPlace;
use crate::input::kind::Kind;
use crate::input::verbs::Verb;

pub(super) fn items(kind: &Kind, key: &Key<'_>) -> TokenStream {
    let runtime = &kind.runtime;
    let header = header(kind);
    let result = quote!(#runtime::core::result::Result);
    let opened = match &kind.protocol {
        Some(protocol) if protocol.has_head() => quote! {
            let __opened = #runtime::open_message(<Self as #runtime::KSyncEntry>::SCHEMA, __view)?;
            let __message = #runtime::Incoming::<#header>::parse(__opened.body)?;
        },
        _ => quote! {
            #runtime::ParseError::expect_type(<Self as #runtime::KSyncEntry>::SCHEMA, __view)?;
            let __message = #runtime::Incoming::<#header>::parse(__view.body)?;
        },
    };
    let inside = &kind.inside;
    let nested = (!inside.is_empty()).then(|| {
        quote! {
            let __outer = __message;
            let __message = __outer.inside(&[#(#inside),*])?;
        }
    });
    let open = quote!(#opened #nested);
    // A header field that holds bits of fields too says nothing by itself.
    let shared = |place: &Ident| {
        kind.fields.iter().any(|field| matches!(field.place(), Place::Bit(header, _) if header == place))
    };
    let fills = kind.fills.iter().filter(|fill| fill.written_on(Verb::Delete)).flat_map(Fill::constants);
    let marks = fills.filter(|(place, _)| !shared(place)).map(|(place, value)| {
        let name = place.to_string();
        quote! {
            if __message.header.#place != (#value) {
                return #result::Err(#runtime::ParseError::Foreign { header: #name });
            }
        }
    });
    let named_by_index = kind.fields.iter().any(|field| matches!(field.place(), Place::OwnName));
    let own_key = named_by_index.then(|| {
        quote! {
            let __key = match <Self as #runtime::KSyncEntry>::parse_index(__view)? {
                #runtime::core::option::Option::Some(__index) => __resolver.key::<Self>(__index)?,
                #runtime::core::option::Option::None => {
                    return #result::Err(#runtime::ParseError::header(#runtime::ValueError::Missing));
                }
            };
        }
    });
    let fields = kind.fields.iter().map(|field| {
        let ident = &field.ident;
        let value = match field.place() {
            Place::OwnName if key.is_single() => quote!(__key),
            Place::OwnName => quote!(__key.#ident),
            _ if field.outside => field::parse(field, runtime, &Source::outside()),
            _ => field::parse(field, runtime, &Source::message()),
        };
        quote!(#ident: #value)
    });
    let parse_index = kind.index.as_ref().map(|index| {
        let read = match &index.place {
            IndexPlace::Attribute(nla) => quote! {
                #runtime::payload::optional(#nla, &__message.attributes, <u32 as #runtime::AttributeValue>::parse)
            },
            // An index of 0 is none.
            IndexPlace::Header(place) => quote! {
                #runtime::parse_header::<u32, _>(__message.header.#place, &#runtime::Resolver::empty())
                    .map(|__index| #runtime::core::option::Option::Some(__index).filter(|__index| *__index != 0))
            },
        };
        quote! {
            fn parse_index(
                __view: &#runtime::MessageView<'_>,
            ) -> #result<#runtime::core::option::Option<u32>, #runtime::ParseError> {
                #open
                #read
            }
        }
    });
    let object = quote! {
        #(#marks)*
        #own_key
        #result::Ok(Self { #(#fields),* })
    };
    let parse = match several(kind, &opened, &object) {
        Some(several) => several,
        None => quote! {
            fn parse(
                __view: &#runtime::MessageView<'_>,
                __resolver: &#runtime::Resolver<'_>,
            ) -> #result<Self, #runtime::ParseError> {
                #open
                #object
            }
        },
    };
    quote!(#parse #parse_index)
}

/// Kinds whose attributes are nested in others have an object for each time that the innermost of these is there; and
/// one of them may stand for many that are numbered one after the other. `None` for all other kinds.
fn several(kind: &Kind, opened: &TokenStream, object: &TokenStream) -> Option<TokenStream> {
    let runtime = &kind.runtime;
    let numbered = kind.fields.iter().find_map(|field| Some((field, field.up_to.as_ref()?)));
    if kind.inside.is_empty() && numbered.is_none() {
        return None;
    }
    let result = quote!(#runtime::core::result::Result);
    let inside = &kind.inside;
    let take = match numbered {
        Some((field, last)) => {
            let (ident, ty) = (&field.ident, &field.ty);
            quote! {
                __several.up_to(
                    __object,
                    #runtime::payload::optional(
                        #last,
                        &__message.attributes,
                        <#ty as #runtime::AttributeValue>::parse,
                    ),
                    |__object| &mut __object.#ident,
                );
            }
        }
        None => quote!(__several.take(__object);),
    };
    Some(quote! {
        fn parse(
            __view: &#runtime::MessageView<'_>,
            __resolver: &#runtime::Resolver<'_>,
        ) -> #result<Self, #runtime::ParseError> {
            #runtime::several::first(|__take| Self::parse_each(__view, __resolver, __take))
        }

        fn parse_each(
            __view: &#runtime::MessageView<'_>,
            __resolver: &#runtime::Resolver<'_>,
            __take: &mut dyn #runtime::core::ops::FnMut(#result<Self, #runtime::ParseError>),
        ) {
            let mut __several = #runtime::several::Several::new(__take);
            let __read = (|| -> #result<(), #runtime::ParseError> {
                #opened
                let __outer = __message;
                for __message in __outer.each_inside(&[#(#inside),*])? {
                    let __object = (|| -> #result<Self, #runtime::ParseError> { #object })();
                    #take
                }
                #result::Ok(())
            })();
            if let #result::Err(__error) = __read {
                __several.take(#result::Err(__error));
            }
        }
    })
}
