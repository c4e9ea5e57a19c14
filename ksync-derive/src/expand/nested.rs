//! `KSyncNested`: a struct or enum as one attribute that nests others.

use proc_macro2::TokenStream;
use quote::{quote, quote_spanned};
use syn::Type;
use syn::spanned::Spanned;

use super::bits::{self, Part};
use super::choice::{Tag, of_enum};
use super::codec;
use super::field::{self, Sink, Source};
use crate::input::field::{Field, Place};
use crate::input::fill::Fill;
use crate::input::nested::{Content, Nested};
use crate::input::runtime::Runtime;

/// The impls of a nest.
pub(super) fn impls(nested: &Nested) -> TokenStream {
    let (ident, runtime) = (&nested.ident, &nested.runtime);
    let (bodies, markers) = match &nested.content {
        Content::Struct { header, fills, fields, .. } => {
            (of_struct(runtime, header.as_ref(), fills, fields), codec::markers(fields.iter(), runtime))
        }
        Content::Enum { kind, data, repr, variants } => {
            let tag = Tag { kind: kind.as_ref(), repr: repr.as_ref(), data: data.as_ref() };
            let fields = variants.iter().flat_map(|variant| &variant.fields);
            (of_enum(runtime, &tag, variants), codec::markers(fields, runtime))
        }
    };
    let Bodies {
        header_type,
        header,
        emit,
        emit_changed,
        parse,
        any_in,
        references,
        met_by,
        check,
        needs_recreation,
    } = bodies;
    // Where the kernel forgets what a change does not name, a change names all.
    let (emit_changed, merge) = match &nested.content {
        Content::Struct { whole: true, .. } => {
            (quote!(self.emit_attributes(__attributes, __context);), quote!(let __merge = false;))
        }
        _ => (emit_changed, quote!()),
    };
    let (outer_emit, outer_parse) = match &nested.content {
        Content::Struct { .. } if is_fixed_size(nested) => (quote!(emit_header), quote!(parse_header)),
        Content::Struct { .. } => (quote!(emit), quote!(parse)),
        Content::Enum { .. } => (quote!(emit_unless_empty), quote!(parse_or_empty)),
    };
    let result = quote!(#runtime::core::result::Result);
    let fixed_size = fixed_size(nested, &header_type);
    let quiet = super::quiet();
    quote! {
        #markers
        #[automatically_derived]
        #quiet
        impl #runtime::AttributeField for #ident {
            fn emit(
                &self,
                __nla: u16,
                __attributes: &mut #runtime::Attributes<'_>,
                __context: &#runtime::Context<'_>,
            ) {
                #runtime::nest::#outer_emit(self, __nla, __attributes, __context);
            }

            fn parse(
                __nla: u16,
                __outer: &#runtime::AttributeList<'_>,
                __resolver: &#runtime::Resolver<'_>,
            ) -> #result<Self, #runtime::ParseError> {
                #runtime::nest::#outer_parse(__nla, __outer, __resolver)
            }

            fn references<__L: #runtime::Links>(&mut self, __references: &mut #runtime::References<'_, __L>) {
                #references
            }

            fn met_by(&self, __observed: &Self) -> bool {
                #met_by
            }

            fn emit_change(
                &self,
                __held: #runtime::core::option::Option<&Self>,
                __nla: u16,
                __attributes: &mut #runtime::Attributes<'_>,
                __context: &#runtime::Context<'_>,
            ) {
                #runtime::nest::emit_change(self, __held, __nla, __attributes, __context);
            }

            fn needs_recreation(&self, __desired: &Self, __merge: bool) -> bool {
                #merge
                #needs_recreation
            }

            fn check(&self) -> #result<(), #runtime::Invalid> {
                #check
                #result::Ok(())
            }
        }
        #[automatically_derived]
        #quiet
        impl #runtime::Nested for #ident {
            type Header = #header_type;

            fn header(
                &self,
                __attributes: &mut #runtime::Attributes<'_>,
                __context: &#runtime::Context<'_>,
            ) -> #header_type {
                #header
            }

            fn emit_attributes(
                &self,
                __attributes: &mut #runtime::Attributes<'_>,
                __context: &#runtime::Context<'_>,
            ) {
                #emit
            }

            fn emit_changed_attributes(
                &self,
                __held: #runtime::core::option::Option<&Self>,
                __attributes: &mut #runtime::Attributes<'_>,
                __context: &#runtime::Context<'_>,
            ) {
                #emit_changed
            }

            fn parse_body(
                __header: &#header_type,
                __list: &#runtime::AttributeList<'_>,
                __resolver: &#runtime::Resolver<'_>,
            ) -> #result<Self, #runtime::ParseError> {
                #parse
            }

            fn any_in(__list: &#runtime::AttributeList<'_>) -> bool {
                #any_in
            }
        }
        #fixed_size
    }
}

