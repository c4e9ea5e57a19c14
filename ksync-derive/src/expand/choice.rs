//! An enum that derives `KSyncNested`: which variant it is, and that one's fields.

use proc_macro2::{Ident, Literal, TokenStream};
use quote::{format_ident, quote};
use syn::Expr;

use super::field::{self, Source};
use super::nested::{Bodies, are_in_header, attributes_of, changed_attributes_of, header_of, recreation};
use crate::input::field::Field;
use crate::input::nested::Variant;
use crate::input::runtime::Runtime;

/// What tells one variant from another.
pub(super) struct Tag<'a> {
    pub(super) kind: Option<&'a Expr>,
    pub(super) repr: Option<&'a Ident>,
    pub(super) data: Option<&'a Expr>,
}

pub(super) fn of_enum(runtime: &Runtime, tag: &Tag<'_>, variants: &[Variant]) -> Bodies {
    let emit = variants.iter().map(|variant| {
        let fields = attributes_of(runtime, variant.fields.iter(), own_value);
        let Parts { kind, data } = emit_variant(runtime, tag, variant, &fields);
        let pattern = pattern(variant, "");
        quote!(#pattern => { #kind #data })
    });
    let changed = variants.iter().map(|variant| {
        let held_value = |field: &Field| {
            let bound = bound(field, "held_");
            quote!(#bound)
        };
        let differing = changed_attributes_of(runtime, variant.fields.iter(), own_value, Some(&held_value));
        let differing = emit_variant(runtime, tag, variant, &differing).unless_alone();
        let changeable = changed_attributes_of(runtime, variant.fields.iter(), own_value, None);
        let changeable = emit_variant(runtime, tag, variant, &changeable).unless_alone();
        let (own, held) = (pattern(variant, ""), pattern(variant, "held_"));
        quote! {
            (#own, #runtime::core::option::Option::Some(#held)) => { #differing }
            (#own, _) => { #changeable }
        }
    });
    let arms = variants.iter().filter_map(|variant| parse_variant(runtime, tag, variant));
    let kind = tag.kind;
    let unknown = match variants.iter().find(|variant| variant.other) {
        Some(other) => {
            let other = construct(other, |field| field::parse(field, runtime, &Source::nested()));
            quote!(#runtime::core::result::Result::Ok(#other))
        }
        // Somebody else's: a kind of object that nothing here declares.
        None => quote! {
            #runtime::core::result::Result::Err(#runtime::ParseError::attribute(
                #kind,
                #runtime::ValueError::Missing,
            ))
        },
    };
    let references = variants.iter().map(|variant| {
        let pattern = pattern(variant, "");
        let shown = variant.fields.iter().map(|field| {
            let bound = bound(field, "");
            field::references(field, runtime, &quote!(#bound))
        });
        quote!(#pattern => { #(#shown)* })
    });
    let met = variants.iter().map(|variant| {
        if !variant.is_written() {
            let ident = &variant.ident;
            return quote!((Self::#ident { .. }, _) => true,);
        }
        let (left, right) = (pattern(variant, ""), pattern(variant, "observed_"));
        let met = variant.fields.iter().filter_map(|field| {
            let (asked, observed) = (bound(field, ""), bound(field, "observed_"));
            field::is_met(field, runtime, &quote!(#asked), &quote!(#observed))
        });
        quote!((#left, #right) => true #(&& #met)*,)
    });
    let recreated = variants.iter().map(|variant| {
        let (left, right) = (pattern(variant, ""), pattern(variant, "desired_"));
        let recreated = variant.fields.iter().filter_map(|field| {
            let (held, desired) = (bound(field, ""), bound(field, "desired_"));
            recreation(field, runtime, &quote!(#held), &quote!(#desired))
        });
        quote!((#left, #right) => false #(|| #recreated)*,)
    });
    let check = variants.iter().map(|variant| {
        let pattern = pattern(variant, "");
        let checks = variant.fields.iter().map(|field| {
            let bound = bound(field, "");
            if variant.body {
                let ty = &field.ty;
                return quote!(<#ty as #runtime::AttributeField>::check(#bound)?;);
            }
            field::check(field, runtime, &quote!(#bound))
        });
        quote!(#pattern => { #(#checks)* })
    });
    let no_other = quote!(#[allow(unreachable_patterns, reason = "an enum may have one variant")]);
    let any_in = kind.map_or_else(|| quote!(false), |kind| quote!(__list.get(#kind).is_some()));
    let read_kind = match tag.repr {
        Some(repr) => quote! {
            let __kind = #runtime::payload::optional(
                #kind,
                __list,
                <#repr as #runtime::AttributeValue>::parse,
            )?;
            match __kind
        },
        None => quote! {
            let __kind = #runtime::payload::text(#kind, __list)?;
            match __kind.as_deref()
        },
    };
    Bodies {
        header_type: quote!(#runtime::NoHeader),
        header: quote!(#runtime::NoHeader),
        emit: quote!(match self { #(#emit)* }),
        emit_changed: quote!(match (self, __held) { #(#changed)* }),
        parse: quote! {
            #read_kind {
                #(#arms)*
                _ => #unknown,
            }
        },
        any_in,
        references: quote!(match self { #(#references)* }),
        met_by: quote! {
            match (self, __observed) {
                #(#met)*
                #no_other
                _ => false,
            }
        },
        check: quote!(match self { #(#check)* }),
        needs_recreation: quote! {
            match (self, __desired) {
                #(#recreated)*
                #no_other
                _ => __merge,
            }
        },
    }
}

/// The value of a field of a variant, as a pattern binds it.
fn own_value(field: &Field) -> TokenStream {
    let bound = bound(field, "");
    quote!(#bound)
}

/// What writes a variant.
struct Parts {
    kind: TokenStream,
    data: TokenStream,
}

impl Parts {
    /// Writes nothing if there is no data: some sorts of links refuse their own name without any.
    fn unless_alone(self) -> TokenStream {
        let Parts { kind, data } = self;
        quote!(__attributes.unless_alone(|__attributes| { #kind }, |__attributes| { #data });)
    }
}

/// Writes a variant whose fields are bound; `fields` writes those that are attributes.
fn emit_variant(runtime: &Runtime, tag: &Tag<'_>, variant: &Variant, fields: &TokenStream) -> Parts {
    let Some(name) = &variant.kind else { return Parts { kind: quote!(), data: quote!() } };
    let Tag { kind, repr, data } = tag;
    let put_kind = match (variant.name(), repr) {
        // The kernel compares up to a NUL, and older ones insist on it.
        (Some(name), _) => {
            let name = Literal::byte_string(&[name.value().as_bytes(), b"\0"].concat());
            quote!(__attributes.put_bytes(#kind, #name);)
        }
        (None, Some(repr)) => quote! {
            let __kind: #repr = #name;
            __attributes.put(#kind, &__kind);
        },
        (None, None) => quote!(),
    };
    let data = match &variant.header {
        Some(header) => {
            let header = header_of(runtime, header, &[], variant.fields.iter(), own_value);
            quote! {
                let __header = { #header };
                __attributes.payload(#data, |__attributes| {
                    __attributes.header(&__header);
                    #fields
                });
            }
        }
        None if variant.fields.iter().any(Field::on_wire) => quote! {
            __attributes.nested_unless_empty(#data, |__attributes| { #fields });
        },
        None => quote!(),
    };
    Parts { kind: put_kind, data }
}

fn parse_variant(runtime: &Runtime, tag: &Tag<'_>, variant: &Variant) -> Option<TokenStream> {
    let kind = variant.kind.as_ref()?;
    let data = tag.data;
    let value = construct(variant, |field| field::parse(field, runtime, &Source::nested()));
    let read = match &variant.header {
        Some(header) if are_in_header(variant.fields.iter()) => quote! {
            let __header = #runtime::payload::required_struct::<#header>(#data, __list)?;
        },
        Some(header) => quote! {
            let (__header, __list) = #runtime::payload::with_header::<#header>(#data, __list)?;
        },
        None if variant.fields.iter().any(Field::on_wire) => quote! {
            let __list = #runtime::nest::list_or_empty(#data, __list)?;
        },
        None => quote!(),
    };
    let arm = match variant.name() {
        Some(name) => quote!(#runtime::core::option::Option::Some(#name)),
        None => quote!(#runtime::core::option::Option::Some(__kind) if __kind == (#kind)),
    };
    Some(quote! {
        #arm => {
            #read
            #runtime::core::result::Result::Ok(#value)
        }
    })
}

fn construct(variant: &Variant, value: impl Fn(&Field) -> TokenStream) -> TokenStream {
    let ident = &variant.ident;
    let fields = variant.fields.iter().map(|field| {
        let (member, value) = (member(variant, field), value(field));
        quote!(#member: #value)
    });
    if variant.braces || variant.body { quote!(Self::#ident { #(#fields),* }) } else { quote!(Self::#ident) }
}

/// A pattern that binds every field of the variant.
fn pattern(variant: &Variant, prefix: &str) -> TokenStream {
    let ident = &variant.ident;
    let fields = variant.fields.iter().map(|field| {
        let (member, bound) = (member(variant, field), bound(field, prefix));
        quote!(#member: #bound)
    });
    quote!(Self::#ident { #(#fields),* })
}

/// The name that a field is bound to: its own might be that of something else.
fn bound(field: &Field, prefix: &str) -> Ident {
    format_ident!("__{}field_{}", prefix, field.ident)
}

/// How a field of a variant is spelled.
fn member(variant: &Variant, field: &Field) -> TokenStream {
    let ident = &field.ident;
    if variant.body { quote!(0) } else { quote!(#ident) }
}
