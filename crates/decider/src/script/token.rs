//! Text into tokens. Whatever is not certain to mean the same in JavaScript is no token: comments,
//! `++`, `**`, `?.`, `??`, regular expressions, escapes beyond the plain ones, legacy octals.

/// A word of a trivial script.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Token {
    /// A finite number.
    Number(f64),
    /// A string without its quotes.
    Text(String),
    /// A keyword, a property's name, or `$`.
    Word(String),
    /// An operator or bracket.
    Mark(&'static str),
}

/// Longer marks first. What only exists to be refused is in [`REFUSED`].
const MARKS: [&str; 24] = [
    "===", "!==", "==", "!=", "<=", ">=", "&&", "||", "<", ">", "!", "+", "-", "*", "/", "%", "(",
    ")", "{", "}", "[", "]", ".", ";",
];
const TERNARY: [&str; 2] = ["?", ":"];
/// Marks of JavaScript that begin with one of ours and mean something else.
const REFUSED: [&str; 14] =
    ["++", "--", "**", "//", "/*", "?.", "??", "&&=", "||=", "<<", ">>", "+=", "-=", "=>"];

/// All tokens, or `None` where the text has something else in it.
pub(super) fn tokens(source: &str) -> Option<Vec<Token>> {
    let mut found = Vec::new();
    let mut rest = source.trim_start_matches(is_space);
    while let Some(first) = rest.chars().next() {
        let (token, after) = match first {
            '0'..='9' => number(rest)?,
            '\'' | '"' => text(rest, first)?,
            _ if is_word_start(first) => word(rest),
            '.' if rest.chars().nth(1).is_some_and(|next| next.is_ascii_digit()) => return None,
            _ => mark(rest)?,
        };
        found.push(token);
        rest = after.trim_start_matches(is_space);
    }
    Some(found)
}

fn is_space(character: char) -> bool {
    matches!(character, ' ' | '\t' | '\n' | '\r')
}

fn is_word_start(character: char) -> bool {
    character.is_ascii_alphabetic() || matches!(character, '_' | '$')
}

fn is_word(character: char) -> bool {
    is_word_start(character) || character.is_ascii_digit()
}

fn split(text: &str, is_inside: impl Fn(char) -> bool) -> (&str, &str) {
    let end = text.find(|character| !is_inside(character)).unwrap_or(text.len());
    text.split_at(end)
}

fn word(source: &str) -> (Token, &str) {
    let (name, rest) = split(source, is_word);
    (Token::Word(name.to_owned()), rest)
}

fn mark(source: &str) -> Option<(Token, &str)> {
    if REFUSED.iter().any(|refused| source.starts_with(refused)) {
        return None;
    }
    let mark = MARKS.iter().chain(&TERNARY).find(|mark| source.starts_with(**mark))?;
    Some((Token::Mark(mark), source.strip_prefix(mark)?))
}

/// Decimal digits, a fraction, an exponent.
fn number(source: &str) -> Option<(Token, &str)> {
    let digit = |character: char| character.is_ascii_digit();
    let (whole, mut rest) = split(source, digit);
    if whole.len() > 1 && whole.starts_with('0') {
        return None;
    }
    if let Some(fraction) = rest.strip_prefix('.') {
        let (digits, after) = split(fraction, digit);
        if digits.is_empty() {
            return None;
        }
        rest = after;
    }
    if let Some(exponent) = rest.strip_prefix(['e', 'E']) {
        let unsigned = exponent.strip_prefix(['+', '-']).unwrap_or(exponent);
        let (digits, after) = split(unsigned, digit);
        if digits.is_empty() {
            return None;
        }
        rest = after;
    }
    if rest.starts_with(|next| is_word(next) || next == '.' || !char::is_ascii(&next)) {
        return None;
    }
    let spelled = source.strip_suffix(rest)?;
    let number: f64 = spelled.parse().ok()?;
    number.is_finite().then_some((Token::Number(number), rest))
}

fn text(source: &str, quote: char) -> Option<(Token, &str)> {
    let mut inside = source.strip_prefix(quote)?.chars();
    let mut text = String::new();
    loop {
        match inside.next()? {
            end if end == quote => return Some((Token::Text(text), inside.as_str())),
            '\n' | '\r' => return None,
            '\\' => text.push(match inside.next()? {
                'n' => '\n',
                't' => '\t',
                'r' => '\r',
                plain @ ('\\' | '\'' | '"' | '/') => plain,
                _ => return None,
            }),
            character => text.push(character),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marks_of_javascript_that_only_look_like_ours_are_refused() {
        for source in [
            "1--1",
            "1++",
            "2**3",
            "1//2",
            "/* */1",
            "a?.b",
            "a??b",
            "1<<2",
            "1<!--2",
            "a=1",
            "010",
            "1.e",
            "0x1",
            "1n",
            "1.",
            ".5",
            "1e",
            "1_0",
            "'a",
            "'\\u0041'",
            "`a`",
            "a#b",
            "1&2",
            "1e999",
            "\u{a0}1",
            "'a\nb'",
            "1é",
        ] {
            assert_eq!(tokens(source), None, "{source}");
        }
    }

    #[test]
    fn numbers_words_and_texts_are_found() {
        let found = tokens("$.a>=1.5e1?'it\\'s':\"b\"").expect("all are tokens");
        let word = |text: &str| Token::Word(text.to_owned());
        let text = |text: &str| Token::Text(text.to_owned());
        assert_eq!(
            found,
            [
                word("$"),
                Token::Mark("."),
                word("a"),
                Token::Mark(">="),
                Token::Number(15.0),
                Token::Mark("?"),
                text("it's"),
                Token::Mark(":"),
                text("b"),
            ]
        );
    }
}
