//! Seeds of the fuzz targets as text: `tests/fuzz/seeds/TARGET.hex` has a line of hexadecimal digits for each message
//! of a dump, and behind `#` the command that made the object.
//!
//! Knows files and digits, nothing of messages.

use std::fmt::Write;
use std::path::{Path, PathBuf};
use std::{fs, io};

/// Where the seeds of this repository are.
#[must_use]
pub fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/seeds")
}

/// The file of a target.
#[must_use]
pub fn file(folder: &Path, target: &str) -> PathBuf {
    folder.join(target).with_extension("hex")
}

/// The seeds of a target; none if there is no file.
///
/// # Errors
/// When the file can't be read, or holds something else.
pub fn of(folder: &Path, target: &str) -> io::Result<Vec<Vec<u8>>> {
    let file = file(folder, target);
    let text = match fs::read_to_string(&file) {
        Ok(text) => text,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(error),
    };
    let wrong = |reason| {
        let text = format!("{}: {reason}", file.display());
        io::Error::new(io::ErrorKind::InvalidData, text)
    };
    from_text(&text).map_err(wrong)
}

fn from_text(text: &str) -> Result<Vec<Vec<u8>>, String> {
    let lines = text.lines().enumerate().filter(|(_, line)| !line.is_empty() && !line.starts_with('#'));
    lines
        .map(|(at, line)| bytes(line).ok_or_else(|| format!("line {}: no pairs of digits", at + 1)))
        .collect()
}

fn bytes(line: &str) -> Option<Vec<u8>> {
    let (pairs, rest) = line.as_bytes().as_chunks::<2>();
    let digit = |digit: u8| char::from(digit).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
    let byte = |[high, low]: &[u8; 2]| Some(digit(*high)? << 4 | digit(*low)?);
    if rest.is_empty() { pairs.iter().map(byte).collect() } else { None }
}

/// One seed as a line.
#[must_use]
pub fn line(seed: &[u8]) -> String {
    let mut line = String::with_capacity(2 * seed.len());
    for byte in seed {
        // Writing to a string does not fail.
        let _ = write!(line, "{byte:02x}");
    }
    line
}

/// Writes every seed of `targets` into a file of its own, as libFuzzer takes them: `FOLDER/TARGET/NUMBER`. Returns how
/// many.
///
/// # Errors
/// When a seed can't be read or written.
pub fn unpack<'a>(from: &Path, targets: impl IntoIterator<Item = &'a str>, into: &Path) -> io::Result<usize> {
    let mut count = 0;
    for target in targets {
        let folder = into.join(target);
        fs::create_dir_all(&folder)?;
        for (number, seed) in of(from, target)?.iter().enumerate() {
            fs::write(folder.join(format!("seed-{number}")), seed)?;
            count += 1;
        }
    }
    Ok(count)
}

#[cfg(test)]
mod tests {
    use super::{from_text, line};

    #[test]
    fn what_is_written_as_text_is_read_back() {
        let seed: Vec<u8> = (0..=255).collect();
        let text = format!("# all bytes\n\n{}\n{}\n", line(&seed), line(&[]));
        assert_eq!(from_text(&text), Ok(vec![seed]));
        for wrong in ["0", "0g", "00 11", "0x00"] {
            assert!(from_text(wrong).is_err(), "{wrong}");
        }
    }
}
