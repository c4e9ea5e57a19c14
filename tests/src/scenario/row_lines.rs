//! Reading the lines about database rows.

use ksync_runtime::database::Verdict;

use super::parse::{check_references, parts};
use super::reader::Reader;
use super::rows::Role;
use super::script::{Command, Expectation, RowName, SyntaxError, Wish};
use super::words::{Token, nearest};

type Read<T> = Result<T, SyntaxError>;

const EXAMPLE: &str = "as in `row add a for n1 value 5`";

/// `row add ROW for ENTRY ...`, `row change ROW ...`, `row delete ROW`, `row filter ROW ANSWER`
pub(super) fn row(reader: &mut Reader<'_>) -> Read<Command> {
    reader.next();
    if reader.take_any(&["delete", "remove"]) {
        return reader.rows("as in `row delete a`").map(Command::DeleteRow);
    }
    if reader.take("filter") {
        let row = reader.row("as in `row filter a ignore`")?;
        let verdict = Some(verdict(reader)?);
        return Ok(Command::Row { row, entry: None, wish: Wish::default(), verdict, change: true });
    }
    let change = reader.take_any(&["change", "update"]);
    if !change && !reader.take_any(&["add", "set"]) {
        let found = reader.peek().map_or_else(String::new, ToString::to_string);
        let hint = match nearest(&found, &["add", "change", "delete", "filter"]) {
            Some(near) => format!("did you mean `row {near}`?"),
            None => EXAMPLE.to_owned(),
        };
        return Err(reader.error(format!("`{found}` is nothing that is done to a row"), hint));
    }
    let key = reader.text("a row", EXAMPLE)?;
    let entry = if reader.take_any(&["for", "maps to", "of", "to"]) {
        let likely: Vec<usize> = reader.known.rows.get(&key).copied().into_iter().collect();
        Some(reader.entry(&likely, EXAMPLE)?)
    } else {
        None
    };
    let kind = match (&entry, reader.known.rows.get(&key)) {
        (Some(entry), None) => entry.kind,
        (None, Some(kind)) => *kind,
        (Some(entry), Some(kind)) if entry.kind == *kind => *kind,
        (Some(_), Some(_)) => {
            return Err(reader.error(
                format!("the row `{key}` is in the table of another kind"),
                "each kind has a table of rows of its own; give the row another name",
            ));
        }
        (None, None) => {
            return Err(reader.error(format!("which entry the row `{key}` maps to is missing"), EXAMPLE));
        }
    };
    reader.known.rows.insert(key.clone(), kind);
    let wish = parts(reader, kind, EXAMPLE, &["filter"])?;
    check_references(reader, kind, &wish, change)?;
    let verdict = if reader.take("filter") { Some(verdict(reader)?) } else { None };
    Ok(Command::Row { row: RowName { kind, key }, entry, wish, verdict, change })
}

fn verdict(reader: &mut Reader<'_>) -> Read<Verdict> {
    let name = reader.text("the answer of the filter", "as in `row filter a ignore`")?;
    match name.to_lowercase().as_str() {
        "accept" => Ok(Verdict::Accept),
        "ignore" => Ok(Verdict::Ignore),
        "delete" => Ok(Verdict::Delete),
        "delete-add" | "delete_add" | "deladd" | "del-add" => Ok(Verdict::DeleteAdd),
        _ => Err(reader.error(
            format!("`{name}` is no answer of a filter"),
            "these are accept, ignore, delete and delete-add",
        )),
    }
}

/// `deliver [N] [of KIND]`
pub(super) fn deliver(reader: &mut Reader<'_>) -> Read<Command> {
    const EXAMPLE: &str = "as in `deliver`, `deliver 1` or `deliver 1 of Route`";
    reader.next();
    reader.take("all");
    let most = match reader.peek() {
        Some(Token::Word(word)) if word.starts_with(|first: char| first.is_ascii_digit()) => {
            reader.number("how many notifications", EXAMPLE)?
        }
        _ => usize::MAX,
    };
    reader.take_any(&["notifications", "notification", "rows", "row"]);
    let kind = if reader.take_any(&["of", "for", "to"]) { Some(reader.kind(EXAMPLE)?) } else { None };
    Ok(Command::Deliver { most, kind })
}

/// What `expect` says about rows, if it does.
pub(super) fn expected(reader: &mut Reader<'_>) -> Read<Option<Expectation>> {
    if reader.take_any(&["row in use for", "row in use of", "row in use"]) {
        let entry = reader.entry(&[], "as in `expect row in use for n1 a`")?;
        reader.take("is");
        let row = reader.text("a row, or `none`", "as in `expect row in use for n1 a`")?;
        let row = (row != "none" && row != "nothing").then_some(row);
        return Ok(Some(Expectation::InUse { entry, row }));
    }
    if reader.take_any(&["queued rows for", "queued rows of", "rows queued for", "queued for", "queued rows"])
    {
        let entry = reader.entry(&[], "as in `expect queued for n1 b, c`")?;
        reader.take("are");
        let mut rows = Vec::new();
        if !reader.take_any(&["nothing", "none"]) {
            rows = reader.rows("as in `expect queued for n1 b, c`")?.into_iter().map(|row| row.key).collect();
        }
        return Ok(Some(Expectation::Queued { entry, rows }));
    }
    if reader.take_any(&["pending", "notifications"]) {
        let count = if reader.take_any(&["nothing", "none"]) {
            0
        } else {
            reader.number("how many notifications", "as in `expect pending 2`")?
        };
        reader.take_any(&["notifications", "notification"]);
        return Ok(Some(Expectation::Pending(count)));
    }
    if reader.take_any(&["kept rows", "kept", "rows kept"]) {
        let count = if reader.take_any(&["nothing", "none"]) {
            0
        } else {
            reader.number("how many rows", "as in `expect kept rows 1`")?
        };
        return Ok(Some(Expectation::Kept(count)));
    }
    if !reader.take("row") {
        return Ok(None);
    }
    if reader.take("refused") {
        let row = reader.row("as in `expect row refused a \"going away\"`")?;
        return refused(reader, row).map(Some);
    }
    let row = reader.row("as in `expect row a in use`")?;
    reader.take("is");
    if reader.take("refused") {
        return refused(reader, row).map(Some);
    }
    for (name, role) in Role::ALL {
        if reader.take(name) {
            return Ok(Some(Expectation::Role { row, role }));
        }
    }
    let found = reader.peek().map_or_else(String::new, ToString::to_string);
    let roles: Vec<&str> = Role::ALL.iter().map(|(name, _)| *name).collect();
    Err(reader
        .error(format!("`{found}` is nothing that a row can be"), format!("a row is {}", roles.join(", "))))
}

fn refused(reader: &mut Reader<'_>, row: RowName) -> Read<Expectation> {
    reader.take_any(&["with", "containing", "contains"]);
    let text = if reader.at_end() { None } else { Some(reader.text("a text", "")?) };
    Ok(Expectation::RowRefused { row, text })
}
