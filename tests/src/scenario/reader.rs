//! Reading one line: words taken one by one, and the nouns of the language (entries, kinds, references,
//! numbers, times). It knows which kinds there are and which keys were named, and no command.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use ksync_runtime::declare::{OperationError, Verb};

use super::errno;
use super::kind::{Asked, Manners};
use super::script::{Entry, Needed, RowName, SyntaxError};
use super::words::{Token, nearest};

/// What is known by the time a line is read.
#[derive(Debug, Default)]
pub(super) struct Known {
    /// The kinds of the scenario, by number.
    pub(super) kinds: Vec<Manners>,
    /// Key → kinds that it was named with.
    pub(super) keys: BTreeMap<String, BTreeSet<usize>>,
    /// Database row → kind of the entry that it maps to.
    pub(super) rows: BTreeMap<String, usize>,
}

/// One line on its way through the parser.
pub(super) struct Reader<'a> {
    pub(super) line: usize,
    tokens: Vec<Token>,
    at: usize,
    /// The kind of the entry that was read last.
    last_kind: Option<usize>,
    pub(super) known: &'a mut Known,
}

type Read<T> = Result<T, SyntaxError>;

impl<'a> Reader<'a> {
    pub(super) fn new(line: usize, tokens: Vec<Token>, known: &'a mut Known) -> Self {
        Reader { line, tokens, at: 0, last_kind: None, known }
    }

    pub(super) fn error(&self, message: impl Into<String>, hint: impl Into<String>) -> SyntaxError {
        let hint: String = hint.into();
        SyntaxError { line: self.line, message: message.into(), hint: (!hint.is_empty()).then_some(hint) }
    }

    pub(super) fn peek(&self) -> Option<&Token> {
        self.tokens.get(self.at)
    }

    fn peek_behind(&self, ahead: usize) -> Option<&Token> {
        self.tokens.get(self.at + ahead)
    }

    pub(super) fn next(&mut self) -> Option<Token> {
        let token = self.tokens.get(self.at).cloned();
        self.at += usize::from(token.is_some());
        token
    }

    pub(super) fn at_end(&self) -> bool {
        self.at >= self.tokens.len()
    }

    /// The next word, in small letters, if it is a bare one.
    pub(super) fn peek_word(&self) -> Option<String> {
        self.word_at(0)
    }

    pub(super) fn word_at(&self, ahead: usize) -> Option<String> {
        match self.peek_behind(ahead) {
            Some(Token::Word(word)) => Some(word.to_lowercase()),
            _ => None,
        }
    }

    /// Takes the next words if they are these.
    pub(super) fn take(&mut self, phrase: &str) -> bool {
        let words: Vec<&str> = phrase.split(' ').collect();
        let all = words.iter().enumerate().all(|(ahead, word)| self.word_at(ahead).as_deref() == Some(*word));
        if all {
            self.at += words.len();
        }
        all
    }

    /// Takes one of these phrases, the first that is there.
    pub(super) fn take_any(&mut self, phrases: &[&str]) -> bool {
        phrases.iter().any(|phrase| self.take(phrase))
    }

    pub(super) fn take_token(&mut self, token: &Token) -> bool {
        let there = self.peek() == Some(token);
        self.at += usize::from(there);
        there
    }

    /// Whether the next token goes on with a list.
    pub(super) fn take_comma(&mut self) -> bool {
        let comma = self.take_token(&Token::Comma);
        let and = self.take_any(&["and", "then"]);
        comma || and
    }

    /// The line has to end here.
    pub(super) fn end(&self, so_far: &str) -> Read<()> {
        match self.peek() {
            None => Ok(()),
            Some(token) => {
                let hint = match token {
                    Token::Word(word) if word == "#" => String::new(),
                    _ => format!("the line should end behind {so_far}; lists need commas"),
                };
                Err(self.error(format!("`{token}` is more than is understood"), hint))
            }
        }
    }

