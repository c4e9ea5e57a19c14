//! Reading expectations.

use std::time::Duration;

use ksync_runtime::engine::machine::State;

use super::kind::Asked;
use super::reader::Reader;
use super::row_lines;
use super::script::{Entry, Expectation, ExpectedOperation, SyntaxError, Timer};
use super::words::{Token, nearest};

type Read<T> = Result<T, SyntaxError>;

/// All that one `expect` says.
pub(super) fn expectations(reader: &mut Reader<'_>) -> Read<Vec<Expectation>> {
    if reader.at_end() {
        return Err(reader.error("what is expected is missing", "as in `expect n1 IN_SYNC`"));
    }
    if let Some(one) = of_all(reader)? {
        return Ok(vec![one]);
    }
    if let Some(one) = row_lines::expected(reader)? {
        return Ok(vec![one]);
    }
    if let Some(several) = behind_a_word(reader)? {
        return Ok(several);
    }
    reader.take("state");
    let mut all = Vec::new();
    let mut last: Option<Entry> = None;
    loop {
        let (entry, mut found) = of_entry(reader, last.as_ref())?;
        all.append(&mut found);
        last = Some(entry);
        if !reader.take_comma() {
            return Ok(all);
        }
    }
}

/// What is expected of the whole.
fn of_all(reader: &mut Reader<'_>) -> Read<Option<Expectation>> {
    let one = if reader.take_any(&["sent", "to send"]) {
        sent(reader)?
    } else if reader.take("outstanding") {
        if nothing(reader) {
            Expectation::Outstanding(Vec::new())
        } else {
            Expectation::Outstanding(reader.entries("as in `expect outstanding n1, n2`")?)
        }
    } else if reader.take_any(&["refused", "error"]) {
        refused(reader)
    } else if reader.take("rejected") {
        let count = if nothing(reader) {
            0
        } else {
            reader.number("how many events", "as in `expect rejected 1`")?
        };
        reader.take_any(&["events", "event", "answers", "answer"]);
        Expectation::Rejected(count)
    } else if reader.take("empty") {
        if nothing(reader) {
            Expectation::Empty(Vec::new())
        } else {
            Expectation::Empty(reader.kinds("as in `expect empty Route`")?)
        }
    } else if reader.take_any(&["counts", "count"]) {
        counts(reader)?
    } else if reader.take_any(&["next timeout", "next timer", "timer", "timeout"]) {
        Expectation::Timer(timer(reader)?)
    } else if reader.take("idle") {
        Expectation::Idle
    } else if reader.take_any(&["settled", "all in_sync", "all in sync", "all is in_sync"]) {
        Expectation::Settled
    } else if reader.take_any(&["references", "refs"]) {
        reader.take_any(&["in all", "total"]);
        if reader.take_any(&["to", "of"]) || reader.at_entry() {
            let entry = reader.entry(&[], "as in `expect references to n1 2`")?;
            let count = reader.number("how many references", "as in `expect references to n1 2`")?;
            return Ok(Some(Expectation::ReferencesTo { entry, count }));
        }
        let count = if nothing(reader) {
            0
        } else {
            reader.number("how many references", "as in `expect references 2`")?
        };
        Expectation::References(count)
    } else {
        return Ok(None);
    };
    Ok(Some(one))
}

/// `why ENTRY TEXT`, `index ENTRY N`, `value ENTRY V`, `stale ENTRY`
fn behind_a_word(reader: &mut Reader<'_>) -> Read<Option<Vec<Expectation>>> {
    if reader.take("why") {
        let entry = reader.entry(&[], "as in `expect why r1 contains \"waits for\"`")?;
        return Ok(Some(vec![why(reader, entry)?]));
    }
    let stale = reader.take_any(&["stale"]);
    if stale || reader.take_any(&["not stale"]) {
        let entries = reader.entries("as in `expect stale n1`")?;
        return Ok(Some(entries.into_iter().map(|entry| Expectation::Stale { entry, stale }).collect()));
    }
    let index = reader.take_any(&["index of", "index"]);
    if !index && !reader.take_any(&["value of", "value"]) {
        return Ok(None);
    }
    let mut all = Vec::new();
    loop {
        let entry = reader.entry(&[], "as in `expect index n1 2`")?;
        reader.take_any(&["is"]);
        reader.take_token(&Token::Equals);
        all.push(if index {
            Expectation::Index { entry, index: index_or_none(reader)? }
        } else {
            Expectation::Value { entry, value: reader.text("a value", "as in `expect value n1 5`")? }
        });
        if !reader.take_comma() {
            return Ok(Some(all));
        }
    }
}

fn nothing(reader: &mut Reader<'_>) -> bool {
    reader.take_any(&["nothing", "none", "no"])
}

fn index_or_none(reader: &mut Reader<'_>) -> Read<Option<u32>> {
    if reader.take_any(&["none", "unknown", "nothing"]) {
        return Ok(None);
    }
    reader.number("an index, or `none`", "as in `expect n1 index 2`").map(Some)
}

