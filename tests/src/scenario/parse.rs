//! From text to scripts: which lines there are, and what commands say. Declarations are read in
//! `declarations`, lines about database rows in `row_lines`, expectations in `expected`.

use std::time::Duration;

use ksync_runtime::engine::RetryPolicy;

use super::kind::Many;
use super::reader::{Known, Reader};
use super::script::{Answer, Command, Entry, Needed, Script, Step, SyntaxError, Which, Wish};
use super::words::{Token, nearest, split};
use super::{declarations, expected, row_lines};

/// The first words of all commands, as they are suggested for a word that is none.
const COMMANDS: [&str; 33] = [
    "scenario",
    "kind",
    "back-off",
    "set",
    "add",
    "change",
    "remove",
    "delete",
    "delete-all",
    "renew",
    "hold",
    "release",
    "ack",
    "late",
    "fail",
    "lose",
    "settle",
    "lost",
    "drifted",
    "kernel",
    "advance",
    "wait",
    "retry",
    "stale",
    "sweep",
    "unregister",
    "register",
    "reserve",
    "incomplete",
    "expect",
    "drain",
    "row",
    "deliver",
];

/// The words behind which the parts of a value stand.
const PARTS: [&str; 9] =
    ["value", "fixed", "needs", "depends", "refers", "on", "lacks", "lacking", "immutable"];

type Read<T> = Result<T, SyntaxError>;

/// Reads a file. What can't be read is listed; the scenarios without such lines are there.
#[must_use]
pub(crate) fn scripts(file_name: &str, text: &str) -> (Vec<Script>, Vec<SyntaxError>) {
    let lines: Vec<(usize, &str)> = text.lines().enumerate().map(|(at, line)| (at + 1, line)).collect();
    let mut errors = Vec::new();
    let mut read: Vec<(usize, &str, Vec<Token>)> = Vec::new();
    for (line, text) in lines {
        match split(text.trim()) {
            Ok(tokens) if tokens.is_empty() => {}
            Ok(tokens) => read.push((line, text.trim(), tokens)),
            Err(message) => errors.push(SyntaxError { line, message, hint: None }),
        }
    }
    let begins = |tokens: &[Token]| first_is(tokens, "scenario");
    let first = read.iter().position(|(_, _, tokens)| begins(tokens));
    // What stands before the first scenario goes for all of them.
    let (common, mut rest) = read.split_at(first.unwrap_or(0));
    if let Some((line, ..)) = common.iter().find(|(_, _, tokens)| !is_declaration(tokens)) {
        errors.push(SyntaxError {
            line: *line,
            message: "this stands before the first scenario of the file".to_owned(),
            hint: Some("only `kind` and `back-off` can stand there, and go for all of them".to_owned()),
        });
    }
    let mut scripts = Vec::new();
    while let Some((line, text, tokens)) = rest.first() {
        let name = if begins(tokens) {
            rest = &rest[1..];
            title(text)
        } else {
            file_name.to_owned()
        };
        let mut own = Vec::new();
        if name.is_empty() {
            own.push(SyntaxError {
                line: *line,
                message: "the scenario has no name".to_owned(),
                hint: Some("as in `scenario \"an entry waits for what it needs\"`".to_owned()),
            });
        }
        let end = rest.iter().position(|(_, _, tokens)| begins(tokens)).unwrap_or(rest.len());
        let declarations = common.iter().filter(|(_, _, tokens)| is_declaration(tokens));
        let lines: Vec<_> = declarations.chain(&rest[..end]).collect();
        let script = one(name, *line, &lines, &mut own);
        if own.is_empty() {
            scripts.push(script);
        }
        errors.append(&mut own);
        rest = &rest[end..];
    }
    errors.sort_by_key(|error| error.line);
    errors.dedup();
    (scripts, errors)
}

fn first_is(tokens: &[Token], word: &str) -> bool {
    matches!(tokens.first(), Some(Token::Word(first)) if first.eq_ignore_ascii_case(word))
}

fn is_declaration(tokens: &[Token]) -> bool {
    ["kind", "back-off", "backoff"].iter().any(|word| first_is(tokens, word))
}

