//! A line of a script as words. It knows no command.

use std::fmt;

/// One word of a line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Token {
    /// A bare word: a command, a name, a number.
    Word(String),
    /// Text between quotes: never a command.
    Quoted(String),
    /// `,`
    Comma,
    /// `->`
    Arrow,
    /// `:` behind a word.
    Colon,
    /// `=`
    Equals,
}

impl fmt::Display for Token {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Token::Word(word) => out.write_str(word),
            Token::Quoted(text) => write!(out, "{text:?}"),
            Token::Comma => out.write_str(","),
            Token::Arrow => out.write_str("->"),
            Token::Colon => out.write_str(":"),
            Token::Equals => out.write_str("="),
        }
    }
}

/// Cuts a line into words. A comment (`#` at the start or behind a space) ends it.
///
/// # Errors
/// What can't be read.
pub(crate) fn split(line: &str) -> Result<Vec<Token>, String> {
    let mut tokens = Vec::new();
    let mut word = String::new();
    let mut rest = line.chars().peekable();
    while let Some(next) = rest.next() {
        match next {
            '#' if word.is_empty() => break,
            '"' => {
                end_word(&mut word, &mut tokens);
                let mut text = String::new();
                loop {
                    match rest.next() {
                        Some('"') => break,
                        Some('\\') if rest.peek().is_some_and(|next| matches!(next, '"' | '\\')) => {
                            text.extend(rest.next());
                        }
                        Some(other) => text.push(other),
                        None => return Err("the text in quotes has no end: a `\"` is missing".to_owned()),
                    }
                }
                tokens.push(Token::Quoted(text));
            }
            '-' if word.is_empty() && rest.peek() == Some(&'>') => {
                rest.next();
                tokens.push(Token::Arrow);
            }
            '→' => {
                end_word(&mut word, &mut tokens);
                tokens.push(Token::Arrow);
            }
            ',' => {
                end_word(&mut word, &mut tokens);
                tokens.push(Token::Comma);
            }
            '=' => {
                end_word(&mut word, &mut tokens);
                tokens.push(Token::Equals);
            }
            ':' if !word.is_empty() && rest.peek().is_none_or(|next| next.is_whitespace()) => {
                end_word(&mut word, &mut tokens);
                tokens.push(Token::Colon);
            }
            space if space.is_whitespace() => end_word(&mut word, &mut tokens),
            other => word.push(other),
        }
    }
    end_word(&mut word, &mut tokens);
    Ok(tokens)
}

fn end_word(word: &mut String, tokens: &mut Vec<Token>) {
    if !word.is_empty() {
        tokens.push(Token::Word(std::mem::take(word)));
    }
}

/// The candidate that somebody who wrote `word` may have meant.
#[must_use]
pub(crate) fn nearest<'a>(word: &str, candidates: &[&'a str]) -> Option<&'a str> {
    let word = word.to_lowercase();
    candidates
        .iter()
        .map(|candidate| (distance(&word, &candidate.to_lowercase()), *candidate))
        .filter(|(distance, candidate)| *distance <= 1 + candidate.len().min(word.len()) / 4)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
}

/// How many letters have to be put in, left out or changed.
fn distance(one: &str, other: &str) -> usize {
    let other: Vec<char> = other.chars().collect();
    let mut row: Vec<usize> = (0..=other.len()).collect();
    for (line, letter) in one.chars().enumerate() {
        let mut corner = row[0];
        row[0] = line + 1;
        for (column, theirs) in other.iter().enumerate() {
            let changed = corner + usize::from(letter != *theirs);
            corner = row[column + 1];
            row[column + 1] = changed.min(corner + 1).min(row[column] + 1);
        }
    }
    row[other.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(line: &str) -> Vec<String> {
        split(line).expect("a line that can be read").iter().map(Token::to_string).collect()
    }

    #[test]
    fn a_line_is_cut_into_words() {
        assert_eq!(
            words("set r1 value=5 -> n1,n2 # why"),
            ["set", "r1", "value", "=", "5", "->", "n1", ",", "n2"]
        );
        assert_eq!(words("kind Link: sync"), ["kind", "Link", ":", "sync"]);
        assert_eq!(words(r#"a "b # c" fe80::1"#), ["a", r#""b # c""#, "fe80::1"]);
        assert!(split("why \"no end").is_err());
    }

    #[test]
    fn what_was_meant_is_found() {
        assert_eq!(nearest("expct", &["set", "expect", "remove"]), Some("expect"));
        assert_eq!(nearest("IN_SINC", &["IN_SYNC", "SYNC_WAIT"]), Some("IN_SYNC"));
        assert_eq!(nearest("banana", &["set", "expect"]), None);
    }
}
