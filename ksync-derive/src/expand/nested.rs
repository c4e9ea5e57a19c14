//! `KSyncNested`: a struct or enum as one attribute that nests others.

use proc_macro2::{Ident, Literal, TokenStream};
use quote::{format_ident, quote};
use syn::{Expr, Type};

use super::field::{self, Sink, Source};
use crate::input::field::{Field, Place};
use crate::input::fill::Fill;
use crate::input::nested::{Content, Nested, Variant};
use crate::input::runtime::Runtime;

pub(super) fn items(nested: &Nested) -> TokenStream {
    let runtime = &nested.runtime;
    let bodies = match &nested.content {
        Content::Struct { header, fills, fields } => of_struct(runtime, header.as_ref(), fills, fields),
        Content::Enum { kind, data, variants } => of_enum(runtime, kind.as_ref(), data.as_ref(), variants),
    };
    let Bodies { emit, parse, references, met_by, check } = bodies;
    quote! {
        fn emit(
            &self,
            __nla: u16,
            __attributes: &mut #runtime::Attributes<'_>,
            __context: &#runtime::Context<'_>,
        ) {
            #emit
        }

        fn parse(
            __nla: u16,
            __outer: &#runtime::AttributeList<'_>,
            __resolver: &#runtime::Resolver<'_>,
        ) -> #runtime::core::result::Result<Self, #runtime::ParseError> {
            #parse
        }

        fn references(&mut self, __references: &mut #runtime::References<'_>) {
            #references
        }

        fn met_by(&self, __observed: &Self) -> bool {
            #met_by
        }

        fn check(&self) -> #runtime::core::result::Result<(), #runtime::Invalid> {
            #check
            #runtime::core::result::Result::Ok(())
        }
    }
}

/// The bodies of the methods.
struct Bodies {
    emit: TokenStream,
    parse: TokenStream,
    references: TokenStream,
    met_by: TokenStream,
    check: TokenStream,
}

