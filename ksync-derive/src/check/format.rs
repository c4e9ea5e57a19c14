//! Rules for the words that say how a value stands in its attribute.

use std::collections::HashMap;

use quote::ToTokens;
use syn::Type;

use crate::ctxt::Ctxt;
use crate::input::field::{Field, Place};
use crate::input::shape;
use crate::words;

/// Checks one field.
pub(super) fn field(field: &Field, ctxt: &Ctxt) {
    if field.misread {
        return;
    }
    comparison_has_a_purpose(field, ctxt);
    if field.skip {
        return;
    }
    let rules: &[fn(&Field, &Ctxt)] = &[
        attribute_is_named,
        codec_is_alone,
        one_list_word,
        list_is_a_list,
        list_says_how,
        one_payload_word,
        flag_is_bool,
        duration_has_a_unit,
        key_is_of_a_reference,
        selector_has_bits,
        part_is_a_number,
        flatten_is_alone,
        families_have_addresses,
        prefix_has_an_attribute,
    ];
    rules.iter().for_each(|rule| rule(field, ctxt));
}

/// Fields of one attribute agree on what it is.
pub(super) fn bits_agree<'a>(fields: impl Iterator<Item = &'a Field>, ctxt: &Ctxt) {
    let mut first: HashMap<String, &Field> = HashMap::new();
    for field in fields {
        let Place::AttributeBit(nla, _) = field.place() else { continue };
        let spelled = nla.to_token_stream().to_string();
        let Some(other) = first.get(&spelled) else {
            first.insert(spelled, field);
            continue;
        };
        if other.format.selector != field.format.selector {
            ctxt.error_on(
                nla,
                format!(
                    "`{spelled}` has a selector for all of its bits or for none: field `{}` and this one differ in \
                     the word `selector`",
                    other.name()
                ),
            );
        }
        if other.key != field.key || other.on != field.on {
            ctxt.error_on(
                nla,
                format!(
                    "bits of one attribute are written together: field `{}` and this one differ in `key` or `on(...)`",
                    other.name()
                ),
            );
        }
    }
}

/// Fields of one attribute agree on the struct that it is, and each has a place of its own there.
pub(super) fn parts_agree<'a>(fields: impl Iterator<Item = &'a Field>, ctxt: &Ctxt) {
    let mut others: HashMap<String, Vec<&Field>> = HashMap::new();
    for field in fields {
        let (nla, part) = match field.place() {
            Place::Part(nla, part, _) => (nla, Some(part)),
            Place::AttributeBit(nla, _) => (nla, None),
            _ => continue,
        };
        let spelled = nla.to_token_stream().to_string();
        let earlier = others.entry(spelled.clone()).or_default();
        let is_struct = |field: &&&Field| field.part.is_some() != part.is_some();
        if let Some(other) = earlier.iter().find(is_struct) {
            ctxt.error_on(
                nla,
                format!(
                    "attribute `{spelled}` is a number or a struct: field `{}` says otherwise",
                    other.name()
                ),
            );
        }
        let same = |left: &syn::Path, right: &syn::Path| {
            left.to_token_stream().to_string() == right.to_token_stream().to_string()
        };
        for (other, theirs) in earlier.iter().filter_map(|other| Some((other, other.part.as_ref()?))) {
            let Some(part) = part else { continue };
            if !same(&theirs.ty, &part.ty) {
                ctxt.error_on(
                    &part.ty,
                    format!("attribute `{spelled}` is one struct: field `{}` says which", other.name()),
                );
            } else if theirs.field == part.field && (field.bit.is_none() || other.bit.is_none()) {
                ctxt.error_on(
                    &part.field,
                    format!("`{}` already carries field `{}`", part.field, other.name()),
                );
            } else {
                continue;
            }
            break;
        }
        earlier.push(field);
    }
}

