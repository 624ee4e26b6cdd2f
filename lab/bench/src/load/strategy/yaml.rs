//! A YAML file as a tree that knows the line of everything in it, so that whatever is not understood is named by its line.

use std::path::{Path, PathBuf};

use saphyr::{LoadableYamlNode as _, MarkedYaml, Scalar, YamlData};

/// What is wrong, and where.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}:{line}: {problem}", path.display())]
pub struct Error {
    /// The file.
    pub path: PathBuf,
    /// The line, counted from 1.
    pub line: usize,
    /// What is wrong with it, and what to do.
    pub problem: String,
}

/// One value of the file.
#[derive(Clone, Copy)]
pub(super) struct Node<'a> {
    path: &'a Path,
    value: &'a MarkedYaml<'a>,
    /// The line of its key, or its own.
    line: usize,
}

/// Reads a file's text and hands its root on.
pub(super) fn read<T>(
    text: &str,
    path: &Path,
    with: impl FnOnce(Node<'_>) -> Result<T, Error>,
) -> Result<T, Error> {
    let error = |line, problem: String| Error {
        path: path.to_owned(),
        line,
        problem,
    };
    let documents = MarkedYaml::load_from_str(text).map_err(|scan| {
        error(
            scan.marker().line(),
            format!("this is no YAML: {}", scan.info()),
        )
    })?;
    match &documents[..] {
        [value] => with(Node {
            path,
            value,
            line: value.span.start.line(),
        }),
        [] => Err(error(1, "the file is empty".to_owned())),
        [_, second, ..] => Err(error(
            second.span.start.line(),
            "a second document begins here: a strategy is one".to_owned(),
        )),
    }
}

impl<'a> Node<'a> {
    /// An error about this value.
    pub fn error(&self, problem: impl Into<String>) -> Error {
        Error {
            path: self.path.to_owned(),
            line: self.line,
            problem: problem.into(),
        }
    }

    /// The entries of a mapping, in their order.
    pub fn entries(&self, what: &str) -> Result<Vec<(String, Node<'a>)>, Error> {
        let YamlData::Mapping(mapping) = &self.value.data else {
            return Err(self.error(format!("{what} must be a mapping, this is {}", self.kind())));
        };
        let mut entries = Vec::new();
        for (key, value) in mapping {
            let line = key.span.start.line();
            let key = Node {
                value: key,
                line,
                ..*self
            };
            let value = Node {
                value,
                line,
                ..*self
            };
            entries.push((key.text("a key")?, value));
        }
        Ok(entries)
    }

    /// The elements of a sequence.
    pub fn elements(&self, what: &str) -> Result<Vec<Node<'a>>, Error> {
        let YamlData::Sequence(sequence) = &self.value.data else {
            return Err(self.error(format!("{what} must be a list, this is {}", self.kind())));
        };
        let elements = sequence.iter().map(|value| Node {
            value,
            line: value.span.start.line(),
            ..*self
        });
        Ok(elements.collect())
    }

    /// True for a list.
    pub fn is_list(&self) -> bool {
        matches!(self.value.data, YamlData::Sequence(_))
    }

    /// Text, or what YAML takes for a number or a truth value, as text.
    pub fn text(&self, what: &str) -> Result<String, Error> {
        match &self.value.data {
            YamlData::Value(Scalar::String(text)) => Ok(text.to_string()),
            YamlData::Value(Scalar::Integer(number)) => Ok(number.to_string()),
            YamlData::Value(Scalar::FloatingPoint(number)) => Ok(number.to_string()),
            YamlData::Value(Scalar::Boolean(truth)) => Ok(truth.to_string()),
            _ => Err(self.error(format!("{what} must be a text, this is {}", self.kind()))),
        }
    }

    /// A number that is finite and not negative.
    pub fn number(&self, what: &str) -> Result<f64, Error> {
        let number = match &self.value.data {
            YamlData::Value(Scalar::Integer(number)) => Some(*number as f64),
            YamlData::Value(Scalar::FloatingPoint(number)) => Some(**number),
            YamlData::Value(Scalar::String(text)) => text.parse().ok(),
            _ => None,
        };
        let usable = number.filter(|number| number.is_finite() && *number >= 0.0);
        usable.ok_or_else(|| {
            let shown = self.text(what).unwrap_or_else(|_| self.kind().to_owned());
            self.error(format!(
                "{what} must be a number that is not negative, this is {shown}"
            ))
        })
    }

    fn kind(&self) -> &'static str {
        match &self.value.data {
            YamlData::Mapping(_) => "a mapping",
            YamlData::Sequence(_) => "a list",
            YamlData::Value(Scalar::Null) => "empty",
            YamlData::Value(Scalar::Boolean(_)) => "true or false",
            YamlData::Value(Scalar::Integer(_) | Scalar::FloatingPoint(_)) => "a number",
            YamlData::Value(Scalar::String(_)) => "a text",
            YamlData::Alias(_) => "an alias",
            YamlData::Tagged(..) => "a tagged value",
            YamlData::BadValue | YamlData::Representation(..) => "unreadable",
        }
    }
}