    /// The next word or quoted text.
    pub(super) fn text(&mut self, what: &str, example: &str) -> Read<String> {
        match self.next() {
            Some(Token::Word(text) | Token::Quoted(text)) => Ok(text),
            Some(other) => Err(self.error(format!("{what} is missing before `{other}`"), example)),
            None => Err(self.error(format!("{what} is missing at the end of the line"), example)),
        }
    }

    pub(super) fn number<T: std::str::FromStr>(&mut self, what: &str, example: &str) -> Read<T> {
        let text = self.text(what, example)?;
        text.parse().map_err(|_| self.error(format!("`{text}` is no number: {what} is needed"), example))
    }

    pub(super) fn duration(&mut self, example: &str) -> Read<Duration> {
        let text = self.text("a duration", example)?;
        if let Some(unit) = self.peek_word()
            && let Some(duration) = duration_of(&format!("{text}{unit}"))
            && text.parse::<f64>().is_ok()
        {
            self.at += 1;
            return Ok(duration);
        }
        self.to_duration(&text, example)
    }

    pub(super) fn to_duration(&self, text: &str, example: &str) -> Read<Duration> {
        duration_of(text).ok_or_else(|| {
            self.error(
                format!("`{text}` is no duration"),
                format!("a number with us, ms, s, min or h, {example}"),
            )
        })
    }

    fn number_of_kind(&self, name: &str) -> Option<usize> {
        self.known.kinds.iter().position(|kind| kind.name == name)
    }

    fn names_of_kinds(&self) -> Vec<&str> {
        self.known.kinds.iter().map(|kind| kind.name.as_str()).collect()
    }

    fn unknown_kind(&self, name: &str) -> SyntaxError {
        let names = self.names_of_kinds();
        let hint = match nearest(name, &names) {
            Some(near) => format!("did you mean `{near}`?"),
            None if names.is_empty() => "declare it first: `kind NAME`".to_owned(),
            None => format!("the kinds of this scenario are {}", names.join(", ")),
        };
        self.error(format!("there is no kind `{name}`"), hint)
    }

    /// The number of a kind.
    pub(super) fn kind(&mut self, example: &str) -> Read<usize> {
        let name = self.text("a kind", example)?;
        self.number_of_kind(&name).ok_or_else(|| self.unknown_kind(&name))
    }

    pub(super) fn kinds(&mut self, example: &str) -> Read<Vec<usize>> {
        let mut kinds = vec![self.kind(example)?];
        while self.take_comma() {
            kinds.push(self.kind(example)?);
        }
        Ok(kinds)
    }

    /// A database row that was added before.
    pub(super) fn row(&mut self, example: &str) -> Read<RowName> {
        let key = self.text("a row", example)?;
        match self.known.rows.get(&key) {
            Some(kind) => Ok(RowName { kind: *kind, key }),
            None => {
                let rows: Vec<&str> = self.known.rows.keys().map(String::as_str).collect();
                let hint = match nearest(&key, &rows) {
                    Some(near) => format!("did you mean `{near}`?"),
                    None => format!("add it first: `row add {key} for ENTRY value 5`"),
                };
                Err(self.error(format!("there is no row `{key}`"), hint))
            }
        }
    }

    pub(super) fn rows(&mut self, example: &str) -> Read<Vec<RowName>> {
        let mut rows = vec![self.row(example)?];
        while self.take_comma() {
            rows.push(self.row(example)?);
        }
        Ok(rows)
    }

    /// Whether the next word can only be the beginning of an entry.
    pub(super) fn at_entry(&self) -> bool {
        match self.peek() {
            Some(Token::Quoted(_)) => true,
            Some(Token::Word(word)) => {
                self.number_of_kind(word).is_some()
                    || self.known.keys.contains_key(word)
                    || word.split_once('/').is_some_and(|(kind, _)| self.number_of_kind(kind).is_some())
            }
            _ => false,
        }
    }