/// The words are about an attribute.
fn attribute_is_named(field: &Field, ctxt: &Ctxt) {
    if field.nla.is_some() || field.format.flatten {
        return;
    }
    let header_can = |word: &&str| *word == words::BE && field.header.is_some() && field.bit.is_none();
    if let Some(word) = field.format.payload_words().iter().find(|word| !header_can(word)) {
        let reason = match field.header {
            Some(_) if *word == words::BE => {
                "a bit has no byte order: drop `be`, and turn the constant round".to_owned()
            }
            Some(_) => format!(
                "`{word}` says how an attribute is written; a header field can't be written like that"
            ),
            None => format!("`{word}` says how an attribute is written: of which? Add `nla = ...`"),
        };
        ctxt.error_on(&field.ident, reason);
    }
}

/// A codec writes all of the payload.
fn codec_is_alone(field: &Field, ctxt: &Ctxt) {
    if let (Some(with), Some(word)) = (&field.with, field.format.payload_words().first()) {
        ctxt.error_on(
            with,
            format!(
                "the codec writes the whole attribute, and leaves nothing for `{word}`: drop one of them"
            ),
        );
    } else if let (Some(with), Some(bit)) = (&field.with, &field.bit) {
        let _ = bit;
        ctxt.error_on(
            with,
            "the codec writes the whole attribute, and leaves nothing for `bit`: drop one of them",
        );
    }
}

fn one_list_word(field: &Field, ctxt: &Ctxt) {
    if let [first, second, ..] = field.format.list_words().as_slice() {
        ctxt.error_on(
            &field.ident,
            format!("the elements of a list stand on the wire in one way: `{first}` or `{second}`, not both"),
        );
    }
}

fn list_is_a_list(field: &Field, ctxt: &Ctxt) {
    let inner = field.option().unwrap_or(&field.ty);
    if let (Some(word), None) = (field.format.list_words().first(), shape::list_of(inner)) {
        ctxt.error_on(
            &field.ty,
            format!("`{word}` is for lists: the field's type must be `Vec<T>` or `Option<Vec<T>>`"),
        );
    }
}

/// Only bytes have a way to stand on the wire that needs no word.
fn list_says_how(field: &Field, ctxt: &Ctxt) {
    let inner = field.option().unwrap_or(&field.ty);
    let Some(element) = shape::list_of(inner) else { return };
    let attribute = matches!(field.place(), Place::Attribute(_));
    if attribute && field.format.list().is_none() && !shape::ends_in(element, "u8") {
        ctxt.error_on(
            &field.ty,
            "how do the elements of the list stand on the wire? `repeated` (an attribute each), `each = ...` or \
             `numbered` (inside a nest), `array` (one behind the other) or `records = ...` (with their lengths)",
        );
    }
}

fn one_payload_word(field: &Field, ctxt: &Ctxt) {
    let format = &field.format;
    let is = |word| format.payload_words().contains(&word);
    let quarrels = [
        (words::BE, words::NO_NUL, "`be` is for numbers, `no_nul` for text: drop one of them"),
        (words::FLAG, words::BE, "a flag has no payload, so there is nothing to be `be`"),
        (words::FLAG, words::NO_NUL, "a flag has no payload, so there is nothing to be `no_nul`"),
        (words::UNIT, words::NO_NUL, "a duration is a number, and no text: drop `no_nul`"),
        (words::UNIT, words::BY_KEY, "a duration is no reference: drop `by_key`"),
        (words::UNIT, words::FLAG, "a duration is a number, and no flag: drop `flag`"),
        (words::BY_KEY, words::FLAG, "a reference is no flag: drop `flag`"),
        (words::RECORDS, words::BE, "`be` is a word of each field of the record: put it there"),
    ];
    for (_, _, reason) in quarrels.iter().filter(|(left, right, _)| is(*left) && is(*right)) {
        ctxt.error_on(&field.ident, reason);
    }
    let in_array = is(words::ARRAY) || is(words::RECORDS);
    let fixed = [words::NO_NUL, words::FLAG, words::BY_KEY, words::UNIT];
    for word in fixed.into_iter().filter(|word| in_array && is(word)) {
        ctxt.error_on(
            &field.ident,
            format!(
                "elements that stand one behind the other have no room for `{word}`: use `repeated`, `each` or \
                 `numbered`, or a struct with a fixed header"
            ),
        );
    }
    if field.nla.is_some() && format.bits_words(field.bit.is_some()) {
        ctxt.error_on(
            &field.ident,
            "bits of an attribute are a number in host order: drop the words for other payloads, or write a codec",
        );
    }
}

