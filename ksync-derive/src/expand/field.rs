//! What is done with one field: written, read, compared, checked.
//!
//! Knows where a field goes, not in which message: the caller says where attributes and header are.

use proc_macro2::{Span, TokenStream};
use quote::{quote, quote_spanned};
use syn::Type;
use syn::spanned::Spanned;

use crate::input::field::{Field, Place};
use crate::input::runtime::Runtime;
use crate::input::shape;

/// Where a field is written to.
pub(super) struct Sink {
    /// A place of type `Attributes`.
    pub(super) attributes: TokenStream,
    /// A place of the header's type.
    pub(super) header: TokenStream,
    /// What a codec is handed.
    pub(super) codec: TokenStream,
}

/// Where a field is read from.
pub(super) struct Source {
    /// A place of type `AttributeList`.
    pub(super) attributes: TokenStream,
    /// A place of the header's type.
    pub(super) header: TokenStream,
    /// What a codec is handed.
    pub(super) codec: TokenStream,
}

impl Sink {
    /// A message of a kind.
    pub(super) fn message() -> Sink {
        Sink {
            attributes: quote!(__message.attributes),
            header: quote!(__message.header),
            codec: quote!(&mut __message),
        }
    }

    /// Inside a nested attribute.
    pub(super) fn nested() -> Sink {
        Sink {
            attributes: quote!((*__attributes)),
            header: quote!(__header),
            codec: quote!(&mut *__attributes),
        }
    }
}

impl Source {
    /// A message of a kind.
    pub(super) fn message() -> Source {
        Source {
            attributes: quote!(__message.attributes),
            header: quote!(__message.header),
            codec: quote!(&__message),
        }
    }

    /// Inside a nested attribute.
    pub(super) fn nested() -> Source {
        Source { attributes: quote!(__list), header: quote!(__header), codec: quote!(&__list) }
    }
}