/// Whether it is a header with nothing behind it.
fn is_fixed_size(nested: &Nested) -> bool {
    let Content::Struct { header: Some(_), fields, .. } = &nested.content else { return false };
    are_in_header(fields.iter())
}

/// Whether a header carries all of the fields.
pub(super) fn are_in_header<'a>(mut fields: impl Iterator<Item = &'a Field>) -> bool {
    fields.all(|field| is_in_header(field) || !field.on_wire())
}

/// A header with nothing behind it always takes as many bytes.
fn fixed_size(nested: &Nested, header: &TokenStream) -> Option<TokenStream> {
    if !is_fixed_size(nested) {
        return None;
    }
    let (ident, runtime, quiet) = (&nested.ident, &nested.runtime, super::quiet());
    let own = quote!(<Self as #runtime::AttributeField>);
    Some(quote! {
        #[automatically_derived]
        #quiet
        impl #runtime::codec::FixedSize for #ident {
            const LEN: usize = <#header as #runtime::FixedHeader>::LEN;

            fn emit(&self, __attributes: &mut #runtime::Attributes<'_>, __context: &#runtime::Context<'_>) {
                #runtime::nest::emit_element(self, __attributes, __context);
            }

            fn parse(
                __bytes: &[u8],
                __resolver: &#runtime::Resolver<'_>,
            ) -> #runtime::core::result::Result<Self, #runtime::ParseError> {
                #runtime::nest::parse_element(__bytes, __resolver)
            }

            fn references<__L: #runtime::Links>(&mut self, __references: &mut #runtime::References<'_, __L>) {
                #own::references(self, __references);
            }

            fn check(&self) -> #runtime::core::result::Result<(), #runtime::Invalid> {
                #own::check(self)
            }

            fn met_by(&self, __observed: &Self) -> bool {
                #own::met_by(self, __observed)
            }
        }
    })
}

/// The bodies of the methods.
pub(super) struct Bodies {
    pub(super) header_type: TokenStream,
    pub(super) header: TokenStream,
    pub(super) emit: TokenStream,
    pub(super) emit_changed: TokenStream,
    pub(super) parse: TokenStream,
    pub(super) any_in: TokenStream,
    pub(super) references: TokenStream,
    pub(super) met_by: TokenStream,
    pub(super) check: TokenStream,
    pub(super) needs_recreation: TokenStream,
}

fn is_in_header(field: &Field) -> bool {
    matches!(field.place(), Place::Header(_) | Place::Bit(..))
}