/// What stands behind `scenario`.
fn title(line: &str) -> String {
    let rest = line.split_once(char::is_whitespace).map_or("", |(_, rest)| rest).trim();
    match rest.strip_prefix('"').and_then(|rest| rest.split_once('"')) {
        Some((name, _)) => name.to_owned(),
        None => rest.trim_start_matches(':').trim().to_owned(),
    }
}

fn one(
    name: String,
    line: usize,
    lines: &[&(usize, &str, Vec<Token>)],
    errors: &mut Vec<SyntaxError>,
) -> Script {
    let mut known = Known::default();
    let mut policy = RetryPolicy::default();
    let is_kind = |tokens: &[Token]| first_is(tokens, "kind");
    // The names first, so that a kind can name one that is declared below it.
    for (line, _, tokens) in lines.iter().filter(|(_, _, tokens)| is_kind(tokens)) {
        if let Err(error) = declarations::name_of_kind(*line, tokens, &mut known) {
            errors.push(error);
        }
    }
    let mut declared = 0;
    let mut steps: Vec<Step> = Vec::new();
    for (line, text, tokens) in lines {
        let mut reader = Reader::new(*line, tokens.clone(), &mut known);
        let read = if is_kind(tokens) {
            let read = declarations::kind(&mut reader, declared);
            declared += 1;
            read.map(|()| None)
        } else if reader.take_any(&["back-off", "backoff"]) {
            declarations::back_off(&mut reader, &mut policy).map(|()| None)
        } else {
            command(&mut reader).map(Some)
        };
        match read {
            Ok(Some(command)) => steps.push(Step { line: *line, text: (*text).to_owned(), command }),
            Ok(None) => {}
            Err(error) => errors.push(error),
        }
    }
    Script { name, line, kinds: known.kinds, policy, steps }
}

fn command(reader: &mut Reader<'_>) -> Read<Command> {
    let first = reader.peek_word().unwrap_or_default();
    let read = match first.as_str() {
        "set" | "add" | "create" | "declare" => set(reader, false),
        "change" | "update" => set(reader, true),
        "stale" => stale(reader),
        "create-stale" => stale(reader),
        "remove" | "delete" | "withdraw" => remove(reader),
        "delete-all" | "delete_all" => delete_all(reader),
        "renew" => list(reader, Command::Renew, "as in `renew n1`"),
        "hold" => hold(reader),
        "release" => release(reader),
        "ack" | "acknowledge" | "late" | "fail" | "refuse" | "nack" => answer(reader),
        "lose" => lose(reader),
        "settle" => bare(reader, Command::Settle),
        "drain" => bare(reader, Command::HoldOutput(false)),
        "lost" => list(reader, Command::Lost, "as in `lost n1`"),
        "drifted" | "drift" => list(reader, Command::Drifted, "as in `drifted n1`"),
        "kernel" => kernel(reader),
        "advance" | "wait" | "time" | "sleep" => advance(reader),
        "retry" | "next" => next_timer(reader),
        "sweep" => sweep(reader),
        "unregister" => tables(reader, Command::Unregister, "as in `unregister Route`"),
        "register" => tables(reader, Command::Register, "as in `register Route`"),
        "reserve" => reserve(reader),
        "row" => row_lines::row(reader),
        "deliver" => row_lines::deliver(reader),
        "expect" => {
            reader.next();
            expected::expectations(reader).map(Command::Expect)
        }
        _ => {
            let found = reader.peek().map_or_else(String::new, ToString::to_string);
            let hint = match nearest(&found, &COMMANDS) {
                Some(near) => format!("did you mean `{near}`?"),
                None => "`scenario --language` lists all commands".to_owned(),
            };
            return Err(reader.error(format!("`{found}` is no command"), hint));
        }
    }?;
    reader.end(&format!("this `{first}`"))?;
    Ok(read)
}

fn bare(reader: &mut Reader<'_>, command: Command) -> Read<Command> {
    reader.next();
    Ok(command)
}

fn list(reader: &mut Reader<'_>, command: fn(Vec<Entry>) -> Command, example: &str) -> Read<Command> {
    reader.next();
    reader.entries(example).map(command)
}

