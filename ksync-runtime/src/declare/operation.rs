//! The operations that a kind has towards the kernel, and what becomes of them.

use std::borrow::Cow;
use std::fmt;

use nix::errno::Errno;

/// What is asked of the kernel.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum Verb {
    /// Create the object.
    Add = 1,
    /// Change it in place.
    Change,
    /// Remove it.
    Delete,
}

impl fmt::Display for Verb {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.pad(match self {
            Verb::Add => "add",
            Verb::Change => "change",
            Verb::Delete => "delete",
        })
    }
}

/// How far an operation came by the time its serializer returned.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Progress {
    /// A message was written; the kernel's answer will follow.
    Pending,
    /// All is done: the work was done on the spot, or there was nothing to write. The original's
    /// "returned true".
    Complete,
    /// All is done, and the object stays in the kernel, because it is not ours to delete. Only of a delete.
    Kept,
}

/// Why an operation failed: what the kernel said, or what kept the message from being written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OperationError {
    /// The kernel's error number (errno.h), positive; 0 if the kernel was never asked.
    pub errno: i32,
    /// The kernel's own text (extended acknowledgement), or ours.
    pub text: Cow<'static, str>,
    /// The field that is at fault, where that is known.
    pub field: Option<&'static str>,
}

impl OperationError {
    /// A failure on our side of the fence: the kernel was never asked.
    pub fn local(field: Option<&'static str>, text: impl Into<Cow<'static, str>>) -> Self {
        OperationError { errno: 0, text: text.into(), field }
    }

    /// A failure that the kernel reported.
    #[must_use]
    pub fn kernel(errno: i32, text: Option<String>, field: Option<&'static str>) -> Self {
        OperationError { errno, text: text.unwrap_or_default().into(), field }
    }
}

impl std::error::Error for OperationError {}

impl fmt::Display for OperationError {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.errno != 0 {
            let errno = Errno::from_raw(self.errno);
            match errno {
                Errno::UnknownErrno => write!(out, "error {}", self.errno)?,
                known => write!(out, "{known:?} ({})", known.desc())?,
            }
            if !self.text.is_empty() {
                write!(out, ": {}", self.text)?;
            }
        } else {
            out.write_str(&self.text)?;
        }
        if let Some(field) = self.field {
            write!(out, " [field {field}]")?;
        }
        Ok(())
    }
}

/// What an error of the kernel means for the entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ErrorClass {
    /// An add found the object there already. It may be somebody else's, so it is reported and left alone.
    AlreadyThere,
    /// What a delete or a change is about is not in the kernel any more.
    Gone,
    /// Something that the object needs is not there (yet): blocked, not broken. Tried again later.
    Blocked,
    /// Busy, or out of memory: tried again with a growing back-off.
    Busy,
    /// The kernel can't change this in place: delete and add.
    Immutable,
    /// Refused for good: waits until the entry, or something it depends on, changes.
    Refused,
}

impl ErrorClass {
    /// The class that an errno has unless the kind says otherwise.
    ///
    /// ```
    /// use ksync_runtime::declare::{ErrorClass, Verb};
    ///
    /// const ENOENT: i32 = 2;
    /// assert_eq!(ErrorClass::of(Verb::Delete, ENOENT), ErrorClass::Gone);
    /// ```
    #[must_use]
    pub fn of(verb: Verb, errno: i32) -> ErrorClass {
        match (verb, Errno::from_raw(errno)) {
            (_, Errno::EBUSY | Errno::EAGAIN | Errno::ENOBUFS | Errno::ENOMEM | Errno::EINTR) => {
                ErrorClass::Busy
            }
            (Verb::Add, Errno::EEXIST) => ErrorClass::AlreadyThere,
            // EPFNOSUPPORT: the whole netlink family is not there, nor anything of it.
            (
                Verb::Delete,
                Errno::ENOENT | Errno::ESRCH | Errno::ENODEV | Errno::EADDRNOTAVAIL | Errno::EPFNOSUPPORT,
            ) => ErrorClass::Gone,
            (Verb::Change, Errno::ENOENT | Errno::ESRCH) => ErrorClass::Gone,
            (
                Verb::Add | Verb::Change,
                Errno::ENODEV
                | Errno::ENETDOWN
                | Errno::ENETUNREACH
                | Errno::EHOSTUNREACH
                | Errno::EPFNOSUPPORT,
            ) => ErrorClass::Blocked,
            _ => ErrorClass::Refused,
        }
    }

    /// What the engine does about it, in words.
    #[must_use]
    pub fn consequence(self) -> &'static str {
        match self {
            ErrorClass::AlreadyThere => {
                "left alone, it may belong to somebody else; tried again when the entry changes"
            }
            ErrorClass::Gone => "counts as removed",
            ErrorClass::Blocked => "tried again later, or as soon as what it depends on changes",
            ErrorClass::Busy => "tried again after a back-off",
            ErrorClass::Immutable => "deleted and added again",
            ErrorClass::Refused => "tried again when the entry, or what it depends on, changes",
        }
    }
}
