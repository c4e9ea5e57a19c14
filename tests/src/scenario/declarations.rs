//! Reading the lines that declare: kinds, and how long failed operations wait.

use ksync_runtime::declare::{IndexSource, ResolvedOn};
use ksync_runtime::engine::RetryPolicy;

use super::kind::{Dependency, MOST_KINDS, Manners, Many};
use super::reader::{Known, Reader};
use super::script::SyntaxError;
use super::words::{Token, nearest};

type Read<T> = Result<T, SyntaxError>;

pub(super) fn name_of_kind(line: usize, tokens: &[Token], known: &mut Known) -> Read<()> {
    let mut reader = Reader::new(line, tokens.to_vec(), known);
    reader.next();
    let name = reader.text("the name of the kind", "as in `kind Route: depends on Nexthop`")?;
    if reader.known.kinds.iter().any(|kind| kind.name == name) {
        return Err(reader.error(format!("the kind `{name}` is declared twice"), ""));
    }
    if reader.known.kinds.len() == MOST_KINDS {
        return Err(
            reader.error(format!("`{name}` is one kind too many"), "a scenario has up to eight kinds")
        );
    }
    reader.known.kinds.push(Manners::new(name));
    Ok(())
}

/// `kind NAME: WORD, WORD ...`; the name is known already, under that number.
pub(super) fn kind(reader: &mut Reader<'_>, number: usize) -> Read<()> {
    reader.next();
    let name = reader.text("the name of the kind", "")?;
    let Some(mut manners) = reader.known.kinds.get(number).filter(|kind| kind.name == name).cloned() else {
        // It was refused before.
        return Ok(());
    };
    let _ = reader.take_token(&Token::Colon) || reader.take_any(&["with", "is"]);
    while !reader.at_end() {
        word_of_kind(reader, &mut manners)?;
        reader.take_comma();
    }
    if manners.sync && manners.index == IndexSource::Kernel {
        return Err(reader.error(
            format!("{name} is done on the spot, so there is no answer that could tell the kernel's index"),
            "leave `sync` or `index from kernel` out",
        ));
    }
    reader.known.kinds[number] = manners;
    Ok(())
}

fn word_of_kind(reader: &mut Reader<'_>, manners: &mut Manners) -> Read<()> {
    if reader.take_any(&["index", "indexed", "indexes"]) {
        manners.index = index_source(reader)?;
    } else if reader.take_any(&["sync", "on the spot", "synchronous"]) {
        manners.sync = true;
    } else if reader.take_any(&["async", "asynchronous"]) {
        manners.sync = false;
    } else if reader.take("compress") {
        manners.compress = true;
    } else if reader.take_any(&["no-compress", "no compress", "no_compress", "not compress"]) {
        manners.compress = false;
    } else if reader.take_any(&["flushes dependents", "flushes", "flushes_dependents"]) {
        manners.flushes = true;
    } else if reader.take("early") {
        manners.early = true;
    } else if reader.take_any(&["resolved on", "resolved when", "resolved once", "resolved"]) {
        manners.resolved_on = match reader.text("`accepted` or `sent`", "as in `resolved on sent`")?.as_str()
        {
            "accepted" => ResolvedOn::Accepted,
            "sent" => ResolvedOn::Sent,
            other => {
                return Err(reader
                    .error(format!("a kind is resolved when `accepted` or when `sent`, not `{other}`"), ""));
            }
        };
    } else if reader.take_any(&["depends on", "refers to", "needs"]) {
        depends_on(reader, manners)?;
    } else if reader.take_any(&["survives", "outlives"]) {
        manners.survives.push(other_kind(reader, manners, "as in `depends on Bridge, survives Bridge`")?);
    } else {
        let found = reader.next().map_or_else(String::new, |token| token.to_string());
        let words = [
            "index",
            "sync",
            "async",
            "compress",
            "no-compress",
            "resolved",
            "flushes",
            "early",
            "depends on",
            "survives",
        ];
        let hint = match nearest(&found, &words) {
            Some(near) => format!("did you mean `{near}`?"),
            None => format!("a kind has {}", words.join(", ")),
        };
        return Err(reader.error(format!("`{found}` says nothing about a kind"), hint));
    }
    Ok(())
}

fn index_source(reader: &mut Reader<'_>) -> Read<IndexSource> {
    const EXAMPLE: &str = "as in `index 1..3` or `index from kernel`";
    if reader.take_any(&["from kernel", "from the kernel", "kernel", "by kernel"]) {
        return Ok(IndexSource::Kernel);
    }
    if reader.take("none") {
        return Ok(IndexSource::None);
    }
    let _ = reader.take_any(&["from ksync", "from", "range"]);
    let _ = reader.take_token(&Token::Equals);
    let text = reader.text("the range of the index", EXAMPLE)?;
    let (first, last) = match text.split_once("..").or_else(|| text.split_once('-')) {
        Some((first, last)) => (first.to_owned(), last.trim_start_matches('=').to_owned()),
        None if reader.take("to") => (text.clone(), reader.text("the last index", EXAMPLE)?),
        None => (text.clone(), text.clone()),
    };
    match (first.parse::<u32>(), last.parse::<u32>()) {
        (Ok(first), Ok(last)) if first <= last => Ok(IndexSource::KSync { first, last }),
        (Ok(_), Ok(_)) => Err(reader.error(format!("the range {first}..{last} is empty"), EXAMPLE)),
        _ => Err(reader.error(format!("`{text}` is no range of indexes"), EXAMPLE)),
    }
}

/// The name of a kind, or `itself`.
fn other_kind(reader: &mut Reader<'_>, manners: &Manners, example: &str) -> Read<usize> {
    if reader.take_any(&["itself", "self"]) {
        return Ok(reader.known.kinds.iter().position(|kind| kind.name == manners.name).unwrap_or_default());
    }
    reader.kind(example)
}

fn depends_on(reader: &mut Reader<'_>, manners: &mut Manners) -> Read<()> {
    const EXAMPLE: &str = "as in `depends on Link` or `depends on optional Link`";
    loop {
        let many = if reader.take_any(&["one", "plain"]) {
            Many::One
        } else if reader.take("optional") {
            Many::Optional
        } else {
            reader.take_any(&["many", "several", "any"]);
            Many::Any
        };
        let kind = other_kind(reader, manners, EXAMPLE)?;
        if manners.depends_on.iter().any(|on| on.kind == kind) {
            let name = reader.known.kinds[kind].name.clone();
            return Err(reader.error(
                format!("{} depends on {name} twice", manners.name),
                format!("once is enough; `depends on many {name}` takes any number"),
            ));
        }
        manners.depends_on.push(Dependency { kind, many });
        if !reader.take("and") {
            return Ok(());
        }
    }
}

pub(super) fn back_off(reader: &mut Reader<'_>, policy: &mut RetryPolicy) -> Read<()> {
    const EXAMPLE: &str = "as in `back-off from 50ms to 30s factor 2`";
    while !reader.at_end() {
        if reader.take_any(&["from", "min"]) {
            policy.min_delay = reader.duration(EXAMPLE)?;
        } else if reader.take_any(&["to", "max"]) {
            policy.max_delay = reader.duration(EXAMPLE)?;
        } else if reader.take("factor") {
            policy.factor = reader.number("a factor", EXAMPLE)?;
        } else if reader.take("seed") {
            policy.seed = reader.number("a seed", EXAMPLE)?;
        } else {
            return reader.end("what is said of the back-off");
        }
        reader.take_comma();
    }
    Ok(())
}
