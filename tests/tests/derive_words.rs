//! What each word of `#[ksync(...)]` does to messages, parser and comparison.

mod derive_support;

use std::any::{Any, TypeId};

use derive_support::{Names, unwritten, view, written};
use ksync_runtime::declare::{
    Context, Difference, ErrorClass, IndexSource, Indexes, KSyncEntry, Links, OperationError, Progress,
    References, Resolver, Target, Verb,
};
use ksync_runtime::prelude::*;
use ksync_runtime::wire::{AttributeList, Incoming};

/// Every word that a field can have, on a kind whose changes replace the whole object.
#[derive(Clone, Debug, PartialEq, KSyncEntry)]
#[ksync(
    protocol = route,
    header = RouteHeader,
    add = 100, change = 101, delete = 102, get = 103,
    add_flags = self.flags(), add_again_flags = 0x20, change_flags = 0x40, delete_flags = 0x80,
    fill(rtm_tos = 1),
    fill(rtm_scope = self.tos_twice(), on(get)),
    nothing_to_change = self.agents == "frozen",
    no_compress,
    self_dependent,
    classify = classify,
)]
struct Whole {
    #[ksync(key, nla = 1)]
    key: u32,
    #[ksync(header = rtm_tos, bit = 0x10, mask = rtm_src_len)]
    high: bool,
    #[ksync(header = rtm_tos, bit = 0x06)]
    two_bits: bool,
    #[ksync(nla = 2, none = 0u32)]
    option: Option<u32>,
    #[ksync(nla = 3, write_only)]
    secret: u32,
    #[ksync(nla = 4, read_only, default)]
    statistics: u32,
    #[ksync(nla = 5, on(add), default)]
    only_new: u32,
    #[ksync(nla = 6, on(add, change, delete), default)]
    guard: u32,
    #[ksync(nla = 7, immutable, default)]
    fixed: u32,
    #[ksync(skip)]
    agents: String,
    #[depends_on]
    after: Vec<Ref<Whole>>,
    #[ksync(nla = 8, with = reversed, default)]
    r#type: Option<u16>,
}

impl Whole {
    fn flags(&self) -> u16 {
        0x10
    }

    fn tos_twice(&self) -> u8 {
        if self.high { 2 } else { 0 }
    }
}

fn classify(verb: Verb, error: &OperationError) -> ErrorClass {
    if error.errno == 1 { ErrorClass::Busy } else { ErrorClass::of(verb, error.errno) }
}

mod reversed {
    use ksync_runtime::wire::{AttributeValue, BytesMut, ValueError};

    pub(super) fn emit(value: &u16, out: &mut BytesMut) {
        value.swap_bytes().emit(out);
    }

    pub(super) fn parse(payload: &[u8]) -> Result<u16, ValueError> {
        u16::parse(payload).map(u16::swap_bytes)
    }
}

fn whole() -> Whole {
    Whole {
        key: 1,
        high: true,
        two_bits: false,
        option: Some(2),
        secret: 3,
        statistics: 4,
        only_new: 5,
        guard: 6,
        fixed: 7,
        agents: "mine".to_owned(),
        after: Vec::new(),
        r#type: Some(0x0102),
    }
}

/// Type, flags, header, and the numbers and values of the attributes.
fn taken_apart(bytes: &[u8]) -> (u16, u16, RouteHeader, Vec<(u16, Vec<u8>)>) {
    let message = view(bytes);
    let Incoming { header, attributes } = Incoming::<RouteHeader>::parse(message.body).expect("parses");
    let attributes = attributes.iter().map(|(nla, payload)| (nla, payload.to_vec())).collect();
    (message.message_type, message.flags, header, attributes)
}

fn numbers(bytes: &[u8]) -> Vec<u16> {
    taken_apart(bytes).3.into_iter().map(|(nla, _)| nla).collect()
}

