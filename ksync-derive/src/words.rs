//! The words of `#[ksync(...)]`, each written once, and which of them belong where.
//!
//! Knows nothing of what the words do.

/// Struct: netlink family of the messages.
pub(crate) const PROTOCOL: &str = "protocol";
/// Protocol: links, addresses, routes.
pub(crate) const ROUTE: &str = "route";
/// Protocol: a family of generic netlink.
pub(crate) const GENERIC: &str = "generic";
/// Protocol: nf_tables.
pub(crate) const NF_TABLES: &str = "nf_tables";
/// Protocol: another netlink family.
pub(crate) const NETLINK: &str = "netlink";
/// In `generic(...)`: the version of the family's interface.
pub(crate) const VERSION: &str = "version";
/// Struct: the attributes that all others are nested in.
pub(crate) const INSIDE: &str = "inside";
/// Field: not nested in these.
pub(crate) const OUTSIDE: &str = "outside";
/// Struct: type of the fixed header. Field: the header field that carries it. Index: likewise.
pub(crate) const HEADER: &str = "header";
/// Struct: type of the add message. In `on(...)`: the verb.
pub(crate) const ADD: &str = "add";
/// Struct: type of the change message. In `on(...)`: the verb.
pub(crate) const CHANGE: &str = "change";
/// Struct: type of the delete message. In `on(...)`: the verb.
pub(crate) const DELETE: &str = "delete";
/// Struct: type of the get message. In `on(...)`: the verb.
pub(crate) const GET: &str = "get";
/// Struct: flags of the add message.
pub(crate) const ADD_FLAGS: &str = "add_flags";
/// Struct: flags of an add message whose earlier try may have been carried out.
pub(crate) const ADD_AGAIN_FLAGS: &str = "add_again_flags";
/// Struct: flags of the change message.
pub(crate) const CHANGE_FLAGS: &str = "change_flags";
/// Struct: flags of the delete message.
pub(crate) const DELETE_FLAGS: &str = "delete_flags";
/// Struct: header fields that are no field of the struct.
pub(crate) const FILL: &str = "fill";
/// Field and `fill`: the messages that something is written in.
pub(crate) const ON: &str = "on";
/// Struct: the kind has an index.
pub(crate) const INDEX: &str = "index";
/// Index: who allocates it.
pub(crate) const FROM: &str = "from";
/// Index: the numbers that KSync may allocate.
pub(crate) const RANGE: &str = "range";
/// Field and index: the attribute that carries it.
pub(crate) const NLA: &str = "nla";
/// Struct: the kernel removes what refers to an object together with it.
pub(crate) const FLUSHES_DEPENDENTS: &str = "flushes_dependents";
pub(crate) const EARLY: &str = "early";
pub(crate) const RESOLVED_ON_SENT: &str = "resolved_on_sent";
/// Struct: a delete is sent even if the kernel never saw the entry.
pub(crate) const NO_COMPRESS: &str = "no_compress";
/// Struct: the kernel keeps what a change message does not name.
pub(crate) const MERGE: &str = "merge";
/// Nested struct: the kernel forgets what a change does not name in it, whatever it does elsewhere.
pub(crate) const WHOLE: &str = "whole";
/// Struct: the kind may refer to itself.
pub(crate) const SELF_DEPENDENT: &str = "self_dependent";
/// Struct: when a delete has nothing to write.
pub(crate) const NOTHING_TO_DELETE: &str = "nothing_to_delete";
/// Struct: when a change has nothing to write.
pub(crate) const NOTHING_TO_CHANGE: &str = "nothing_to_change";
/// Struct: what an error of the kernel means for the kind.
pub(crate) const CLASSIFY: &str = "classify";
/// Struct: where the runtime is, if it was renamed.
pub(crate) const CRATE: &str = "crate";
/// Struct and field: a function that refuses wrong values.
pub(crate) const CHECK: &str = "check";
/// Field: part of the key.
pub(crate) const KEY: &str = "key";
/// Field: the bits that carry it.
pub(crate) const BIT: &str = "bit";
/// Field: the field of a struct, which is the payload of its attribute.
pub(crate) const PART: &str = "part";
/// Field: the attribute with the last of the numbers that the kernel reports at once.
pub(crate) const UP_TO: &str = "up_to";
/// Field: the kernel dumps the objects of one value of it at a time.
pub(crate) const DUMPED_BY: &str = "dumped_by";
/// Field: the header field that says which bits are meant.
pub(crate) const MASK: &str = "mask";
/// Field: the module that writes and reads it.
pub(crate) const WITH: &str = "with";
/// Field: the kernel can't change it in place.
pub(crate) const IMMUTABLE: &str = "immutable";
/// Field: what a change writes for `None`.
pub(crate) const NONE: &str = "none";
/// Field: the kernel never reports it.
pub(crate) const WRITE_ONLY: &str = "write_only";
/// Field: the kernel reports it and nobody writes it.
pub(crate) const READ_ONLY: &str = "read_only";
/// Field: has a default when the message lacks it.
pub(crate) const DEFAULT: &str = "default";
/// Field: the agent's own, not on the wire.
pub(crate) const SKIP: &str = "skip";
/// Field: the object outlives what the field refers to.
pub(crate) const SURVIVES: &str = "survives";
/// Field: in network byte order.
pub(crate) const BE: &str = "be";
/// Field: text without a NUL at its end.
pub(crate) const NO_NUL: &str = "no_nul";
/// Field: there or not, without a payload.
pub(crate) const FLAG: &str = "flag";
/// Field: the attribute says which of its bits count.
pub(crate) const SELECTOR: &str = "selector";
/// Field: a reference is written as its target's key.
pub(crate) const BY_KEY: &str = "by_key";
/// Field: its attributes stand among those of the struct.
pub(crate) const FLATTEN: &str = "flatten";
/// Field: the attribute is there once for each element.
pub(crate) const REPEATED: &str = "repeated";
/// Field: a nest of attributes of that number.
pub(crate) const EACH: &str = "each";
/// Field: a nest of attributes that are counted.
pub(crate) const NUMBERED: &str = "numbered";
/// Field: values of one size, one behind the other.
pub(crate) const ARRAY: &str = "array";
/// Field: records that tell their length in that header field.
pub(crate) const RECORDS: &str = "records";
/// Field: what a duration is counted in.
pub(crate) const UNIT: &str = "unit";
/// Field: the header field for the length of a prefix.
pub(crate) const PREFIX_LEN: &str = "prefix_len";
/// Field: the header field for the family of an address.
pub(crate) const FAMILY: &str = "family";
/// Field: whether what is seen does what was asked for.
pub(crate) const COMPARE: &str = "compare";
/// Enum: the integer that it is on the wire.
pub(crate) const REPR: &str = "repr";
/// Variant of an enum that is a value: its number.
pub(crate) const VALUE: &str = "value";
/// Variant of an enum that is a value: its name.
pub(crate) const NAME: &str = "name";
/// Enum: the attribute that carries the variant's name. Variant: that name.
pub(crate) const KIND: &str = "kind";
/// Enum: the attribute that nests the variant's fields.
pub(crate) const DATA: &str = "data";
/// Variant: nothing of it is written, and everything that is not recognised is read as it.
pub(crate) const OTHER: &str = "other";
/// Variant: nothing of it is written, and nothing is read as it.
pub(crate) const UNWRITTEN: &str = "unwritten";
/// Attribute: a dependency.
pub(crate) const DEPENDS_ON: &str = "depends_on";

