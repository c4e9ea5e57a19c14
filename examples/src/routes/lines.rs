//! Lines out of a stream of bytes, one at a time and never more than one in memory.
//!
//! Knows nothing of what stands in them. A line of a million bytes costs no more memory than a short one.

use std::io::{self, BufRead};

/// The longest line that is looked at, in bytes. A route needs 84; the rest is room for a comment.
pub const MAX_LINE_LEN: usize = 4096;

/// What Windows editors put in front of UTF-8 text.
const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

/// Reads lines.
#[derive(Debug)]
pub struct Lines<R> {
    input: R,
    line: Vec<u8>,
    number: u64,
}

/// A line and its number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Line<'a> {
    /// Counted from 1.
    pub number: u64,
    /// Its bytes without the line feed; `None` if there are more than [`MAX_LINE_LEN`].
    pub bytes: Option<&'a [u8]>,
}

impl<R: BufRead> Lines<R> {
    /// The lines of `input`.
    pub fn new(input: R) -> Self {
        Lines { input, line: Vec::new(), number: 0 }
    }

    /// How many lines were begun so far.
    #[must_use]
    pub fn number(&self) -> u64 {
        self.number
    }

    /// The next line; the last one may lack its line feed. `None` at the end.
    ///
    /// # Errors
    /// Those of the input.
    pub fn read(&mut self) -> io::Result<Option<Line<'_>>> {
        self.line.clear();
        let mut any = false;
        let mut too_long = false;
        loop {
            let piece = match self.input.fill_buf() {
                Ok(piece) => piece,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => return Err(error),
            };
            if piece.is_empty() {
                break;
            }
            if !any {
                any = true;
                self.number += 1;
            }
            let end = piece.iter().position(|byte| *byte == b'\n');
            let content = &piece[..end.unwrap_or(piece.len())];
            too_long |= self.line.len() + content.len() > MAX_LINE_LEN;
            if !too_long {
                self.line.extend_from_slice(content);
            }
            let used = content.len() + usize::from(end.is_some());
            self.input.consume(used);
            if end.is_some() {
                break;
            }
        }
        if !any {
            return Ok(None);
        }
        let mut bytes = self.line.as_slice();
        if self.number == 1 {
            bytes = bytes.strip_prefix(BYTE_ORDER_MARK).unwrap_or(bytes);
        }
        Ok(Some(Line { number: self.number, bytes: Some(bytes).filter(|_| !too_long) }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(input: &[u8]) -> Vec<Option<Vec<u8>>> {
        // A small buffer, so that lines lie across its borders.
        let mut lines = Lines::new(io::BufReader::with_capacity(3, input));
        let mut all = Vec::new();
        while let Some(line) = lines.read().expect("memory is always readable") {
            assert_eq!(line.number, all.len() as u64 + 1);
            all.push(line.bytes.map(<[u8]>::to_vec));
        }
        all
    }

    fn texts(input: &[u8]) -> Vec<String> {
        let text = |bytes: Option<Vec<u8>>| String::from_utf8(bytes.expect("short")).expect("text");
        all(input).into_iter().map(text).collect()
    }

    #[test]
    fn lines_are_cut_at_line_feeds_and_the_last_may_lack_one() {
        assert_eq!(texts(b"one\n\nthree\n"), ["one", "", "three"]);
        assert_eq!(texts(b"one\nunfinished"), ["one", "unfinished"]);
        assert_eq!(texts(b""), [""; 0]);
        assert_eq!(texts(b"\n"), [""]);
    }

    #[test]
    fn a_byte_order_mark_is_dropped_from_the_first_line_only() {
        assert_eq!(texts(b"\xef\xbb\xbfone\n\xef\xbb\xbftwo"), ["one", "\u{feff}two"]);
    }

    #[test]
    fn a_line_that_is_too_long_is_skipped_and_the_next_one_read() {
        let mut input = vec![b'x'; MAX_LINE_LEN + 1];
        input.extend_from_slice(b"\nnext\n");
        assert_eq!(all(&input), [None, Some(b"next".to_vec())]);
        assert_eq!(all(&[b'x'; MAX_LINE_LEN]).len(), 1);
        assert!(all(&[b'x'; MAX_LINE_LEN])[0].is_some());
    }
}