/// Writes the field. `value` is an expression of a reference to it. With `none`, a missing option is written
/// as the value that the kind names for it.
pub(super) fn emit(
    field: &Field,
    runtime: &Runtime,
    value: &TokenStream,
    sink: &Sink,
    none: bool,
) -> TokenStream {
    let name = field.name();
    let Sink { attributes, header, codec: codec_sink } = sink;
    if let (true, Some(none), Some(nla), Some(inner)) = (none, &field.none, &field.nla, field.option()) {
        let some = emit_attribute(field, inner, runtime, &quote!(__value), sink);
        return quote! {
            match #value {
                #runtime::core::option::Option::Some(__value) => { #some }
                #runtime::core::option::Option::None => #attributes.put(#nla, &(#none)),
            }
        };
    }
    match field.place() {
        Place::Attribute(_) => emit_attribute(field, &field.ty, runtime, value, sink),
        Place::Payload(..) => match field.option() {
            Some(inner) => {
                let some = emit_attribute(field, inner, runtime, &quote!(__value), sink);
                quote! {
                    if let #runtime::core::option::Option::Some(__value) = #value { #some }
                }
            }
            None => emit_attribute(field, &field.ty, runtime, value, sink),
        },
        Place::Header(place) => {
            let ty = &field.ty;
            let to_header = quote_spanned!(ty.span()=> <#ty as #runtime::HeaderValue>::to_header);
            quote! {
                match #runtime::fit_header(#to_header(#value, __context), #name) {
                    #runtime::core::result::Result::Ok(__number) => #header.#place = __number,
                    #runtime::core::result::Result::Err(__error) => #attributes.fail(__error),
                }
            }
        }
        Place::Bit(place, bit) => {
            let mask = field.mask.as_ref().map(|mask| quote!(#header.#mask |= #bit;));
            quote! {
                #mask
                if *#value { #header.#place |= #bit; }
            }
        }
        Place::Codec(codec) => quote!(#codec::emit(#value, #codec_sink);),
        Place::OwnName | Place::Order | Place::Nowhere => quote!(),
    }
}

/// Writes a value of type `ty` as the field's attribute.
fn emit_attribute(
    field: &Field,
    ty: &Type,
    runtime: &Runtime,
    value: &TokenStream,
    sink: &Sink,
) -> TokenStream {
    let name = field.name();
    let attributes = &sink.attributes;
    match field.place() {
        Place::Payload(nla, codec) => quote! {
            #attributes.put_with(#nla, |__payload| #codec::emit(#value, __payload));
            #attributes.blame(#name);
        },
        Place::Attribute(nla) => {
            let emit = of_attribute(ty, runtime, "emit");
            quote! {
                #emit(#value, #nla, &mut #attributes, __context);
                #attributes.blame(#name);
            }
        }
        _ => quote!(),
    }
}

/// An expression that reads the field, or returns with the reason why it can't.
pub(super) fn parse(field: &Field, runtime: &Runtime, source: &Source) -> TokenStream {
    let name = field.name();
    let ty = &field.ty;
    let Source { attributes, header, codec: codec_source } = source;
    let default = quote_spanned!(ty.span()=> <#ty as #runtime::core::default::Default>::default());
    let may_lack = field.default || field.write_only;
    let result = match field.place() {
        Place::Attribute(nla) => {
            let parse = of_attribute(ty, runtime, "parse");
            let parse = quote!(#parse(#nla, &#attributes, __resolver));
            if may_lack {
                quote! {
                    if #attributes.get(#nla).is_none() {
                        #runtime::core::result::Result::Ok(#default)
                    } else {
                        #parse
                    }
                }
            } else {
                parse
            }
        }
        Place::Payload(nla, codec) => {
            let read = quote!(|__payload| #codec::parse(__payload));
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
            quote!(#from_header(#runtime::core::convert::Into::<i64>::into(#header.#place), __resolver))
        }
        Place::Bit(place, bit) => return quote!((#header.#place & (#bit)) == (#bit)),
        Place::Codec(codec) => {
            let parse = quote!(#codec::parse(#codec_source));
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

/// An expression that says whether `observed` does what `asked` asks for; both are references. `None` for
/// fields that nothing can be asked of.
pub(super) fn is_met(
    field: &Field,
    runtime: &Runtime,
    asked: &TokenStream,
    observed: &TokenStream,
) -> Option<TokenStream> {
    if field.key || field.write_only || field.read_only || !field.on_wire() {
        return None;
    }
    let none_asks = field.none.is_some();
    Some(match (field.place(), field.option()) {
        (Place::Attribute(_), Some(_)) if none_asks => {
            let met = of_attribute(&field.ty, runtime, "met_by");
            quote! {
                (#met(#asked, #observed)
                    && ((#asked).is_some() || (#observed).is_none()))
            }
        }
        (Place::Attribute(_), _) => {
            let met = of_attribute(&field.ty, runtime, "met_by");
            quote!(#met(#asked, #observed))
        }
        (_, Some(_)) if !none_asks => quote!(((#asked).is_none() || *(#asked) == *(#observed))),
        _ => quote!((*(#asked) == *(#observed))),
    })
}

/// Looks at the field before anybody asks the kernel. `value` is a reference to it.
pub(super) fn check(field: &Field, runtime: &Runtime, value: &TokenStream) -> TokenStream {
    let name = field.name();
    let by_function = field.check.as_ref().map(|check| {
        quote! {
            if let #runtime::core::result::Result::Err(__reason) = #check(#value) {
                return #runtime::core::result::Result::Err(#runtime::Invalid {
                    field: #name,
                    reason: #runtime::std::string::ToString::to_string(&__reason),
                });
            }
        }
    });
    let inside = matches!(field.place(), Place::Attribute(_)).then(|| {
        let check = of_attribute(&field.ty, runtime, "check");
        quote! {
            if let #runtime::core::result::Result::Err(__inside) = #check(#value) {
                return #runtime::core::result::Result::Err(#runtime::payload::invalid_inside(#name, __inside));
            }
        }
    });
    quote!(#by_function #inside)
}

/// Shows the field's references. `value` is a mutable reference to it.
pub(super) fn references(field: &Field, runtime: &Runtime, value: &TokenStream) -> TokenStream {
    let ty = &field.ty;
    let collector = if field.survives { quote!(&mut __references.surviving()) } else { quote!(__references) };
    match (field.place(), &field.depends_on) {
        // Also without `#[depends_on]`: a nested value knows of its references itself.
        (Place::Attribute(_), _) => {
            let references = of_attribute(ty, runtime, "references");
            quote!(#references(#value, #collector);)
        }
        (_, None) => quote!(),
        (Place::Header(_), Some(_)) => {
            let references = quote_spanned!(ty.span()=> <#ty as #runtime::HeaderValue>::references);
            quote!(#references(#value, #collector);)
        }
        (_, Some(_)) => {
            let references = quote_spanned!(ty.span()=> <#ty as #runtime::Depends>::references);
            quote!(#references(#value, #collector);)
        }
    }
}

/// A method of `AttributeField`; a type that has none is reported at the type. For what is spelled as a
/// reference, a trait stands in that only references have: the compiler then says that the kind lacks an index.
fn of_attribute(ty: &Type, runtime: &Runtime, method: &str) -> TokenStream {
    let method = proc_macro2::Ident::new(method, ty.span());
    if shape::is_reference(shape::option_of(ty).unwrap_or(ty)) {
        return quote_spanned!(ty.span()=> <#ty as #runtime::ReferenceField>::#method);
    }
    quote_spanned!(ty.span()=> <#ty as #runtime::AttributeField>::#method)
}
