//! Graphs of kinds that are no circle, or a circle that is meant: the compiler lets them pass. Those that it does
//! not are in `ui`.

use ksync_runtime::__private::circle::{Node, expect_no_circle};
use ksync_runtime::declare::{Incomplete, KSyncEntry};
use ksync_runtime::engine::{Engine, RegisterError, RetryPolicy};
use ksync_runtime::prelude::*;

macro_rules! kinds {
    ($($kind:ident $(: $word:ident)? => $($target:ident),*;)*) => {$(
        #[derive(Clone, Debug, PartialEq, KSyncEntry)]
        #[ksync(protocol = route, header = LinkHeader, add = RTM_NEWLINK, delete = RTM_DELLINK $(, $word)?)]
        struct $kind {
            #[ksync(key, nla = IFLA_IFNAME)]
            name: String,
            #[depends_on($($target),*)]
            #[ksync(nla = IFLA_LINKINFO)]
            needs: Nest,
        }
    )*};
}

#[derive(Clone, Debug, Default, PartialEq, KSyncNested)]
struct Nest {
    #[ksync(nla = 1)]
    number: u32,
}

kinds! {
    // A diamond, and something written by hand.
    Top => Left, Right, Incomplete;
    Left => Bottom;
    Right => Bottom;
    Bottom => Incomplete;
    // A class stands below a discipline or another class; a discipline may stand below a class.
    Discipline => Class;
    Class: self_dependent => Class, Discipline;
    // Whoever needs such a circle is not part of it.
    Filter => Class, Discipline;
    // Longer than what is unrolled.
    One => Two; Two => Three; Three => Four; Four => Five; Five => Six; Six => Seven; Seven => Eight;
    Eight => Nine; Nine => Ten; Ten => Eleven; Eleven => ;
    // A circle that is longer.
    R1 => R2; R2 => R3; R3 => R4, R5; R4 => R5; R5 => R6; R6 => R7; R7 => R8; R8 => R9; R9 => R10; R10 => R11, One;
    R11 => R1;
}

fn engine_with(register: impl FnOnce(&mut Engine) -> Result<(), RegisterError>) -> Result<(), RegisterError> {
    let mut engine = Engine::new(RetryPolicy::default());
    register(&mut engine)?;
    engine.check_dependencies()
}

macro_rules! registered {
    ($($kind:ident),*) => {
        engine_with(|engine| {
            $(engine.register::<$kind>()?;)*
            Ok(())
        })
    };
}

#[test]
fn a_circle_that_is_too_long_for_the_compiler_is_told_when_the_agent_starts() {
    let chain = registered!(One, Two, Three, Four, Five, Six, Seven, Eight, Nine, Ten, Eleven);
    assert_eq!(chain, Ok(()));
    let meant = registered!(Filter, Discipline, Class);
    assert_eq!(meant, Ok(()), "it leads through a kind that may refer to itself");
    let told = registered!(
        One, Two, Three, Four, Five, Six, Seven, Eight, Nine, Ten, Eleven, R1, R2, R3, R4, R5, R6, R7, R8,
        R9, R10, R11
    );
    assert_eq!(
        told.expect_err("a circle").to_string(),
        "a circle of kinds, none of which could be sent before the others: R1 -> R2 -> R3 -> R5 -> R6 -> R7 -> R8 -> R9 -> \
         R10 -> R11 -> R1; if their entries never form one, say `self_dependent` in the `#[ksync(...)]` of one of the kinds"
    );
}

#[test]
fn kinds_that_form_no_circle_compile() {
    assert_eq!(Top::SCHEMA.depends_on.len(), 3);
    assert_eq!(Class::SCHEMA.depends_on.len(), 2);
    assert_eq!(Eleven::SCHEMA.depends_on.len(), 0);
    let top = Top { name: "top".into(), needs: Nest::default() };
    assert!(top.check().is_ok());
}

const fn node(id: &'static str, needs: &'static [Node]) -> Node {
    Node { id, name: id, self_dependent: false, needs }
}

fn complaint(start: Node, next: Node) -> Option<String> {
    let caught = std::panic::catch_unwind(|| expect_no_circle(start, next)).err()?;
    Some(caught.downcast_ref::<String>().cloned().unwrap_or_default())
}

#[test]
fn a_circle_is_told_once_and_by_the_shortest_way() {
    const C: Node = node("c", &[node("a", &[]), node("d", &[node("a", &[])])]);
    const B: Node = node("b", &[node("d", &[node("c", &[node("a", &[])])]), C]);
    let told = complaint(node("a", &[]), B).expect("a circle");
    assert!(
        told.starts_with("`a` depends on `b`, which depends on `c`, which depends on `a`: a circle"),
        "{told}"
    );
    // The same circle from where `b` stands.
    const A: Node = node("a", &[node("b", &[])]);
    assert_eq!(complaint(node("b", &[]), node("c", &[A])), None, "`a` tells");
    // What leads into a circle is not on it.
    const X: Node = node("x", &[node("y", &[node("x", &[])])]);
    assert_eq!(complaint(node("w", &[]), X), None);
    const MEANT: Node = Node { self_dependent: true, ..node("b", &[node("a", &[])]) };
    assert_eq!(complaint(node("a", &[]), MEANT), None);
}
