//! Kernel parameters of the network: `sysctl`.
//!
//! A kind written by hand, whose work is done on the spot: no message goes anywhere, a file is written, and the
//! operation is complete when its serializer returns. It knows files and nothing of netlink.

use std::fmt;
use std::fs::OpenOptions;
use std::hash::{Hash, Hasher};
use std::io::{self, Read, Write};
use std::sync::{Arc, Mutex, PoisonError};

use ksync_runtime::declare::{Context, OperationError, Resolver};
use ksync_runtime::declare::{
    DependsOn, Difference, Dumped, ErrorClass, FieldSchema, IndexSource, Invalid, Links, Progress, Protocol,
    References, ResolvedOn, Schema, Verb,
};
use ksync_runtime::prelude::*;
use ksync_runtime::wire::{MessageView, ParseError, Request};

use crate::Link;

/// A parameter of the network stack: a file below `/proc/sys/net`.
///
/// ```text
/// sysctl -w net.ipv4.ip_forward=1
/// sysctl -w net.ipv4.conf.eth0.rp_filter=2          # waits for the link eth0
/// sysctl -w net.ipv4.conf.eth0/100.rp_filter=2      # ... for eth0.100
/// ```
///
/// **Removal puts back what was there** when the value was first written. The entry remembers that as long as it
/// lives, through changes and failures; when its link was lost and comes back, what the new link has is what
/// counts. What an agent that is gone had written stays: nobody remembers what was before.
///
/// **Links.** A parameter of one interface waits for the [`Link`] of that name, and is written again when the
/// link was made anew. `all`, `default` and `lo` are always there and are not waited for.
///
/// **The network namespace** is that of the agent's thread, which is that of the thread which called
/// [`start`](ksync_runtime::agent::AgentBuilder::start). A netlink connection stays in the namespace in which it
/// was opened: open it where you start the agent, or links are made in one namespace and parameters in another.
///
/// **Parameters that write others.** `net.ipv4.ip_forward` (the same as `net.ipv4.conf.all.forwarding`) and
/// `net.ipv6.conf.all.*` overwrite the parameter of that name of every interface. Nothing here knows that:
/// declare one or the other.
///
/// Errors carry the file's name. A file that is missing is waited for, as its link or its module may come; a
/// value that the kernel does not take, and a file that can't be read (there would be nothing to put back), are
/// refused. If the kernel does not take back what it showed, the removal fails and says so.
///
/// ```
/// use ksync_objects::Sysctl;
/// use ksync_runtime::prelude::*;
///
/// let forward = Sysctl::new("net.ipv4.ip_forward", 1);
/// assert_eq!(forward.key(), "net/ipv4/ip_forward".into());
///
/// let ports = Sysctl::new("net.ipv4.ip_local_port_range", "32768 60999");
/// assert!(ports.check().is_ok());
/// assert!(Sysctl::new("kernel.hostname", "here").check().is_err());
/// ```
#[derive(Clone)]
pub struct Sysctl {
    name: SysctlName,
    value: String,
    /// The interface that the name names.
    link: Option<Ref<Link>>,
    original: Original,
}

impl Sysctl {
    /// The parameter with that name is to hold that value. Values of several parts are parted by white space.
    #[must_use]
    pub fn new(name: impl Into<SysctlName>, value: impl ToString) -> Self {
        let name = name.into();
        let link = name.interface().map(Ref::to);
        Sysctl { name, value: value.to_string(), link, original: Original::default() }
    }

    /// Its name.
    #[must_use]
    pub fn name(&self) -> &SysctlName {
        &self.name
    }

    /// The value, as it was declared.
    #[must_use]
    pub fn value(&self) -> &str {
        &self.value
    }

    /// Writes the value, and hands back what was there before.
    fn write(&self) -> Result<Vec<u8>, OperationError> {
        let file = File { name: &self.name };
        let before = file.read()?;
        let value = self.value.trim_ascii();
        let taken = file.write(value.as_bytes())?;
        if taken < value.len() {
            // It holds a part of what was asked for: better what was there.
            file.write(&before)?;
            let rest = value.get(taken..).unwrap_or_default();
            let text = format!("{} does not take {value:?}: {rest:?} is too much", self.name.file());
            return Err(OperationError::local(Some("value"), text));
        }
        Ok(before)
    }

    /// The kernel parts with tabs what was written with blanks, and ends with a newline.
    fn parts(&self) -> impl Iterator<Item = &str> {
        self.value.split_ascii_whitespace()
    }
}

/// The link follows from the name, and what was there before is no part of what is asked for.
impl PartialEq for Sysctl {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name && self.parts().eq(other.parts())
    }
}

