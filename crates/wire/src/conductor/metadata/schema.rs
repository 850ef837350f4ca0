//! Schemas of inputs and outputs.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::conductor::lenient;

/// Schema of an input or output (`conductor-rest` 3.2, with the audit fields of 3.0 first).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct SchemaDef {
    /// Owning application.
    #[serde(skip_serializing_if = "Option::is_none", deserialize_with = "lenient::opt_text")]
    pub owner_app: Option<String>,
    /// When it was created, ms since the epoch; 0 if not set.
    #[serde(deserialize_with = "lenient::long")]
    pub create_time: i64,
    /// When it was last changed, ms since the epoch; 0 if not set.
    #[serde(deserialize_with = "lenient::long")]
    pub update_time: i64,
    /// Who created it.
    #[serde(skip_serializing_if = "Option::is_none", deserialize_with = "lenient::opt_text")]
    pub created_by: Option<String>,
    /// Who last changed it.
    #[serde(skip_serializing_if = "Option::is_none", deserialize_with = "lenient::opt_text")]
    pub updated_by: Option<String>,
    /// Name; none when the client gave none.
    #[serde(skip_serializing_if = "Option::is_none", deserialize_with = "lenient::opt_text")]
    pub name: Option<String>,
    /// Version.
    #[serde(deserialize_with = "lenient::int")]
    pub version: i32,
    /// Language of the schema.
    #[serde(rename = "type", skip_serializing_if = "Option::is_none")]
    pub schema_type: Option<SchemaType>,
    /// The schema itself.
    #[serde(skip_serializing_if = "Option::is_none", deserialize_with = "lenient::opt_json_map")]
    pub data: Option<Map<String, Value>>,
    /// Where the schema lies when it is not in `data`.
    #[serde(skip_serializing_if = "Option::is_none", deserialize_with = "lenient::opt_text")]
    pub external_ref: Option<String>,
}

impl Default for SchemaDef {
    fn default() -> Self {
        Self {
            owner_app: None,
            create_time: 0,
            update_time: 0,
            created_by: None,
            updated_by: None,
            name: None,
            version: 1,
            schema_type: None,
            data: None,
            external_ref: None,
        }
    }
}

/// Language of a schema (`conductor-rest` 3.2). Case sensitive.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum SchemaType {
    /// JSON Schema.
    Json,
    /// Avro.
    Avro,
    /// Protocol buffers.
    Protobuf,
}
