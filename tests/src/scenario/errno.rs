//! The names of the kernel's errors (asm-generic/errno-base.h, asm-generic/errno.h).

/// Name and number of the errors that a kernel may answer with.
pub(crate) const ERRNOS: [(&str, i32); 30] = [
    ("EPERM", 1),
    ("ENOENT", 2),
    ("ESRCH", 3),
    ("EINTR", 4),
    ("EIO", 5),
    ("ENXIO", 6),
    ("E2BIG", 7),
    ("EAGAIN", 11),
    ("ENOMEM", 12),
    ("EACCES", 13),
    ("EFAULT", 14),
    ("EBUSY", 16),
    ("EEXIST", 17),
    ("EXDEV", 18),
    ("ENODEV", 19),
    ("EINVAL", 22),
    ("ENFILE", 23),
    ("ENOSPC", 28),
    ("ERANGE", 34),
    ("ENOSYS", 38),
    ("EMSGSIZE", 90),
    ("EOPNOTSUPP", 95),
    ("EAFNOSUPPORT", 97),
    ("EADDRINUSE", 98),
    ("EADDRNOTAVAIL", 99),
    ("ENETDOWN", 100),
    ("ENETUNREACH", 101),
    ("ENOBUFS", 105),
    ("ETIMEDOUT", 110),
    ("EHOSTUNREACH", 113),
];

/// The number of the error with that name (or number, written out).
#[must_use]
pub(crate) fn number(name: &str) -> Option<i32> {
    ERRNOS
        .iter()
        .find(|(known, _)| known.eq_ignore_ascii_case(name))
        .map(|(_, number)| *number)
        .or_else(|| name.parse().ok().filter(|number| (1..=4095).contains(number)))
}