/// `ENTRY STATE`, `ENTRY is not STATE`, `ENTRY index N`, `ENTRY waits for ...` and so on. Behind a comma, the
/// entry of the expectation before can be left out: `n1 IN_SYNC, index 2`.
fn of_entry(reader: &mut Reader<'_>, last: Option<&Entry>) -> Read<(Entry, Vec<Expectation>)> {
    let goes_on = matches!(
        reader.peek_word().as_deref(),
        Some("index" | "value" | "fixed" | "waits" | "why" | "stale" | "not" | "is")
    );
    let entry = match last {
        Some(last) if goes_on => last.clone(),
        _ => reader.entry(&[], "as in `expect n1 IN_SYNC`")?,
    };
    let mut all = Vec::new();
    loop {
        all.push(about(reader, &entry)?);
        // `n1 IN_SYNC index 2`
        if !matches!(reader.peek_word().as_deref(), Some("index" | "value" | "fixed" | "with")) {
            return Ok((entry, all));
        }
        reader.take("with");
    }
}

fn about(reader: &mut Reader<'_>, entry: &Entry) -> Read<Expectation> {
    let entry = entry.clone();
    reader.take_token(&Token::Colon);
    reader.take_any(&["is", "in", "to be", "state", "has"]);
    let mut not = reader.take("not");
    reader.take_token(&Token::Equals);
    reader.take("in");
    if reader.take("index") {
        reader.take_token(&Token::Equals);
        return Ok(Expectation::Index { entry, index: index_or_none(reader)? });
    }
    if reader.take("value") {
        reader.take_token(&Token::Equals);
        return Ok(Expectation::Value { entry, value: reader.text("a value", "as in `expect n1 value 5`")? });
    }
    if reader.take_any(&["fixed", "immutable"]) {
        reader.take_token(&Token::Equals);
        return Ok(Expectation::Fixed { entry, fixed: reader.text("a value", "as in `expect n1 fixed 5`")? });
    }
    if reader.take("stale") {
        return Ok(Expectation::Stale { entry, stale: !not });
    }
    if reader.take_any(&["waits for", "waiting for", "waits on"]) {
        let needs =
            reader.references(entry.kind, &["index", "value"], "as in `expect r1 waits for n1, n2`")?;
        return Ok(Expectation::WaitsFor { entry, needs });
    }
    if reader.take("why") {
        return why(reader, entry);
    }
    not |= reader.take("not");
    Ok(Expectation::State { entry, state: state(reader)?, not })
}

fn why(reader: &mut Reader<'_>, entry: Entry) -> Read<Expectation> {
    let not = reader.take_any(&["not", "does not", "says nothing of"]);
    reader.take_any(&["contains", "contain", "containing", "says", "say"]);
    let text = reader.text("a part of the answer", "as in `expect why r1 contains \"waits for\"`")?;
    Ok(Expectation::Why { entry, text, not })
}

fn refused(reader: &mut Reader<'_>) -> Expectation {
    reader.take_any(&["with", "because"]);
    reader.take_any(&["error", "text"]);
    reader.take_any(&["containing", "contains"]);
    match reader.peek().cloned() {
        Some(Token::Quoted(text)) => {
            reader.next();
            Expectation::Refused(Some(text))
        }
        _ => Expectation::Refused(None),
    }
}

/// A state, or `absent`.
fn state(reader: &mut Reader<'_>) -> Read<Option<State>> {
    const EXAMPLE: &str = "as in `expect n1 IN_SYNC` or `expect n1 absent`";
    let name = reader.text("a state", EXAMPLE)?;
    if ["absent", "gone", "free"].contains(&name.to_lowercase().as_str()) {
        return Ok(None);
    }
    let spelled = name.to_uppercase().replace('-', "_");
    if let Some(state) = State::ALL.into_iter().find(|state| state.name() == spelled) {
        return Ok(Some(state));
    }
    let names: Vec<&str> = State::ALL.iter().map(|state| state.name()).chain(["absent"]).collect();
    let hint = match nearest(&name, &names) {
        Some(near) => format!("did you mean {near}?"),
        None => format!("states are {}", names.join(", ")),
    };
    Err(reader.error(format!("`{name}` is no state"), hint))
}

fn sent(reader: &mut Reader<'_>) -> Read<Expectation> {
    const EXAMPLE: &str = "as in `expect sent A n1, D r1` or `expect sent nothing`";
    let mut any_order = reader.take_any(&["in any order", "any order", "unordered"]);
    reader.take_token(&Token::Colon);
    if nothing(reader) {
        return Ok(Expectation::Sent { operations: Vec::new(), any_order });
    }
    let mut operations: Vec<ExpectedOperation> = Vec::new();
    loop {
        let last = operations.last().map(|operation| operation.asked);
        operations.push(operation(reader, last, EXAMPLE)?);
        any_order |= reader.take("in any order");
        if !reader.take_comma() {
            return Ok(Expectation::Sent { operations, any_order });
        }
    }
}

