//! Parameters of SUB_WORKFLOW and START_WORKFLOW tasks.

use std::fmt;

use serde::de::value::MapAccessDeserializer;
use serde::de::{Error, MapAccess, Unexpected, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::Value;

use super::WorkflowDef;
use crate::conductor::{Entries, IdempotencyStrategy, lenient};

/// Which workflow a task starts, and how (`conductor-rest` 3.2).
///
/// When the definition is given as an object, `name` and `version` are taken from it on reading.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(remote = "Self", default, rename_all = "camelCase")]
pub struct SubWorkflowParams {
    /// Name of the definition.
    #[serde(skip_serializing_if = "Option::is_none", deserialize_with = "lenient::opt_text")]
    pub name: Option<String>,
    /// Version of the definition; none is the latest.
    #[serde(skip_serializing_if = "Option::is_none", deserialize_with = "lenient::opt_int")]
    pub version: Option<i32>,
    /// Task type to domain.
    #[serde(skip_serializing_if = "Option::is_none", deserialize_with = "lenient::text_map")]
    pub task_to_domain: Option<Entries<String>>,
    /// The definition itself, or the expression that gives it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub workflow_definition: Option<InlineDefinition>,
    /// Key under which a second start is the same start.
    #[serde(skip_serializing_if = "Option::is_none", deserialize_with = "lenient::opt_text")]
    pub idempotency_key: Option<String>,
    /// What a second start under the key gets.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub idempotency_strategy: Option<IdempotencyStrategy>,
    /// Priority: a number, or an expression that gives one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub priority: Option<Value>,
}

impl<'de> Deserialize<'de> for SubWorkflowParams {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        // The derived function of the same name; it is inherent because of `remote`.
        let mut params = Self::deserialize(deserializer)?;
        if let Some(InlineDefinition::Definition(definition)) = &params.workflow_definition {
            params.name = Some(definition.name.clone());
            params.version = Some(definition.version);
        }
        Ok(params)
    }
}

impl Serialize for SubWorkflowParams {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        Self::serialize(self, serializer)
    }
}

/// A definition inside another one (`conductor-rest` 3.2).
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(untagged)]
pub enum InlineDefinition {
    /// The definition.
    Definition(Box<WorkflowDef>),
    /// An expression, `${` to `}`, that gives the definition.
    Expression(String),
}

impl<'de> Deserialize<'de> for InlineDefinition {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(InlineVisitor)
    }
}

struct InlineVisitor;

impl<'de> Visitor<'de> for InlineVisitor {
    type Value = InlineDefinition;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a workflow definition or an expression `${…}`")
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<InlineDefinition, A::Error> {
        let definition = Box::<WorkflowDef>::deserialize(MapAccessDeserializer::new(map))?;
        Ok(InlineDefinition::Definition(definition))
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<InlineDefinition, E> {
        if text.starts_with("${") && text.ends_with('}') {
            Ok(InlineDefinition::Expression(text.to_owned()))
        } else {
            Err(E::invalid_value(Unexpected::Str(text), &self))
        }
    }
}