#[test]
fn each_message_has_its_type_its_flags_and_its_fields() {
    let (entry, mut names) = (whole(), Names::default());
    let (message_type, flags, header, attributes) = taken_apart(&names.add(&entry, None));
    assert_eq!((message_type, flags), (100, 0x11));
    assert_eq!((header.rtm_tos, header.rtm_src_len, header.rtm_scope), (0x11, 0x10, 0));
    assert_eq!(attributes.iter().map(|(nla, _)| *nla).collect::<Vec<_>>(), [1, 2, 3, 5, 6, 7, 8]);
    assert_eq!(attributes[6].1, 0x0201u16.to_ne_bytes(), "by the codec");
    assert_eq!(taken_apart(&names.add_again(&entry, None)).1, 0x21);

    let (message_type, flags, _, attributes) = taken_apart(&names.change(None, &entry, None));
    assert_eq!((message_type, flags), (101, 0x41));
    assert_eq!(attributes.iter().map(|(nla, _)| *nla).collect::<Vec<_>>(), [1, 2, 3, 6, 7, 8]);

    let (message_type, flags, header, attributes) = taken_apart(&names.delete(&entry, None));
    assert_eq!((message_type, flags), (102, 0x81));
    assert_eq!((header.rtm_tos, header.rtm_src_len), (1, 0), "filled; the bits belong to add and change");
    assert_eq!(attributes.iter().map(|(nla, _)| *nla).collect::<Vec<_>>(), [1, 6]);

    let (message_type, flags, header, attributes) = taken_apart(&names.get(&entry, None));
    assert_eq!((message_type, flags), (103, 1));
    assert_eq!((header.rtm_tos, header.rtm_scope), (0, 2));
    assert_eq!(attributes.len(), 1);
}

