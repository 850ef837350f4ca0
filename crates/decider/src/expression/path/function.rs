//! Functions at the end of a path.

use serde_json::{Number, Value};

use super::super::text::{Rendering, text_of};
use super::step::Argument;
use super::walk::{Stop, Walker};

/// A function by name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Function {
    Length,
    Keys,
    First,
    Last,
    Index,
    Min,
    Max,
    Sum,
    Average,
    StandardDeviation,
    Concat,
    Append,
}

impl Function {
    pub(super) fn named(name: &str) -> Option<Self> {
        Some(match name {
            "length" | "size" => Self::Length,
            "keys" => Self::Keys,
            "first" => Self::First,
            "last" => Self::Last,
            "index" => Self::Index,
            "min" => Self::Min,
            "max" => Self::Max,
            "sum" => Self::Sum,
            "avg" => Self::Average,
            "stddev" => Self::StandardDeviation,
            "concat" => Self::Concat,
            "append" => Self::Append,
            _ => return None,
        })
    }

    /// Applies it to a value. A list without numbers has no sum: the whole path is invalid then.
    pub(super) fn call(
        self,
        walker: &mut Walker<'_>,
        arguments: &[Argument],
        value: &Value,
    ) -> Result<Value, Stop> {
        let mut given = Vec::new();
        for argument in arguments {
            given.push(match argument {
                Argument::Value(constant) => constant.clone(),
                Argument::Path(path) => walker.argument(path, value)?,
            });
        }
        walker.visit_many(value.as_array().map_or(1, Vec::len))?;
        match self {
            Self::Length => Ok(length(given.first().unwrap_or(value))),
            Self::Keys => Ok(value.as_object().map_or(Value::Null, |map| {
                Value::Array(map.keys().cloned().map(Value::String).collect())
            })),
            Self::First => item(value, 0),
            Self::Last => item(value, -1),
            Self::Index => item(value, given.first().and_then(Value::as_i64).ok_or(Stop::Invalid)?),
            Self::Min | Self::Max | Self::Sum | Self::Average | Self::StandardDeviation => {
                aggregate(self, &numbers(value, &given)).ok_or(Stop::Invalid)
            }
            Self::Concat => Ok(Value::String(concat(value, &given))),
            Self::Append => match value {
                Value::Array(items) => Ok(items.iter().cloned().chain(given).collect()),
                other => Ok(other.clone()),
            },
        }
    }
}

fn length(value: &Value) -> Value {
    match value {
        Value::Array(items) => Value::from(items.len()),
        Value::Object(map) => Value::from(map.len()),
        _ => Value::Null,
    }
}

fn item(value: &Value, index: i64) -> Result<Value, Stop> {
    let items = value.as_array().ok_or(Stop::Invalid)?;
    super::walk::position(index, items.len())
        .and_then(|index| items.get(index))
        .cloned()
        .ok_or(Stop::Invalid)
}

fn numbers(value: &Value, given: &[Value]) -> Vec<f64> {
    let in_value = value.as_array().into_iter().flatten();
    let in_given = given.iter().flat_map(|argument| match argument {
        Value::Array(items) => items.as_slice(),
        other => std::slice::from_ref(other),
    });
    in_value.chain(in_given).filter_map(Value::as_f64).collect()
}

fn aggregate(function: Function, numbers: &[f64]) -> Option<Value> {
    if numbers.is_empty() {
        return None;
    }
    let count = u32::try_from(numbers.len()).map(f64::from).ok()?;
    let sum: f64 = numbers.iter().sum();
    let result = match function {
        Function::Min => numbers.iter().copied().fold(f64::INFINITY, f64::min),
        Function::Max => numbers.iter().copied().fold(f64::NEG_INFINITY, f64::max),
        Function::Average => sum / count,
        Function::StandardDeviation => {
            let squares: f64 = numbers.iter().map(|number| number * number).sum();
            (squares / count - sum * sum / count / count).max(0.0).sqrt()
        }
        _ => sum,
    };
    Number::from_f64(result).map(Value::Number)
}

fn concat(value: &Value, given: &[Value]) -> String {
    let own = value.as_array().into_iter().flatten().filter(|item| item.is_string());
    own.chain(given).map(|item| text_of(item, Rendering::Json)).collect()
}