fn tables(reader: &mut Reader<'_>, command: fn(Vec<usize>) -> Command, example: &str) -> Read<Command> {
    reader.next();
    reader.kinds(example).map(command)
}

fn set(reader: &mut Reader<'_>, change: bool) -> Read<Command> {
    let first = reader.peek_word().unwrap_or_default();
    reader.next();
    if first != "set" && !change && reader.take("stale") {
        return set_stale(reader);
    }
    let (entries, wish) = wishes(reader, &format!("as in `{first} n1 value 5`"), change)?;
    Ok(Command::Set { entries, wish, change })
}

fn stale(reader: &mut Reader<'_>) -> Read<Command> {
    reader.next();
    set_stale(reader)
}

fn set_stale(reader: &mut Reader<'_>) -> Read<Command> {
    let (entries, wish) = wishes(reader, "as in `stale n1 value 5`", false)?;
    Ok(Command::Stale { entries, wish })
}

/// `ENTRY, ENTRY ... [value V] [fixed V] [-> REFERENCE, REFERENCE ...] [lacks TEXT]`
fn wishes(reader: &mut Reader<'_>, example: &str, change: bool) -> Read<(Vec<Entry>, Wish)> {
    let mut entries = vec![reader.entry(&[], example)?];
    while reader.peek() == Some(&Token::Comma)
        && !reader.word_at(1).is_some_and(|word| PARTS.contains(&word.as_str()))
    {
        reader.next();
        entries.push(reader.entry(&[], example)?);
    }
    let kind = entries[0].kind;
    if let Some(other) = entries.iter().find(|entry| entry.kind != kind) {
        let name = reader.known.kinds[other.kind].name.clone();
        return Err(reader.error(
            format!("`{}` is of another kind ({name}) than `{}`", other.key, entries[0].key),
            "set entries of several kinds in several lines",
        ));
    }
    let wish = parts(reader, kind, example, &[])?;
    check_references(reader, kind, &wish, change)?;
    Ok((entries, wish))
}

/// The parts of a value of that kind, up to the end of the line or one of the words `until`.
pub(super) fn parts(reader: &mut Reader<'_>, kind: usize, example: &str, until: &[&str]) -> Read<Wish> {
    let mut wish = Wish::default();
    let stop: Vec<&str> = PARTS.iter().chain(until).copied().collect();
    loop {
        reader.take_token(&Token::Comma);
        if reader.at_end() || reader.peek_word().is_some_and(|word| until.contains(&word.as_str())) {
            return Ok(wish);
        }
        let arrow = reader.take_token(&Token::Arrow);
        if arrow || reader.take_any(&["needs", "depends on", "refers to", "on"]) {
            let references = reader.references(kind, &stop, "as in `set r1 -> n1, n2`")?;
            wish.needs.get_or_insert_default().extend(references);
        } else if reader.take_any(&["lacks", "lacking"]) {
            let reason = reader.text("what is lacking", "as in `lacks \"its address\"`")?;
            wish.needs.get_or_insert_default().push(Needed::Lacking(reason));
        } else if reader.take_any(&["fixed", "immutable"]) {
            reader.take_token(&Token::Equals);
            wish.fixed = Some(reader.text("the immutable part", "as in `set n1 value 5 fixed 2`")?);
        } else {
            let _ = reader.take_any(&["value", "to", "with value"]);
            reader.take_token(&Token::Equals);
            if wish.value.is_some() {
                let found = reader.peek().map_or_else(String::new, ToString::to_string);
                return Err(reader.error(
                    format!("`{found}` would be a second value"),
                    "references follow `->`, as in `set r1 value 5 -> n1`",
                ));
            }
            wish.value = Some(reader.text("a value", example)?);
        }
    }
}

