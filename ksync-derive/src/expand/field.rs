//! What is done with one field: written, checked, searched for references.
//!
//! Knows where a field goes, not in which message: the caller says where attributes and header are.

use proc_macro2::TokenStream;
use quote::{quote, quote_spanned};
use syn::Type;
use syn::spanned::Spanned;

use super::codec::{carrier, inner_carrier};
pub(super) use super::met::{is_met, needs_recreation};
pub(super) use super::read::parse;
use crate::input::field::{Field, Place};
use crate::input::function::Function;
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

    /// A message of a kind, outside of the attributes that most are nested in.
    pub(super) fn outside() -> Source {
        Source {
            attributes: quote!(__outer.attributes),
            header: quote!(__outer.header),
            codec: quote!(&__outer),
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
            match #runtime::fit_header(#runtime::core::result::Result::Ok(#runtime::core::convert::Into::<i128>::into(#number)), #name) {
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
            quote_spanned!(none.span()=> #attributes.put(#nla, &(#none));)
        } else {
            let emit = inner_carrier(field, inner, runtime).method("emit");
            quote_spanned!(none.span()=> #emit(&(#none), #nla, &mut #attributes, __context);)
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
        Place::AttributeBit(..) | Place::Part(..) => quote!(),
        Place::OwnName | Place::Order | Place::Nowhere => quote!(),
    }
}

/// Writes what a change takes of a nest where the kernel keeps what it does not name. `None` for fields that are
/// written as a whole.
pub(super) fn emit_change(field: &Field, runtime: &Runtime) -> Option<TokenStream> {
    let Place::Attribute(nla) = field.place() else { return None };
    if field.none.is_some() || shape::is_plain(&field.ty) || !field.format.is_usual() {
        return None;
    }
    let (ident, name) = (&field.ident, field.name());
    let emit_change = carrier(field, runtime).method("emit_change");
    let option = quote!(#runtime::core::option::Option);
    Some(quote! {
        if match __held {
            #option::Some(__held) => __held.#ident != self.#ident,
            #option::None => true,
        } {
            let __held = match __held {
                #option::Some(__held) => #option::Some(&__held.#ident),
                #option::None => #option::None,
            };
            #emit_change(&self.#ident, __held, #nla, &mut __message.attributes, __context);
            __message.attributes.blame(#name);
        }
    })
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
            let value = at(value, codec.span());
            let emit = quote_spanned!(codec.span()=> |__payload| #codec::emit(#value, __payload));
            quote! {
            #attributes.put_with(#nla, #emit);
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
    // All addresses need none; host bits, where they are allowed, are told whatever the length is.
    quote!(if #prefix::prefix_len(#value) > 0 || !#prefix::address(#value).is_unspecified() { #put })
}

/// Turns the bytes of a header field round; a field that has no order is reported at the word for it.
pub(super) fn turned(place: &proc_macro2::Ident, runtime: &Runtime) -> TokenStream {
    quote_spanned!(place.span()=> #runtime::codec::ByteOrder::turned)
}

/// Looks at the field before anybody asks the kernel. `value` is a reference to it.
pub(super) fn check(field: &Field, runtime: &Runtime, value: &TokenStream) -> TokenStream {
    let name = field.name();
    let by_function = field.check.as_ref().map(|check| {
        let ty = &field.ty;
        let given = match check {
            Function::Path(_) => None,
            // What it takes is known only once it has a type.
            Function::Closure(closure) => Some(quote! {
                let __check: fn(&#ty) -> #runtime::core::result::Result<(), _> = #closure;
            }),
        };
        let check = match check {
            Function::Path(path) => quote!(#path),
            Function::Closure(closure) => quote_spanned!(closure.span()=> __check),
        };
        // What the function is given, or gives, and should not, is said at its name.
        let (value, runtime) = (at(value, check.span()), runtime.at(check.span()));
        let refused = quote_spanned! {check.span()=>
            if let #runtime::core::result::Result::Err(__reason) = #check(#value) {
                return #runtime::core::result::Result::Err(#runtime::Invalid {
                    field: #name,
                    reason: #runtime::std::string::ToString::to_string(&__reason),
                });
            }
        };
        match given {
            Some(given) => quote!({ #given #refused }),
            None => refused,
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
        (Place::Header(_) | Place::Part(..), Some(_)) => {
            let references = quote_spanned!(ty.span()=> <#ty as #runtime::HeaderValue>::references);
            quote!(#references(#value, #collector);)
        }
        (_, Some(_)) => {
            let references = quote_spanned!(ty.span()=> <#ty as #runtime::Depends>::references);
            quote!(#references(#value, #collector);)
        }
    }
}

/// The same tokens, as if they stood at `span`.
pub(super) fn at(tokens: &TokenStream, span: proc_macro2::Span) -> TokenStream {
    tokens
        .clone()
        .into_iter()
        .map(|mut token| {
            token.set_span(span);
            token
        })
        .collect()
}

/// A method of what carries the field, for what stands inside it.
fn inside(field: &Field, runtime: &Runtime, method: &str) -> TokenStream {
    if matches!(field.place(), Place::Flatten) {
        let (ty, method) = (&field.ty, proc_macro2::Ident::new(method, field.ty.span()));
        return quote_spanned!(ty.span()=> <#ty as #runtime::AttributeField>::#method);
    }
    carrier(field, runtime).method(method)
}
