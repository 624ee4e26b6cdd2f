//! Which keys a strategy may have: those that the lab does what they say, and those that it can pass over, since they change
//! nothing of what is sent and expected.

use std::fmt;

use serde::Deserialize;
use serde::de::{Deserializer, MapAccess, SeqAccess, Visitor};
use serde_saphyr::Spanned;

/// A mapping, by its place, whose keys are known; and what may be passed over in it. In lists the place ends with `[]`.
const PLACES: [(&str, &[&str], &[&str]); 12] = [
    ("", &["config", "scenarios"], &[]),
    (
        "config",
        &["target", "phases", "plugins", "apdex", "ensure"],
        &[
            "bundling",
            "engines",
            "environments",
            "http",
            "includeFiles",
            "payload",
            "processor",
            "statsInterval",
            "tls",
            "variables",
        ],
    ),
    (
        "config.phases[]",
        &[
            "duration",
            "arrivalRate",
            "rampTo",
            "arrivalCount",
            "pause",
            "name",
        ],
        &[],
    ),
    (
        "config.plugins",
        &["apdex", "ensure", "expect"],
        &[
            "cloudwatch",
            "datadog",
            "influxdb",
            "metrics-by-endpoint",
            "publish-metrics",
            "slack",
            "statsd",
        ],
    ),
    ("config.apdex", &["threshold"], &[]),
    ("config.plugins.apdex", &["threshold"], &[]),
    (
        "config.plugins.expect",
        &[],
        &[
            "formatter",
            "outputFormat",
            "reportFailuresAsErrors",
            "useOnlyRequestNames",
        ],
    ),
    ("scenarios[]", &["flow", "name"], &["weight"]),
    ("scenarios[].flow[]", &["get"], &["log"]),
    (
        "scenarios[].flow[].get",
        &["url", "expect", "name"],
        &["capture", "followRedirect", "gzip"],
    ),
    (
        "scenarios[].flow[].get.expect",
        &["statusCode", "contentType"],
        &[],
    ),
    (
        "scenarios[].flow[].get.expect[]",
        &["statusCode", "contentType"],
        &[],
    ),
];

/// What was found among the keys.
#[derive(Debug, Default)]
pub(super) struct Found {
    /// By their places, in their order: `config.tls`.
    pub passed_over: Vec<String>,
    /// The lines of those that the lab does not know, and what is known there.
    pub unknown: Vec<(u64, String)>,
}

/// Looks at every key of a file. Nothing is found in a file that is no YAML: reading it says why.
pub(super) fn look_at(text: &str) -> Found {
    let mut found = Found::default();
    if let Ok(tree) = serde_saphyr::from_str(text) {
        found.look_at(&tree, "");
    }
    found
}

impl Found {
    fn look_at(&mut self, node: &Node, place: &str) {
        match node {
            Node::Leaf => {}
            Node::List(nodes) => {
                for node in nodes {
                    self.look_at(node, &format!("{place}[]"));
                }
            }
            Node::Map(entries) => {
                let Some((_, known, harmless)) = PLACES.iter().find(|(it, ..)| *it == place) else {
                    return;
                };
                for (key, node) in entries {
                    let name = key.value.as_str();
                    let within = if place.is_empty() {
                        name.to_owned()
                    } else {
                        format!("{place}.{name}")
                    };
                    if known.contains(&name) {
                        self.look_at(node, &within);
                    } else if harmless.contains(&name) {
                        self.pass_over(within);
                    } else {
                        let problem = unknown(name, known);
                        self.unknown.push((key.referenced.line(), problem));
                    }
                }
            }
        }
    }

    fn pass_over(&mut self, place: String) {
        if !self.passed_over.contains(&place) {
            self.passed_over.push(place);
        }
    }
}

fn unknown(name: &str, known: &[&str]) -> String {
    if known.is_empty() {
        return format!("the lab does not know the setting {name}");
    }
    let known = known.join(", ");
    format!("the lab does not know {name} here: it knows {known}")
}

/// The shape of a file.
enum Node {
    Map(Vec<(Spanned<String>, Node)>),
    List(Vec<Node>),
    Leaf,
}

impl<'de> Deserialize<'de> for Node {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Shape)
    }
}

struct Shape;

impl<'de> Visitor<'de> for Shape {
    type Value = Node;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("anything")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Node, A::Error> {
        let mut entries = Vec::new();
        while let Some(entry) = map.next_entry()? {
            entries.push(entry);
        }
        Ok(Node::Map(entries))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Node, A::Error> {
        let mut nodes = Vec::new();
        while let Some(node) = seq.next_element()? {
            nodes.push(node);
        }
        Ok(Node::List(nodes))
    }

    fn visit_str<E>(self, _: &str) -> Result<Node, E> {
        Ok(Node::Leaf)
    }

    fn visit_bool<E>(self, _: bool) -> Result<Node, E> {
        Ok(Node::Leaf)
    }

    fn visit_i64<E>(self, _: i64) -> Result<Node, E> {
        Ok(Node::Leaf)
    }

    fn visit_u64<E>(self, _: u64) -> Result<Node, E> {
        Ok(Node::Leaf)
    }

    fn visit_f64<E>(self, _: f64) -> Result<Node, E> {
        Ok(Node::Leaf)
    }

    fn visit_unit<E>(self) -> Result<Node, E> {
        Ok(Node::Leaf)
    }

    fn visit_none<E>(self) -> Result<Node, E> {
        Ok(Node::Leaf)
    }
}