/// On a struct that derives `KSyncEntry`.
pub(crate) const OF_KIND: &[&str] = &[
    PROTOCOL,
    HEADER,
    INSIDE,
    ADD,
    CHANGE,
    DELETE,
    GET,
    ADD_FLAGS,
    ADD_AGAIN_FLAGS,
    CHANGE_FLAGS,
    DELETE_FLAGS,
    FILL,
    INDEX,
    FLUSHES_DEPENDENTS,
    EARLY,
    RESOLVED_ON_SENT,
    NO_COMPRESS,
    MERGE,
    SELF_DEPENDENT,
    NOTHING_TO_DELETE,
    NOTHING_TO_CHANGE,
    CLASSIFY,
    CHECK,
    CRATE,
];
/// In `index(...)`.
pub(crate) const OF_INDEX: &[&str] = &[FROM, RANGE, NLA, HEADER];
/// As `protocol`, besides constants.
pub(crate) const PROTOCOLS: &[&str] = &[ROUTE, GENERIC, NF_TABLES, NETLINK];
/// In `on(...)`.
pub(crate) const VERBS: &[&str] = &[ADD, CHANGE, DELETE, GET];
/// On a field of a kind.
pub(crate) const OF_FIELD: &[&str] = &[
    KEY, NLA, HEADER, BIT, MASK, SELECTOR, PART, WITH, OUTSIDE, BE, NO_NUL, FLAG, BY_KEY, FLATTEN, REPEATED,
    EACH, NUMBERED, ARRAY, RECORDS, UNIT, PREFIX_LEN, FAMILY, IMMUTABLE, NONE, WRITE_ONLY, READ_ONLY,
    DEFAULT, SKIP, ON, CHECK, COMPARE, SURVIVES, UP_TO, DUMPED_BY,
];
/// On a field of a nested attribute.
pub(crate) const OF_NESTED_FIELD: &[&str] = &[
    NLA, HEADER, BIT, MASK, SELECTOR, PART, WITH, BE, NO_NUL, FLAG, BY_KEY, FLATTEN, REPEATED, EACH,
    NUMBERED, ARRAY, RECORDS, UNIT, PREFIX_LEN, FAMILY, IMMUTABLE, WRITE_ONLY, READ_ONLY, DEFAULT, SKIP,
    CHECK, COMPARE, SURVIVES,
];
/// On a struct that derives `KSyncNested`.
pub(crate) const OF_NESTED_STRUCT: &[&str] = &[HEADER, FILL, WHOLE, CRATE];
/// On an enum that derives `KSyncNested`.
pub(crate) const OF_NESTED_ENUM: &[&str] = &[KIND, DATA, REPR, CRATE];
/// On a variant of an enum that derives `KSyncNested`.
pub(crate) const OF_VARIANT: &[&str] = &[KIND, HEADER, OTHER, UNWRITTEN];
/// On an enum that derives `KSyncValue`.
pub(crate) const OF_VALUE: &[&str] = &[REPR, CRATE];
/// On a variant of an enum that derives `KSyncValue`.
pub(crate) const OF_VALUE_VARIANT: &[&str] = &[VALUE, NAME, OTHER];
/// After `unit =`.
pub(crate) const UNITS: &[&str] = &["seconds", "millis", "micros", "centis"];
/// After `repr =`.
pub(crate) const REPRS: &[&str] = &["u8", "u16", "u32", "u64", "i8", "i16", "i32"];