impl fmt::Debug for Sysctl {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Sysctl")
            .field("name", &self.name)
            .field("value", &self.value)
            .field("original", &self.original.get())
            .finish_non_exhaustive()
    }
}

/// The name of a parameter, as `sysctl` takes it: `net.ipv4.ip_forward` or `net/ipv4/ip_forward`.
///
/// The separator that comes first parts the name; the other one stands for a dot inside of a part. So the
/// interface `eth0.100` is `eth0/100` in the first spelling, and itself in the second.
///
/// ```
/// use ksync_objects::SysctlName;
///
/// let name = SysctlName::from("net.ipv4.conf.eth0/100.forwarding");
/// assert_eq!(name, "net/ipv4/conf/eth0.100/forwarding".into());
/// assert_eq!(name.to_string(), "net.ipv4.conf.eth0/100.forwarding");
/// assert_eq!(name.interface(), Some("eth0.100"));
/// ```
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct SysctlName {
    /// Below `/proc/sys`.
    path: String,
}

impl SysctlName {
    /// The file that holds the parameter.
    #[must_use]
    pub fn file(&self) -> String {
        format!("/proc/sys/{}", self.path)
    }

    /// The interface whose parameter it is, if it is one's own, and one that may come and go.
    #[must_use]
    pub fn interface(&self) -> Option<&str> {
        let mut parts = self.path.split('/');
        match (parts.next()?, parts.next()?, parts.next()?, parts.next()?, parts.next()?) {
            ("net", "ipv4" | "ipv6" | "mpls", "conf" | "neigh", interface, _) => {
                Some(interface).filter(|interface| !matches!(*interface, "all" | "default" | "lo"))
            }
            _ => None,
        }
    }

    fn check(&self) -> Result<(), String> {
        let mut parts = self.path.split('/');
        if parts.next() != Some("net") {
            return Err(format!("{self} is not below net."));
        }
        let mut len = 0;
        for part in parts {
            len += 1;
            if matches!(part, "" | "." | "..") || part.contains('\0') {
                return Err(format!("{part:?} can't be a part of a name"));
            }
        }
        if len == 0 {
            return Err(format!("{self} names no parameter"));
        }
        Ok(())
    }
}

impl From<&str> for SysctlName {
    fn from(text: &str) -> Self {
        SysctlName::from(text.to_owned())
    }
}

impl From<String> for SysctlName {
    fn from(text: String) -> Self {
        let dotted = text.find(['.', '/']).is_some_and(|at| text[at..].starts_with('.'));
        SysctlName { path: if dotted { swapped(&text) } else { text } }
    }
}

impl fmt::Display for SysctlName {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&swapped(&self.path))
    }
}

impl fmt::Debug for SysctlName {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, out)
    }
}

/// Dots for slashes, and slashes for dots.
fn swapped(text: &str) -> String {
    let swap = |letter| match letter {
        '.' => '/',
        '/' => '.',
        other => other,
    };
    text.chars().map(swap).collect()
}

/// What the file held before this entry wrote to it: one memory for all values that the entry takes on, and none
/// for copies that somebody else makes of them.
#[derive(Default)]
struct Original(Arc<Mutex<Option<Vec<u8>>>>);

impl Original {
    fn get(&self) -> Option<String> {
        self.with(|kept| kept.as_ref().map(|text| String::from_utf8_lossy(text).trim_end().to_owned()))
    }

