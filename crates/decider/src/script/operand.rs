//! Values and operators with JavaScript's meaning, where that is certain; `None` elsewhere.

use std::borrow::Cow;
use std::cmp::Ordering;

use serde_json::{Map, Number, Value};

use super::parse::{Binary, Key};

/// A value of JavaScript while a script is evaluated.
#[derive(Debug, Clone)]
pub(super) enum Operand<'a> {
    Undefined,
    Null,
    Bool(bool),
    /// Finite.
    Number(f64),
    Text(Cow<'a, str>),
    List(&'a [Value]),
    Map(&'a Map<String, Value>),
}

/// What every object has without it being in the input.
const INHERITED: [&str; 12] = [
    "__proto__",
    "__defineGetter__",
    "__defineSetter__",
    "__lookupGetter__",
    "__lookupSetter__",
    "constructor",
    "hasOwnProperty",
    "isPrototypeOf",
    "propertyIsEnumerable",
    "toLocaleString",
    "toString",
    "valueOf",
];

/// The largest integer up to which a double counts without gaps.
const EXACT_INTEGER_MAX: f64 = 9_007_199_254_740_991.0;

impl<'a> Operand<'a> {
    /// A value of the input.
    pub(super) fn of(value: &'a Value) -> Option<Self> {
        Some(match value {
            Value::Null => Self::Null,
            Value::Bool(value) => Self::Bool(*value),
            Value::Number(number) => Self::number(number.as_f64()?)?,
            Value::String(text) => Self::Text(Cow::Borrowed(text)),
            Value::Array(items) => Self::List(items),
            Value::Object(map) => Self::Map(map),
        })
    }

    /// A number, if it is finite.
    pub(super) fn number(number: f64) -> Option<Self> {
        number.is_finite().then_some(Self::Number(number))
    }

    /// A property. Reading one of null or undefined throws, and texts and numbers inherit many:
    /// both are left to the pool.
    pub(super) fn property(&self, key: &Key) -> Option<Self> {
        match (self, key) {
            (Self::Map(map), Key::Name(name)) => match map.get(name) {
                _ if name == "__proto__" => None,
                Some(value) => Self::of(value),
                None if INHERITED.contains(&name.as_str()) => None,
                None => Some(Self::Undefined),
            },
            (Self::Map(map), Key::Index(index)) => match map.get(&index.to_string()) {
                Some(value) => Self::of(value),
                None => Some(Self::Undefined),
            },
            (Self::List(items), Key::Index(index)) => {
                let index = usize::try_from(*index).ok()?;
                items.get(index).map_or(Some(Self::Undefined), Self::of)
            }
            (Self::List(items), Key::Name(name)) if name == "length" => length(items.len()),
            (Self::Text(text), Key::Name(name)) if name == "length" => {
                length(text.encode_utf16().count())
            }
            _ => None,
        }
    }

    /// Whether a condition takes it for true.
    pub(super) fn is_true(&self) -> bool {
        match self {
            Self::Undefined | Self::Null => false,
            Self::Bool(value) => *value,
            Self::Number(number) => *number != 0.0,
            Self::Text(text) => !text.is_empty(),
            Self::List(_) | Self::Map(_) => true,
        }
    }

    /// The number with the other sign; only of numbers.
    pub(super) fn negated(&self) -> Option<Self> {
        match self {
            Self::Number(number) => Some(Self::Number(-number)),
            _ => None,
        }
    }

    /// The result of a script. Lists and maps are not: JavaScript orders keys and spells numbers
    /// in its own way.
    pub(super) fn into_value(self) -> Option<Value> {
        Some(match self {
            Self::Undefined | Self::Null => Value::Null,
            Self::Bool(value) => Value::Bool(value),
            Self::Number(number) => Value::Number(spelled(number)?),
            Self::Text(text) => Value::String(text.into_owned()),
            Self::List(_) | Self::Map(_) => return None,
        })
    }

    /// What JavaScript makes of it in arithmetic comparisons, except for texts and objects.
    fn as_number(&self) -> Option<f64> {
        Some(match self {
            Self::Undefined => f64::NAN,
            Self::Null => 0.0,
            Self::Bool(value) => f64::from(u8::from(*value)),
            Self::Number(number) => *number,
            Self::Text(_) | Self::List(_) | Self::Map(_) => return None,
        })
    }
}

fn length<'a>(length: usize) -> Option<Operand<'a>> {
    Operand::number(f64::from(u32::try_from(length).ok()?))
}

/// Integers have no decimals; minus zero is not one of them.
fn spelled(number: f64) -> Option<Number> {
    let is_negative_zero = number == 0.0 && number.is_sign_negative();
    if number.fract() == 0.0 && number.abs() <= EXACT_INTEGER_MAX && !is_negative_zero {
        #[expect(clippy::cast_possible_truncation, reason = "an integer of at most 53 bits")]
        return Some(Number::from(number as i64));
    }
    Number::from_f64(number)
}

/// One operator on two values; `&&` and `||` are not among them, as they may leave one alone.
pub(super) fn apply<'a>(
    operator: Binary,
    left: &Operand<'a>,
    right: &Operand<'a>,
) -> Option<Operand<'a>> {
    let ordered = |accepted: fn(Ordering) -> bool| {
        Some(Operand::Bool(compare(left, right)?.is_some_and(accepted)))
    };
    match operator {
        Binary::Less => ordered(Ordering::is_lt),
        Binary::LessOrEqual => ordered(Ordering::is_le),
        Binary::Greater => ordered(Ordering::is_gt),
        Binary::GreaterOrEqual => ordered(Ordering::is_ge),
        Binary::Equal => loosely_equal(left, right).map(Operand::Bool),
        Binary::NotEqual => loosely_equal(left, right).map(|equal| Operand::Bool(!equal)),
        Binary::Same => strictly_equal(left, right).map(Operand::Bool),
        Binary::NotSame => strictly_equal(left, right).map(|equal| Operand::Bool(!equal)),
        Binary::Add => add(left, right),
        Binary::Subtract | Binary::Multiply | Binary::Divide | Binary::Remainder => {
            let (Operand::Number(left), Operand::Number(right)) = (left, right) else {
                return None;
            };
            Operand::number(match operator {
                Binary::Subtract => left - right,
                Binary::Multiply => left * right,
                Binary::Divide => left / right,
                _ => left % right,
            })
        }
    }
}

