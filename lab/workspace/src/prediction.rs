//! The question that a chapter of the book asks before its result: one source for the book and for a room's board.
//!
//! In the chapter it is a blockquote, and below, in the result, a directive says which answer was right:
//!
//! ```text
//! > **Predict.** A warm request becomes
//! >
//! > 1. a little faster
//! > 2. twice as fast
//! > 3. slower
//!
//! {{lab answer 2}}
//! ```

use std::path::Path;

use anyhow::{Context as _, Result, bail, ensure};

/// What a question begins with.
const BEGIN: &str = "> **Predict.** ";
/// Answers of a question.
pub const ANSWERS: usize = 3;

/// A chapter's question.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Prediction {
    /// The chapter's number where it has one, such as `05`, else its file's name without the ending, such as `memory`.
    pub chapter: String,
    /// The chapter's file in `book/chapters`.
    pub file: String,
    /// The chapter's heading.
    pub title: String,
    /// The question, in one line, with the chapter's Markdown; the answers may go on with its sentence.
    pub question: String,
    /// The answers, each in one line.
    pub answers: [String; ANSWERS],
    /// Which answer was right, from 1; absent where the chapter does not say.
    pub right: Option<usize>,
}

impl Prediction {
    /// All chapters' questions, the numbered chapters first.
    ///
    /// # Errors
    /// Names the chapter whose question is malformed, or that cannot be read.
    pub fn all(root: &Path) -> Result<Vec<Self>> {
        let folder = root.join("book/chapters");
        let context = || format!("cannot read {}", folder.display());
        let mut found = Vec::new();
        for entry in std::fs::read_dir(&folder).with_context(context)? {
            let path = entry.with_context(context)?.path();
            if path.extension().is_none_or(|ending| ending != "md") {
                continue;
            }
            let text = std::fs::read_to_string(&path)
                .with_context(|| format!("cannot read {}", path.display()))?;
            let file = path.file_name().unwrap_or_default().to_string_lossy();
            found.extend(Self::parse(&file, &text)?);
        }
        found.sort_by(|one, other| one.file.cmp(&other.file));
        Ok(found)
    }

    /// The question of one chapter's text; none where it asks none.
    ///
    /// # Errors
    /// Says what is wrong with the question of `file`.
    pub fn parse(file: &str, text: &str) -> Result<Option<Self>> {
        let mut lines = text.lines().skip_while(|line| !line.starts_with(BEGIN));
        let Some(first) = lines.next() else {
            return Ok(None);
        };
        let quoted = lines.map_while(|line| line.strip_prefix('>'));
        let mut parts = vec![first[BEGIN.len()..].trim().to_owned()];
        for line in quoted.map(str::trim) {
            let number = format!("{}. ", parts.len());
            if let Some(answer) = line.strip_prefix(&number) {
                parts.push(answer.trim().to_owned());
            } else if let Some(last) = parts.last_mut()
                && !line.is_empty()
            {
                *last = format!("{last} {line}");
            }
        }
        let question = parts.remove(0);
        let count = parts.len();
        let Ok(answers) = <[String; ANSWERS]>::try_from(parts) else {
            bail!(
                "{file}: its question has {count} answers, and {ANSWERS} are wanted: `> 1. `, `> 2. `, `> 3. `"
            );
        };
        for part in answers.iter().chain([&question]) {
            ensure!(
                !part.is_empty() && !part.contains("{{"),
                "{file}: its question and answers are plain text, and one of them is {part:?}"
            );
        }
        let stem = file.strip_suffix(".md").unwrap_or(file);
        let chapter = match stem.split_once('-') {
            Some((number, _)) if number.bytes().all(|byte| byte.is_ascii_digit()) => number,
            _ => stem,
        };
        Ok(Some(Self {
            chapter: chapter.to_owned(),
            file: file.to_owned(),
            title: title(text).unwrap_or(stem).to_owned(),
            question,
            answers,
            right: right(file, text)?,
        }))
    }
}

fn title(text: &str) -> Option<&str> {
    let heading = text.lines().find_map(|line| line.strip_prefix("# "))?;
    Some(heading.trim())
}

fn right(file: &str, text: &str) -> Result<Option<usize>> {
    let mut said = text.split("{{lab answer ").skip(1);
    let Some(rest) = said.next() else {
        return Ok(None);
    };
    ensure!(
        said.next().is_none(),
        "{file}: it says twice which answer was right"
    );
    let word = rest.split("}}").next().unwrap_or_default().trim();
    match word.parse() {
        Ok(number) if (1..=ANSWERS).contains(&number) => Ok(Some(number)),
        _ => bail!("{file}: `{{{{lab answer {word}}}}}` names no answer: 1 to {ANSWERS}"),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::Workspace;

    const CHAPTER: &str = "# 09 Lean TLS\n\n> **Predict.** Exchanging one for the\n> other makes it\n>\n> 1. no\n>    different\n> 2. slower\n\
                           > 3. faster\n\n> 4. is no answer\n\n{{lab answer 3}}\n";

    #[test]
    fn a_question_may_be_wrapped_and_ends_with_its_quotation() {
        let found = Prediction::parse("09-lean-tls.md", CHAPTER)
            .unwrap()
            .unwrap();
        assert_eq!(
            (found.chapter.as_str(), found.title.as_str()),
            ("09", "09 Lean TLS")
        );
        assert_eq!(found.question, "Exchanging one for the other makes it");
        assert_eq!(found.answers, ["no different", "slower", "faster"]);
        assert_eq!(found.right, Some(3));
    }

    #[test]
    fn a_chapter_without_a_question_or_an_answer_is_none() {
        assert_eq!(
            Prediction::parse("teach.md", "# Teach\n\n> A quotation\n").unwrap(),
            None
        );
        let open = CHAPTER.replace("{{lab answer 3}}", "");
        let found = Prediction::parse("memory.md", &open).unwrap().unwrap();
        assert_eq!((found.chapter.as_str(), found.right), ("memory", None));
    }

    #[test]
    fn what_is_malformed_is_said_with_its_file() {
        for (from, to, said) in [
            ("> 3. faster\n", "", "2 answers"),
            ("> 2. slower", "> 2. {{lab p50 05}}", "plain text"),
            ("answer 3", "answer 4", "names no answer"),
            (
                "{{lab answer 3}}",
                "{{lab answer 1}} {{lab answer 1}}",
                "twice",
            ),
        ] {
            let error = Prediction::parse("09-lean-tls.md", &CHAPTER.replace(from, to));
            let error = error.unwrap_err().to_string();
            assert!(
                error.contains("09-lean-tls.md") && error.contains(said),
                "{error}"
            );
        }
    }

    #[test]
    fn every_step_has_a_chapter_that_asks() {
        let workspace = Workspace::load().unwrap();
        let asked = Prediction::all(&workspace.root).unwrap();
        for step in workspace.steps.iter().filter(|step| !step.is_own()) {
            let Some(number) = step.number() else {
                continue;
            };
            let chapter = asked.iter().find(|it| it.chapter == format!("{number:02}"));
            let chapter = chapter.unwrap_or_else(|| panic!("the chapter of {} asks", step.name));
            assert!(chapter.title.starts_with(&chapter.chapter), "{chapter:?}");
        }
    }

    proptest! {
        #[test]
        fn no_text_ends_the_parser(text in "(> \\*\\*Predict\\.\\*\\* |> [1-3]\\. |\\{\\{lab answer |\\}\\}|\n|[a-z3é]){0,40}") {
            let _ = Prediction::parse("any.md", &text);
        }
    }
}
