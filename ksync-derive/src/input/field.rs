//! A field, of a kind or of a nested attribute, and where on the wire it goes.

use proc_macro2::Ident;
use quote::ToTokens;
use syn::parse::{Parse, ParseStream};
use syn::punctuated::Punctuated;
use syn::{Attribute, Expr, Meta, Path, Token, Type};

use super::format::Format;
use super::function::Function;
use super::shape;
use super::verbs::{Verb, Verbs};
use super::word::Word;
use crate::ctxt::Ctxt;
use crate::words;

/// A field with its words.
#[derive(Debug)]
pub(crate) struct Field {
    pub(crate) ident: Ident,
    pub(crate) ty: Type,
    pub(crate) docs: Vec<Attribute>,
    pub(crate) key: bool,
    pub(crate) nla: Option<Expr>,
    pub(crate) header: Option<Ident>,
    pub(crate) bit: Option<Expr>,
    pub(crate) mask: Option<Ident>,
    /// The field of the struct that is the attribute's payload.
    pub(crate) part: Option<StructField>,
    pub(crate) with: Option<Path>,
    /// Not in the attributes that all others are nested in.
    pub(crate) outside: bool,
    pub(crate) immutable: bool,
    pub(crate) none: Option<Expr>,
    pub(crate) write_only: bool,
    pub(crate) read_only: bool,
    /// `default`, and what behind it.
    pub(crate) default: Option<Option<Expr>>,
    pub(crate) format: Format,
    pub(crate) compare: Option<Function>,
    pub(crate) skip: bool,
    pub(crate) on: Option<Verbs>,
    pub(crate) check: Option<Function>,
    pub(crate) survives: bool,
    /// The attribute with the last number of several objects that the kernel reports at once.
    pub(crate) up_to: Option<Expr>,
    /// The kernel dumps the objects of one value of the field at a time.
    pub(crate) dumped_by: bool,
    /// A word of it could not be read: rules about what is missing would only repeat that.
    pub(crate) misread: bool,
    /// Marked `#[depends_on]`; the kinds listed in `#[depends_on(A, B)]`.
    pub(crate) depends_on: Option<Vec<Type>>,
}

/// `VlanInfo.vid`: a struct with fixed fields, and one of them.
#[derive(Debug)]
pub(crate) struct StructField {
    pub(crate) ty: Path,
    pub(crate) field: Ident,
}

impl Parse for StructField {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        let ty: Path = input.parse()?;
        if input.is_empty() {
            return Err(syn::Error::new_spanned(&ty, "which field of the struct? `part = VlanInfo.vid`"));
        }
        input.parse::<Token![.]>()?;
        Ok(StructField { ty, field: input.parse()? })
    }
}