/// As many references as the kind says.
pub(super) fn check_references(reader: &Reader<'_>, kind: usize, wish: &Wish, change: bool) -> Read<()> {
    if change && wish.needs.is_none() {
        return Ok(());
    }
    let manners = &reader.known.kinds[kind];
    let needs = wish.needs.as_deref().unwrap_or_default();
    for need in needs {
        if let Needed::Entry(entry) = need
            && !manners.depends_on.iter().any(|on| on.kind == entry.kind)
        {
            let other = &reader.known.kinds[entry.kind].name;
            return Err(reader.error(
                format!("{} does not depend on {other}", manners.name),
                format!("declare it so: `kind {}: depends on {other}`", manners.name),
            ));
        }
    }
    for on in &manners.depends_on {
        let count =
            needs.iter().filter(|need| matches!(need, Needed::Entry(entry) if entry.kind == on.kind)).count();
        let other = &reader.known.kinds[on.kind].name;
        let wrong = match on.many {
            Many::One if count != 1 => Some("just one"),
            Many::Optional if count > 1 => Some("at most one"),
            _ => None,
        };
        if let Some(right) = wrong {
            return Err(reader.error(
                format!("{} refers to {right} {other}, here it is {count}", manners.name),
                format!("`depends on {other}` takes any number, `one` and `optional` before it restrict it"),
            ));
        }
    }
    Ok(())
}

fn remove(reader: &mut Reader<'_>) -> Read<Command> {
    reader.next();
    if reader.take("all") {
        reader.take_any(&["of", "entries of"]);
        return reader.kinds("as in `delete-all Route`").map(Command::DeleteAll);
    }
    reader.entries("as in `remove n1`").map(Command::Remove)
}

fn delete_all(reader: &mut Reader<'_>) -> Read<Command> {
    reader.next();
    reader.take("of");
    reader.kinds("as in `delete-all Route`").map(Command::DeleteAll)
}

fn hold(reader: &mut Reader<'_>) -> Read<Command> {
    reader.next();
    if reader.take("output") {
        return Ok(Command::HoldOutput(true));
    }
    reader.entries("as in `hold n1` or `hold output`").map(Command::Hold)
}

fn release(reader: &mut Reader<'_>) -> Read<Command> {
    reader.next();
    if reader.take("output") {
        return Ok(Command::HoldOutput(false));
    }
    reader.entries("as in `release n1` or `release output`").map(Command::Release)
}

/// `[late] ack ...`, `[late] fail ...`, `fail next ENTRY with ERRNO`.
fn answer(reader: &mut Reader<'_>) -> Read<Command> {
    let mut late = reader.take("late");
    let word = reader.peek_word().unwrap_or_default();
    if reader.take("answer") || reader.take_any(&["ack", "acknowledge"]) {
        late |= reader.take("late");
        return ack(reader, late);
    }
    if !reader.take_any(&["fail", "refuse", "nack"]) {
        return Err(reader.error(format!("`late {word}` is no command"), "as in `late ack n1`"));
    }
    late |= reader.take("late");
    const EXAMPLE: &str = "as in `fail n1 with EBUSY \"try again\"`";
    if reader.take("next") {
        let entry = reader.entry(&[], "as in `fail next n1 with EIO`")?;
        reader.take_any(&["with", "by"]);
        return Ok(Command::FailNext { entry, error: reader.failure("as in `fail next n1 with EIO`")? });
    }
    let mut which = Vec::new();
    reader.take("oldest");
    if reader.peek_word().as_deref() != Some("with") {
        which.push(one_answer(reader, late, EXAMPLE)?);
        while reader.take_comma() {
            which.push(one_answer(reader, late, EXAMPLE)?);
        }
    } else {
        which.push(Which { late, ..Which::default() });
    }
    reader.take_any(&["with", "by"]);
    Ok(Command::Answer { which, answer: Answer::Failed(reader.failure(EXAMPLE)?) })
}

fn ack(reader: &mut Reader<'_>, late: bool) -> Read<Command> {
    const EXAMPLE: &str = "as in `ack n1`, `ack l1 index 7` or `ack all`";
    if !late && reader.take("all") {
        return Ok(Command::AckAll);
    }
    reader.take("oldest");
    let mut which = Vec::new();
    if reader.at_end() || reader.peek_word().as_deref() == Some("index") {
        which.push(Which { late, ..Which::default() });
    } else {
        which.push(one_answer(reader, late, EXAMPLE)?);
        while reader.take_comma() {
            which.push(one_answer(reader, late, EXAMPLE)?);
        }
    }
    let index = if reader.take_any(&["index", "with index"]) {
        reader.take_token(&Token::Equals);
        Some(reader.number("an index", EXAMPLE)?)
    } else {
        None
    };
    if index.is_some() && which.len() > 1 {
        return Err(reader.error("one index for several entries", "answer them one by one"));
    }
    Ok(Command::Answer { which, answer: Answer::Done(index) })
}

