//! Rules: which ended runs go, how long after their end, and what happens to them.

use std::str::FromStr;

use fermata_types::{RunStatus, Span};

/// Fewest seconds a rule may keep a run.
pub const AGE_SECONDS_MIN: i64 = 1;
/// Most seconds a rule may keep a run: a hundred years.
pub const AGE_SECONDS_MAX: i64 = 100 * 365 * 86_400;
/// Most rules.
pub const RULES_MAX: usize = 64;

/// What happens to a run that has been kept long enough.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Then {
    /// It is deleted.
    Delete,
    /// It is written to the archive, then deleted.
    Archive,
}

/// One rule. Text form, any part but the age may be left out:
/// `age=7d,status=COMPLETED|TERMINATED,definition=order*,then=archive`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rule {
    /// How long after its end a run is kept.
    pub age: Span,
    /// Only runs that ended so; none means all.
    pub statuses: Option<Vec<RunStatus>>,
    /// Only runs of such workflows, `*` standing for any characters; none means all.
    pub definition: Option<String>,
    /// What happens to them.
    pub then: Then,
}

/// Why a text is no rule.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RuleError {
    /// A part has no `=`.
    #[error("`{0}` is not of the form name=value")]
    NoValue(String),
    /// A part nobody knows.
    #[error("`{0}` is not one of age, status, definition, then")]
    UnknownName(String),
    /// A part given twice.
    #[error("`{0}` is given twice")]
    Twice(String),
    /// The age is missing.
    #[error("`age` is missing")]
    NoAge,
    /// The age cannot be read.
    #[error("age `{0}` is not a number of s, m, h or d within 1 s and 100 years")]
    Age(String),
    /// The status is none in which a run ends.
    #[error("status `{0}` is not one of COMPLETED, FAILED, TIMED_OUT, TERMINATED")]
    Status(String),
    /// The action is unknown.
    #[error("then `{0}` is not one of delete, archive")]
    Then(String),
}

impl FromStr for Rule {
    type Err = RuleError;

    fn from_str(text: &str) -> Result<Self, RuleError> {
        let (mut age, mut statuses, mut definition, mut then) = (None, None, None, None);
        for part in text.split(',').map(str::trim) {
            let split = part.split_once('=').ok_or_else(|| RuleError::NoValue(part.to_owned()))?;
            let (name, value) = (split.0.trim(), split.1.trim());
            let is_first = match name {
                "age" => age.replace(read_age(value)?).is_none(),
                "status" => statuses.replace(read_statuses(value)?).is_none(),
                "definition" => definition.replace(value.to_owned()).is_none(),
                "then" => then.replace(read_then(value)?).is_none(),
                _ => return Err(RuleError::UnknownName(name.to_owned())),
            };
            if !is_first {
                return Err(RuleError::Twice(name.to_owned()));
            }
        }
        let age = age.ok_or(RuleError::NoAge)?;
        Ok(Self { age, statuses, definition, then: then.unwrap_or(Then::Delete) })
    }
}

fn read_age(text: &str) -> Result<Span, RuleError> {
    let wrong = || RuleError::Age(text.to_owned());
    let unit = text.chars().last().ok_or_else(wrong)?;
    let number = text.strip_suffix(unit).and_then(|number| number.parse::<i64>().ok());
    let seconds_each = match unit {
        's' => 1,
        'm' => 60,
        'h' => 3600,
        'd' => 86_400,
        _ => return Err(wrong()),
    };
    let seconds = number.and_then(|number| number.checked_mul(seconds_each)).ok_or_else(wrong)?;
    if (AGE_SECONDS_MIN..=AGE_SECONDS_MAX).contains(&seconds) {
        Ok(Span::from_seconds(seconds))
    } else {
        Err(wrong())
    }
}

fn read_statuses(text: &str) -> Result<Vec<RunStatus>, RuleError> {
    text.split('|')
        .map(|name| match name.trim() {
            "COMPLETED" => Ok(RunStatus::Completed),
            "FAILED" => Ok(RunStatus::Failed),
            "TIMED_OUT" => Ok(RunStatus::TimedOut),
            "TERMINATED" => Ok(RunStatus::Terminated),
            other => Err(RuleError::Status(other.to_owned())),
        })
        .collect()
}

fn read_then(text: &str) -> Result<Then, RuleError> {
    match text {
        "delete" => Ok(Then::Delete),
        "archive" => Ok(Then::Archive),
        other => Err(RuleError::Then(other.to_owned())),
    }
}