    fn with<R>(&self, look: impl FnOnce(&mut Option<Vec<u8>>) -> R) -> R {
        look(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Clone for Original {
    fn clone(&self) -> Self {
        Original::default()
    }
}

impl KSyncEntry for Sysctl {
    type Key = SysctlName;

    const SCHEMA: &'static Schema = &Schema {
        name: "Sysctl",
        protocol: Protocol::Route,
        header_len: 0,
        inside: &[],
        add: 0,
        change: 0,
        delete: 0,
        get: None,
        dumped: Dumped::OnTheSpot,
        self_dependent: false,
        index: IndexSource::None,
        flushes_dependents: false,
        early: false,
        resolved_on: ResolvedOn::Accepted,
        compress: true,
        fields: &[
            FieldSchema { name: "name", nla: None, header: None, key: true, immutable: false },
            FieldSchema { name: "value", nla: None, header: None, key: false, immutable: false },
        ],
        depends_on: &[DependsOn::on::<Link>()],
    };

    fn key(&self) -> SysctlName {
        self.name.clone()
    }

    fn has_key(&self, key: &SysctlName) -> bool {
        self.name == *key
    }

    fn hash_key<H: Hasher>(&self, state: &mut H) {
        self.name.hash(state);
    }

    fn describe_key(key: &SysctlName, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(key, out)
    }

    fn check(&self) -> Result<(), Invalid> {
        self.name.check().map_err(|reason| Invalid { field: "name", reason })?;
        let reason = match self.value.trim_ascii() {
            "" => "is empty, and the kernel takes that for nothing to do",
            value if value.contains(['\n', '\0']) => {
                "holds a newline or NUL, and the kernel stops reading there"
            }
            _ => return Ok(()),
        };
        Err(Invalid { field: "value", reason: format!("{:?} {reason}", self.value) })
    }

    fn references<L: Links>(&mut self, references: &mut References<'_, L>) {
        if let Some(link) = &mut self.link {
            references.required(link);
        }
    }

    fn inherit(&mut self, previous: &Self) {
        self.original = Original(previous.original.0.clone());
    }

    fn compare(&self, desired: &Self) -> Difference {
        if self == desired { Difference::Same } else { Difference::Change }
    }

    fn unmet(&self, observed: &Self) -> Option<&'static str> {
        (self != observed).then_some("value")
    }

    fn add_msg(&self, context: &Context<'_>, _: Request<'_>) -> Result<Progress, OperationError> {
        let before = self.write()?;
        self.original.with(|kept| {
            // If an earlier try may have been carried out, what was read may be what that one wrote.
            if !context.again() || kept.is_none() {
                *kept = Some(before);
            }
        });
        Ok(Progress::Complete)
    }

    fn change_msg(
        &self,
        _: Option<&Self>,
        _: &Context<'_>,
        _: Request<'_>,
    ) -> Result<Progress, OperationError> {
        self.write()?;
        Ok(Progress::Complete)
    }

    fn delete_msg(&self, _: &Context<'_>, _: Request<'_>) -> Result<Progress, OperationError> {
        let Some(before) = self.original.with(|kept| kept.clone()) else {
            // Never written.
            return Ok(Progress::Complete);
        };
        let file = File { name: &self.name };
        file.write(&before)?;
        self.original.with(|kept| *kept = None);
        Ok(Progress::Complete)
    }

    fn look(&self) -> Result<Option<Self>, OperationError> {
        match (File { name: &self.name }).read() {
            Ok(text) => Ok(Some(Sysctl::new(self.name.clone(), String::from_utf8_lossy(&text).trim_ascii()))),
            Err(missing) if missing.errno == ENOENT => Ok(None),
            Err(error) => Err(error),
        }
    }

    fn parse(message: &MessageView<'_>, _: &Resolver<'_>) -> Result<Self, ParseError> {
        Err(ParseError::OtherType { expected: 0, got: message.message_type })
    }

    fn classify(verb: Verb, error: &OperationError) -> ErrorClass {
        match (verb, error.errno) {
            // The link may come, or the module.
            (Verb::Add, ENOENT) => ErrorClass::Blocked,
            _ => ErrorClass::of(verb, error.errno),
        }
    }
}

/// Doing it. Every error names the file.
struct File<'a> {
    name: &'a SysctlName,
}

impl File<'_> {
    fn open(&self, options: &OpenOptions) -> Result<std::fs::File, OperationError> {
        options.open(self.name.file()).map_err(|error| self.failed("name", "can't be opened", &error))
    }

    fn read(&self) -> Result<Vec<u8>, OperationError> {
        let mut text = Vec::new();
        self.open(OpenOptions::new().read(true))?.read_to_end(&mut text).map_err(|error| {
            self.failed("name", "can't be read, so that it could not be put back", &error)
        })?;
        Ok(text)
    }

    /// The kernel takes a value by one write from the start of the file, and tells how much of it it took.
    fn write(&self, value: &[u8]) -> Result<usize, OperationError> {
        self.open(OpenOptions::new().write(true))?.write(value).map_err(|error| {
            let what = format!("does not take {:?}", String::from_utf8_lossy(value).trim_end());
            match self.failed("value", &what, &error) {
                // The file is there; what the value names is not.
                missing if missing.errno == ENOENT => {
                    OperationError::local(missing.field, format!("{}: {error}", missing.text))
                }
                refused => refused,
            }
        })
    }

    fn failed(&self, field: &'static str, what: &str, error: &io::Error) -> OperationError {
        let text = format!("{} {what}", self.name.file());
        match error.raw_os_error() {
            Some(errno) => OperationError::kernel(errno, Some(text), Some(field)),
            None => OperationError::local(Some(field), format!("{text}: {error}")),
        }
    }
}

/// errno.h
const ENOENT: i32 = 2;
