//! The words that say how a field's value stands in its attribute: byte order, lists, units.

use proc_macro2::Ident;
use syn::parse::{Parse, ParseStream};
use syn::{Expr, Token, Type};

use super::word::Word;
use crate::ctxt::Ctxt;
use crate::words;

/// The words as they were found.
#[derive(Debug, Default)]
pub(crate) struct Format {
    pub(crate) be: bool,
    pub(crate) no_nul: bool,
    pub(crate) flag: bool,
    pub(crate) selector: bool,
    pub(crate) by_key: bool,
    /// The attributes of a key of several fields: `by_key(A, B)`.
    pub(crate) key_fields: Vec<Expr>,
    pub(crate) flatten: bool,
    pub(crate) repeated: bool,
    pub(crate) each: Option<Expr>,
    pub(crate) numbered: Option<Option<Expr>>,
    pub(crate) array: bool,
    pub(crate) records: Option<Ident>,
    pub(crate) unit: Option<Unit>,
    /// The attribute of the other family: the second of `nla = (V4, V6)`.
    pub(crate) v6: Option<Expr>,
    /// The header field that holds the length of a prefix.
    pub(crate) prefix_len: Option<Ident>,
    /// The header field that holds the family of an address.
    pub(crate) family: Option<Ident>,
}

/// How the elements of a list stand on the wire.
#[derive(Clone, Copy, Debug)]
pub(crate) enum List<'a> {
    Repeated,
    Each(&'a Expr),
    Numbered(Option<&'a Expr>),
    Array,
    Records(&'a Ident),
}

/// `unit = seconds as u64`.
#[derive(Debug)]
pub(crate) struct Unit {
    pub(crate) name: Ident,
    pub(crate) number: Option<Type>,
}

impl Parse for Unit {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        let name = input.parse()?;
        let number = input.parse::<Option<Token![as]>>()?.map(|_| input.parse()).transpose()?;
        Ok(Unit { name, number })
    }
}

impl Format {
    /// Takes a word, if it is one of these.
    pub(crate) fn take(&mut self, word: &Word, ctxt: &Ctxt) -> bool {
        match word.name.to_string().as_str() {
            words::BE => word.flag(&mut self.be, ctxt),
            words::NO_NUL => word.flag(&mut self.no_nul, ctxt),
            words::FLAG => word.flag(&mut self.flag, ctxt),
            words::SELECTOR => word.flag(&mut self.selector, ctxt),
            words::BY_KEY if word.is_list() => {
                if self.by_key {
                    word.twice(ctxt);
                }
                self.by_key = true;
                word.list_of(&mut self.key_fields, ctxt);
            }
            words::BY_KEY => word.flag(&mut self.by_key, ctxt),
            words::FLATTEN => word.flag(&mut self.flatten, ctxt),
            words::REPEATED => word.flag(&mut self.repeated, ctxt),
            words::EACH => word.value(&mut self.each, ctxt),
            words::NUMBERED => word.flag_or_value(&mut self.numbered, ctxt),
            words::ARRAY => word.flag(&mut self.array, ctxt),
            words::RECORDS => word.value(&mut self.records, ctxt),
            words::UNIT => {
                word.value(&mut self.unit, ctxt);
                if let Some(unit) = &self.unit
                    && !words::UNITS.contains(&unit.name.to_string().as_str())
                {
                    ctxt.error_on(&unit.name, words::unknown(&unit.name.to_string(), words::UNITS));
                }
            }
            words::PREFIX_LEN => word.value(&mut self.prefix_len, ctxt),
            words::FAMILY => word.value(&mut self.family, ctxt),
            _ => return false,
        }
        true
    }

    /// Whether the type alone says how the value stands in its attribute.
    pub(crate) fn is_usual(&self) -> bool {
        self.payload_words().is_empty() && self.v6.is_none()
    }

    /// Whether something goes into the header besides an attribute.
    pub(crate) fn is_beside(&self) -> bool {
        self.prefix_len.is_some() || self.family.is_some()
    }

    /// Whether a field of bits has words for other payloads.
    pub(crate) fn bits_words(&self, bits: bool) -> bool {
        bits && !self.payload_words().is_empty()
    }

    /// How the elements stand on the wire, if the field is a list. The first word counts.
    pub(crate) fn list(&self) -> Option<List<'_>> {
        if self.repeated {
            return Some(List::Repeated);
        }
        if let Some(each) = &self.each {
            return Some(List::Each(each));
        }
        if let Some(first) = &self.numbered {
            return Some(List::Numbered(first.as_ref()));
        }
        if self.array {
            return Some(List::Array);
        }
        self.records.as_ref().map(List::Records)
    }

    /// The words for lists that are there.
    pub(crate) fn list_words(&self) -> Vec<&'static str> {
        let words = [
            (self.repeated, words::REPEATED),
            (self.each.is_some(), words::EACH),
            (self.numbered.is_some(), words::NUMBERED),
            (self.array, words::ARRAY),
            (self.records.is_some(), words::RECORDS),
        ];
        words.into_iter().filter(|(is, _)| *is).map(|(_, word)| word).collect()
    }

    /// The words that are there and say something about an attribute's payload.
    pub(crate) fn payload_words(&self) -> Vec<&'static str> {
        let words = [
            (self.be, words::BE),
            (self.no_nul, words::NO_NUL),
            (self.flag, words::FLAG),
            (self.by_key, words::BY_KEY),
            (self.unit.is_some(), words::UNIT),
        ];
        words.into_iter().filter(|(is, _)| *is).map(|(_, word)| word).chain(self.list_words()).collect()
    }
}
