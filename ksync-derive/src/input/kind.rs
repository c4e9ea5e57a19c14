//! A struct that derives `KSyncEntry`, as its words say.
//!
//! Reads words one by one; whether they go together is for `check`.

use proc_macro2::Ident;
use syn::{Data, DeriveInput, Expr, Fields, Path, Type, Visibility};

use super::field::Field;
use super::fill::Fill;
use super::index::Index;
use super::protocol::Protocol;
use super::runtime::Runtime;
use super::word::Word;
use crate::ctxt::Ctxt;
use crate::words;

/// A kind with its words.
#[derive(Debug)]
pub(crate) struct Kind {
    pub(crate) ident: Ident,
    pub(crate) vis: Visibility,
    pub(crate) runtime: Runtime,
    pub(crate) protocol: Option<Protocol>,
    pub(crate) header: Option<Type>,
    /// The attributes that all others are nested in, the outermost first.
    pub(crate) inside: Vec<Expr>,
    pub(crate) add: Option<Expr>,
    pub(crate) change: Option<Expr>,
    pub(crate) delete: Option<Expr>,
    pub(crate) get: Option<Expr>,
    pub(crate) add_flags: Option<Expr>,
    pub(crate) add_again_flags: Option<Expr>,
    pub(crate) change_flags: Option<Expr>,
    pub(crate) delete_flags: Option<Expr>,
    pub(crate) fills: Vec<Fill>,
    pub(crate) index: Option<Index>,
    /// `index(...)` is there, readable or not.
    pub(crate) has_index: bool,
    pub(crate) flushes_dependents: bool,
    pub(crate) early: bool,
    pub(crate) resolved_on_sent: bool,
    pub(crate) no_compress: bool,
    pub(crate) merge: bool,
    pub(crate) self_dependent: bool,
    pub(crate) nothing_to_delete: Option<Expr>,
    pub(crate) nothing_to_change: Option<Expr>,
    pub(crate) classify: Option<Path>,
    pub(crate) check: Option<Path>,
    pub(crate) fields: Vec<Field>,
    /// A word of the struct could not be read: rules about what is missing would only repeat that.
    pub(crate) misread: bool,
}

impl Kind {
    /// Reads the struct. What is no struct with named fields is read as one without fields.
    pub(crate) fn read(input: &DeriveInput, ctxt: &Ctxt) -> Kind {
        let mut kind = Kind {
            ident: input.ident.clone(),
            vis: input.vis.clone(),
            runtime: Runtime::default(),
            protocol: None,
            header: None,
            inside: Vec::new(),
            add: None,
            change: None,
            delete: None,
            get: None,
            add_flags: None,
            add_again_flags: None,
            change_flags: None,
            delete_flags: None,
            fills: Vec::new(),
            index: None,
            has_index: false,
            flushes_dependents: false,
            early: false,
            resolved_on_sent: false,
            no_compress: false,
            merge: false,
            self_dependent: false,
            nothing_to_delete: None,
            nothing_to_change: None,
            classify: None,
            check: None,
            fields: Vec::new(),
            misread: false,
        };
        let mistakes = ctxt.count();
        for word in Word::all(&input.attrs, ctxt) {
            kind.take(&word, ctxt);
        }
        kind.misread = ctxt.count() > mistakes;
        match &input.data {
            Data::Struct(data) => match &data.fields {
                Fields::Named(named) => {
                    kind.fields.extend(
                        named.named.iter().filter_map(|field| Field::read(field, words::OF_FIELD, ctxt)),
                    );
                }
                Fields::Unnamed(_) | Fields::Unit => ctxt.error_on(
                    &input.ident,
                    "a kind is a struct with named fields: their names appear in errors and pages",
                ),
            },
            Data::Enum(_) | Data::Union(_) => ctxt.error_on(
                &input.ident,
                "a kind is a struct; put the choice into one field and derive `KSyncNested` for the enum",
            ),
        }
        kind
    }

    fn take(&mut self, word: &Word, ctxt: &Ctxt) {
        match word.name.to_string().as_str() {
            words::PROTOCOL => word.value(&mut self.protocol, ctxt),
            words::HEADER => word.value(&mut self.header, ctxt),
            words::INSIDE => word.list_of(&mut self.inside, ctxt),
            words::ADD => word.value(&mut self.add, ctxt),
            words::CHANGE => word.value(&mut self.change, ctxt),
            words::DELETE => word.value(&mut self.delete, ctxt),
            words::GET => word.value(&mut self.get, ctxt),
            words::ADD_FLAGS => word.value(&mut self.add_flags, ctxt),
            words::ADD_AGAIN_FLAGS => word.value(&mut self.add_again_flags, ctxt),
            words::CHANGE_FLAGS => word.value(&mut self.change_flags, ctxt),
            words::DELETE_FLAGS => word.value(&mut self.delete_flags, ctxt),
            words::FILL => self.fills.push(Fill::read(word, ctxt)),
            words::INDEX => {
                if self.has_index {
                    word.twice(ctxt);
                }
                self.has_index = true;
                self.index = Index::read(word, ctxt);
            }
            words::FLUSHES_DEPENDENTS => word.flag(&mut self.flushes_dependents, ctxt),
            words::EARLY => word.flag(&mut self.early, ctxt),
            words::RESOLVED_ON_SENT => word.flag(&mut self.resolved_on_sent, ctxt),
            words::NO_COMPRESS => word.flag(&mut self.no_compress, ctxt),
            words::MERGE => word.flag(&mut self.merge, ctxt),
            words::SELF_DEPENDENT => word.flag(&mut self.self_dependent, ctxt),
            words::NOTHING_TO_DELETE => word.value(&mut self.nothing_to_delete, ctxt),
            words::NOTHING_TO_CHANGE => word.value(&mut self.nothing_to_change, ctxt),
            words::CLASSIFY => word.value(&mut self.classify, ctxt),
            words::CHECK => word.value(&mut self.check, ctxt),
            words::CRATE => self.runtime.take(word, ctxt),
            _ => word.unknown(words::OF_KIND, ctxt),
        }
    }

    /// The fields that make the key.
    pub(crate) fn keys(&self) -> Vec<&Field> {
        self.fields.iter().filter(|field| field.key && !field.format.flatten).collect()
    }
}
