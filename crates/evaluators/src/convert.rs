//! A script's result as JSON text.
//!
//! Rules (`conductor-semantics` 5.19): undefined and null are null; integers that a double holds
//! exactly have no decimals; lists and maps are converted recursively. JSON has no place for NaN,
//! infinities, functions and symbols: they are null.

use rquickjs::atom::PredefinedAtom;
use rquickjs::convert::Coerced;
use rquickjs::object::Filter;
use rquickjs::{Atom, Function, Object, Type, Value};

use crate::limits::RESULT_DEPTH_MAX;

/// The largest integer up to which a double counts without gaps; integers beyond it stay doubles,
/// as upstream's engine has it.
const EXACT_INTEGER_MAX: f64 = 9_007_199_254_740_991.0;

/// Why a result has no JSON text.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ConvertError {
    /// The text grew over the limit.
    #[error("the result is larger than {0} bytes")]
    TooLarge(usize),
    /// Nested too deeply.
    #[error("the result is nested deeper than {RESULT_DEPTH_MAX} levels")]
    TooDeep,
    /// A list or map contains itself.
    #[error("the result contains itself")]
    Cyclic,
    /// A BigInt that no JSON integer of 64 bits holds.
    #[error("the result holds an integer of more than 64 bits")]
    TooBig,
    /// Reading a property threw, or a limit of the evaluation was met.
    #[error(transparent)]
    Engine(#[from] rquickjs::Error),
    /// A string could not be written.
    #[error("the result cannot be written as JSON")]
    Write(#[from] serde_json::Error),
}

/// Writes one value down, up to `size_max` bytes. `well_formed` is `String.prototype.toWellFormed`
/// taken before the script ran: halves of surrogate pairs, which JSON text in UTF-8 cannot hold,
/// become U+FFFD.
pub(crate) fn to_json<'js>(
    value: &Value<'js>,
    well_formed: &Function<'js>,
    size_max: usize,
) -> Result<Vec<u8>, ConvertError> {
    let mut writer = Writer { out: Vec::new(), ancestors: Vec::new(), well_formed, size_max };
    writer.value(value)?;
    Ok(writer.out)
}

struct Writer<'a, 'js> {
    out: Vec<u8>,
    ancestors: Vec<Value<'js>>,
    well_formed: &'a Function<'js>,
    size_max: usize,
}

impl<'js> Writer<'_, 'js> {
    fn value(&mut self, value: &Value<'js>) -> Result<(), ConvertError> {
        match value.type_of() {
            Type::Bool => self.raw(if value.as_bool() == Some(true) { b"true" } else { b"false" }),
            Type::Int | Type::Float => self.number(value.as_number().unwrap_or(f64::NAN)),
            Type::String => self.string(value),
            Type::BigInt => {
                let text: Coerced<String> = value.get()?;
                let number: i64 = text.0.parse().map_err(|_| ConvertError::TooBig)?;
                self.raw(number.to_string().as_bytes())
            }
            Type::Array => self.nested(value, Self::list),
            Type::Object | Type::Exception | Type::Promise | Type::Proxy => {
                self.nested(value, Self::map)
            }
            _ => self.raw(b"null"),
        }
    }

    fn raw(&mut self, text: &[u8]) -> Result<(), ConvertError> {
        self.out.extend_from_slice(text);
        self.check_size()
    }

    fn check_size(&self) -> Result<(), ConvertError> {
        if self.out.len() > self.size_max {
            return Err(ConvertError::TooLarge(self.size_max));
        }
        Ok(())
    }

    fn number(&mut self, number: f64) -> Result<(), ConvertError> {
        let is_negative_zero = number == 0.0 && number.is_sign_negative();
        if number.fract() == 0.0 && number.abs() <= EXACT_INTEGER_MAX && !is_negative_zero {
            return self.raw(format!("{number:.0}").as_bytes());
        }
        match serde_json::Number::from_f64(number) {
            Some(number) => self.raw(number.to_string().as_bytes()),
            None => self.raw(b"null"),
        }
    }

    fn string(&mut self, value: &Value<'js>) -> Result<(), ConvertError> {
        let text = match value.get::<String>() {
            Err(rquickjs::Error::Utf8(_)) => {
                let this = rquickjs::function::This(value.clone());
                self.well_formed.call::<_, String>((this,))?
            }
            text => text?,
        };
        serde_json::to_writer(&mut self.out, &text)?;
        self.check_size()
    }

    fn nested(
        &mut self,
        value: &Value<'js>,
        inside: impl FnOnce(&mut Self, &Object<'js>) -> Result<(), ConvertError>,
    ) -> Result<(), ConvertError> {
        if self.ancestors.contains(value) {
            return Err(ConvertError::Cyclic);
        }
        if self.ancestors.len() >= RESULT_DEPTH_MAX {
            return Err(ConvertError::TooDeep);
        }
        let Some(object) = value.as_object() else { return self.raw(b"null") };
        self.ancestors.push(value.clone());
        inside(self, object)?;
        self.ancestors.pop();
        Ok(())
    }

    fn list(&mut self, object: &Object<'js>) -> Result<(), ConvertError> {
        let Some(array) = object.as_array() else { return self.raw(b"null") };
        let length: f64 = object.get(PredefinedAtom::Length)?;
        self.raw(b"[")?;
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "a length is an unsigned integer of 32 bits"
        )]
        let length = length as usize;
        for index in 0..length {
            if index > 0 {
                self.raw(b",")?;
            }
            let item: Value<'js> = array.get(index)?;
            self.value(&item)?;
        }
        self.raw(b"]")
    }

    fn map(&mut self, object: &Object<'js>) -> Result<(), ConvertError> {
        self.raw(b"{")?;
        let mut is_first = true;
        for key in object.own_keys::<Atom<'js>>(Filter::new().string().enum_only()) {
            let key = key?;
            if !is_first {
                self.raw(b",")?;
            }
            is_first = false;
            self.string(key.to_js_string()?.as_value())?;
            self.raw(b":")?;
            let item: Value<'js> = object.get(key)?;
            self.value(&item)?;
        }
        self.raw(b"}")
    }
}
