//! The dummy that never resolves, for objects that are not complete yet. Written by hand: what the derive
//! writes, a person can write.

use std::fmt;
use std::hash::{Hash, Hasher};

use super::{
    Context, Difference, Dumped, IndexSource, Invalid, KSyncEntry, Links, OperationError, Progress, Protocol,
    References, ResolvedOn, Resolver, Schema,
};
use crate::wire::{MessageView, ParseError, Request};

/// Waits for the world: a kind that nothing of can ever be declared. An object that lacks something refers to
/// it, and waits; the key says what is lacking, and comes out of `why`. Every engine has the table.
///
/// ```
/// use ksync_runtime::declare::Incomplete;
/// use ksync_runtime::prelude::*;
///
/// #[derive(Clone, Debug, PartialEq, KSyncEntry)]
/// #[ksync(protocol = route, header = LinkHeader, add = RTM_NEWLINK, delete = RTM_DELLINK)]
/// struct Port {
///     #[ksync(key, nla = IFLA_IFNAME)]
///     name: String,
///     #[depends_on]
///     lacks: Option<Ref<Incomplete>>,
/// }
///
/// // Waits until it is set again without `lacks`.
/// let port = Port { name: "p1".into(), lacks: Some(Ref::to("its address is not known")) };
/// # let _ = port;
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Incomplete {
    reason: String,
}

impl KSyncEntry for Incomplete {
    type Key = String;

    const SCHEMA: &'static Schema = &Schema {
        name: "Incomplete",
        protocol: Protocol::Route,
        header_len: 0,
        inside: &[],
        add: 0,
        change: 0,
        delete: 0,
        get: None,
        dumped: Dumped::AtOnce,
        self_dependent: false,
        index: IndexSource::None,
        flushes_dependents: false,
        early: false,
        resolved_on: ResolvedOn::Accepted,
        compress: true,
        fields: &[],
        depends_on: &[],
    };

    fn key(&self) -> String {
        self.reason.clone()
    }

    fn has_key(&self, key: &String) -> bool {
        self.reason == *key
    }

    fn hash_key<H: Hasher>(&self, state: &mut H) {
        self.reason.hash(state);
    }

    fn describe_key(key: &String, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "({key})")
    }

    fn check(&self) -> Result<(), Invalid> {
        Err(Invalid { field: "reason", reason: "what is incomplete can't be declared".to_owned() })
    }

    fn references<L: Links>(&mut self, _: &mut References<'_, L>) {}

    fn compare(&self, _: &Self) -> Difference {
        Difference::Same
    }

    fn unmet(&self, _: &Self) -> Option<&'static str> {
        None
    }

    fn add_msg(&self, _: &Context<'_>, _: Request<'_>) -> Result<Progress, OperationError> {
        Err(OperationError::local(None, "it never resolves"))
    }

    fn change_msg(
        &self,
        _: Option<&Self>,
        _: &Context<'_>,
        _: Request<'_>,
    ) -> Result<Progress, OperationError> {
        Err(OperationError::local(None, "it never resolves"))
    }

    fn delete_msg(&self, _: &Context<'_>, _: Request<'_>) -> Result<Progress, OperationError> {
        Ok(Progress::Complete)
    }

    fn parse(message: &MessageView<'_>, _: &Resolver<'_>) -> Result<Self, ParseError> {
        Err(ParseError::OtherType { expected: 0, got: message.message_type })
    }
}