/// Writes fields: those of the header (also lengths and families of what stands in attributes), or all others.
pub(super) fn header_of<'a>(
    runtime: &Runtime,
    header: &Type,
    fills: &[Fill],
    fields: impl Iterator<Item = &'a Field>,
    value: impl Fn(&Field) -> TokenStream,
) -> TokenStream {
    let fills =
        fills.iter().flat_map(|fill| &fill.assignments).map(|(place, expr)| quote!(__header.#place = #expr;));
    let fields = fields.map(|field| {
        let value = value(field);
        if is_in_header(field) {
            field::emit(field, runtime, &value, &Sink::nested(), false)
        } else {
            field::emit_beside(field, runtime, &value, &Sink::nested())
        }
    });
    quote! {
        let mut __header = <#header as #runtime::core::default::Default>::default();
        #(#fills)*
        #(#fields)*
        __header
    }
}

pub(super) fn attributes_of<'a>(
    runtime: &Runtime,
    fields: impl Iterator<Item = &'a Field>,
    value: impl Fn(&Field) -> TokenStream,
) -> TokenStream {
    let written = fields.filter(|field| !is_in_header(field) && !field.read_only);
    let parts = bits::parts(written).into_iter().map(|part| match part {
        Part::Field(field) => field::emit_inside(field, runtime, &value(field), &Sink::nested()),
        Part::Shared(group) => bits::emit(&group, runtime, &value, &Sink::nested()),
    });
    quote!(#(#parts)*)
}

/// Writes the fields that a change may carry: those that differ, where `held` knows what is held.
pub(super) fn changed_attributes_of<'a>(
    runtime: &Runtime,
    fields: impl Iterator<Item = &'a Field>,
    value: impl Fn(&Field) -> TokenStream,
    held: Option<&dyn Fn(&Field) -> TokenStream>,
) -> TokenStream {
    let written = fields.filter(|field| !is_in_header(field) && !field.read_only && field.on_wire());
    let option = quote!(#runtime::core::option::Option);
    let parts = bits::parts(written).into_iter().map(|part| {
        let members: &[&Field] = match &part {
            Part::Field(field) => &[field],
            Part::Shared(group) => group,
        };
        // An immutable one goes along with those that it shares an attribute with.
        if members.iter().all(|field| field.immutable) {
            return quote!();
        }
        let differ = held.map(|held| {
            let differ = members.iter().map(|field| {
                let (held, value) = (held(field), value(field));
                quote!(*(#held) != *(#value))
            });
            quote!(#(#differ)||*)
        });
        let write = match &part {
            Part::Field(field) if matches!(field.place(), Place::Flatten) => {
                let (ty, value) = (&field.ty, value(field));
                let held = match held {
                    Some(held) => {
                        let held = held(field);
                        quote!(#option::Some(#held))
                    }
                    None => quote!(#option::None),
                };
                let emit = quote_spanned!(ty.span()=> <#ty as #runtime::Flatten>::emit_changed);
                quote!(#emit(#value, #held, __attributes, __context);)
            }
            Part::Field(field) => field::emit_inside(field, runtime, &value(field), &Sink::nested()),
            Part::Shared(group) => bits::emit(group, runtime, &value, &Sink::nested()),
        };
        match differ {
            Some(differ) => quote!(if #differ { #write }),
            None => write,
        }
    });
    quote!(#(#parts)*)
}

/// Whether any attribute of the fields is in `__list`.
fn any_in<'a>(runtime: &Runtime, fields: impl Iterator<Item = &'a Field>) -> TokenStream {
    let there = fields.filter_map(|field| match (&field.nla, field.place()) {
        (_, Place::Flatten) => {
            let ty = &field.ty;
            Some(quote_spanned!(ty.span()=> <#ty as #runtime::Flatten>::any_in(__list)))
        }
        (Some(nla), _) => {
            let v6 = field.format.v6.as_ref().map(|v6| quote!(|| __list.get(#v6).is_some()));
            Some(quote!(__list.get(#nla).is_some() #v6))
        }
        (None, _) => None,
    });
    quote!(false #(|| #there)*)
}

fn of_struct(runtime: &Runtime, header: Option<&Type>, fills: &[Fill], fields: &[Field]) -> Bodies {
    let own = |field: &Field| {
        let ident = &field.ident;
        quote!(&self.#ident)
    };
    let parsed = fields.iter().map(|field| {
        let (ident, value) = (&field.ident, field::parse(field, runtime, &Source::nested()));
        quote!(#ident: #value)
    });
    let references = fields.iter().map(|field| {
        let ident = &field.ident;
        field::references(field, runtime, &quote!(&mut self.#ident))
    });
    let met = fields.iter().filter_map(|field| {
        let ident = &field.ident;
        field::is_met(field, runtime, &own(field), &quote!(&__observed.#ident))
    });
    let check = fields.iter().map(|field| field::check(field, runtime, &own(field)));
    let recreated = fields.iter().filter_map(|field| {
        let ident = &field.ident;
        recreation(field, runtime, &own(field), &quote!(&__desired.#ident))
    });
    let held = |field: &Field| {
        let ident = &field.ident;
        quote!(&__held.#ident)
    };
    let differing = changed_attributes_of(runtime, fields.iter(), own, Some(&held));
    let changeable = changed_attributes_of(runtime, fields.iter(), own, None);
    Bodies {
        emit_changed: quote! {
            match __held {
                #runtime::core::option::Option::Some(__held) => { #differing }
                #runtime::core::option::Option::None => { #changeable }
            }
        },
        header_type: header.map_or_else(|| quote!(#runtime::NoHeader), |header| quote!(#header)),
        header: header.map_or_else(
            || quote!(#runtime::NoHeader),
            |header| header_of(runtime, header, fills, fields.iter(), own),
        ),
        emit: attributes_of(runtime, fields.iter(), own),
        parse: quote!(#runtime::core::result::Result::Ok(Self { #(#parsed),* })),
        any_in: any_in(runtime, fields.iter()),
        references: quote!(#(#references)*),
        met_by: quote!(true #(&& #met)*),
        check: quote!(#(#check)*),
        needs_recreation: quote!(false #(|| #recreated)*),
    }
}

pub(super) fn recreation(
    field: &Field,
    runtime: &Runtime,
    held: &TokenStream,
    desired: &TokenStream,
) -> Option<TokenStream> {
    if field.immutable {
        return Some(quote!((#held) != (#desired)));
    }
    field::needs_recreation(field, runtime, held, desired, &quote!(__merge))
}
