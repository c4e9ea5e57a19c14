//! A user and network namespace of the program's own, so that it can write to a real kernel and touch nothing
//! that belongs to anybody else.
//!
//! Knows nothing of KSync. The namespace ends with the program, and what is in it goes too.

use std::fmt;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use nix::errno::Errno;
use nix::sched::{CloneFlags, unshare};
use nix::unistd::{getegid, geteuid};

/// What the program got.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Namespace {
    /// A user namespace, and a network namespace that belongs to it.
    UserAndNetwork,
    /// A network namespace only: user namespaces are forbidden here, and the program has the right to do
    /// without one.
    Network,
}

impl fmt::Display for Namespace {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(match self {
            Namespace::UserAndNetwork => "a user and network namespace",
            Namespace::Network => "a network namespace",
        })
    }
}

/// Why there is no namespace.
#[derive(Debug, thiserror::Error)]
pub enum NamespaceError {
    /// The system does not let this program make one.
    #[error("unshare: {errno:?} ({text})", text = errno.desc())]
    Forbidden {
        /// What the system call says.
        errno: Errno,
    },
    /// The user namespace was made, and then it was not given any user.
    #[error("{path}: {source}", path = path.display())]
    NotMapped {
        /// The file that says who is who.
        path: PathBuf,
        /// Why it could not be written.
        source: io::Error,
    },
    /// The namespace is there, and this program may not configure it.
    #[error("the right to configure the network (CAP_NET_ADMIN) is withheld in the new namespace")]
    NoRight,
}

/// Moves this program into a namespace of its own.
///
/// Only the calling thread is moved, and the kernel refuses a user namespace to a program with several
/// threads: call it at the very start of `main`. Threads that are started afterwards are inside.
///
/// # Errors
/// [`NamespaceError`]. The program must then not write to the kernel: it may be where it was before.
pub fn enter() -> Result<Namespace, NamespaceError> {
    let (user, group) = (geteuid(), getegid());
    let namespace = match unshare(CloneFlags::CLONE_NEWUSER | CloneFlags::CLONE_NEWNET) {
        Ok(()) => {
            // An ordinary user may map a group only once nobody inside can drop groups any more.
            write("/proc/self/setgroups", "deny")?;
            write("/proc/self/uid_map", &format!("0 {user} 1"))?;
            write("/proc/self/gid_map", &format!("0 {group} 1"))?;
            Namespace::UserAndNetwork
        }
        Err(errno) => {
            unshare(CloneFlags::CLONE_NEWNET).map_err(|_| NamespaceError::Forbidden { errno })?;
            Namespace::Network
        }
    };
    if may_configure_the_network() { Ok(namespace) } else { Err(NamespaceError::NoRight) }
}

fn write(path: &str, text: &str) -> Result<(), NamespaceError> {
    let path = Path::new(path);
    fs::write(path, text).map_err(|source| NamespaceError::NotMapped { path: path.to_owned(), source })
}

/// Whether `CAP_NET_ADMIN` is in effect. Where that can't be read, the kernel will tell at the first write.
fn may_configure_the_network() -> bool {
    const CAP_NET_ADMIN: u64 = 1 << 12;
    let effective = fs::read_to_string("/proc/self/status").ok().and_then(|status| {
        let line = status.lines().find_map(|line| line.strip_prefix("CapEff:"))?;
        u64::from_str_radix(line.trim(), 16).ok()
    });
    effective.is_none_or(|effective| effective & CAP_NET_ADMIN != 0)
}
