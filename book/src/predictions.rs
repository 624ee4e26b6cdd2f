//! Each chapter asks one question with three answers before it shows what came out.

use std::fs;
use std::path::Path;

use anyhow::{Context as _, Result, bail};
use scraper::{ElementRef, Html, Selector};

/// How a question begins in a chapter.
const QUESTION: &str = "> **Predict.**";

/// Which answer is right, as words and as `data-answer` for the script in `book/predict.js`.
pub fn answer(number: &str) -> Result<String> {
    let word = match number {
        "1" => "first",
        "2" => "second",
        "3" => "third",
        _ => bail!("a prediction has the answers 1, 2 and 3, not {number:?}"),
    };
    Ok(format!(
        "<span class=\"answer\" data-answer=\"{number}\"><strong>The {word} answer.</strong></span>"
    ))
}

/// The place where the script tells how often the reader was right, of all questions that the chapters ask.
pub fn score(root: &Path) -> Result<String> {
    let folder = root.join("book/chapters");
    let mut questions = 0;
    for entry in fs::read_dir(&folder).with_context(|| folder.display().to_string())? {
        let path = entry?.path();
        if path.extension().is_some_and(|it| it == "md") {
            let text = fs::read_to_string(&path).with_context(|| path.display().to_string())?;
            questions += text.matches(QUESTION).count();
        }
    }
    Ok(format!(
        "<p class=\"score\" role=\"status\" data-predictions=\"{questions}\"></p>"
    ))
}

/// What is wrong with a page's prediction: it has three answers, one of them is right, and only a folded result says which.
pub fn problem(page: &Html) -> Option<&'static str> {
    let answers = select(page, "main .answer");
    let quotes = select(page, "main blockquote");
    let asks = |quote: &ElementRef<'_>| {
        let strong = Selector::parse("strong").expect("a selector of ours");
        let first = quote.select(&strong).next();
        first.is_some_and(|it| it.text().collect::<String>() == "Predict.")
    };
    let questions: Vec<_> = quotes.into_iter().filter(asks).collect();
    match (questions.as_slice(), answers.as_slice()) {
        ([], []) => None,
        ([question], [answer]) => {
            let item = Selector::parse("ol > li").expect("a selector of ours");
            if question.select(&item).count() != 3 {
                return Some("a prediction has three answers");
            }
            let mut above = answer.ancestors().filter_map(ElementRef::wrap);
            let folded = above.any(|it| it.value().name() == "details");
            (!folded).then_some("the right answer of a prediction stands in a folded result")
        }
        _ => Some(
            "a page that predicts has one question, and says once which answer is right: {{lab answer N}}",
        ),
    }
}

fn select<'a>(page: &'a Html, selector: &str) -> Vec<ElementRef<'a>> {
    let selector = Selector::parse(selector).expect("a selector of ours");
    page.select(&selector).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn problem_of(question: &str, result: &str) -> Option<&'static str> {
        problem(&Html::parse_document(&format!(
            "<main><blockquote>{question}</blockquote>{result}</main>"
        )))
    }

    #[test]
    fn a_prediction_has_three_answers_and_a_folded_right_one() {
        let question = |items: usize| {
            let items = "<li>a</li>".repeat(items);
            format!("<p><strong>Predict.</strong> What?</p><ol>{items}</ol>")
        };
        let right = answer("2").unwrap();
        let folded = format!("<details><p>{right}</p></details>");
        assert_eq!(problem_of("a quotation", "<p>text</p>"), None);
        assert_eq!(problem_of(&question(3), &folded), None);
        assert!(problem_of(&question(2), &folded).is_some());
        assert!(problem_of(&question(3), "").is_some(), "no answer");
        assert!(problem_of(&question(3), &folded.repeat(2)).is_some());
        assert!(problem_of(&question(3), &right).is_some(), "in the open");
        assert!(problem_of("a quotation", &folded).is_some(), "no question");
    }

    #[test]
    fn there_is_no_fourth_answer() {
        assert!(answer("3").unwrap().contains("third"));
        assert!(answer("4").is_err() && answer("two").is_err());
    }
}