#[test]
fn none_is_left_out_of_an_add_and_spelled_out_in_a_change() {
    let entry = Whole { option: None, r#type: None, ..whole() };
    assert_eq!(numbers(&Names::default().add(&entry, None)), [1, 3, 5, 6, 7]);
    let (.., attributes) = taken_apart(&Names::default().change(None, &entry, None));
    assert_eq!(attributes[1], (2, vec![0, 0, 0, 0]));
}

#[test]
fn what_is_not_reported_gets_its_default() {
    let mut names = Names::default();
    let bytes = names.change(None, &whole(), None);
    let parsed: Whole = names.parse(&bytes).expect("parses");
    let expected = Whole { statistics: 0, only_new: 0, agents: String::new(), ..whole() };
    assert_eq!(parsed, expected);
    let bytes = names.delete(&whole(), None);
    let parsed: Whole = names.parse(&bytes).expect("parses");
    assert_eq!((parsed.secret, parsed.option, parsed.guard, parsed.r#type), (0, None, 6, None));
}

/// What every object of the kind has in its header tells it from those of others.
#[test]
fn an_object_without_the_mark_of_the_kind_is_foreign() {
    #[derive(Clone, Debug, PartialEq, KSyncEntry)]
    #[ksync(
        protocol = route, header = RouteHeader, add = 100, delete = 102,
        fill(rtm_protocol = 7),
        fill(rtm_type = 1, on(add, change)),
    )]
    struct Marked {
        #[ksync(key, nla = 1)]
        key: u32,
    }
    let mut names = Names::default();
    let entry = Marked { key: 3 };
    let mut bytes = names.add(&entry, None);
    assert_eq!(names.parse::<Marked>(&bytes), Ok(entry));
    let (rtm_protocol, rtm_type) = (16 + 5, 16 + 7);
    bytes[rtm_type] = 9;
    assert_eq!(names.parse::<Marked>(&bytes), Ok(Marked { key: 3 }), "written, and no mark");
    bytes[rtm_protocol] = 8;
    let error = names.parse::<Marked>(&bytes).expect_err("somebody else's");
    assert!(error.is_foreign(), "{error}");
    assert_eq!(error.to_string(), "rtm_protocol is not what it is in objects of this kind");
}

#[test]
fn bits_are_read_back_one_by_one() {
    let entry = Whole { high: false, two_bits: true, ..whole() };
    let mut names = Names::default();
    let bytes = names.add(&entry, None);
    let (_, _, header, _) = taken_apart(&bytes);
    assert_eq!((header.rtm_tos, header.rtm_src_len), (0x07, 0x10), "the mask says that the bit is meant");
    let parsed: Whole = names.parse(&bytes).expect("parses");
    assert!(parsed.two_bits && !parsed.high);
}

#[test]
fn differences_count_as_the_words_say() {
    let from = whole();
    let to = |change: fn(&mut Whole)| {
        let mut to = whole();
        change(&mut to);
        from.compare(&to)
    };
    assert_eq!(to(|to| to.option = None), Difference::Change);
    assert_eq!(to(|to| to.secret = 9), Difference::Change);
    assert_eq!(to(|to| to.high = false), Difference::Change);
    assert_eq!(to(|to| to.fixed = 9), Difference::Recreate { field: "fixed" });
    assert_eq!(to(|to| to.only_new = 9), Difference::Recreate { field: "only_new" });
    assert_eq!(to(|to| to.r#type = None), Difference::Change);
    assert_eq!(to(|to| to.agents = "other".into()), Difference::Same);
    assert_eq!(to(|to| to.statistics = 9), Difference::Same);
    assert_eq!(to(|to| to.after = vec![Ref::to(7u32)]), Difference::Same, "the kernel sees no order");
    assert_eq!(
        to(|to| (to.option, to.fixed) = (None, 9)),
        Difference::Recreate { field: "fixed" },
        "the graver one counts"
    );
}

#[test]
fn only_what_the_kernel_reports_can_be_unmet() {
    let unmet = |change: fn(&mut Whole)| {
        let mut seen = whole();
        change(&mut seen);
        whole().unmet(&seen)
    };
    assert_eq!(unmet(|seen| seen.option = Some(9)), Some("option"));
    assert_eq!(unmet(|seen| seen.guard = 9), Some("guard"));
    assert_eq!(unmet(|seen| seen.r#type = Some(9)), Some("type"));
    assert_eq!(unmet(|seen| (seen.secret, seen.statistics) = (9, 9)), None);
    assert_eq!(unmet(|seen| seen.agents.clear()), None);
    let asks_for_nothing = Whole { r#type: None, ..whole() };
    assert_eq!(asks_for_nothing.unmet(&whole()), None);
    let asks_for_none = Whole { option: None, ..whole() };
    assert_eq!(asks_for_none.unmet(&whole()), Some("option"), "`none` makes `None` something to ask for");
}

#[test]
fn nothing_is_written_where_there_is_nothing_to_do() {
    let entry = Whole { agents: "frozen".into(), ..whole() };
    let names = Names::default();
    let context = Context::new(None, &names, false);
    assert_eq!(unwritten(|request| entry.change_msg(None, &context, request)), Progress::Complete);
}

#[test]
fn the_schema_and_the_classes_follow_the_words() {
    let schema = Whole::SCHEMA;
    assert!(!schema.compress && !schema.flushes_dependents);
    assert_eq!((schema.add, schema.change, schema.delete, schema.get), (100, 101, 102, Some(103)));
    assert_eq!(schema.field_of_attribute(8), Some("type"));
    let immutable: Vec<_> =
        schema.fields.iter().filter(|field| field.immutable).map(|field| field.name).collect();
    assert_eq!(immutable, ["only_new", "fixed"]);
    assert_eq!(Whole::classify(Verb::Add, &OperationError::kernel(1, None, None)), ErrorClass::Busy);
    assert_eq!(Whole::classify(Verb::Delete, &OperationError::kernel(2, None, None)), ErrorClass::Gone);
}

/// Notes what it is asked to link.
#[derive(Default)]
struct Noted(Vec<(&'static str, String)>);

impl Links for Noted {
    fn link<T: KSyncEntry>(&mut self, key: &T::Key, _: bool) -> Target {
        self.0.push((T::SCHEMA.name, format!("{key:?}")));
        Target::new(u32::try_from(self.0.len() - 1).expect("few"))
    }
}

#[test]
fn an_order_that_is_not_on_the_wire_is_shown_all_the_same() {
    let mut entry = Whole { after: vec![Ref::to(7u32), Ref::to(8u32)], ..whole() };
    let mut noted = Noted::default();
    entry.references(&mut References::new(&mut noted));
    assert_eq!(noted.0, [("Whole", "7".to_owned()), ("Whole", "8".to_owned())]);
}

/// A kind with a name of several parts that the kernel never sees, and an index in the header.
#[derive(Clone, Debug, PartialEq, KSyncEntry)]
#[ksync(
    protocol = route,
    header = TrafficControlHeader,
    add = RTM_NEWQDISC, delete = RTM_DELQDISC, get = RTM_GETQDISC,
    index(from = ksync, range = FIRST..=LAST, header = tcm_handle),
)]
struct Table {
    #[ksync(key)]
    tenant: u32,
    #[ksync(key)]
    name: String,
    #[ksync(nla = TCA_KIND)]
    kind: String,
    #[ksync(nla = TCA_OPTIONS)]
    options: Options,
}

const FIRST: u32 = 16;
const LAST: u32 = 31;

/// A nest with a fixed header, bits, references and a check of its own.
#[derive(Clone, Debug, PartialEq, KSyncNested)]
#[ksync(header = NeighbourHeader, fill(ndm_type = 9))]
struct Options {
    #[depends_on]
    #[ksync(header = ndm_ifindex)]
    parent: Ref<Parent>,
    #[ksync(header = ndm_flags, bit = 4)]
    sticky: bool,
    #[ksync(nla = 1, check = is_even)]
    limit: u32,
    #[ksync(nla = 2)]
    mark: Option<u32>,
    #[ksync(nla = 3, write_only)]
    password: Vec<u8>,
    #[ksync(skip)]
    note: String,
}

fn is_even(limit: &u32) -> Result<(), &'static str> {
    if limit.is_multiple_of(2) { Ok(()) } else { Err("must be even") }
}

/// Something to refer to by number.
#[derive(Clone, Debug, PartialEq, KSyncEntry)]
#[ksync(protocol = route, header = TrafficControlHeader, add = 1, delete = 2, index(from = kernel, nla = 9))]
struct Parent {
    #[ksync(key)]
    id: u32,
}

fn table() -> Table {
    Table {
        tenant: 1,
        name: "gold".into(),
        kind: "pfifo".into(),
        options: Options {
            parent: Ref::to(5u32),
            sticky: true,
            limit: 10,
            mark: None,
            password: vec![1, 2, 3],
            note: "mine".into(),
        },
    }
}

struct ByPosition;

impl Indexes for ByPosition {
    fn index_of(&self, target: Target) -> Option<u32> {
        Some(100 + target.raw())
    }
}

#[test]
fn a_nest_with_a_header_is_written_byte_for_byte_and_read_back() {
    let mut entry = table();
    entry.references(&mut References::new(&mut Noted::default()));
    let bytes = written(|request| entry.add_msg(&Context::new(Some(17), &ByPosition, false), request));
    let incoming = Incoming::<TrafficControlHeader>::parse(view(&bytes).body).expect("parses");
    assert_eq!(incoming.header, TrafficControlHeader { tcm_handle: 17, ..Default::default() });
    let expected: &[&[u8]] = &[
        &[0, 0, 0, 0],
        &100u32.to_ne_bytes(),
        &0u16.to_ne_bytes(),
        &[4, 9],
        &8u16.to_ne_bytes(),
        &1u16.to_ne_bytes(),
        &10u32.to_ne_bytes(),
        &7u16.to_ne_bytes(),
        &3u16.to_ne_bytes(),
        &[1, 2, 3, 0],
    ];
    assert_eq!(incoming.attributes.get(TCA_OPTIONS), Some(&expected.concat()[..]));

    let key_of = |kind: TypeId, index: u32| -> Option<Box<dyn Any>> {
        if kind == TypeId::of::<Table>() && index == 17 {
            return Some(Box::new(TableKey { tenant: 1, name: "gold".into() }));
        }
        (kind == TypeId::of::<Parent>() && index == 100).then(|| Box::new(5u32) as Box<dyn Any>)
    };
    let parsed = Table::parse(&view(&bytes), &Resolver::new(&key_of)).expect("parses");
    let mut expected = table();
    expected.options.note.clear();
    assert_eq!(parsed, expected);
    expected.options.password.clear();
    assert_eq!(table().unmet(&expected), None, "passwords are not reported");
    expected.options.mark = Some(7);
    assert_eq!(table().unmet(&expected), None, "nothing is asked for");
    assert_eq!(expected.unmet(&table()), Some("options"));
    assert_eq!(Table::parse_index(&view(&bytes)), Ok(Some(17)));
    assert_eq!(Table::SCHEMA.index, IndexSource::KSync { first: 16, last: 31 });
}

#[test]
fn what_is_wrong_inside_a_nest_is_said_with_both_names() {
    let mut entry = table();
    assert_eq!(entry.check(), Ok(()));
    entry.options.limit = 11;
    assert_eq!(entry.check().expect_err("odd").to_string(), "options: limit: must be even");
}

#[test]
fn a_text_that_would_be_cut_off_is_refused() {
    let entry = Table { kind: "p\0fifo".into(), ..table() };
    assert_eq!(
        entry.check().expect_err("the kernel would read another one").to_string(),
        "kind: \"p\\0fifo\" holds a NUL, and the kernel stops reading there"
    );
}

#[test]
fn an_index_of_the_kernel_that_is_the_only_name_must_be_known() {
    let parent = Parent { id: 1 };
    let mut out = ksync_runtime::wire::BytesMut::new();
    let request = ksync_runtime::wire::Request::new(&mut out, 1, 0);
    let error = parent.delete_msg(&Context::new(None, &ByPosition, false), request).expect_err("nameless");
    assert_eq!(error.to_string(), "the entry's index is not known");
    let bytes = written(|request| parent.delete_msg(&Context::new(Some(3), &ByPosition, false), request));
    let incoming = Incoming::<TrafficControlHeader>::parse(view(&bytes).body).expect("parses");
    assert_eq!(incoming.attributes.get(9), Some(&3u32.to_ne_bytes()[..]));
}

/// An enum without a fallback: what is not known belongs to somebody else.
#[derive(Clone, Debug, PartialEq, KSyncNested)]
#[ksync(kind = 1, data = 2)]
enum Discipline {
    #[ksync(kind = "fifo")]
    Fifo {
        #[ksync(nla = 1)]
        limit: Option<u32>,
    },
    #[ksync(kind = "none")]
    Nothing,
}

#[test]
fn an_unknown_variant_is_foreign_and_empty_data_is_left_out() {
    use ksync_runtime::wire::{AttributeField, Attributes};

    let emitted = |discipline: &Discipline| {
        let mut out = ksync_runtime::wire::BytesMut::new();
        discipline.emit(9, &mut Attributes::new(&mut out), &Context::new(None, &ByPosition, false));
        out.to_vec()
    };
    let parsed = |bytes: &[u8]| {
        Discipline::parse(9, &AttributeList::parse(bytes).expect("attributes"), &Resolver::empty())
    };
    let empty = Discipline::Fifo { limit: None };
    assert_eq!(emitted(&empty).len(), 4 + 12, "the name alone");
    for discipline in [empty, Discipline::Fifo { limit: Some(3) }, Discipline::Nothing] {
        assert_eq!(parsed(&emitted(&discipline)), Ok(discipline));
    }
    let mut unknown = emitted(&Discipline::Nothing);
    unknown[8] = b'g';
    assert!(parsed(&unknown).expect_err("\"gone\" is no discipline here").is_foreign());
}

/// A key of several parts, some of which may be left open.
#[derive(Clone, Debug, PartialEq, KSyncEntry)]
#[ksync(protocol = route, header = RouteHeader, add = RTM_NEWROUTE, delete = RTM_DELROUTE)]
struct Matching {
    #[ksync(key, nla = 1)]
    name: Option<String>,
    #[ksync(key, nla = 2)]
    from: Option<std::net::Ipv4Addr>,
    #[depends_on]
    #[ksync(key, nla = 3, by_key)]
    near: Option<Ref<Nested>>,
}

#[derive(Clone, Debug, PartialEq, KSyncEntry)]
#[ksync(protocol = route, header = RouteHeader, add = RTM_NEWROUTE, delete = RTM_DELROUTE)]
struct Nested {
    #[ksync(key, nla = 1)]
    name: String,
}

/// A key that may be left open altogether.
#[derive(Clone, Debug, PartialEq, KSyncEntry)]
#[ksync(protocol = route, header = RouteHeader, add = RTM_NEWROUTE, delete = RTM_DELROUTE)]
struct Open {
    #[ksync(key, nla = 1)]
    name: Option<String>,
}

#[test]
fn what_a_key_leaves_open_is_left_out() {
    struct Text<'a, T: KSyncEntry>(&'a T::Key);
    impl<T: KSyncEntry> std::fmt::Display for Text<'_, T> {
        fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            T::describe_key(self.0, out)
        }
    }
    let key = |name: Option<&str>, from, near: Option<&str>| {
        let near = near.map(Ref::to);
        Text::<Matching>(&MatchingKey { name: name.map(str::to_owned), from, near }).to_string()
    };
    assert_eq!(key(None, None, None), "none");
    assert_eq!(key(None, Some([192, 0, 2, 1].into()), None), "from=192.0.2.1");
    assert_eq!(key(Some("a"), None, Some("b")), "name=a near=b");
    assert_eq!(key(Some("a b"), None, Some("b c")), "name=(a b) near=(b c)");
    assert_eq!(Text::<Open>(&None).to_string(), "none");
    assert_eq!(Text::<Open>(&Some("x".to_owned())).to_string(), "x");
}