    /// An entry: `KIND KEY`, `KIND/KEY`, or `KEY` alone. `likely`: kinds that it is one of if nothing else
    /// says so.
    pub(super) fn entry(&mut self, likely: &[usize], example: &str) -> Read<Entry> {
        let quoted = matches!(self.peek(), Some(Token::Quoted(_)));
        let text = self.text("an entry", example)?;
        if !quoted {
            if let Some(kind) = self.number_of_kind(&text) {
                let key = self.text(&format!("the key of an entry of kind {text}"), example)?;
                return Ok(self.named(kind, key));
            }
            if let Some((kind, key)) = text.split_once('/')
                && let Some(kind) = self.number_of_kind(kind)
                && !key.is_empty()
            {
                return Ok(self.named(kind, key.to_owned()));
            }
        }
        let kind = self.kind_of_key(&text, likely)?;
        Ok(self.named(kind, text))
    }

    fn named(&mut self, kind: usize, key: String) -> Entry {
        self.known.keys.entry(key.clone()).or_default().insert(kind);
        self.last_kind = Some(kind);
        Entry { kind, key }
    }

    /// The kind of an entry of which only the key was said.
    fn kind_of_key(&self, key: &str, likely: &[usize]) -> Read<usize> {
        let of_key = self.known.keys.get(key).cloned().unwrap_or_default();
        let fits: Vec<usize> = of_key.iter().copied().filter(|kind| likely.contains(kind)).collect();
        let carried = self.carried(&of_key, likely);
        match (&fits[..], likely, of_key.len(), self.known.kinds.len()) {
            ([only], ..) => Ok(*only),
            ([], [only], ..) => Ok(*only),
            (_, _, 1, _) if likely.is_empty() => Ok(of_key.iter().next().copied().unwrap_or_default()),
            (_, _, 0, 1) => Ok(0),
            // `Link l1, l2`: the kind goes on.
            _ if carried.is_some() => Ok(carried.unwrap_or_default()),
            (_, _, 0, 0) => {
                Err(self
                    .error(format!("`{key}` is an entry of no kind"), "declare a kind first: `kind NAME`"))
            }
            (_, _, 0, _) => {
                let next = match self.peek() {
                    Some(Token::Word(_) | Token::Quoted(_)) => format!("`{key}` is no kind, and "),
                    _ => String::new(),
                };
                let names = self.names_of_kinds();
                let hint = match nearest(key, &names) {
                    Some(near) if !next.is_empty() => format!("did you mean the kind `{near}`?"),
                    _ => {
                        format!("say it once, as in `{} {key}`; the kinds are {}", names[0], names.join(", "))
                    }
                };
                Err(self.error(format!("{next}of which kind `{key}` is was not said"), hint))
            }
            _ => {
                let kinds: Vec<&str> =
                    of_key.iter().map(|kind| self.known.kinds[*kind].name.as_str()).collect();
                Err(self.error(
                    format!("`{key}` may be of several kinds: {}", kinds.join(", ")),
                    format!("say which, as in `{} {key}`", kinds[0]),
                ))
            }
        }
    }

    /// The kind of the entry before, if this one may be of it too.
    fn carried(&self, of_key: &BTreeSet<usize>, likely: &[usize]) -> Option<usize> {
        let fits = |kind: &usize| {
            (of_key.is_empty() || of_key.contains(kind)) && (likely.is_empty() || likely.contains(kind))
        };
        self.last_kind.filter(fits)
    }

    pub(super) fn entries(&mut self, example: &str) -> Read<Vec<Entry>> {
        let mut entries = vec![self.entry(&[], example)?];
        while self.take_comma() {
            entries.push(self.entry(&[], example)?);
        }
        Ok(entries)
    }

    /// References of an entry of that kind. The list ends before a comma that is followed by one of `stop`.
    pub(super) fn references(&mut self, kind: usize, stop: &[&str], example: &str) -> Read<Vec<Needed>> {
        let likely: Vec<usize> = self.known.kinds[kind].depends_on.iter().map(|on| on.kind).collect();
        let mut needs = Vec::new();
        if self.take_any(&["nothing", "none"]) {
            return Ok(needs);
        }
        loop {
            needs.push(self.reference(&likely, example)?);
            let more = self.peek() == Some(&Token::Comma)
                && !self.word_at(1).is_some_and(|word| stop.contains(&word.as_str()))
                || self.word_at(0).as_deref() == Some("and");
            if !more {
                return Ok(needs);
            }
            self.take_comma();
        }
    }

