//! What the chapters say in one bold sentence, collected in the order of the book.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use anyhow::{Context as _, Result};

/// Shorter ones are the names of list items.
const WORDS: usize = 4;

/// The principles of all chapters that `SUMMARY.md` names, each with a link to its chapter.
pub fn list(root: &Path) -> Result<String> {
    let folder = root.join("book/chapters");
    let read = |file: &str| {
        let path = folder.join(file);
        fs::read_to_string(&path).with_context(|| path.display().to_string())
    };
    let mut list = String::new();
    for (title, file) in chapters(&read("SUMMARY.md")?) {
        for sentence in sentences(&read(file)?) {
            let _ = writeln!(list, "- {sentence} *([{title}]({file}))*");
        }
    }
    Ok(list)
}

/// Titles and files, in the order of the summary.
fn chapters(summary: &str) -> Vec<(&str, &str)> {
    let links = summary.lines().filter_map(|line| {
        let (title, file) = line.split_once('[')?.1.split_once("](")?;
        Some((title, file.split_once(')')?.0))
    });
    links.collect()
}

/// Whole sentences in bold, each in one line.
fn sentences(chapter: &str) -> Vec<String> {
    let bold = chapter.split("**").skip(1).step_by(2);
    let lines = bold.map(|text| text.split_whitespace().collect::<Vec<_>>());
    let sentences = lines.filter(|words| {
        words.len() >= WORDS && words.last().is_some_and(|last| last.ends_with('.'))
    });
    sentences.map(|words| words.join(" ")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_principle_is_a_whole_sentence_in_bold() {
        let chapter = "**Predict.** What?\n\n1. **Init phase.** It\n\n**Measure what\nyou pay for.** And **not this one** but\n**Keep it.**\n";
        assert_eq!(sentences(chapter), ["Measure what you pay for."]);
    }

    #[test]
    fn chapters_come_in_the_order_of_the_book() {
        let summary = "# Summary\n\n[First](README.md)\n\n- [Two](b.md)\n  - [Three](a.md)\n";
        assert_eq!(
            chapters(summary),
            [("First", "README.md"), ("Two", "b.md"), ("Three", "a.md")]
        );
    }
}
