//! Lists, maps and payloads.

use serde::de::Error;
use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;
use serde_json::{Map, Value};

use super::scalar::opt_text;
use crate::conductor::Entries;

/// Any value; null is its default.
///
/// # Errors
/// Neither null nor such a value.
pub fn or_default<'de, D, T>(deserializer: D) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de> + Default,
{
    Ok(Option::deserialize(deserializer)?.unwrap_or_default())
}

/// A list; null is `[]`. A null element is an error, because no list of objects allows one.
///
/// # Errors
/// Neither null nor a list of such values.
pub fn list<'de, D, T>(deserializer: D) -> Result<Vec<T>, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de>,
{
    or_default(deserializer)
}

/// A list of lists; null is `[]` at both levels.
///
/// # Errors
/// Neither null nor a list of lists of such values.
pub fn lists<'de, D, T>(deserializer: D) -> Result<Vec<Vec<T>>, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de>,
{
    let outer: Vec<OrDefault<Vec<T>>> = list(deserializer)?;
    Ok(outer.into_iter().map(|inner| inner.0).collect())
}

/// An object of lists; null is `{}`, and a null list is `[]`.
///
/// # Errors
/// Neither null nor an object of such lists.
pub fn list_map<'de, D, T>(deserializer: D) -> Result<Entries<Vec<T>>, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de>,
{
    let entries: Entries<OrDefault<Vec<T>>> = or_default(deserializer)?;
    Ok(entries.into_iter().map(|(key, value)| (key, value.0)).collect())
}

/// A list of texts, each read as [`super::text`] does; null is `[]`, null elements are left out.
///
/// # Errors
/// Neither null nor a list of scalars.
pub fn text_list<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<String>, D::Error> {
    let texts: Vec<Text> = list(deserializer)?;
    Ok(texts.into_iter().filter_map(|text| text.0).collect())
}

/// An object of texts, each read as [`super::text`] does; null is none, entries without a text
/// are left out.
///
/// # Errors
/// Neither null nor an object of scalars.
pub fn text_map<'de, D>(deserializer: D) -> Result<Option<Entries<String>>, D::Error>
where
    D: Deserializer<'de>,
{
    let entries = Option::<Entries<Text>>::deserialize(deserializer)?;
    Ok(entries.map(|entries| {
        entries.into_iter().filter_map(|(key, text)| Some((key, text.0?))).collect()
    }))
}

/// An object of any JSON, parsed; null is `{}`. For definitions; payloads stay raw.
///
/// # Errors
/// Neither null nor an object.
pub fn json_map<'de, D>(deserializer: D) -> Result<Map<String, Value>, D::Error>
where
    D: Deserializer<'de>,
{
    or_default(deserializer)
}

/// An object of any JSON, parsed; null is none.
///
/// # Errors
/// Neither null nor an object.
pub fn opt_json_map<'de, D>(deserializer: D) -> Result<Option<Map<String, Value>>, D::Error>
where
    D: Deserializer<'de>,
{
    Option::deserialize(deserializer)
}

/// A payload: an object kept as the text it came in; null is none. How deep it nests is not
/// limited here.
///
/// # Errors
/// Neither null nor an object.
pub fn payload<'de, D>(deserializer: D) -> Result<Option<Box<RawValue>>, D::Error>
where
    D: Deserializer<'de>,
{
    let raw = Option::<Box<RawValue>>::deserialize(deserializer)?;
    match raw {
        Some(raw) if !raw.get().starts_with('{') => {
            Err(D::Error::custom("expected a JSON object or null"))
        }
        other => Ok(other),
    }
}

/// A value whose null is its default.
struct OrDefault<T>(T);

impl<'de, T: Deserialize<'de> + Default> Deserialize<'de> for OrDefault<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        or_default(deserializer).map(Self)
    }
}

/// A text or null.
struct Text(Option<String>);

impl<'de> Deserialize<'de> for Text {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        opt_text(deserializer).map(Self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    type Json<'a> = serde_json::Deserializer<serde_json::de::StrRead<'a>>;

    fn json(text: &str) -> Json<'_> {
        serde_json::Deserializer::from_str(text)
    }

    #[test]
    fn null_lists_are_empty_and_scalars_become_texts() {
        assert_eq!(text_list(&mut json("null")).expect("null"), Vec::<String>::new());
        let texts = text_list(&mut json(r#"["a",1,null,true]"#)).expect("scalars");
        assert_eq!(texts, ["a", "1", "true"]);
        let inner = lists::<_, i32>(&mut json("[[1],null]")).expect("lists");
        assert_eq!(inner, [vec![1], vec![]]);
        for bad in ["{}", "\"a\"", "1"] {
            assert!(text_list(&mut json(bad)).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_null_map_of_texts_differs_from_an_empty_one() {
        assert_eq!(text_map(&mut json("null")).expect("null"), None);
        assert_eq!(text_map(&mut json("{}")).expect("empty"), Some(Entries::new()));
        let domains = text_map(&mut json(r#"{"*":"d","t":7,"u":null}"#)).expect("texts");
        assert_eq!(serde_json::to_string(&domains).expect("texts"), r#"{"*":"d","t":"7"}"#);
    }

    #[test]
    fn null_inside_a_map_of_lists_is_an_empty_list() {
        let map = list_map::<_, i32>(&mut json(r#"{"b":[1],"a":null}"#)).expect("lists");
        assert_eq!(serde_json::to_string(&map).expect("lists"), r#"{"b":[1],"a":[]}"#);
        assert!(list_map::<_, i32>(&mut json("null")).expect("null").is_empty());
    }

    #[test]
    fn parsed_maps_keep_null_values_and_tell_null_from_empty() {
        let map = json_map(&mut json(r#"{"a":null}"#)).expect("an object");
        assert!(map.contains_key("a"));
        assert!(json_map(&mut json("null")).expect("null").is_empty());
        assert_eq!(opt_json_map(&mut json("null")).expect("null"), None);
        assert!(json_map(&mut json("[]")).is_err());
    }

    #[test]
    fn a_payload_is_an_object_with_its_own_spelling() {
        let raw = payload(&mut json(" {\"n\": 1.50} ")).expect("an object").expect("not null");
        assert_eq!(raw.get(), "{\"n\": 1.50}");
        assert!(payload(&mut json("null")).expect("null").is_none());
        for bad in ["[]", "\"{}\"", "1", "true"] {
            assert!(payload(&mut json(bad)).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_payload_may_nest_deeper_than_any_parser_follows() {
        let deep = format!("{{\"a\":{}{}}}", "[".repeat(100_000), "]".repeat(100_000));
        assert!(payload(&mut json(&deep)).expect("raw").is_some());
    }
}
