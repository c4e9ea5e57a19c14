//! The messages that a field, or a filled header field, is written in: `on(add, change, delete, get)`.

use super::word::Word;
use crate::ctxt::Ctxt;
use crate::words;

/// One message that a kind writes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verb {
    Add,
    Change,
    Delete,
    Get,
}

impl Verb {
    pub(crate) const ALL: [Verb; 4] = [Verb::Add, Verb::Change, Verb::Delete, Verb::Get];
}

/// A set of messages.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Verbs {
    add: bool,
    change: bool,
    delete: bool,
    get: bool,
}

impl Verbs {
    /// Key fields stand in every message.
    pub(crate) const ALL: Verbs = Verbs { add: true, change: true, delete: true, get: true };
    /// What a `fill` is for unless it says otherwise.
    pub(crate) const WRITING: Verbs = Verbs { get: false, ..Verbs::ALL };
    /// What all other fields are for.
    pub(crate) const CONTENT: Verbs = Verbs { delete: false, ..Verbs::WRITING };

    /// Reads `on(...)`.
    pub(crate) fn read(word: &Word, ctxt: &Ctxt) -> Verbs {
        let (mut verbs, mut named, mistakes) = (Verbs::default(), false, ctxt.count());
        for verb in word.list(ctxt) {
            let into = match verb.name.to_string().as_str() {
                words::ADD => &mut verbs.add,
                words::CHANGE => &mut verbs.change,
                words::DELETE => &mut verbs.delete,
                words::GET => &mut verbs.get,
                _ => {
                    verb.unknown(words::VERBS, ctxt);
                    continue;
                }
            };
            verb.flag(into, ctxt);
            named = true;
        }
        if word.is_list() && !named && ctxt.count() == mistakes {
            ctxt.error_on(&word.name, "`on` lists messages: `on(add, change, delete, get)`");
        }
        verbs
    }

    pub(crate) fn contains(self, verb: Verb) -> bool {
        match verb {
            Verb::Add => self.add,
            Verb::Change => self.change,
            Verb::Delete => self.delete,
            Verb::Get => self.get,
        }
    }
}