fn flag_is_bool(field: &Field, ctxt: &Ctxt) {
    if field.format.flag && !shape::ends_in(field.element(), "bool") {
        ctxt.error_on(&field.ty, "a flag is there or not: the field's type must be `bool`");
    } else if field.format.flag && field.option().is_some() {
        ctxt.error_on(
            &field.ty,
            "a flag that is not there is off, and never `None`: the field's type must be `bool`",
        );
    } else if field.format.flag && field.format.list().is_some() {
        ctxt.error_on(&field.ty, "a flag is there or not, once: the field's type must be `bool`");
    }
}

fn duration_has_a_unit(field: &Field, ctxt: &Ctxt) {
    let is_duration = shape::ends_in(field.element(), "Duration");
    let attribute = matches!(field.place(), Place::Attribute(_));
    match &field.format.unit {
        Some(_) if !is_duration => {
            ctxt.error_on(&field.ty, "`unit` is for durations: the field's type must be `std::time::Duration`");
        }
        Some(unit) => {
            let integers = ["u8", "u16", "u32", "u64", "i32", "i64"];
            let wrong = |ty: &Type| !integers.iter().any(|integer| shape::ends_in(ty, integer));
            if let Some(number) = unit.number.as_ref().filter(|number| wrong(number)) {
                ctxt.error_on(number, "a duration is counted in an integer: `unit = seconds as u64`");
            }
        }
        None if attribute && is_duration => ctxt.error_on(
            &field.ty,
            "what is the duration counted in? Add `unit = seconds`, `millis`, `micros` or `centis` (clock ticks)",
        ),
        None => {}
    }
}

fn key_is_of_a_reference(field: &Field, ctxt: &Ctxt) {
    if field.format.by_key && !shape::is_reference(field.element()) {
        ctxt.error_on(
            &field.ty,
            "`by_key` writes the key of what is referred to: the field's type must be `Ref<T>`",
        );
    }
    if let (Some(first), Some(word)) = (
        field.format.key_fields.first(),
        [(field.format.be, words::BE), (field.format.no_nul, words::NO_NUL)].iter().find(|(is, _)| *is),
    ) {
        ctxt.error_on(
            first,
            format!(
                "the fields of a key are written as their types have it: drop `{}`, or write a codec",
                word.1
            ),
        );
    }
}

fn selector_has_bits(field: &Field, ctxt: &Ctxt) {
    let format = &field.format;
    if format.selector && (field.nla.is_none() || field.bit.is_none()) {
        ctxt.error_on(
            &field.ident,
            "`selector` says that an attribute tells which of its bits count: it goes with `nla = ..., bit = ...`",
        );
    }
    if let (Some(_), Some(mask)) = (&field.nla, &field.mask) {
        ctxt.error_on(mask, "`mask` is a field of the fixed header; an attribute has a `selector`");
    }
    if field.bit.is_some() && field.option().is_some_and(|inner| shape::ends_in(inner, "bool")) {
        let can_be_open = if field.nla.is_some() { format.selector } else { field.mask.is_some() };
        if !can_be_open {
            ctxt.error_on(
                &field.ty,
                "without a `mask` (header) or a `selector` (attribute) a bit is on or off: the type must be `bool`",
            );
        }
    }
}