/// Where on the wire a field goes.
#[derive(Debug)]
pub(crate) enum Place<'a> {
    /// Into an attribute, by its type's own rule.
    Attribute(&'a Expr),
    /// Into an attribute whose payload a codec knows.
    Payload(&'a Expr, &'a Path),
    /// Into a field of the fixed header.
    Header(&'a Ident),
    /// Into bits of a field of the fixed header.
    Bit(&'a Ident, &'a Expr),
    /// Into bits of an attribute.
    AttributeBit(&'a Expr, &'a Expr),
    /// Into a field of the struct that is the payload of an attribute, or into bits of one.
    Part(&'a Expr, &'a StructField, Option<&'a Expr>),
    /// Address and length apart: an attribute, and a field of the fixed header.
    Prefix(&'a Expr, &'a Ident),
    /// Into attributes of its own, among the others.
    Flatten,
    /// Wherever a codec puts it.
    Codec(&'a Path),
    /// Nowhere: the agent's own name of the object, found again by its index.
    OwnName,
    /// Nowhere: it only says what has to be there first.
    Order,
    /// Nowhere: the agent's own data.
    Nowhere,
}

impl Field {
    /// Reads a named field; `allowed` are the words that it may have.
    pub(crate) fn read(field: &syn::Field, allowed: &[&str], ctxt: &Ctxt) -> Option<Field> {
        let mistakes = ctxt.count();
        let mut read = Field::new(field.ident.clone()?, field, ctxt);
        for word in Word::all(&field.attrs, ctxt) {
            read.take(&word, allowed, ctxt);
        }
        read.misread = ctxt.count() > mistakes;
        Some(read)
    }

    /// The struct inside of `Variant(Body)`: its attributes are those of the variant.
    pub(crate) fn body(field: &syn::Field, ctxt: &Ctxt) -> Field {
        let mut read = Field::new(Ident::new("body", proc_macro2::Span::call_site()), field, ctxt);
        for word in Word::all(&field.attrs, ctxt) {
            word.unknown(&[], ctxt);
        }
        read.format.flatten = true;
        read
    }

    fn new(ident: Ident, field: &syn::Field, ctxt: &Ctxt) -> Field {
        Field {
            ident,
            ty: field.ty.clone(),
            docs: field.attrs.iter().filter(|attribute| attribute.path().is_ident("doc")).cloned().collect(),
            key: false,
            nla: None,
            header: None,
            bit: None,
            mask: None,
            part: None,
            with: None,
            outside: false,
            immutable: false,
            none: None,
            write_only: false,
            read_only: false,
            default: None,
            format: Format::default(),
            compare: None,
            skip: false,
            on: None,
            check: None,
            survives: false,
            up_to: None,
            dumped_by: false,
            misread: false,
            depends_on: depends_on(&field.attrs, ctxt),
        }
    }

    fn take(&mut self, word: &Word, allowed: &[&str], ctxt: &Ctxt) {
        let name = word.name.to_string();
        if !allowed.contains(&name.as_str()) {
            if name == words::DEPENDS_ON {
                ctxt.error_on(&word.name, "`depends_on` is an attribute of its own: `#[depends_on]`");
            } else if words::OF_FIELD.contains(&name.as_str()) {
                ctxt.error_on(
                    &word.name,
                    format!("`{name}` is a word for the fields of a kind: say it where the nested value is a field"),
                );
            } else {
                word.unknown(allowed, ctxt);
            }
            return;
        }
        match name.as_str() {
            words::KEY => word.flag(&mut self.key, ctxt),
            words::NLA => self.take_nla(word, ctxt),
            words::HEADER => word.value(&mut self.header, ctxt),
            words::BIT => word.value(&mut self.bit, ctxt),
            words::MASK => word.value(&mut self.mask, ctxt),
            words::PART => word.value(&mut self.part, ctxt),
            words::UP_TO => word.value(&mut self.up_to, ctxt),
            words::DUMPED_BY => word.flag(&mut self.dumped_by, ctxt),
            words::WITH => word.value(&mut self.with, ctxt),
            words::OUTSIDE => word.flag(&mut self.outside, ctxt),
            words::IMMUTABLE => word.flag(&mut self.immutable, ctxt),
            words::NONE => word.value(&mut self.none, ctxt),
            words::WRITE_ONLY => word.flag(&mut self.write_only, ctxt),
            words::READ_ONLY => word.flag(&mut self.read_only, ctxt),
            words::DEFAULT => word.flag_or_value(&mut self.default, ctxt),
            words::SKIP => word.flag(&mut self.skip, ctxt),
            words::CHECK => word.value(&mut self.check, ctxt),
            words::SURVIVES => word.flag(&mut self.survives, ctxt),
            words::COMPARE => word.value(&mut self.compare, ctxt),
            words::ON if self.on.is_some() => word.twice(ctxt),
            words::ON => self.on = Some(Verbs::read(word, ctxt)),
            _ if self.format.take(word, ctxt) => {}
            _ => word.unknown(allowed, ctxt),
        }
    }

    /// One attribute, or two of which the family picks one.
    fn take_nla(&mut self, word: &Word, ctxt: &Ctxt) {
        word.value(&mut self.nla, ctxt);
        let Some(Expr::Tuple(pair)) = &self.nla else { return };
        let pair: Vec<Expr> = pair.elems.iter().cloned().collect();
        match <[Expr; 2]>::try_from(pair) {
            Ok([v4, v6]) => {
                self.nla = Some(v4);
                self.format.v6 = Some(v6);
            }
            Err(_) => {
                ctxt.error_on(
                    &self.nla,
                    "two attributes are one for IPv4 and one for IPv6: `nla = (V4, V6)`",
                );
            }
        }
    }

    /// Where on the wire the field goes.
    pub(crate) fn place(&self) -> Place<'_> {
        match (&self.nla, &self.with, &self.header) {
            _ if self.skip => Place::Nowhere,
            (Some(nla), Some(codec), _) => Place::Payload(nla, codec),
            (Some(nla), None, _) => match (&self.part, &self.bit, &self.format.prefix_len) {
                (Some(part), bit, _) => Place::Part(nla, part, bit.as_ref()),
                (None, Some(bit), _) => Place::AttributeBit(nla, bit),
                (None, None, Some(len)) => Place::Prefix(nla, len),
                (None, None, None) => Place::Attribute(nla),
            },
            (None, Some(codec), _) => Place::Codec(codec),
            (None, None, Some(header)) => match &self.bit {
                Some(bit) => Place::Bit(header, bit),
                None => Place::Header(header),
            },
            (None, None, None) if self.format.flatten => Place::Flatten,
            (None, None, None) if self.key => Place::OwnName,
            (None, None, None) if self.depends_on.is_some() => Place::Order,
            (None, None, None) => Place::Nowhere,
        }
    }

    /// Whether any message carries the field.
    pub(crate) fn on_wire(&self) -> bool {
        !matches!(self.place(), Place::OwnName | Place::Order | Place::Nowhere)
    }

    /// Whether that message carries the field.
    pub(crate) fn written_on(&self, verb: Verb) -> bool {
        let usual = if self.key { Verbs::ALL } else { Verbs::CONTENT };
        self.on_wire() && !self.read_only && self.on.unwrap_or(usual).contains(verb)
    }

    /// Whether a difference in the field can only be made good by delete and add: it says so, or no change
    /// message carries it.
    pub(crate) fn needs_recreation(&self) -> bool {
        self.immutable || (self.written_on(Verb::Add) && !self.written_on(Verb::Change))
    }

    /// Whether the field's type may have something inside that no change message carries.
    pub(crate) fn may_need_recreation_inside(&self) -> bool {
        match self.place() {
            Place::Attribute(_) => !shape::is_plain(&self.ty),
            Place::Flatten => true,
            _ => false,
        }
    }

    /// Whether a difference in the field is of any consequence.
    pub(crate) fn is_compared(&self) -> bool {
        self.on_wire() && !self.key && !self.read_only
    }

    /// `T` of an `Option<T>`.
    pub(crate) fn option(&self) -> Option<&Type> {
        shape::option_of(&self.ty)
    }

    /// Whether a message may lack the field.
    pub(crate) fn may_lack(&self) -> bool {
        self.default.is_some() || self.write_only
    }

    /// The type of what is written: without an `Option` around it, and of one element if it is a list.
    pub(crate) fn element(&self) -> &Type {
        let inner = self.option().unwrap_or(&self.ty);
        self.format.list().and_then(|_| shape::list_of(inner)).unwrap_or(inner)
    }

    /// The kinds that the field is known to refer to.
    pub(crate) fn targets(&self) -> impl Iterator<Item = &Type> {
        let spelled = self.depends_on.is_some().then(|| shape::target_of(&self.ty)).flatten();
        spelled.into_iter().chain(self.depends_on.iter().flatten())
    }

    /// The field's name, for messages.
    pub(crate) fn name(&self) -> String {
        syn::ext::IdentExt::unraw(&self.ident).to_string()
    }
}

/// Reads `#[depends_on]` and `#[depends_on(A, B)]`.
fn depends_on(attributes: &[Attribute], ctxt: &Ctxt) -> Option<Vec<Type>> {
    let mut found = None;
    for attribute in attributes.iter().filter(|attribute| attribute.path().is_ident(words::DEPENDS_ON)) {
        if found.is_some() {
            ctxt.error_on(attribute, "`#[depends_on]` is given twice");
        }
        let kinds = match &attribute.meta {
            Meta::Path(_) => Vec::new(),
            Meta::List(_) => {
                match attribute.parse_args_with(Punctuated::<Type, Token![,]>::parse_terminated) {
                    Ok(kinds) => kinds.into_iter().collect(),
                    Err(error) => {
                        ctxt.push(error);
                        Vec::new()
                    }
                }
            }
            Meta::NameValue(other) => {
                ctxt.error_on(
                    other.to_token_stream(),
                    "`#[depends_on]` has no value: the field's type says on what",
                );
                Vec::new()
            }
        };
        found.get_or_insert_with(Vec::new).extend(kinds);
    }
    found
}
