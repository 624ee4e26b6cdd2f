//! What mdBook calls before it renders: every `{{lab ...}}` is replaced, every include checked.

use std::path::Path;

use anyhow::{Context as _, Result, bail};
use lab_workspace::Workspace;
use mdbook_preprocessor::book::Book;
use mdbook_preprocessor::{Preprocessor, PreprocessorContext};

use crate::directives::Directives;

/// `{{lab WHAT ARGUMENT...}}` stands for something looked up. Any of its spaces may be the end of a line.
const OPEN: &str = "{{lab";
const CLOSE: &str = "}}";

/// Resolves numbers, tables, charts and diffs.
pub struct Workshop {
    directives: Directives,
}

impl Workshop {
    /// Reads results and facts.
    pub fn new(workspace: Workspace) -> Result<Self> {
        Ok(Self {
            directives: Directives::load(workspace)?,
        })
    }

    /// A chapter's text with everything looked up; `file` is named in errors.
    fn resolve(&self, text: &str, file: &Path) -> Result<String> {
        let mut resolved = String::new();
        let mut rest = text;
        while let Some(start) = rest.find(OPEN) {
            let offset = text.len() - rest.len() + start;
            let line = 1 + text[..offset].matches('\n').count();
            let at = || format!("{}:{line}", file.display());
            let (before, directive) = rest.split_at(start);
            let (directive, after) = directive[OPEN.len()..]
                .split_once(CLOSE)
                .with_context(|| format!("{}: {OPEN:?} is never closed", at()))?;
            let words: Vec<&str> = directive.split_whitespace().collect();
            let value = self
                .directives
                .value(&words)
                .with_context(|| format!("{}: {OPEN} {}{CLOSE}", at(), words.join(" ")))?;
            resolved.push_str(before);
            resolved.push_str(&value);
            rest = after;
        }
        resolved.push_str(rest);
        Ok(resolved)
    }
}

impl Preprocessor for Workshop {
    fn name(&self) -> &'static str {
        "workshop"
    }

    fn run(&self, context: &PreprocessorContext, mut book: Book) -> Result<Book> {
        let chapters = context.root.join(&context.config.book.src);
        let mut failures = Vec::new();
        book.for_each_chapter_mut(|chapter| {
            let Some(path) = chapter.source_path.clone() else {
                return;
            };
            let file = Path::new("book/chapters").join(&path);
            let checked = check_includes(&chapter.content, &chapters.join(&path), &file)
                .and_then(|()| self.resolve(&chapter.content, &file));
            match checked {
                Ok(text) => chapter.content = text,
                Err(error) => failures.push(format!("{error:#}")),
            }
        });
        if !failures.is_empty() {
            bail!("{}", failures.join("\n"));
        }
        Ok(book)
    }

    fn supports_renderer(&self, renderer: &str) -> Result<bool> {
        Ok(renderer == "html")
    }
}

/// mdBook includes nothing, in silence, where an anchor is missing: here that is an error.
fn check_includes(text: &str, chapter: &Path, name: &Path) -> Result<()> {
    for (index, line) in text.lines().enumerate() {
        let Some((_, include)) = line.split_once("{{#include ") else {
            continue;
        };
        let at = || format!("{}:{}", name.display(), index + 1);
        let (target, _) = include
            .split_once(CLOSE)
            .with_context(|| format!("{}: the include is never closed", at()))?;
        let (file, anchor) = target.trim().split_once(':').unwrap_or((target.trim(), ""));
        let path = chapter.with_file_name(file);
        let included = std::fs::read_to_string(&path)
            .with_context(|| format!("{}: cannot include {file}", at()))?;
        let has = |kind: &str| {
            let marker = format!("{kind}: {anchor}");
            let mut lines = included.lines();
            lines.any(|line| line.trim_end().ends_with(&marker))
        };
        if !anchor.is_empty() && (!has("ANCHOR") || !has("ANCHOR_END")) {
            let at = at();
            bail!("{at}: {file} has no ANCHOR: {anchor} with its ANCHOR_END");
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn workshop() -> Workshop {
        Workshop::new(Workspace::load().unwrap()).unwrap()
    }

    fn failure(text: &str) -> String {
        let failure = workshop().resolve(text, Path::new("a.md")).unwrap_err();
        format!("{failure:#}")
    }

    #[test]
    fn what_cannot_be_looked_up_is_an_error_with_its_place() {
        assert!(
            failure("one\ntwo {{lab p50 99}}")
                .starts_with("a.md:2: {{lab p50 99}}: there is no step 99")
        );
        assert!(failure("{{lab fact no.such}}").starts_with("a.md:1: {{lab fact no.such}}"));
        assert!(failure("{{lab nonsense 00}}").contains("nonsense"));
        assert!(failure("{{lab\nfact no.such}}").starts_with("a.md:1: {{lab fact no.such}}"));
        assert!(failure("\n\n{{lab p50 00").starts_with("a.md:3: "));
    }

    #[test]
    fn a_number_is_looked_up_in_its_place() {
        let text = workshop()
            .resolve("a {{lab p50 00}} b", Path::new("a.md"))
            .unwrap();
        assert!(text.starts_with("a ") && text.ends_with("ms b"), "{text}");
    }

    #[test]
    fn an_include_without_its_anchor_is_an_error_with_its_place() {
        let folder = tempfile::tempdir().unwrap();
        let source = "// ANCHOR: here\nfn f() {}\n// ANCHOR_END: here\n";
        std::fs::write(folder.path().join("code.rs"), source).unwrap();
        let chapter = folder.path().join("a.md");
        let check = |text: &str| check_includes(text, &chapter, Path::new("a.md"));
        check("{{#include code.rs:here}}").unwrap();
        check("{{#include code.rs}}").unwrap();
        for text in ["x\n{{#include code.rs:there}}", "x\n{{#include other.rs}}"] {
            let failure = format!("{:#}", check(text).unwrap_err());
            assert!(failure.starts_with("a.md:2: "), "{failure}");
        }
    }
}
