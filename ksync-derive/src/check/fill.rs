//! Rules for `fill(...)`.

use crate::ctxt::Ctxt;
use crate::input::kind::Kind;
use crate::input::verbs::Verb;

/// The one written later overwrites the other.
pub(super) fn each_once(kind: &Kind, ctxt: &Ctxt) {
    let carried = |place: &proc_macro2::Ident, verb: Verb| {
        kind.fields.iter().find(|field| {
            let beside = [&field.format.prefix_len, &field.format.family];
            let header = field.header.iter().filter(|_| field.bit.is_none());
            field.written_on(verb) && header.chain(beside.into_iter().flatten()).any(|other| other == place)
        })
    };
    for (at, fill) in kind.fills.iter().enumerate() {
        for (nth, (place, _)) in fill.assignments.iter().enumerate() {
            let verbs = Verb::ALL.into_iter().filter(|verb| fill.written_on(*verb));
            if let Some(field) = verbs.clone().find_map(|verb| carried(place, verb)) {
                ctxt.error_on(
                    place,
                    format!(
                        "header field `{place}` carries field `{}`: drop it here, or say `on(...)` on both",
                        field.name()
                    ),
                );
                continue;
            }
            let earlier = kind.fills.iter().take(at + 1).enumerate().any(|(other, earlier)| {
                let before = earlier.assignments.iter().take(if other == at { nth } else { usize::MAX });
                verbs.clone().any(|verb| earlier.written_on(verb))
                    && before.into_iter().any(|(name, _)| name == place)
            });
            if earlier {
                ctxt.error_on(place, format!("header field `{place}` is filled already"));
            }
        }
    }
}
