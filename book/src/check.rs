//! Does every link lead somewhere, has every prediction its answer, and was every step's code measured?

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context as _, Result};
use lab_workspace::Workspace;
use scraper::{Html, Selector};

use crate::freshness;
use crate::measured::{Measured, PROFILE};
use crate::predictions;

/// A page: where it leads, and where one can jump to in it.
struct Page {
    links: BTreeSet<String>,
    ids: BTreeSet<String>,
    prediction: Option<&'static str>,
}

/// Prints what is wrong; the exit code is 1 if anything is.
pub fn check(workspace: &Workspace, output: &Path, fresh: bool) -> Result<ExitCode> {
    let pages = pages(output)?;
    let mut problems = dead_links(output, &pages);
    problems.extend(unanswered(&pages));
    if fresh {
        problems.extend(stale(workspace)?);
    }
    for problem in &problems {
        eprintln!("{problem}");
    }
    println!("{} pages, {} problems", pages.len(), problems.len());
    Ok(if problems.is_empty() {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

fn pages(output: &Path) -> Result<BTreeMap<PathBuf, Page>> {
    let mut pages = BTreeMap::new();
    for entry in fs::read_dir(output)?.flatten() {
        let path = entry.path();
        if path.extension().is_some_and(|it| it == "html") {
            let html = fs::read_to_string(&path)?;
            pages.insert(path, page(&Html::parse_document(&html)));
        }
    }
    Ok(pages)
}

fn page(html: &Html) -> Page {
    let all = |selector: &str, attribute: &str| {
        let selector = Selector::parse(selector).expect("a selector of ours");
        let found = html.select(&selector).filter_map(|it| it.attr(attribute));
        found.map(str::to_owned).collect()
    };
    Page {
        links: all("main a[href]", "href"),
        ids: all("[id]", "id"),
        prediction: predictions::problem(html),
    }
}

fn dead_links(output: &Path, pages: &BTreeMap<PathBuf, Page>) -> Vec<String> {
    let mut problems = Vec::new();
    for (path, page) in pages {
        for link in page.links.iter().filter(|link| !link.contains("://")) {
            let (file, anchor) = link.split_once('#').unwrap_or((link, ""));
            let target = if file.is_empty() {
                path.clone()
            } else {
                output.join(file)
            };
            let from = path.file_name().unwrap_or_default().display();
            match pages.get(&target) {
                Some(page) if anchor.is_empty() || page.ids.contains(anchor) => {}
                Some(_) => problems.push(format!("{from}: {link}: the page has no such heading")),
                None if target.exists() => {}
                None => problems.push(format!("{from}: {link}: there is no such file")),
            }
        }
    }
    problems
}

/// Predictions without their answer. All chapters on one page, for print, ask many questions.
fn unanswered(pages: &BTreeMap<PathBuf, Page>) -> Vec<String> {
    let single = pages
        .iter()
        .filter(|(path, _)| !path.ends_with("print.html"));
    let wrong = single.filter_map(|(path, page)| {
        let name = path.file_name().unwrap_or_default().display();
        page.prediction.map(|problem| format!("{name}: {problem}"))
    });
    wrong.collect()
}

fn stale(workspace: &Workspace) -> Result<Vec<String>> {
    let measured = Measured::load(workspace.clone())?;
    let mut stale = Vec::new();
    for step in &workspace.steps {
        let (session, _) = measured.of(step, PROFILE)?;
        let changed = freshness::changed(&workspace.root, step, session)
            .with_context(|| step.name.clone())?;
        if !changed.is_empty() {
            let (name, changed) = (&step.name, changed.join(", "));
            stale.push(format!("{name}: {changed} changed since it was measured"));
        }
    }
    Ok(stale)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_without_target_is_found() {
        let folder = Path::new("/book");
        let html = |text: &str| page(&Html::parse_document(text));
        let mut pages = BTreeMap::new();
        pages.insert(folder.join("a.html"), html(
            "<main><h1 id=\"top\">A</h1><a href=\"#top\"></a><a href=\"b.html#there\"></a><a href=\"b.html#gone\"></a>\
             <a href=\"none.html\"></a><a href=\"https://example.com/none\"></a></main>",
        ));
        pages.insert(
            folder.join("b.html"),
            html("<main><h2 id=\"there\">B</h2></main>"),
        );
        assert_eq!(
            dead_links(folder, &pages),
            [
                "a.html: b.html#gone: the page has no such heading",
                "a.html: none.html: there is no such file"
            ]
        );
    }
}