/// A part of a struct is as simple as a field of a fixed header.
fn part_is_a_number(field: &Field, ctxt: &Ctxt) {
    let Some(part) = &field.part else { return };
    if field.nla.is_none() {
        ctxt.error_on(
            &part.ty,
            "a struct in which attribute? Add `nla = ...`; of the fixed header, say `header = ...`",
        );
    } else if field.with.is_some() {
        ctxt.error_on(
            &part.ty,
            "the codec writes the whole attribute, and leaves nothing for `part`: drop one of them",
        );
    } else if let Some(word) = field.format.payload_words().iter().find(|word| **word != words::BE) {
        ctxt.error_on(
            &field.ident,
            format!("a part of a struct is a number, and has nothing for `{word}`: drop one of them"),
        );
    } else if field.format.is_beside() || field.format.v6.is_some() {
        ctxt.error_on(&part.ty, "a part of a struct is a number, and no address: drop `part`");
    } else if field.format.selector {
        ctxt.error_on(&part.ty, "bits of a struct have no `selector`: drop it");
    }
}

fn flatten_is_alone(field: &Field, ctxt: &Ctxt) {
    if !field.format.flatten {
        return;
    }
    let place = [
        field.nla.as_ref().map(ToTokens::to_token_stream),
        field.header.as_ref().map(ToTokens::to_token_stream),
        field.with.as_ref().map(ToTokens::to_token_stream),
    ];
    if let Some(place) = place.into_iter().flatten().next() {
        ctxt.error_on(place, "what is flattened has no place of its own: drop this, or drop `flatten`");
    } else if let Some(word) = field.format.payload_words().first() {
        ctxt.error_on(
            &field.ident,
            format!("what is flattened writes itself: drop `{word}`, or drop `flatten`"),
        );
    } else if field.key {
        ctxt.error_on(&field.ident, "a key can't be flattened: mark its fields `key` one by one");
    }
}

fn families_have_addresses(field: &Field, ctxt: &Ctxt) {
    let Some(v6) = &field.format.v6 else { return };
    if !shape::ends_in(field.element(), "IpAddr") {
        ctxt.error_on(
            &field.ty,
            "an attribute for each family is for addresses of either: the field's type must be `IpAddr`",
        );
    }
    if let Some(word) = field.format.payload_words().into_iter().find(|word| *word != words::REPEATED) {
        ctxt.error_on(v6, format!("`{word}` can't go with an attribute for each family"));
    }
    if field.bit.is_some() || field.with.is_some() {
        ctxt.error_on(v6, "an attribute for each family is for addresses: drop `bit` and `with`");
    }
}

fn prefix_has_an_attribute(field: &Field, ctxt: &Ctxt) {
    for (word, place) in
        [(words::PREFIX_LEN, &field.format.prefix_len), (words::FAMILY, &field.format.family)]
    {
        let Some(place) = place else { continue };
        if field.nla.is_none() && !field.format.flatten {
            ctxt.error_on(place, format!("`{word}` goes beside an address in an attribute: add `nla = ...`"));
        } else if field.with.is_some() {
            ctxt.error_on(place, format!("the codec writes all there is: drop `{word}`, or drop `with`"));
        }
    }
    if let (Some(len), Some(word)) = (&field.format.prefix_len, field.format.payload_words().first()) {
        ctxt.error_on(len, format!("`{word}` can't go with a prefix"));
    }
}

/// Where nothing is compared, nobody calls the function.
fn comparison_has_a_purpose(field: &Field, ctxt: &Ctxt) {
    let Some(compare) = &field.compare else { return };
    let why = if field.key {
        "a key is looked up, and never compared"
    } else if field.write_only {
        "what is never reported is never compared"
    } else if field.read_only {
        "what is never asked for is never compared"
    } else if !field.on_wire() {
        "what is not on the wire is never compared"
    } else {
        return;
    };
    ctxt.error_on(compare, format!("{why}: drop `compare`"));
}
