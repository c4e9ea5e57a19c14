//! What is done with one field: written, read, compared, checked.
//!
//! Knows where a field goes, not in which message: the caller says where attributes and header are.

use proc_macro2::{Span, TokenStream};
use quote::{quote, quote_spanned};
use syn::Type;
use syn::spanned::Spanned;

use super::bits::number;
use super::codec::{carrier, inner_carrier};
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
    let beside = emit_beside(field, runtime, value, sink);
    let main = emit_main(field, runtime, value, sink, none);
    quote!(#beside #main)
}

/// Writes what an attribute leaves to the header: the family of an address, the length of a prefix.
pub(super) fn emit_beside(field: &Field, runtime: &Runtime, value: &TokenStream, sink: &Sink) -> TokenStream {
    let name = field.name();
    let Sink { attributes, header, .. } = sink;
    let into_header = |place: &proc_macro2::Ident, number: TokenStream| {
        quote! {
            match #runtime::fit_header(#runtime::core::result::Result::Ok(#runtime::core::convert::Into::<i64>::into(#number)), #name) {
                #runtime::core::result::Result::Ok(__number) => #header.#place = __number,
                #runtime::core::result::Result::Err(__error) => #attributes.fail(__error),
            }
        }
    };
    let family = field.format.family.as_ref().map(|place| {
        let ty = &field.ty;
        let at = runtime.at(ty.span());
        let family = quote_spanned!(ty.span()=> <#ty as #at::codec::Family>::family);
        let set = into_header(place, quote!(__family));
        quote! {
            if let #runtime::core::option::Option::Some(__family) = #family(#value) { #set }
        }
    });
    let len = field.format.prefix_len.as_ref().map(|place| {
        let ty = field.option().unwrap_or(&field.ty);
        let len = quote_spanned!(ty.span()=> <#ty as #runtime::codec::Prefix>::prefix_len);
        match field.option() {
            Some(_) => {
                let set = into_header(place, quote!(#len(__prefix)));
                quote! {
                    if let #runtime::core::option::Option::Some(__prefix) = #value { #set }
                }
            }
            None => into_header(place, quote!(#len(#value))),
        }
    });
    quote!(#family #len)
}

/// Writes the field into attributes alone.
pub(super) fn emit_inside(field: &Field, runtime: &Runtime, value: &TokenStream, sink: &Sink) -> TokenStream {
    emit_main(field, runtime, value, sink, false)
}

fn emit_main(field: &Field, runtime: &Runtime, value: &TokenStream, sink: &Sink, none: bool) -> TokenStream {
    let name = field.name();
    let Sink { attributes, header, codec: codec_sink } = sink;
    if let (true, Some(none), Some(nla), Some(inner)) = (none, &field.none, &field.nla, field.option()) {
        let some = emit_attribute(field, inner, runtime, &quote!(__value), sink);
        // Of a reference, and of what a codec writes, the bare number is what can be said.
        let no_value = if field.with.is_some() || shape::target_of(inner).is_some() || field.format.is_usual()
        {
            quote!(#attributes.put(#nla, &(#none));)
        } else {
            let emit = inner_carrier(field, inner, runtime).method("emit");
            quote!(#emit(&(#none), #nla, &mut #attributes, __context);)
        };
        return quote! {
            match #value {
                #runtime::core::option::Option::Some(__value) => { #some }
                #runtime::core::option::Option::None => { #no_value }
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
            if field.format.be {
                let turned = turned(place, runtime);
                return quote! {
                    match #runtime::fit_header(#to_header(#value, __context), #name) {
                        #runtime::core::result::Result::Ok(__number) => #header.#place = #turned(__number),
                        #runtime::core::result::Result::Err(__error) => #attributes.fail(__error),
                    }
                };
            }
            quote! {
                match #runtime::fit_header(#to_header(#value, __context), #name) {
                    #runtime::core::result::Result::Ok(__number) => #header.#place = __number,
                    #runtime::core::result::Result::Err(__error) => #attributes.fail(__error),
                }
            }
        }
        Place::Bit(place, bit) => {
            let mask = field.mask.as_ref().map(|mask| quote!(#header.#mask |= #bit;));
            if field.option().is_some() {
                return quote! {
                    if let #runtime::core::option::Option::Some(__on) = #value {
                        #mask
                        if *__on { #header.#place |= #bit; }
                    }
                };
            }
            quote! {
                #mask
                if *#value { #header.#place |= #bit; }
            }
        }
        Place::Codec(codec) => {
            let emit = quote_spanned!(codec.span()=> #codec::emit);
            quote!(#emit(#value, #codec_sink);)
        }
        Place::Flatten => {
            let ty = &field.ty;
            let emit = quote_spanned!(ty.span()=> <#ty as #runtime::Flatten>::emit);
            quote! {
                #emit(#value, &mut #attributes, __context);
                #attributes.blame(#name);
            }
        }
        Place::Prefix(nla, _) => match field.option() {
            Some(inner) => {
                let some = emit_prefix(field, inner, runtime, &quote!(__value), sink, nla);
                quote! {
                    if let #runtime::core::option::Option::Some(__value) = #value { #some }
                }
            }
            None => emit_prefix(field, &field.ty, runtime, value, sink, nla),
        },
        // Written together with the others of its attribute.
        Place::AttributeBit(..) => quote!(),
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
        Place::Payload(nla, codec) => {
            let emit = quote_spanned!(codec.span()=> #codec::emit);
            quote! {
            #attributes.put_with(#nla, |__payload| #emit(#value, __payload));
            #attributes.blame(#name);
            }
        }
        Place::Attribute(nla) => {
            let carrier =
                if *ty == field.ty { carrier(field, runtime) } else { inner_carrier(field, ty, runtime) };
            let emit = carrier.method("emit");
            quote! {
                #emit(#value, #nla, &mut #attributes, __context);
                #attributes.blame(#name);
            }
        }
        _ => quote!(),
    }
}

/// The address of a prefix. That of all addresses has none, unless an option has to be told from `None`.
fn emit_prefix(
    field: &Field,
    ty: &Type,
    runtime: &Runtime,
    value: &TokenStream,
    sink: &Sink,
    nla: &syn::Expr,
) -> TokenStream {
    let attributes = &sink.attributes;
    let prefix = quote_spanned!(ty.span()=> <#ty as #runtime::codec::Prefix>);
    let put = quote!(#attributes.put(#nla, &#prefix::address(#value)););
    if field.option().is_some() {
        return put;
    }
    quote!(if #prefix::prefix_len(#value) > 0 { #put })
}

/// Turns the bytes of a header field round; a field that has no order is reported at the word for it.
fn turned(place: &proc_macro2::Ident, runtime: &Runtime) -> TokenStream {
    quote_spanned!(place.span()=> #runtime::codec::ByteOrder::turned)
}

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
            let read = {
                let parse = quote_spanned!(codec.span()=> #codec::parse);
                quote!(|__payload| #parse(__payload))
            };
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
            quote!(#from_header(#runtime::core::convert::Into::<i64>::into(#number), __resolver))
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
                        #runtime::core::convert::Into::<i64>::into(#header.#family)
                    )
                },
                None => quote!(#runtime::core::option::Option::None),
            };
            let inner = field.option().unwrap_or(ty);
            let parse = quote_spanned!(inner.span()=> <#inner as #runtime::codec::Prefix>::parse);
            let parse = quote! {
                #parse(#nla, &#attributes, #runtime::core::convert::Into::<i64>::into(#header.#len), #family)
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
    if let Some(compare) = &field.compare {
        return Some(compared(field, runtime, compare, asked, observed));
    }
    Some(match (field.place(), field.option()) {
        (Place::Attribute(_), Some(_)) if none_asks => {
            let met = carrier(field, runtime).method("met_by");
            quote! {
                (#met(#asked, #observed)
                    && ((#asked).is_some() || (#observed).is_none()))
            }
        }
        (Place::Attribute(_), _) => {
            let met = carrier(field, runtime).method("met_by");
            quote!(#met(#asked, #observed))
        }
        (Place::Flatten, _) => {
            let ty = &field.ty;
            let met = quote_spanned!(ty.span()=> <#ty as #runtime::AttributeField>::met_by);
            quote!(#met(#asked, #observed))
        }
        (_, Some(_)) if !none_asks => quote!(((#asked).is_none() || *(#asked) == *(#observed))),
        _ => quote!((*(#asked) == *(#observed))),
    })
}

/// The same, where the user's own function compares what is there.
fn compared(
    field: &Field,
    runtime: &Runtime,
    compare: &syn::Path,
    asked: &TokenStream,
    observed: &TokenStream,
) -> TokenStream {
    if field.option().is_none() {
        return quote!(#compare(#asked, #observed));
    }
    let option = quote!(#runtime::core::option::Option);
    let none_is_met = if field.none.is_some() { quote!((#observed).is_none()) } else { quote!(true) };
    quote! {
        match (#asked, #observed) {
            (#option::None, _) => #none_is_met,
            (#option::Some(__asked), #option::Some(__observed)) => #compare(__asked, __observed),
            (#option::Some(_), #option::None) => false,
        }
    }
}

/// An expression that says whether no change message leads from the one value to the other, both references;
/// `None` where that can't be.
pub(super) fn needs_recreation(
    field: &Field,
    runtime: &Runtime,
    held: &TokenStream,
    desired: &TokenStream,
    merge: &TokenStream,
) -> Option<TokenStream> {
    if field.none.is_some() || !field.is_compared() {
        return None;
    }
    match field.place() {
        Place::Attribute(_) if !shape::is_plain(&field.ty) || field.format.flag => {
            let method = carrier(field, runtime).method("needs_recreation");
            Some(quote!(#method(#held, #desired, #merge)))
        }
        Place::Flatten => {
            let ty = &field.ty;
            let method = quote_spanned!(ty.span()=> <#ty as #runtime::AttributeField>::needs_recreation);
            Some(quote!(#method(#held, #desired, #merge)))
        }
        _ if field.option().is_some() => Some(quote!((#merge && (#held).is_some() && (#desired).is_none()))),
        _ => None,
    }
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
    let inside = matches!(field.place(), Place::Attribute(_) | Place::Flatten).then(|| {
        let check = inside(field, runtime, "check");
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
        (Place::Attribute(_) | Place::Flatten, _) => {
            let references = inside(field, runtime, "references");
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

/// A method of what carries the field, for what stands inside it.
fn inside(field: &Field, runtime: &Runtime, method: &str) -> TokenStream {
    if matches!(field.place(), Place::Flatten) {
        let (ty, method) = (&field.ty, proc_macro2::Ident::new(method, field.ty.span()));
        return quote_spanned!(ty.span()=> <#ty as #runtime::AttributeField>::#method);
    }
    carrier(field, runtime).method(method)
}
