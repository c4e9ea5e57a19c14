//! A struct or enum that derives `KSyncNested`, as its words say.

use proc_macro2::Ident;
use syn::{Data, DeriveInput, Expr, ExprLit, Fields, Lit, LitStr, Type};

use super::field::Field;
use super::fill::Fill;
use super::runtime::Runtime;
use super::word::Word;
use crate::ctxt::Ctxt;
use crate::words;

/// A nested attribute with its words.
#[derive(Debug)]
pub(crate) struct Nested {
    pub(crate) ident: Ident,
    pub(crate) runtime: Runtime,
    pub(crate) content: Content,
}

/// What is nested.
#[derive(Debug)]
pub(crate) enum Content {
    /// Attributes, perhaps behind a fixed header.
    Struct { header: Option<Type>, fills: Vec<Fill>, whole: bool, fields: Vec<Field> },
    /// One of several, told apart by a name in attribute `kind`, its fields inside attribute `data`.
    Enum { kind: Option<Expr>, data: Option<Expr>, repr: Option<Ident>, variants: Vec<Variant> },
}

/// One of several.
#[derive(Debug)]
pub(crate) struct Variant {
    pub(crate) ident: Ident,
    /// How the kernel calls it: a name, or a number.
    pub(crate) kind: Option<Expr>,
    /// The fixed header in front of its fields.
    pub(crate) header: Option<Type>,
    pub(crate) other: bool,
    pub(crate) unwritten: bool,
    pub(crate) fields: Vec<Field>,
    /// `Variant(Body)`: the struct that has the fields.
    pub(crate) body: bool,
    /// `Variant {}` and `Variant { a }`, where `Variant` alone would be no pattern.
    pub(crate) braces: bool,
}

impl Variant {
    /// The name, if it is one.
    pub(crate) fn name(&self) -> Option<&LitStr> {
        match &self.kind {
            Some(Expr::Lit(ExprLit { lit: Lit::Str(name), .. })) => Some(name),
            _ => None,
        }
    }

    /// Whether anything of it goes on the wire.
    pub(crate) fn is_written(&self) -> bool {
        !self.other && !self.unwritten
    }
}

impl Nested {
    pub(crate) fn read(input: &DeriveInput, ctxt: &Ctxt) -> Nested {
        let mut runtime = Runtime::default();
        let content = match &input.data {
            Data::Enum(data) => {
                let (mut kind, mut inner, mut repr) = (None, None, None);
                for word in Word::all(&input.attrs, ctxt) {
                    match word.name.to_string().as_str() {
                        words::KIND => word.value(&mut kind, ctxt),
                        words::DATA => word.value(&mut inner, ctxt),
                        words::REPR => super::value::read_repr(&word, &mut repr, ctxt),
                        words::CRATE => runtime.take(&word, ctxt),
                        _ => word.unknown(words::OF_NESTED_ENUM, ctxt),
                    }
                }
                let variants = data.variants.iter().map(|variant| read_variant(variant, ctxt)).collect();
                Content::Enum { kind, data: inner, repr, variants }
            }
            Data::Struct(data) => {
                let (mut header, mut fills, mut whole) = (None, Vec::new(), false);
                for word in Word::all(&input.attrs, ctxt) {
                    match word.name.to_string().as_str() {
                        words::HEADER => word.value(&mut header, ctxt),
                        words::FILL => fills.push(Fill::read(&word, ctxt)),
                        words::WHOLE => word.flag(&mut whole, ctxt),
                        words::CRATE => runtime.take(&word, ctxt),
                        _ => word.unknown(words::OF_NESTED_STRUCT, ctxt),
                    }
                }
                if matches!(data.fields, Fields::Unnamed(_)) {
                    ctxt.error_on(
                        &input.ident,
                        "a nested attribute is a struct with named fields, or an enum",
                    );
                }
                Content::Struct { header, fills, whole, fields: read_fields(&data.fields, ctxt) }
            }
            Data::Union(_) => {
                ctxt.error_on(&input.ident, "a nested attribute is a struct with named fields, or an enum");
                Content::Struct { header: None, fills: Vec::new(), whole: false, fields: Vec::new() }
            }
        };
        Nested { ident: input.ident.clone(), runtime, content }
    }
}

fn read_variant(variant: &syn::Variant, ctxt: &Ctxt) -> Variant {
    let body = match &variant.fields {
        Fields::Unnamed(fields) if fields.unnamed.len() == 1 => fields.unnamed.first(),
        _ => None,
    };
    let mut read = Variant {
        ident: variant.ident.clone(),
        kind: None,
        header: None,
        other: false,
        unwritten: false,
        fields: match body {
            Some(body) => vec![Field::body(body, ctxt)],
            None => read_fields(&variant.fields, ctxt),
        },
        body: body.is_some(),
        braces: matches!(variant.fields, Fields::Named(_)),
    };
    for word in Word::all(&variant.attrs, ctxt) {
        match word.name.to_string().as_str() {
            words::KIND => word.text_or_value(&mut read.kind, ctxt),
            words::HEADER => word.value(&mut read.header, ctxt),
            words::OTHER => word.flag(&mut read.other, ctxt),
            words::UNWRITTEN => word.flag(&mut read.unwritten, ctxt),
            _ => word.unknown(words::OF_VARIANT, ctxt),
        }
    }
    if matches!(variant.fields, Fields::Unnamed(_)) && body.is_none() {
        ctxt.error_on(
            &variant.ident,
            "give the variant's fields names: `Vxlan { id: u32 }`, or make them a struct: `Vxlan(Vxlan)`",
        );
    }
    read
}

fn read_fields(fields: &Fields, ctxt: &Ctxt) -> Vec<Field> {
    fields.iter().filter_map(|field| Field::read(field, words::OF_NESTED_FIELD, ctxt)).collect()
}
