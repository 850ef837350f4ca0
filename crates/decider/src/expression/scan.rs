//! Finds the expressions in a text (`conductor-semantics` 7.2 rules 1 and 8).

use super::limits::{EXPRESSION_DEPTH_MAX, EXPRESSION_LENGTH_MAX, Limit};

/// A part of a text.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Piece {
    /// Copied as it is; escapes are already taken back.
    Literal(String),
    /// `${…}`: the parts of the path between the braces.
    Expression(Vec<Piece>),
    /// `${…}` that goes over a limit.
    TooBig(Limit),
}

/// An outermost `${…}` in a text, as written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Occurrence<'t> {
    /// Position of the `$`, in bytes.
    pub start: usize,
    /// Position behind the closing brace.
    pub end: usize,
    /// The text between the braces, inner expressions included.
    pub path: &'t str,
}

impl Occurrence<'_> {
    /// Whether the path has expressions inside, so that it is known only at run time.
    #[must_use]
    pub fn is_dynamic(&self) -> bool {
        !occurrences(self.path).is_empty()
    }
}

/// The outermost expressions of a text, in their order.
#[must_use]
pub fn occurrences(text: &str) -> Vec<Occurrence<'_>> {
    let braces = Braces::of(text);
    let mut found = Vec::new();
    let mut at = 0;
    while let Some((start, end)) = braces.next_expression(text, at, text.len()) {
        let path = text.get(start + 2..end).unwrap_or("");
        found.push(Occurrence { start, end: end + 1, path });
        at = end + 1;
    }
    found
}

/// Splits a text into literals and expressions. Braces without partner are literals.
pub(super) fn scan(text: &str) -> Vec<Piece> {
    pieces(text, &Braces::of(text), 0, text.len(), 1)
}

fn pieces(text: &str, braces: &Braces, from: usize, to: usize, depth: usize) -> Vec<Piece> {
    let mut pieces = Vec::new();
    let mut at = from;
    while let Some((start, end)) = braces.next_expression(text, at, to) {
        push_literal(&mut pieces, text.get(at..start));
        pieces.push(if depth > EXPRESSION_DEPTH_MAX {
            Piece::TooBig(Limit::ExpressionDepth)
        } else if end - start - 2 > EXPRESSION_LENGTH_MAX {
            Piece::TooBig(Limit::ExpressionLength)
        } else {
            Piece::Expression(self::pieces(text, braces, start + 2, end, depth + 1))
        });
        at = end + 1;
    }
    push_literal(&mut pieces, text.get(at..to));
    pieces
}

fn push_literal(pieces: &mut Vec<Piece>, text: Option<&str>) {
    if let Some(text) = text.filter(|text| !text.is_empty()) {
        pieces.push(Piece::Literal(text.replace("$${", "${")));
    }
}

/// Pairs of braces in a text, by position of the opening one.
struct Braces(Vec<(usize, usize)>);

impl Braces {
    fn of(text: &str) -> Self {
        let mut open = Vec::new();
        let mut pairs = Vec::new();
        for (at, byte) in text.bytes().enumerate() {
            match byte {
                b'{' => open.push(at),
                b'}' => pairs.extend(open.pop().map(|start| (start, at))),
                _ => {}
            }
        }
        pairs.sort_unstable();
        Self(pairs)
    }

    /// The first `${…}` within `from..to` that is not escaped: positions of `$` and `}`.
    fn next_expression(&self, text: &str, from: usize, to: usize) -> Option<(usize, usize)> {
        let bytes = text.as_bytes();
        let byte = |at: usize| bytes.get(at).copied();
        let first = self.0.partition_point(|(open, _)| *open <= from);
        self.0
            .iter()
            .skip(first)
            .take_while(|(open, _)| *open < to)
            .find(|(open, close)| {
                let escaped = open.checked_sub(2).is_some_and(|at| byte(at) == Some(b'$'));
                *close < to && byte(open - 1) == Some(b'$') && !escaped
            })
            .map(|(open, close)| (open - 1, *close))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn paths(text: &str) -> Vec<&str> {
        occurrences(text).into_iter().map(|found| found.path).collect()
    }

    #[test]
    fn only_balanced_and_unescaped_braces_are_expressions() {
        assert_eq!(paths("a ${b} ${c.${d}} e"), ["b", "c.${d}"]);
        assert_eq!(paths("$${b} ${c"), Vec::<&str>::new());
        assert_eq!(paths("${a ${b}"), ["b"]);
        assert_eq!(paths("{${a}}}"), ["a"]);
        assert_eq!(paths("${a[?(@.b == {})]}"), ["a[?(@.b == {})]"]);
        assert_eq!(paths("$${a.${b}}"), ["b"]);
        assert_eq!(paths("}{$"), Vec::<&str>::new());
    }

    #[test]
    fn depth_and_length_over_the_limit_are_marked() {
        let deep = "${".repeat(EXPRESSION_DEPTH_MAX + 1) + &"}".repeat(EXPRESSION_DEPTH_MAX + 1);
        assert!(format!("{:?}", scan(&deep)).contains("TooBig(ExpressionDepth)"));
        let long = format!("${{{}}}", "x".repeat(EXPRESSION_LENGTH_MAX + 1));
        assert_eq!(scan(&long), [Piece::TooBig(Limit::ExpressionLength)]);
    }
}
