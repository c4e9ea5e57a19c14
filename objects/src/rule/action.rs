//! What a rule does: the header's `action` and `table`, `FRA_TABLE`, `FRA_GOTO` and `FRA_L3MDEV` together.

use ksync_runtime::declare::Invalid;
use ksync_runtime::prelude::*;
use ksync_runtime::wire::{AttributeValue, Incoming, Outgoing, ParseError, ValueError};

/// What is done with the packets of a [`Rule`](crate::Rule).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum RuleAction {
    /// They go by this routing table; 254 is the main one. If it has no route for them, the next rule is looked at.
    /// `table 100`
    Table(u32),
    /// They go by the table of the VRF that their link belongs to. `l3mdev`
    L3mdev,
    /// The next rule that is looked at is the first one of this priority, which is higher than the rule's own.
    /// `goto 2000`
    Goto(u32),
    /// Nothing: the target of a `goto`. `nop`
    Nop,
    /// They are dropped without a word. `blackhole`
    Blackhole,
    /// They are refused as "network unreachable". `unreachable`
    Unreachable,
    /// They are refused as "administratively prohibited". `prohibit`
    Prohibit,
}

impl RuleAction {
    pub(super) fn check(self, priority: u32) -> Result<(), Invalid> {
        let reason = match self {
            RuleAction::Table(0) => "the kernel takes table 0 for any table, and makes a new one".to_owned(),
            RuleAction::Goto(target) if target <= priority => {
                format!("goes to {target}, which is not behind the rule's own priority {priority}")
            }
            _ => return Ok(()),
        };
        Err(Invalid { field: "action", reason })
    }
}

pub(super) fn emit(value: &RuleAction, message: &mut Outgoing<'_, RuleHeader>) {
    message.header.action = match value {
        RuleAction::Table(_) | RuleAction::L3mdev => FR_ACT_TO_TBL,
        RuleAction::Goto(_) => FR_ACT_GOTO,
        RuleAction::Nop => FR_ACT_NOP,
        RuleAction::Blackhole => FR_ACT_BLACKHOLE,
        RuleAction::Unreachable => FR_ACT_UNREACHABLE,
        RuleAction::Prohibit => FR_ACT_PROHIBIT,
    };
    match value {
        RuleAction::Table(table) => match u8::try_from(*table) {
            Ok(short) => message.header.table = short,
            Err(_) => message.attributes.put(FRA_TABLE, table),
        },
        RuleAction::L3mdev => message.attributes.put(FRA_L3MDEV, &1u8),
        RuleAction::Goto(target) => message.attributes.put(FRA_GOTO, target),
        _ => {}
    }
}

pub(super) fn parse(message: &Incoming<'_, RuleHeader>) -> Result<RuleAction, ParseError> {
    let number = |nla| {
        let payload = message.attributes.get(nla);
        payload.map(u32::parse).transpose().map_err(|error| ParseError::attribute(nla, error))
    };
    match message.header.action {
        FR_ACT_TO_TBL if message.attributes.get(FRA_L3MDEV).is_some_and(|payload| payload != [0]) => {
            Ok(RuleAction::L3mdev)
        }
        FR_ACT_TO_TBL => {
            number(FRA_TABLE).map(|table| RuleAction::Table(table.unwrap_or(message.header.table.into())))
        }
        FR_ACT_GOTO => number(FRA_GOTO)?
            .map(RuleAction::Goto)
            .ok_or_else(|| ParseError::attribute(FRA_GOTO, ValueError::Missing)),
        FR_ACT_NOP => Ok(RuleAction::Nop),
        FR_ACT_BLACKHOLE => Ok(RuleAction::Blackhole),
        FR_ACT_UNREACHABLE => Ok(RuleAction::Unreachable),
        FR_ACT_PROHIBIT => Ok(RuleAction::Prohibit),
        // A newer kernel may have others; no rule of this kind has one.
        _ => Err(ParseError::header(ValueError::Missing)),
    }
}