/// What to say about a word that does not belong there.
pub(crate) fn unknown(word: &str, allowed: &[&str]) -> String {
    let other_names = OTHER_NAMES.iter().find(|(other, meant)| *other == word && allowed.contains(meant));
    if let Some(meant) = other_names.map(|(_, meant)| *meant).or_else(|| nearest(word, allowed)) {
        return format!("unknown word `{word}`, did you mean `{meant}`?");
    }
    let list = allowed.iter().map(|word| format!("`{word}`")).collect::<Vec<_>>().join(", ");
    format!("unknown word `{word}`. Allowed here: {list}")
}

/// What somebody might call a word who knows it from elsewhere.
const OTHER_NAMES: &[(&str, &str)] = &[
    ("attr", NLA),
    ("attribute", NLA),
    ("big_endian", BE),
    ("network_order", BE),
    ("multi", REPEATED),
    ("list", REPEATED),
    ("present", FLAG),
    ("readonly", READ_ONLY),
    ("writeonly", WRITE_ONLY),
    ("codec", WITH),
    ("inline", FLATTEN),
    ("eq", COMPARE),
    ("ignore", SKIP),
    ("family", PROTOCOL),
    ("new", ADD),
    ("del", DELETE),
    ("update", CHANGE),
    ("validate", CHECK),
    ("rename", NAME),
    ("catch_all", OTHER),
];

/// The word that differs least, if it differs little enough to have been meant.
fn nearest<'a>(word: &str, allowed: &[&'a str]) -> Option<&'a str> {
    allowed
        .iter()
        .map(|candidate| (distance(word, candidate), *candidate))
        .filter(|(distance, candidate)| *distance <= candidate.len().max(word.len()).div_ceil(3))
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
}

/// How many letters have to be added, dropped or replaced (Levenshtein).
fn distance(left: &str, right: &str) -> usize {
    let right: Vec<char> = right.chars().collect();
    let mut row: Vec<usize> = (0..=right.len()).collect();
    for (line, from) in left.chars().enumerate() {
        let mut diagonal = row[0];
        row[0] = line + 1;
        for (column, to) in right.iter().enumerate() {
            let replaced = diagonal + usize::from(from != *to);
            diagonal = row[column + 1];
            row[column + 1] = replaced.min(row[column] + 1).min(diagonal + 1);
        }
    }
    row[right.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slip_of_the_pen_is_recognised() {
        assert_eq!(nearest("imutable", OF_FIELD), Some(IMMUTABLE));
        assert_eq!(nearest("delet", OF_KIND), Some(DELETE));
        assert_eq!(nearest("attribute", OF_FIELD), None);
    }
}
