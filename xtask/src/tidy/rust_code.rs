//! Rust source with everything blanked that is not code. Not a lexer of Rust: just enough of one
//! that a word in a comment or in a string is not taken for the thing it names.

/// The text with comments and the insides of string and character literals turned to spaces; line
/// ends stay, so lines keep their numbers.
pub fn only(text: &str) -> String {
    let mut scan = Scan { rest: text, code: String::with_capacity(text.len()) };
    while !scan.rest.is_empty() {
        scan.step();
    }
    scan.code
}

struct Scan<'a> {
    rest: &'a str,
    code: String,
}

impl Scan<'_> {
    /// Takes one comment, one literal, or one character of code.
    fn step(&mut self) {
        if self.rest.starts_with("//") {
            let end = self.rest.find('\n').unwrap_or(self.rest.len());
            self.blank(end);
        } else if self.rest.starts_with("/*") {
            self.blank(block_comment(self.rest));
        } else if let Some(length) = self.raw_string() {
            self.blank(length);
        } else if self.rest.starts_with('"') {
            self.blank(quoted(self.rest));
        } else if let Some(length) = character(self.rest) {
            self.blank(length);
        } else {
            self.keep();
        }
    }

    /// The length of the raw string that begins here, if one does: `r"…"`, `br#"…"#` and so on.
    fn raw_string(&self) -> Option<usize> {
        if self.code.ends_with(|before: char| before.is_alphanumeric() || before == '_') {
            return None;
        }
        let prefix = ["br", "cr", "r"].into_iter().find(|prefix| self.rest.starts_with(prefix))?;
        let after = self.rest.strip_prefix(prefix)?;
        let hashes = after.len() - after.trim_start_matches('#').len();
        let body = after.get(hashes..)?.strip_prefix('"')?;
        let close = format!("\"{}", "#".repeat(hashes));
        let opening = prefix.len() + hashes + 1;
        Some(body.find(&close).map_or(self.rest.len(), |end| opening + end + close.len()))
    }

    /// Turns the next bytes into spaces, line ends apart.
    fn blank(&mut self, length: usize) {
        let (gone, rest) = self.rest.split_at_checked(length).unwrap_or((self.rest, ""));
        self.code.extend(gone.chars().map(|one| if one == '\n' { '\n' } else { ' ' }));
        self.rest = rest;
    }

    fn keep(&mut self) {
        let mut left = self.rest.chars();
        self.code.extend(left.next());
        self.rest = left.as_str();
    }
}

/// The length of a block comment, inner ones included.
fn block_comment(text: &str) -> usize {
    let mut depth = 0_usize;
    let mut at = 0;
    while let Some(rest) = text.get(at..).filter(|rest| !rest.is_empty()) {
        if rest.starts_with("/*") {
            depth += 1;
            at += 2;
        } else if rest.starts_with("*/") {
            depth -= 1;
            at += 2;
            if depth == 0 {
                return at;
            }
        } else {
            at += rest.chars().next().map_or(1, char::len_utf8);
        }
    }
    text.len()
}

/// The length of a string literal that begins with a quote, both quotes included.
fn quoted(text: &str) -> usize {
    let mut escaped = false;
    for (at, one) in text.char_indices().skip(1) {
        match one {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '"' => return at + 1,
            _ => {}
        }
    }
    text.len()
}

/// The length of a character literal, if one begins here and not a lifetime.
fn character(text: &str) -> Option<usize> {
    let body = text.strip_prefix('\'')?;
    if let Some(escape) = body.strip_prefix('\\') {
        // The escaped character itself may be a quote.
        let first = escape.chars().next()?.len_utf8();
        return escape.get(first..)?.find('\'').map(|end| 2 + first + end + 1);
    }
    let one = body.chars().next()?.len_utf8();
    body.get(one..)?.starts_with('\'').then_some(one + 2)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn comments_and_literals_are_blanked() {
        for (text, code) in [
            ("a // b\nc", "a     \nc"),
            ("a /* b /* c */ d */ e", "a                   e"),
            (r#"f("x\"y", z)"#, "f(      , z)"),
            (r###"f(r#"a"b"#)"###, "f(        )"),
            (r"f('\'', '{', b)", "f(    ,    , b)"),
        ] {
            assert_eq!(only(text), code, "{text}");
        }
    }

    #[test]
    fn lifetimes_and_raw_names_are_code() {
        for text in ["fn a<'a>(b: &'a str) {}", "let r#type = for_r;", "'outer: loop {}"] {
            assert_eq!(only(text), text);
        }
    }

    #[test]
    fn unfinished_text_ends() {
        for text in ["/* a", "\"a", "r#\"a\"", "'"] {
            assert_eq!(only(text).len(), text.len(), "{text}");
        }
    }
}