impl Rule {
    fn applies(&self, name: &str, status: RunStatus) -> bool {
        self.statuses.as_ref().is_none_or(|statuses| statuses.contains(&status))
            && self.definition.as_ref().is_none_or(|pattern| matches(pattern, name))
    }
}

/// Rules in order: the first that applies to a run decides. A run to which none applies is kept.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Rules(pub Vec<Rule>);

impl Rules {
    /// The rule for a run.
    #[must_use]
    pub fn of(&self, name: &str, status: RunStatus) -> Option<&Rule> {
        self.0.iter().find(|rule| rule.applies(name, status))
    }

    /// The ages that rules name, each once, the lowest first.
    #[must_use]
    pub fn ages(&self) -> Vec<Span> {
        let mut ages: Vec<Span> = self.0.iter().map(|rule| rule.age).collect();
        ages.sort_unstable();
        ages.dedup();
        ages
    }
}

/// Whether a name has the form of a pattern, `*` standing for any characters, also none.
fn matches(pattern: &str, name: &str) -> bool {
    let Some((first, rest)) = pattern.split_once('*') else { return pattern == name };
    let Some(mut left) = name.strip_prefix(first) else { return false };
    let mut parts: Vec<&str> = rest.split('*').collect();
    let last = parts.pop().unwrap_or_default();
    for part in parts {
        // The earliest place leaves the most for the parts that follow.
        let Some((_, after)) = left.split_once(part) else { return false };
        left = after;
    }
    left.ends_with(last)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rules_are_read() {
        let rule: Rule = "status=COMPLETED|FAILED, definition=order*, age=7d, then=archive"
            .parse()
            .expect("a rule");
        let expected = Rule {
            age: Span::from_seconds(7 * 86_400),
            statuses: Some(vec![RunStatus::Completed, RunStatus::Failed]),
            definition: Some("order*".to_owned()),
            then: Then::Archive,
        };
        assert_eq!(rule, expected);
        let short: Rule = "age=90s".parse().expect("a rule");
        assert_eq!((short.age, short.then), (Span::from_seconds(90), Then::Delete));
    }

    #[test]
    fn what_is_no_rule_is_named() {
        let wrong = |text: &str| text.parse::<Rule>().expect_err("no rule");
        assert_eq!(wrong(""), RuleError::NoValue(String::new()));
        assert_eq!(wrong("status=COMPLETED"), RuleError::NoAge);
        assert_eq!(wrong("age=7"), RuleError::Age("7".to_owned()));
        assert_eq!(wrong("age=0s"), RuleError::Age("0s".to_owned()));
        assert_eq!(wrong("age=9999999999999999d"), RuleError::Age("9999999999999999d".to_owned()));
        assert_eq!(wrong("age=7ä"), RuleError::Age("7ä".to_owned()));
        assert_eq!(wrong("age=1d,status=RUNNING"), RuleError::Status("RUNNING".to_owned()));
        assert_eq!(wrong("age=1d,then=burn"), RuleError::Then("burn".to_owned()));
        assert_eq!(wrong("age=1d,age=2d"), RuleError::Twice("age".to_owned()));
        assert_eq!(wrong("age=1d,colour=red"), RuleError::UnknownName("colour".to_owned()));
    }

    #[test]
    fn the_first_rule_that_applies_decides() {
        let rules = ["age=1h,definition=a*b,status=FAILED", "age=2h,definition=a*", "age=1h"];
        let rules = Rules(rules.iter().map(|rule| rule.parse().expect("a rule")).collect());
        let hours = |name, status| rules.of(name, status).map(|rule| rule.age.as_seconds() / 3600);
        assert_eq!(hours("axb", RunStatus::Failed), Some(1));
        assert_eq!(hours("axb", RunStatus::Completed), Some(2));
        assert_eq!(hours("b", RunStatus::Completed), Some(1));
        assert_eq!(rules.ages(), [Span::from_seconds(3600), Span::from_seconds(7200)]);
        assert_eq!(Rules::default().of("a", RunStatus::Failed), None);
    }

    #[test]
    fn patterns_match_whole_names() {
        for (pattern, name, is_match) in [
            ("order", "order", true),
            ("order", "orders", false),
            ("order*", "orders", true),
            ("*", "", true),
            ("a*a", "a", false),
            ("a*a", "aa", true),
            ("*b*c", "abbc", true),
            ("*b*c", "acb", false),
            ("a*b*a", "abba", true),
        ] {
            assert_eq!(matches(pattern, name), is_match, "{pattern} {name}");
        }
    }
}