/// `OPERATION ENTRY [value V] [fixed V] [index N] [naming N and N] [again]`. `last` is the operation
/// before, which goes for this one too where none is said.
fn operation(reader: &mut Reader<'_>, last: Option<Asked>, example: &str) -> Read<ExpectedOperation> {
    let asked = match last {
        None => reader.asked(),
        Some(last) => reader.asked_of_list().or(Some(last)),
    };
    let Some(asked) = asked else {
        let found = reader.peek().map_or_else(String::new, ToString::to_string);
        return Err(reader.error(
            format!("`{found}` is no operation"),
            format!("A (add), C (change), D (delete) or L (lookup), {example}"),
        ));
    };
    let entry = reader.entry(&[], example)?;
    let mut operation =
        ExpectedOperation { asked, entry, value: None, fixed: None, index: None, naming: None, again: false };
    loop {
        if reader.take("value") {
            reader.take_token(&Token::Equals);
            operation.value = Some(reader.text("a value", example)?);
        } else if reader.take_any(&["fixed", "immutable"]) {
            reader.take_token(&Token::Equals);
            operation.fixed = Some(reader.text("a value", example)?);
        } else if reader.take("index") {
            reader.take_token(&Token::Equals);
            operation.index = Some(reader.number("an index", example)?);
        } else if reader.take_any(&["naming", "names"]) {
            reader.take_any(&["index", "indexes"]);
            let mut indexes = Vec::new();
            if !nothing(reader) {
                indexes.push(reader.number("an index", "as in `expect sent A r1 naming 1 and 2`")?);
                while reader.take("and") {
                    indexes.push(reader.number("an index", "as in `expect sent A r1 naming 1 and 2`")?);
                }
            }
            operation.naming = Some(indexes);
        } else if reader.take("again") {
            operation.again = true;
        } else if reader.at_end()
            || reader.peek() == Some(&Token::Comma)
            || matches!(reader.peek_word().as_deref(), Some("and" | "then" | "in"))
        {
            return Ok(operation);
        } else {
            let found = reader.peek().map_or_else(String::new, ToString::to_string);
            return Err(reader.error(
                format!("`{found}` says nothing about an operation"),
                "a comma goes between two operations; value, fixed, index, naming and again describe one",
            ));
        }
    }
}

/// `KIND N` or `KIND STATE N, STATE N`
fn counts(reader: &mut Reader<'_>) -> Read<Expectation> {
    const EXAMPLE: &str = "as in `expect counts Route IN_SYNC 2, TEMP 1` or `expect count Route 3`";
    reader.take("of");
    let kind = reader.kind(EXAMPLE)?;
    reader.take_token(&Token::Colon);
    if nothing(reader) {
        return Ok(Expectation::Count { kind, total: 0 });
    }
    reader.take_any(&["total", "in all"]);
    if matches!(reader.peek(), Some(Token::Word(word)) if word.parse::<usize>().is_ok()) {
        return Ok(Expectation::Count { kind, total: reader.number("how many", EXAMPLE)? });
    }
    let mut states = Vec::new();
    loop {
        // `IN_SYNC 2` or `2 IN_SYNC`
        let before: Option<usize> = match reader.peek_word().map(|word| word.parse::<usize>()) {
            Some(Ok(_)) => Some(reader.number("how many", EXAMPLE)?),
            _ => None,
        };
        let Some(state) = state(reader)? else {
            return Err(reader.error("entries that are absent can't be counted", EXAMPLE));
        };
        reader.take_token(&Token::Equals);
        let count = match before {
            Some(count) => count,
            None => reader.number("how many", EXAMPLE)?,
        };
        states.push((state, count));
        if !reader.take_comma() {
            return Ok(Expectation::Counts { kind, states });
        }
    }
}

fn timer(reader: &mut Reader<'_>) -> Read<Timer> {
    const EXAMPLE: &str = "as in `expect timer within 50ms..100ms` or `expect timer none`";
    if reader.take_any(&["none", "nothing"]) {
        return Ok(Timer::None);
    }
    if reader.at_end() || reader.take_any(&["set", "some"]) {
        return Ok(Timer::Some);
    }
    if reader.take_any(&["at most", "below"]) {
        return Ok(Timer::Within(Duration::ZERO, reader.duration(EXAMPLE)?));
    }
    reader.take_any(&["within", "in", "between"]);
    if let Some((first, last)) = reader.peek_word().as_deref().and_then(|word| word.split_once("..")) {
        let (first, last) = (reader.to_duration(first, EXAMPLE)?, reader.to_duration(last, EXAMPLE)?);
        reader.next();
        return Ok(Timer::Within(first, last));
    }
    let first = reader.duration(EXAMPLE)?;
    let last = if reader.take_any(&["to", "and"]) { reader.duration(EXAMPLE)? } else { first };
    Ok(Timer::Within(first, last))
}
