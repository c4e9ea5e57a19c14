//! Rules for nested attributes and their variants.

use std::collections::HashMap;

use quote::ToTokens;

use super::{
    bits_are_flags, each_attribute_once, format, has_a_place, header_is_declared, no_generics, one_place,
    order_can_be_read_back, reference_is_marked, skipped_is_nothing_else, words_agree,
};
use crate::ctxt::Ctxt;
use crate::input::field::Field;
use crate::input::nested::{Content, Nested, Variant};

/// Checks a nested attribute.
pub(crate) fn nested(nested: &Nested, generics: &syn::Generics, ctxt: &Ctxt) {
    no_generics(generics, ctxt);
    match &nested.content {
        Content::Struct { header, fills, fields, .. } => {
            nested_fields(fields, ctxt);
            header_is_declared(header.is_some(), fields.iter(), !fills.is_empty(), &nested.ident, ctxt);
        }
        Content::Enum { kind, data, repr, variants } => {
            if kind.is_none() {
                ctxt.error_on(
                    &nested.ident,
                    "which attribute names the variant? Add `#[ksync(kind = IFLA_INFO_KIND, data = IFLA_INFO_DATA)]`",
                );
            }
            variants_have_names(variants, repr.is_some(), ctxt);
            data_has_an_attribute(data.is_some(), variants, ctxt);
            one_other(variants, ctxt);
            for variant in variants {
                variant_fields(variant, ctxt);
            }
        }
    }
}

fn nested_fields(fields: &[Field], ctxt: &Ctxt) {
    each_attribute_once(fields.iter(), None, ctxt);
    format::bits_agree(fields.iter(), ctxt);
    format::parts_agree(fields.iter(), ctxt);
    for field in fields {
        has_a_place(field, ctxt);
        one_place(field, ctxt);
        bits_are_flags(field, ctxt);
        format::field(field, ctxt);
        reference_is_marked(field, ctxt);
        order_can_be_read_back(field, ctxt);
        skipped_is_nothing_else(field, ctxt);
        words_agree(field, ctxt);
    }
}

/// A variant has no fixed header of its own; one that is not written has nothing on the wire.
fn variant_fields(variant: &Variant, ctxt: &Ctxt) {
    if variant.is_written() {
        nested_fields(&variant.fields, ctxt);
        for field in &variant.fields {
            if let (Some(header), None) = (&field.header, &variant.header) {
                ctxt.error_on(
                    header,
                    format!(
                        "`{header}` is a field of which header? Use `nla = ...`, or add the type of the header to \
                         the variant: `#[ksync(kind = ..., header = ...)]`"
                    ),
                );
            }
        }
        return;
    }
    for field in &variant.fields {
        if field.on_wire() {
            ctxt.error_on(
                &field.ident,
                "nothing of this variant is written: a field of it can't be on the wire",
            );
        } else if !field.skip && field.depends_on.is_none() {
            ctxt.error_on(
                &field.ident,
                "nothing of this variant is written: mark the field `#[ksync(skip)]` or `#[depends_on]`",
            );
        }
        reference_is_marked(field, ctxt);
        if variant.other {
            order_can_be_read_back(field, ctxt);
        }
    }
}

fn variants_have_names(variants: &[Variant], numbers: bool, ctxt: &Ctxt) {
    let mut names: HashMap<String, String> = HashMap::new();
    for variant in variants {
        match &variant.kind {
            None if variant.is_written() => ctxt.error_on(
                &variant.ident,
                "how does the kernel call this variant? Add `#[ksync(kind = \"...\")]`, or `#[ksync(other)]`",
            ),
            None => {}
            Some(kind) if !variant.is_written() => {
                ctxt.error_on(kind, "nothing of this variant is written, so it has no name on the wire");
            }
            Some(kind) if variant.name().is_some() == numbers => ctxt.error_on(
                kind,
                if numbers {
                    "the enum has a `repr`, so its variants have numbers: `kind = LWTUNNEL_ENCAP_MPLS`"
                } else {
                    "a name is a string, `kind = \"veth\"`; if it is a number, say which integer: \
                     `repr = u16` on the enum"
                },
            ),
            Some(kind)
                if variant
                    .name()
                    .is_some_and(|name| name.value().is_empty() || name.value().contains('\0')) =>
            {
                ctxt.error_on(kind, "a name on the wire is not empty and holds no NUL");
            }
            Some(kind) => {
                let spelled = kind.to_token_stream().to_string();
                if let Some(first) = names.insert(spelled, variant.ident.to_string()) {
                    ctxt.error_on(kind, format!("variant `{first}` already has this name"));
                }
            }
        }
        if variant.other && variant.unwritten {
            ctxt.error_on(&variant.ident, "`other` says all that `unwritten` says: drop `unwritten`");
        }
    }
}

fn data_has_an_attribute(data: bool, variants: &[Variant], ctxt: &Ctxt) {
    if data {
        return;
    }
    for variant in variants.iter().filter(|variant| variant.is_written()) {
        if let Some(field) = variant.fields.iter().find(|field| field.on_wire()) {
            ctxt.error_on(
                &field.ident,
                "which attribute holds the variant's fields? Add `data = IFLA_INFO_DATA` to the enum",
            );
        }
    }
}

fn one_other(variants: &[Variant], ctxt: &Ctxt) {
    for variant in variants.iter().filter(|variant| variant.other).skip(1) {
        ctxt.error_on(
            &variant.ident,
            "what is not recognised can be read as one variant only: mark this one `unwritten`",
        );
    }
}
