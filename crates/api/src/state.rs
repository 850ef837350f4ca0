//! What every operation can reach.

use std::sync::Arc;

use fermata_decider::definition::validate::{NameCharacters, OwnerEmail};
use fermata_runtime::Engine;

use crate::external::PayloadFiles;
use crate::views::definition::TextCache;

/// What an acknowledged request has outlived, as `GET /metrics` tells it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Durability {
    /// A sync to the device.
    #[default]
    Sync,
    /// Nothing yet: the device is synced from time to time (design 4).
    Relaxed,
    /// Nothing, ever: rows are in memory only.
    Memory,
}

impl Durability {
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Sync => "sync",
            Self::Relaxed => "relaxed",
            Self::Memory => "memory",
        }
    }
}

/// Settings of the surface.
#[derive(Debug, Clone)]
pub struct Options {
    /// What `GET /api/version` answers.
    pub version: String,
    /// What the store promises.
    pub durability: Durability,
    /// Whether definitions need an owner (`conductor-rest` 7.2).
    pub owner_email: OwnerEmail,
    /// Which names workflows may have (`conductor-rest` 7.2).
    pub name_characters: NameCharacters,
    /// Where uploaded payloads are kept; without, they are refused.
    pub payload_files: Option<Arc<dyn PayloadFiles>>,
    /// How clients reach this server, as `scheme://host[:port]`; none for the way each request
    /// came.
    pub public_url: Option<String>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            version: env!("CARGO_PKG_VERSION").to_owned(),
            durability: Durability::default(),
            owner_email: OwnerEmail::default(),
            name_characters: NameCharacters::default(),
            payload_files: None,
            public_url: None,
        }
    }
}

/// The state of the router. Clones share everything.
#[derive(Clone)]
pub(crate) struct App {
    /// The engine.
    pub(crate) engine: Engine,
    /// Settings.
    pub(crate) options: Arc<Options>,
    /// Texts of definitions, ready to be shown.
    pub(crate) texts: Arc<TextCache>,
}

impl App {
    pub(crate) fn new(engine: Engine, options: Options) -> Self {
        Self { engine, options: Arc::new(options), texts: Arc::default() }
    }
}
