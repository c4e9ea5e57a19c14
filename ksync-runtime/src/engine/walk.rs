//! Looking at many entries of one table one after the other. Those that come one after the other often lie side by side, so
//! the block that the last one was in is kept at hand. Knows nothing of what is done to them.

use super::entry::{Core, EntryId};
use crate::table::{Block, Slots};

/// Shows what there is of each item's entry, as long as it is in the same table as the first one and `act` wants more: its
/// block, and its place there. Returns how many times `act` wanted more.
#[inline(always)]
pub(super) fn walk<I>(
    slots: &mut Slots<Core>,
    first: EntryId,
    items: impl Iterator<Item = I>,
    entry_of: impl Fn(&I) -> EntryId,
    mut act: impl FnMut(&mut Block<'_, Core>, u32, I) -> bool,
) -> usize {
    let Some(mut block) = slots.block_mut(first.slot()) else { return 0 };
    let mut at_hand = first.block();
    let mut done = 0;
    for item in items {
        let entry = entry_of(&item);
        let at = match entry.place_in(at_hand) {
            Some(at) => at,
            None if entry.table() == first.table() => {
                let Some(next) = slots.block_mut(entry.slot()) else { break };
                (block, at_hand) = (next, entry.block());
                entry.place()
            }
            None => break,
        };
        if !act(&mut block, at, item) {
            break;
        }
        done += 1;
    }
    done
}