fn of_struct(runtime: &Runtime, header: Option<&Type>, fills: &[Fill], fields: &[Field]) -> Bodies {
    let emit = |wanted: fn(&Place<'_>) -> bool| {
        fields.iter().filter(move |field| wanted(&field.place())).map(|field| {
            let ident = &field.ident;
            field::emit(field, runtime, &quote!(&self.#ident), &Sink::nested(), false)
        })
    };
    let in_header = emit(|place| matches!(place, Place::Header(_) | Place::Bit(..)));
    let behind_it = emit(|place| !matches!(place, Place::Header(_) | Place::Bit(..)));
    let write_header = header.map(|header| {
        let fills = fills
            .iter()
            .flat_map(|fill| &fill.assignments)
            .map(|(place, expr)| quote!(__header.#place = #expr;));
        quote! {
            let mut __header = <#header as #runtime::core::default::Default>::default();
            #(#fills)*
            #(#in_header)*
            let mut __bytes = [0u8; <#header as #runtime::FixedHeader>::LEN.next_multiple_of(4)];
            #runtime::FixedHeader::emit(&__header, &mut __bytes);
            __attributes.raw(&__bytes);
        }
    });
    let read = match header {
        Some(header) => quote! {
            let (__header, __list) = #runtime::payload::with_header::<#header>(__nla, __outer)?;
        },
        None => quote!(let __list = #runtime::AttributeList::parse(__outer.required(__nla)?)?;),
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
        field::is_met(field, runtime, &quote!(&self.#ident), &quote!(&__observed.#ident))
    });
    let check = fields.iter().map(|field| {
        let ident = &field.ident;
        field::check(field, runtime, &quote!(&self.#ident))
    });
    Bodies {
        emit: quote! {
            __attributes.nested(__nla, |__attributes| {
                #write_header
                #(#behind_it)*
            });
        },
        parse: quote! {
            #read
            #runtime::core::result::Result::Ok(Self { #(#parsed),* })
        },
        references: quote!(#(#references)*),
        met_by: quote!(true #(&& #met)*),
        check: quote!(#(#check)*),
    }
}

fn of_enum(runtime: &Runtime, kind: Option<&Expr>, data: Option<&Expr>, variants: &[Variant]) -> Bodies {
    let emit = variants.iter().map(|variant| emit_variant(runtime, kind, data, variant));
    let arms = variants.iter().filter_map(|variant| parse_variant(runtime, data, variant));
    let unknown = match variants.iter().find(|variant| variant.other) {
        Some(other) => {
            let other = construct(other, |field| field::parse(field, runtime, &Source::nested()));
            quote!(#runtime::core::result::Result::Ok(#other))
        }
        // Somebody else's: a kind of object that nothing here declares.
        None => quote! {
            #runtime::core::result::Result::Err(#runtime::ParseError::attribute(
                __nla,
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
    let check = variants.iter().map(|variant| {
        let pattern = pattern(variant, "");
        let checks = variant.fields.iter().map(|field| {
            let bound = bound(field, "");
            field::check(field, runtime, &quote!(#bound))
        });
        quote!(#pattern => { #(#checks)* })
    });
    Bodies {
        emit: quote!(match self { #(#emit)* }),
        parse: quote! {
            let __list = match __outer.get(__nla) {
                #runtime::core::option::Option::Some(__payload) => #runtime::AttributeList::parse(__payload)?,
                #runtime::core::option::Option::None => #runtime::core::default::Default::default(),
            };
            let __kind = #runtime::payload::text(#kind, &__list)?;
            match __kind.as_deref() {
                #(#arms)*
                _ => #unknown,
            }
        },
        references: quote!(match self { #(#references)* }),
        met_by: quote! {
            match (self, __observed) {
                #(#met)*
                #[allow(unreachable_patterns, reason = "an enum may have one variant")]
                _ => false,
            }
        },
        check: quote!(match self { #(#check)* }),
    }
}

fn emit_variant(
    runtime: &Runtime,
    kind: Option<&Expr>,
    data: Option<&Expr>,
    variant: &Variant,
) -> TokenStream {
    let ident = &variant.ident;
    let Some(name) = &variant.kind else { return quote!(Self::#ident { .. } => {}) };
    // The kernel compares up to a NUL, and older ones insist on it.
    let name = Literal::byte_string(&[name.value().as_bytes(), b"\0"].concat());
    let pattern = pattern(variant, "");
    let fields = variant.fields.iter().map(|field| {
        let bound = bound(field, "");
        field::emit(field, runtime, &quote!(#bound), &Sink::nested(), false)
    });
    let data = variant.fields.iter().any(Field::on_wire).then(|| {
        quote! {
            __attributes.nested_unless_empty(#data, |__attributes| { #(#fields)* });
        }
    });
    quote! {
        #pattern => __attributes.nested(__nla, |__attributes| {
            __attributes.put_bytes(#kind, #name);
            #data
        }),
    }
}

fn parse_variant(runtime: &Runtime, data: Option<&Expr>, variant: &Variant) -> Option<TokenStream> {
    let name = variant.kind.as_ref()?;
    let value = construct(variant, |field| field::parse(field, runtime, &Source::nested()));
    let data = variant.fields.iter().any(Field::on_wire).then(|| {
        quote! {
            let __list = match __list.get(#data) {
                #runtime::core::option::Option::Some(__payload) => #runtime::AttributeList::parse(__payload)?,
                #runtime::core::option::Option::None => #runtime::core::default::Default::default(),
            };
        }
    });
    Some(quote! {
        #runtime::core::option::Option::Some(#name) => {
            #data
            #runtime::core::result::Result::Ok(#value)
        }
    })
}

fn construct(variant: &Variant, value: impl Fn(&Field) -> TokenStream) -> TokenStream {
    let ident = &variant.ident;
    let fields = variant.fields.iter().map(|field| {
        let (ident, value) = (&field.ident, value(field));
        quote!(#ident: #value)
    });
    if variant.braces { quote!(Self::#ident { #(#fields),* }) } else { quote!(Self::#ident) }
}

/// A pattern that binds every field of the variant.
fn pattern(variant: &Variant, prefix: &str) -> TokenStream {
    let ident = &variant.ident;
    let fields = variant.fields.iter().map(|field| {
        let (ident, bound) = (&field.ident, bound(field, prefix));
        quote!(#ident: #bound)
    });
    quote!(Self::#ident { #(#fields),* })
}

/// The name that a field is bound to: its own might be that of something else.
fn bound(field: &Field, prefix: &str) -> Ident {
    format_ident!("__{}{}", prefix, field.ident)
}
