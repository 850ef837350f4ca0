//! Licence expressions: names joined by AND, OR and brackets (SPDX, annex D), and the old slash.

/// Whether an expression is fulfilled when `accepts` says which names are; `None` if unreadable.
///
/// AND binds tighter than OR. `A WITH B` is one name, `A WITH B`. The slash of old manifests is OR.
pub fn holds(expression: &str, accepts: &dyn Fn(&str) -> bool) -> Option<bool> {
    let spaced = expression.replace('(', " ( ").replace(')', " ) ").replace('/', " OR ");
    let mut words = Words { rest: spaced.split_whitespace().collect(), accepts };
    words.rest.reverse();
    let value = words.any()?;
    words.rest.is_empty().then_some(value)
}

/// What is left to read, last word first.
struct Words<'a> {
    rest: Vec<&'a str>,
    accepts: &'a dyn Fn(&str) -> bool,
}

impl Words<'_> {
    /// Takes the next word if it is this one.
    fn take(&mut self, word: &str) -> bool {
        let here = self.rest.last() == Some(&word);
        if here {
            self.rest.pop();
        }
        here
    }

    fn any(&mut self) -> Option<bool> {
        let mut value = self.all()?;
        while self.take("OR") {
            value |= self.all()?;
        }
        Some(value)
    }

    fn all(&mut self) -> Option<bool> {
        let mut value = self.one()?;
        while self.take("AND") {
            value &= self.one()?;
        }
        Some(value)
    }

    fn one(&mut self) -> Option<bool> {
        if self.take("(") {
            let value = self.any()?;
            return self.take(")").then_some(value);
        }
        let name = self.name()?;
        if self.take("WITH") {
            let exception = self.name()?;
            return Some((self.accepts)(&format!("{name} WITH {exception}")));
        }
        Some((self.accepts)(&name))
    }

    /// A name; words of the grammar are none.
    fn name(&mut self) -> Option<String> {
        let word = self.rest.pop()?;
        (!["AND", "OR", "WITH", "(", ")"].contains(&word)).then(|| word.to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with_mit(expression: &str) -> Option<bool> {
        holds(expression, &|name| name == "MIT" || name == "Apache-2.0 WITH LLVM-exception")
    }

    #[test]
    fn one_of_several_is_enough() {
        assert_eq!(with_mit("GPL-3.0 OR MIT"), Some(true));
        assert_eq!(with_mit("Unlicense/MIT"), Some(true));
        assert_eq!(with_mit("GPL-3.0 OR Zlib"), Some(false));
    }

    #[test]
    fn all_of_several_are_needed() {
        assert_eq!(with_mit("MIT AND Unicode-3.0"), Some(false));
        assert_eq!(with_mit("(MIT OR Zlib) AND Unicode-3.0"), Some(false));
        assert_eq!(with_mit("MIT OR Zlib AND Unicode-3.0"), Some(true));
    }

    #[test]
    fn an_exception_belongs_to_its_licence() {
        assert_eq!(with_mit("Apache-2.0 WITH LLVM-exception"), Some(true));
        assert_eq!(with_mit("Apache-2.0"), Some(false));
    }

    #[test]
    fn nonsense_is_unreadable() {
        for nonsense in ["", "OR", "MIT OR", "(MIT", "MIT)", "MIT Zlib", "MIT WITH"] {
            assert_eq!(with_mit(nonsense), None, "{nonsense}");
        }
    }
}
