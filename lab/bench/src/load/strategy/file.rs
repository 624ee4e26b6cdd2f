//! The file as it is written, every value with its line. Which keys there may be is `keys`' business.

use std::collections::BTreeMap;
use std::fmt;

use serde::Deserialize;
use serde::de::value::{MapAccessDeserializer, SeqAccessDeserializer};
use serde::de::{Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_saphyr::Spanned;

/// A text, or what YAML takes for a number or a truth value, as text.
pub(super) type Value = Spanned<String>;

#[derive(Deserialize)]
pub(super) struct File {
    #[serde(default)]
    pub config: Config,
    #[serde(default)]
    pub scenarios: Vec<Spanned<Scenario>>,
}

#[derive(Default, Deserialize)]
pub(super) struct Config {
    #[serde(default)]
    pub phases: Vec<Spanned<Phase>>,
    #[serde(default)]
    pub plugins: Plugins,
    pub apdex: Option<Apdex>,
    pub ensure: Option<Ensure>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Phase {
    pub duration: Option<Value>,
    pub arrival_rate: Option<Value>,
    pub ramp_to: Option<Value>,
    pub arrival_count: Option<Value>,
    pub pause: Option<Value>,
}

/// A plugin is switched on by being there; its settings may be here or in `config`.
#[derive(Default, Deserialize)]
pub(super) struct Plugins {
    pub apdex: Option<Apdex>,
    pub ensure: Option<Ensure>,
}

#[derive(Deserialize)]
pub(super) struct Apdex {
    pub threshold: Option<Value>,
}

/// Thresholds by the metrics' names, in their order.
#[derive(Default)]
pub(super) struct Ensure {
    pub thresholds: Vec<(String, Value)>,
    pub conditions: Option<Value>,
}

#[derive(Deserialize)]
pub(super) struct Scenario {
    pub flow: Spanned<Vec<Spanned<Step>>>,
}

#[derive(Deserialize)]
pub(super) struct Step {
    pub get: Spanned<Get>,
}

#[derive(Deserialize)]
pub(super) struct Get {
    pub url: Option<Value>,
    #[serde(default)]
    pub expect: Expectations,
}

/// One mapping, or a list of them.
#[derive(Default)]
pub(super) struct Expectations(pub Vec<Expectation>);

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Expectation {
    pub status_code: Option<Value>,
    pub content_type: Option<String>,
}

impl<'de> Deserialize<'de> for Ensure {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Entries;
        impl<'de> Visitor<'de> for Entries {
            type Value = Ensure;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("thresholds by the metrics' names")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Ensure, A::Error> {
                let mut ensure = Ensure::default();
                while let Some(key) = map.next_key::<Value>()? {
                    match key.value.as_str() {
                        "thresholds" => {
                            let lists: Vec<BTreeMap<String, Value>> = map.next_value()?;
                            ensure.thresholds.extend(lists.into_iter().flatten());
                        }
                        "conditions" => {
                            map.next_value::<IgnoredAny>()?;
                            ensure.conditions = Some(key);
                        }
                        _ => ensure.thresholds.push((key.value, map.next_value()?)),
                    }
                }
                Ok(ensure)
            }
        }
        deserializer.deserialize_map(Entries)
    }
}

impl<'de> Deserialize<'de> for Expectations {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct OneOrMany;
        impl<'de> Visitor<'de> for OneOrMany {
            type Value = Expectations;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("what is expected, or a list of it")
            }

            fn visit_seq<A: SeqAccess<'de>>(self, seq: A) -> Result<Expectations, A::Error> {
                Vec::deserialize(SeqAccessDeserializer::new(seq)).map(Expectations)
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Expectations, A::Error> {
                let one = Expectation::deserialize(MapAccessDeserializer::new(map))?;
                Ok(Expectations(vec![one]))
            }
        }
        deserializer.deserialize_any(OneOrMany)
    }
}