fn one_answer(reader: &mut Reader<'_>, late: bool, example: &str) -> Read<Which> {
    let asked = reader.asked_before_entry();
    reader.take_any(&["of", "to", "for"]);
    let alone = reader.at_end()
        || reader.peek() == Some(&Token::Comma)
        || matches!(reader.peek_word().as_deref(), Some("with" | "index"));
    let entry = if asked.is_some() && alone { None } else { Some(reader.entry(&[], example)?) };
    Ok(Which { entry, asked, late })
}

/// `lose [answer [of|to]] [OPERATION] [ENTRY]`
fn lose(reader: &mut Reader<'_>) -> Read<Command> {
    reader.next();
    reader.take_any(&["the answer", "answer", "answers"]);
    reader.take_any(&["of", "to", "for"]);
    reader.take("oldest");
    let mut which = Vec::new();
    if reader.at_end() {
        which.push(Which::default());
    } else {
        which.push(one_answer(reader, false, "as in `lose answer n1`")?);
        while reader.take_comma() {
            which.push(one_answer(reader, false, "as in `lose answer n1`")?);
        }
    }
    Ok(Command::Answer { which, answer: Answer::Lost })
}

/// `kernel drops ENTRY`, `kernel changes ENTRY`
fn kernel(reader: &mut Reader<'_>) -> Read<Command> {
    reader.next();
    if reader.take_any(&["drops", "drop", "loses", "lost", "removes", "dropped"]) {
        return reader.entries("as in `kernel drops n1`").map(Command::Lost);
    }
    if reader.take_any(&["changes", "changed", "drifts", "drifted"]) {
        return reader.entries("as in `kernel changes n1`").map(Command::Drifted);
    }
    Err(reader.error("the kernel does what?", "as in `kernel drops n1` or `kernel changes n1`"))
}

fn advance(reader: &mut Reader<'_>) -> Read<Command> {
    reader.next();
    reader.take_any(&["passes", "by", "for"]);
    if reader.take_any(&["to next timer", "to next timeout", "until next timer", "to the next timer"]) {
        return Ok(Command::NextTimer);
    }
    reader.duration("as in `advance 100ms`").map(Command::Advance)
}

fn next_timer(reader: &mut Reader<'_>) -> Read<Command> {
    reader.next();
    reader.take_any(&["due", "timer", "timeout"]);
    Ok(Command::NextTimer)
}

fn sweep(reader: &mut Reader<'_>) -> Read<Command> {
    reader.next();
    const EXAMPLE: &str = "as in `sweep 2` or `sweep 2 every 1s`";
    let most = if reader.take("all") || reader.at_end() || reader.peek_word().as_deref() == Some("every") {
        usize::MAX
    } else {
        reader.number("how many entries are swept", EXAMPLE)?
    };
    let every: Option<Duration> = if reader.take("every") { Some(reader.duration(EXAMPLE)?) } else { None };
    Ok(Command::Sweep { most, every })
}

/// `reserve index N, N for KIND`, `reserve KIND N, N`
fn reserve(reader: &mut Reader<'_>) -> Read<Command> {
    reader.next();
    const EXAMPLE: &str = "as in `reserve index 2 for Nexthop`";
    let named = reader.take_any(&["index", "indexes"]);
    let first = if named || matches!(reader.peek(), Some(Token::Word(word)) if word.parse::<u32>().is_ok()) {
        None
    } else {
        Some(reader.kind(EXAMPLE)?)
    };
    reader.take_any(&["index", "indexes"]);
    let mut indexes = vec![reader.number("an index", EXAMPLE)?];
    while reader.take_comma() {
        indexes.push(reader.number("an index", EXAMPLE)?);
    }
    let kind = match first {
        Some(kind) => kind,
        None => {
            reader.take_any(&["for", "of"]);
            reader.kind(EXAMPLE)?
        }
    };
    Ok(Command::Reserve { kind, indexes })
}
