//! The grammar: an expression, or `if (E) { E; } else { E; }` with an expression in each branch.

use super::token::{Token, tokens};

/// Bytes of a script that is tried at all.
const SOURCE_MAX: usize = 4 << 10;
/// Parts of an expression; bounds the recursion of parsing, evaluating and dropping.
const NODES_MAX: usize = 200;

/// A step of a path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Key {
    Name(String),
    Index(u32),
}

/// An operator on two values.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Binary {
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
    Equal,
    NotEqual,
    Same,
    NotSame,
    Add,
    Subtract,
    Multiply,
    Divide,
    Remainder,
}

/// An expression.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Node {
    Undefined,
    Null,
    Bool(bool),
    Number(f64),
    Text(String),
    Path(Vec<Key>),
    Not(Box<Node>),
    Negate(Box<Node>),
    And(Box<Node>, Box<Node>),
    Or(Box<Node>, Box<Node>),
    Binary(Binary, Box<Node>, Box<Node>),
    Choice(Box<Node>, Box<Node>, Box<Node>),
}

/// The script as an expression, or `None` when it is not trivial.
pub(super) fn parse(source: &str) -> Option<Node> {
    if source.len() > SOURCE_MAX {
        return None;
    }
    let mut parser = Parser { tokens: tokens(source)?, next: 0, nodes: 0 };
    let node = if parser.word("if") { parser.branches()? } else { parser.expression()? };
    parser.mark(";");
    (parser.next == parser.tokens.len()).then_some(node)
}

struct Parser {
    tokens: Vec<Token>,
    next: usize,
    nodes: usize,
}

/// Operators from the loosest to the tightest.
const LEVELS: [&[(&str, Binary)]; 4] = [
    &[
        ("===", Binary::Same),
        ("!==", Binary::NotSame),
        ("==", Binary::Equal),
        ("!=", Binary::NotEqual),
    ],
    &[
        ("<=", Binary::LessOrEqual),
        (">=", Binary::GreaterOrEqual),
        ("<", Binary::Less),
        (">", Binary::Greater),
    ],
    &[("+", Binary::Add), ("-", Binary::Subtract)],
    &[("*", Binary::Multiply), ("/", Binary::Divide), ("%", Binary::Remainder)],
];

impl Parser {
    fn peek(&self) -> Option<&Token> {
        self.tokens.get(self.next)
    }

    fn step(&mut self) -> Option<Token> {
        let token = self.tokens.get(self.next)?.clone();
        self.next += 1;
        Some(token)
    }

    fn mark(&mut self, mark: &str) -> bool {
        let is_here = matches!(self.peek(), Some(Token::Mark(found)) if *found == mark);
        self.next += usize::from(is_here);
        is_here
    }

    fn word(&mut self, word: &str) -> bool {
        let is_here = matches!(self.peek(), Some(Token::Word(found)) if found == word);
        self.next += usize::from(is_here);
        is_here
    }

    fn expect(&mut self, mark: &str) -> Option<()> {
        self.mark(mark).then_some(())
    }

    /// Counts a node before it is made.
    fn grow(&mut self) -> Option<()> {
        self.nodes += 1;
        (self.nodes <= NODES_MAX).then_some(())
    }

    /// After `if`. Without `else` the value is undefined when the condition is false.
    fn branches(&mut self) -> Option<Node> {
        self.expect("(")?;
        let condition = self.expression()?;
        self.expect(")")?;
        let chosen = self.branch()?;
        let other = if self.word("else") { self.branch()? } else { Node::Undefined };
        Some(Node::Choice(Box::new(condition), Box::new(chosen), Box::new(other)))
    }

    /// `{ E }`, `{ E; }` or `E;`, or another `if`. Without braces the semicolon may only be
    /// missing at the end, as JavaScript does not put one in before `else` on the same line.
    fn branch(&mut self) -> Option<Node> {
        if self.mark("{") {
            let node = self.expression()?;
            self.mark(";");
            self.expect("}")?;
            return Some(node);
        }
        if self.word("if") {
            self.grow()?;
            return self.branches();
        }
        let node = self.expression()?;
        let is_ended = self.mark(";") || self.peek().is_none();
        is_ended.then_some(node)
    }

    fn expression(&mut self) -> Option<Node> {
        self.grow()?;
        let condition = self.any()?;
        if !self.mark("?") {
            return Some(condition);
        }
        let chosen = self.expression()?;
        self.expect(":")?;
        let other = self.expression()?;
        Some(Node::Choice(Box::new(condition), Box::new(chosen), Box::new(other)))
    }

    fn any(&mut self) -> Option<Node> {
        let mut left = self.all()?;
        while self.mark("||") {
            self.grow()?;
            left = Node::Or(Box::new(left), Box::new(self.all()?));
        }
        Some(left)
    }

    fn all(&mut self) -> Option<Node> {
        let mut left = self.binary(&LEVELS)?;
        while self.mark("&&") {
            self.grow()?;
            left = Node::And(Box::new(left), Box::new(self.binary(&LEVELS)?));
        }
        Some(left)
    }

    fn binary(&mut self, levels: &[&[(&str, Binary)]]) -> Option<Node> {
        let Some((level, tighter)) = levels.split_first() else { return self.unary() };
        let mut left = self.binary(tighter)?;
        while let Some((_, operator)) = level.iter().find(|(mark, _)| self.mark(mark)) {
            self.grow()?;
            left = Node::Binary(*operator, Box::new(left), Box::new(self.binary(tighter)?));
        }
        Some(left)
    }

    fn unary(&mut self) -> Option<Node> {
        self.grow()?;
        if self.mark("!") {
            return Some(Node::Not(Box::new(self.unary()?)));
        }
        if self.mark("-") {
            return Some(Node::Negate(Box::new(self.unary()?)));
        }
        match self.step()? {
            Token::Number(number) => Some(Node::Number(number)),
            Token::Text(text) => Some(Node::Text(text)),
            Token::Mark("(") => {
                let node = self.expression()?;
                self.expect(")")?;
                Some(node)
            }
            Token::Word(word) => match word.as_str() {
                "true" => Some(Node::Bool(true)),
                "false" => Some(Node::Bool(false)),
                "null" => Some(Node::Null),
                "undefined" => Some(Node::Undefined),
                "$" => self.path(),
                _ => None,
            },
            Token::Mark(_) => None,
        }
    }

    /// After `$`.
    fn path(&mut self) -> Option<Node> {
        let mut keys = Vec::new();
        loop {
            if self.mark(".") {
                let Token::Word(name) = self.step()? else { return None };
                keys.push(Key::Name(name));
            } else if self.mark("[") {
                keys.push(match self.step()? {
                    Token::Text(name) => named(name),
                    Token::Number(number) => index(number)?,
                    _ => return None,
                });
                self.expect("]")?;
            } else {
                break;
            }
        }
        // A call or a template after the path is not in the grammar and is left over.
        Some(Node::Path(keys))
    }
}

/// A quoted key; one that is spelled like an index is one.
fn named(name: String) -> Key {
    match name.parse::<u32>() {
        Ok(index) if index < u32::MAX && index.to_string() == name => Key::Index(index),
        _ => Key::Name(name),
    }
}

fn index(number: f64) -> Option<Key> {
    if number.fract() != 0.0 || !(0.0..f64::from(u32::MAX)).contains(&number) {
        return None;
    }
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a whole number in the range of the type"
    )]
    Some(Key::Index(number as u32))
}
