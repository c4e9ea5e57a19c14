//! The link below another one, as `IFLA_LINK` and the tunnels' own attributes carry it.
//!
//! A field of its own and no `Option<Ref<Link>>`, because the kernel reports more there than anybody asked for:
//! the other end of a veth pair, a link of another namespace, and 0 for none.

use ksync_runtime::declare::{Context, Links, References, Resolver};
use ksync_runtime::prelude::*;
use ksync_runtime::wire::{AttributeField, AttributeList, Attributes, ParseError};

use super::Link;

/// The link that another one stands on, or none that is asked for.
///
/// ```
/// use ksync_objects::Lower;
///
/// assert_eq!(Lower::from("eth0").link().map(|link| link.key().as_str()), Some("eth0"));
/// assert_eq!(Lower::default().link(), None);
/// ```
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Lower(Option<Ref<Link>>);

impl Lower {
    /// The link, if one is asked for.
    #[must_use]
    pub fn link(&self) -> Option<&Ref<Link>> {
        self.0.as_ref()
    }
}

impl From<&str> for Lower {
    fn from(name: &str) -> Self {
        Lower(Some(Ref::to(name)))
    }
}

impl From<Ref<Link>> for Lower {
    fn from(link: Ref<Link>) -> Self {
        Lower(Some(link))
    }
}

impl AttributeField for Lower {
    fn emit(&self, nla: u16, attributes: &mut Attributes<'_>, context: &Context<'_>) {
        self.0.emit(nla, attributes, context);
    }

    fn parse(nla: u16, attributes: &AttributeList<'_>, resolver: &Resolver<'_>) -> Result<Self, ParseError> {
        // The number of a link in another namespace says nothing here.
        if attributes.get(nla).is_none() || (nla == IFLA_LINK && attributes.get(IFLA_LINK_NETNSID).is_some())
        {
            return Ok(Lower(None));
        }
        let index = <u32 as AttributeField>::parse(nla, attributes, resolver)?;
        Ok(Lower(resolver.reference(index).ok()))
    }

    fn references<L: Links>(&mut self, references: &mut References<'_, L>) {
        if let Some(link) = &mut self.0 {
            references.required(link);
        }
    }

    fn met_by(&self, observed: &Self) -> bool {
        self.0.is_none() || self == observed
    }

    fn needs_recreation(&self, desired: &Self, _: bool) -> bool {
        self != desired
    }
}
