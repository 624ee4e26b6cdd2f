//! The embedded metric format: a log line that `CloudWatch` turns into metrics.

use std::io::{self, Write as _};

use serde::Serialize;

/// What one invocation counted. A metric that does not apply stays out of the line.
#[derive(Default)]
pub(crate) struct Metrics {
    /// Whether this was the environment's first invocation.
    pub(crate) cold_start: bool,
    /// Whether the cache held the answer; absent when it was not asked.
    pub(crate) cache_hit: Option<bool>,
    /// Rows in the answer; absent when there was none.
    pub(crate) row_count: Option<usize>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Line<'a> {
    #[serde(rename = "_aws")]
    aws: Metadata,
    function_name: &'a str,
    cold_start: u8,
    #[serde(skip_serializing_if = "Option::is_none")]
    cache_hit: Option<u8>,
    #[serde(skip_serializing_if = "Option::is_none")]
    row_count: Option<usize>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Metadata {
    /// Milliseconds since 1970-01-01 UTC.
    timestamp: u64,
    cloud_watch_metrics: [Directive; 1],
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Directive {
    namespace: &'static str,
    dimensions: [[&'static str; 1]; 1],
    metrics: Vec<Definition>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Definition {
    name: &'static str,
    unit: &'static str,
}

impl Metrics {
    /// The line for these metrics, measured at `timestamp` (milliseconds since 1970-01-01 UTC), without its newline.
    fn line(&self, function_name: &str, timestamp: u64) -> serde_json::Result<Vec<u8>> {
        let metrics = [
            Some("ColdStart"),
            self.cache_hit.map(|_| "CacheHit"),
            self.row_count.map(|_| "RowCount"),
        ];
        let metrics = metrics
            .into_iter()
            .flatten()
            .map(|name| Definition {
                name,
                unit: "Count",
            })
            .collect();
        serde_json::to_vec(&Line {
            aws: Metadata {
                timestamp,
                cloud_watch_metrics: [Directive {
                    namespace: "Stadiums",
                    dimensions: [["FunctionName"]],
                    metrics,
                }],
            },
            function_name,
            cold_start: self.cold_start.into(),
            cache_hit: self.cache_hit.map(u8::from),
            row_count: self.row_count,
        })
    }

    /// Writes the line to standard output, where Lambda takes it from.
    pub(crate) fn write(&self, function_name: &str, timestamp: u64) -> io::Result<()> {
        let mut line = self.line(function_name, timestamp)?;
        line.push(b'\n');
        io::stdout().write_all(&line)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn golden_line_with_a_cache() {
        let metrics = Metrics {
            cold_start: true,
            cache_hit: Some(false),
            row_count: Some(32),
        };
        let line =
            String::from_utf8(metrics.line("05-elasticache", 1_700_000_000_123).unwrap()).unwrap();
        assert_eq!(
            line,
            concat!(
                r#"{"_aws":{"Timestamp":1700000000123,"CloudWatchMetrics":[{"Namespace":"Stadiums","#,
                r#""Dimensions":[["FunctionName"]],"Metrics":[{"Name":"ColdStart","Unit":"Count"},"#,
                r#"{"Name":"CacheHit","Unit":"Count"},{"Name":"RowCount","Unit":"Count"}]}]},"#,
                r#""FunctionName":"05-elasticache","ColdStart":1,"CacheHit":0,"RowCount":32}"#,
            )
        );
    }

    #[test]
    fn a_metric_that_does_not_apply_is_neither_declared_nor_given() {
        let line = String::from_utf8(Metrics::default().line("f", 0).unwrap()).unwrap();
        assert!(line.contains(r#""Metrics":[{"Name":"ColdStart","Unit":"Count"}]"#));
        assert!(line.ends_with(r#""FunctionName":"f","ColdStart":0}"#));
    }
}