    fn reference(&mut self, likely: &[usize], example: &str) -> Read<Needed> {
        if self.take_any(&["lacks", "lacking", "incomplete"]) {
            return self.text("what is lacking", "as in `lacks \"its address\"`").map(Needed::Lacking);
        }
        self.entry(likely, example).map(Needed::Entry)
    }

    /// `A`, `add`, `C`, `change`, `D`, `delete`, `L`, `lookup`.
    pub(super) fn asked(&mut self) -> Option<Asked> {
        let Some(Token::Word(word)) = self.peek() else {
            return None;
        };
        let asked = match word.as_str() {
            "A" | "add" | "ADD" | "Add" => Asked::Write(Verb::Add),
            "C" | "change" | "CHANGE" | "Change" => Asked::Write(Verb::Change),
            "D" | "delete" | "DELETE" | "Delete" => Asked::Write(Verb::Delete),
            "L" | "lookup" | "look-up" | "LOOKUP" | "Lookup" => Asked::Lookup,
            _ => return None,
        };
        self.at += 1;
        Some(asked)
    }

    /// The operation in front of a further entry of a list: what is followed by nothing is an entry itself.
    pub(super) fn asked_of_list(&mut self) -> Option<Asked> {
        let here = self.at;
        let asked = self.asked()?;
        if matches!(self.peek(), Some(Token::Word(_) | Token::Quoted(_))) {
            return Some(asked);
        }
        self.at = here;
        None
    }

    /// An operation in front of an entry, where both can be left out: is what comes next the operation?
    pub(super) fn asked_before_entry(&mut self) -> Option<Asked> {
        let here = self.at;
        let could_be_entry = self.at_entry();
        let asked = self.asked()?;
        let entry_follows = self.at_entry();
        // `ack A a1` where A is a kind, or `ack a` where a is a key.
        if could_be_entry {
            let kind_follows =
                matches!(self.peek(), Some(Token::Word(word)) if self.number_of_kind(word).is_some());
            let word = self.tokens.get(here);
            let is_kind = matches!(word, Some(Token::Word(word)) if self.number_of_kind(word).is_some());
            if is_kind && !kind_follows || !entry_follows {
                self.at = here;
                return None;
            }
        }
        Some(asked)
    }

    /// `ERRNO [TEXT] [field NAME]`.
    pub(super) fn failure(&mut self, example: &str) -> Read<OperationError> {
        let name = self.text("an error", example)?;
        let Some(number) = errno::number(&name) else {
            let names: Vec<&str> = errno::ERRNOS.iter().map(|(name, _)| *name).collect();
            let hint = nearest(&name, &names)
                .map_or_else(|| example.to_owned(), |near| format!("did you mean {near}?"));
            return Err(self.error(format!("`{name}` is no error of the kernel"), hint));
        };
        let text = match self.peek() {
            Some(Token::Quoted(text)) => Some(text.clone()),
            _ => None,
        };
        self.at += usize::from(text.is_some());
        Ok(OperationError::kernel(number, text, None))
    }
}

fn duration_of(text: &str) -> Option<Duration> {
    let end = text.find(|letter: char| !letter.is_ascii_digit() && letter != '.')?;
    let (number, unit) = text.split_at(end);
    let seconds = match unit {
        "us" => 1e-6,
        "ms" => 1e-3,
        "s" | "sec" | "second" | "seconds" => 1.0,
        "min" | "m" | "minute" | "minutes" => 60.0,
        "h" => 3600.0,
        _ => return None,
    };
    let number: f64 = number.parse().ok()?;
    Duration::try_from_secs_f64(number * seconds).ok()
}
