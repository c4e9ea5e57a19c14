//! Labels by which a source address is chosen (RFC 6724): `ip addrlabel`.

use ksync_runtime::prelude::*;

use crate::Link;

/// A label of IPv6 addresses: source and destination with the same one go well together.
///
/// ```text
/// ip addrlabel add prefix 2001:db8::/32 label 99
/// ip addrlabel add prefix 2001:db8::/32 dev eth0 label 98
/// ```
///
/// A label for one link alone goes before the link does; if somebody else removes the link, the kernel keeps the label
/// under the number that the link had.
///
/// ```
/// use ksync_objects::AddressLabel;
/// use ksync_runtime::prelude::*;
///
/// assert!(AddressLabel::new("2001:db8::/32".parse()?, 99).check().is_ok());
/// assert!(AddressLabel::new("2001:db8::1/32".parse()?, 99).check().is_err());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, KSyncEntry)]
#[ksync(
    protocol = route,
    header = AddressLabelHeader,
    add = RTM_NEWADDRLABEL, delete = RTM_DELADDRLABEL, get = RTM_GETADDRLABEL,
    fill(ifal_family = AF_INET6, on(add, change, delete, get)),
)]
pub struct AddressLabel {
    /// The addresses; no host bits. `prefix`
    #[ksync(key, nla = IFAL_ADDRESS, prefix_len = ifal_prefixlen, check = is_prefix)]
    pub prefix: Ipv6Net,
    /// The link that it holds for, if not for all. `dev`
    #[depends_on]
    #[ksync(key, header = ifal_index, survives)]
    pub link: Option<Ref<Link>>,
    /// The label, not 2^32 - 1. `label`
    #[ksync(nla = IFAL_LABEL, on(add, change, delete), check = is_label)]
    pub label: u32,
}

impl AddressLabel {
    /// A label for the addresses of a prefix, whatever link they are on.
    #[must_use]
    pub fn new(prefix: Ipv6Net, label: u32) -> Self {
        AddressLabel { prefix, link: None, label }
    }
}

fn is_prefix(prefix: &Ipv6Net) -> Result<(), String> {
    if prefix.addr() != prefix.network() {
        return Err(format!("{prefix} has host bits set; the prefix is {}", prefix.trunc()));
    }
    if prefix.prefix_len() > 96 && prefix.addr().to_ipv4_mapped().is_some() {
        return Err(format!(
            "{prefix} is a part of the IPv4 addresses: they have one label, that of ::ffff:0:0/96"
        ));
    }
    Ok(())
}

fn is_label(label: &u32) -> Result<(), String> {
    if *label == u32::MAX {
        return Err(format!("{label} stands for no label"));
    }
    Ok(())
}
