//! The pages' own scripts in a real browser: they compute what the lab computed, or leave the static figure where it is.

use std::path::Path;
use std::process::Command;

const BROWSERS: [&str; 3] = ["chromium", "chromium-browser", "google-chrome"];

/// The document of a page after its scripts have run; none where there is no browser.
fn document(browser: &str, page: &Path) -> String {
    let profile = tempfile::tempdir().unwrap();
    let output = Command::new(browser)
        .args([
            "--headless",
            "--no-sandbox",
            "--disable-gpu",
            "--disable-quic",
            "--no-first-run",
        ])
        .args([
            "--disable-background-networking",
            "--disable-component-update",
            "--disable-sync",
        ])
        .args(["--virtual-time-budget=5000", "--dump-dom"])
        .arg(format!("--user-data-dir={}", profile.path().display()))
        .arg(format!("file://{}", page.display()))
        .output()
        .unwrap();
    String::from_utf8_lossy(&output.stdout).into_owned()
}

#[test]
fn every_figure_that_can_be_changed_agrees_with_the_lab_and_predictions_can_be_clicked() {
    let found = BROWSERS
        .iter()
        .find(|name| Command::new(name).arg("--version").output().is_ok());
    let Some(browser) = found else {
        eprintln!("skipped: there is no Chromium");
        return;
    };
    let built = Command::new(env!("CARGO_BIN_EXE_book"))
        .arg("build")
        .output()
        .unwrap();
    assert!(
        built.status.success(),
        "{}",
        String::from_utf8_lossy(&built.stderr)
    );
    let index = String::from_utf8(built.stdout).unwrap();
    let folder = Path::new(index.trim())
        .parent()
        .unwrap()
        .canonicalize()
        .unwrap();

    for (page, words) in [
        (
            "explorer.html",
            "At least 1.5 times as fast as the step before",
        ),
        (
            "lambda.html",
            "2.9 ms of each 20 ms: the request takes 21.1 ms",
        ),
        (
            "11-cache-in-process.html",
            "Served, and fetched anew beside the answer.",
        ),
        ("tps.html", "40 environments are busy on average."),
    ] {
        let document = document(browser, &folder.join(page));
        assert!(
            document.contains("class=\"instrument ready\""),
            "{page} keeps its static figure"
        );
        assert!(document.contains(words), "{page} does not say {words:?}");
    }
    let chapter = document(browser, &folder.join("05-elasticache.html"));
    assert_eq!(
        chapter.matches("aria-pressed=\"false\"").count(),
        3,
        "three answers"
    );
}