fn add<'a>(left: &Operand<'a>, right: &Operand<'a>) -> Option<Operand<'a>> {
    match (left, right) {
        (Operand::Number(left), Operand::Number(right)) => Operand::number(left + right),
        (Operand::Text(left), Operand::Text(right)) => {
            Some(Operand::Text(Cow::Owned(format!("{left}{right}"))))
        }
        _ => None,
    }
}

/// The order; inside `None` when there is none, as with undefined, where every comparison is false.
fn compare(left: &Operand<'_>, right: &Operand<'_>) -> Option<Option<Ordering>> {
    if let (Operand::Text(left), Operand::Text(right)) = (left, right) {
        // JavaScript compares UTF-16 code units, not characters.
        return Some(Some(left.encode_utf16().cmp(right.encode_utf16())));
    }
    Some(left.as_number()?.partial_cmp(&right.as_number()?))
}

fn strictly_equal(left: &Operand<'_>, right: &Operand<'_>) -> Option<bool> {
    use Operand::{Bool, List, Map, Null, Number, Text, Undefined};
    Some(match (left, right) {
        (Undefined, Undefined) | (Null, Null) => true,
        (Bool(left), Bool(right)) => left == right,
        #[expect(clippy::float_cmp, reason = "JavaScript compares exactly, too")]
        (Number(left), Number(right)) => left == right,
        (Text(left), Text(right)) => left == right,
        // Objects are compared by identity.
        (List(_) | Map(_), List(_) | Map(_)) => return None,
        _ => false,
    })
}

fn loosely_equal(left: &Operand<'_>, right: &Operand<'_>) -> Option<bool> {
    use Operand::{Bool, Null, Number, Text, Undefined};
    match (left, right) {
        (Undefined | Null, Undefined | Null) => Some(true),
        (Undefined | Null, _) | (_, Undefined | Null) => Some(false),
        (Bool(_) | Number(_), Bool(_) | Number(_)) => {
            Some(left.as_number()?.partial_cmp(&right.as_number()?) == Some(Ordering::Equal))
        }
        (Text(left), Text(right)) => Some(left == right),
        _ => None,
    }
}
