//! The file of routes, or standard input. Knows nothing of what stands in it.

use std::fs::File;
use std::io::{self, BufRead, BufReader};
use std::path::Path;

/// What is read at a time, in bytes.
const BUFFER_LEN: usize = 64 << 10;

/// Something to read routes from.
pub(crate) struct Input {
    /// What errors call it.
    pub(crate) name: String,
    /// Its contents.
    pub(crate) contents: Box<dyn BufRead>,
}

/// A file that can't be opened.
#[derive(Debug, thiserror::Error)]
pub(crate) enum OpenError {
    /// It is not there, or not for this user.
    #[error("{name}: {source}")]
    Unreadable {
        /// The file.
        name: String,
        /// Why.
        source: io::Error,
    },
    /// It is a directory.
    #[error("{name} is a directory; --routes wants a file")]
    Directory {
        /// The directory.
        name: String,
    },
}

impl Input {
    /// Opens a file, or standard input for `-`.
    pub(crate) fn open(path: &Path) -> Result<Input, OpenError> {
        if path.as_os_str() == "-" {
            let contents = Box::new(BufReader::with_capacity(BUFFER_LEN, io::stdin()));
            return Ok(Input { name: "standard input".to_owned(), contents });
        }
        let name = path.display().to_string();
        let unreadable = |source| OpenError::Unreadable { name: name.clone(), source };
        let file = File::open(path).map_err(unreadable)?;
        if file.metadata().map_err(unreadable)?.is_dir() {
            return Err(OpenError::Directory { name });
        }
        Ok(Input { name, contents: Box::new(BufReader::with_capacity(BUFFER_LEN, file)) })
    }
}
