//! Links.

use ksync_objects::{Link, LinkKind};

use super::kind;
use crate::strategies::links::links;

kind! {
    link: Link, links(), seen = |link| {
        let kind = match link.kind {
            // Nothing is written of the sort of what is only configured.
            LinkKind::PeerOf { .. } => LinkKind::Existing,
            kind => kind,
        };
        Link { kind, ..link }
    },
}
