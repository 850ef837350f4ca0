//! A place in a path's text.

use super::step::PathError;

/// Reads a text from left to right.
pub(super) struct Cursor<'t> {
    text: &'t str,
    at: usize,
}

impl<'t> Cursor<'t> {
    pub(super) const fn new(text: &'t str) -> Self {
        Self { text, at: 0 }
    }

    /// What is left.
    pub(super) fn rest(&self) -> &'t str {
        self.text.get(self.at..).unwrap_or("")
    }

    pub(super) const fn position(&self) -> usize {
        self.at
    }

    /// The text between an earlier position and here.
    pub(super) fn since(&self, start: usize) -> &'t str {
        self.text.get(start..self.at).unwrap_or("")
    }

    pub(super) fn peek(&self) -> Option<char> {
        self.rest().chars().next()
    }

    pub(super) fn bump(&mut self) -> Option<char> {
        let next = self.peek()?;
        self.at += next.len_utf8();
        Some(next)
    }

    pub(super) fn skip_space(&mut self) {
        self.take_while(char::is_whitespace);
    }

    pub(super) fn take_while(&mut self, accept: impl Fn(char) -> bool) -> &'t str {
        let start = self.at;
        while self.peek().is_some_and(&accept) {
            self.bump();
        }
        self.since(start)
    }

    /// Goes over `token` if it is next.
    pub(super) fn take(&mut self, token: &str) -> bool {
        let taken = self.rest().starts_with(token);
        if taken {
            self.at += token.len();
        }
        taken
    }

    pub(super) fn expect(&mut self, token: &str) -> Result<(), PathError> {
        if self.take(token) { Ok(()) } else { Err(PathError::Invalid) }
    }

    /// A text in single or double quotes, with a backslash before what is meant literally.
    pub(super) fn quoted(&mut self) -> Result<String, PathError> {
        let quote = self.bump().ok_or(PathError::Invalid)?;
        let mut out = String::new();
        loop {
            match self.bump().ok_or(PathError::Invalid)? {
                '\\' => out.push(match self.bump().ok_or(PathError::Invalid)? {
                    'n' => '\n',
                    't' => '\t',
                    'r' => '\r',
                    'u' => self.unicode()?,
                    other => other,
                }),
                next if next == quote => return Ok(out),
                next => out.push(next),
            }
        }
    }

    fn unicode(&mut self) -> Result<char, PathError> {
        let digits = self.rest().get(..4).ok_or(PathError::Invalid)?;
        let code = u32::from_str_radix(digits, 16).map_err(|_| PathError::Invalid)?;
        self.at += 4;
        Ok(char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER))
    }

    /// From an opening bracket to its partner, both included; brackets in quotes do not count.
    pub(super) fn balanced(&mut self) -> Result<&'t str, PathError> {
        let start = self.at;
        let mut open = 0_usize;
        loop {
            match self.peek().ok_or(PathError::Invalid)? {
                '\'' | '"' => {
                    self.quoted()?;
                    continue;
                }
                '(' | '[' | '{' => open += 1,
                ')' | ']' | '}' => open = open.saturating_sub(1),
                _ => {}
            }
            self.bump();
            if open == 0 {
                return Ok(self.since(start));
            }
        }
    }
}
