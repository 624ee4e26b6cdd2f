//! An open page, in a real browser. Where there is no Chromium these tests say so and pass.

use lab_workspace::Workspace;
use lab_workspace::prediction::Prediction;

use crate::browser::Browser;
use crate::support::{Board, line};

/// Says by name which test did not run.
fn browser(test: &str) -> Option<Browser> {
    let browser = Browser::start();
    if browser.is_none() {
        eprintln!("SKIPPED {test}: there is no Chromium on this machine");
    }
    browser
}

const ORDER: &str =
    "[...document.querySelectorAll('tr.person')].map(it => it.dataset.label).join()";

#[test]
fn an_open_page_shows_who_sends_without_being_loaded_again() {
    let Some(mut browser) = browser("an_open_page_shows_who_sends_without_being_loaded_again")
    else {
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("board.jsonl");
    let board = Board::start(&["--code", "stadium", "--file", file.to_str().unwrap()]);
    let page = browser.open(&format!("http://{}/", board.address), 1280);
    browser.until(
        &page,
        "document.getElementById('live').textContent === 'live'",
    );
    browser.evaluate(&page, "window.loadedOnce = true");
    let code = "x-board-code: stadium\r\n";
    for (label, p50) in [("ada", 2000.0), ("bob", 1200.0)] {
        assert_eq!(
            board.request("POST /", code, line(label, p50).as_bytes()).0,
            200
        );
        browser.until(
            &page,
            &format!("document.querySelector('tr[data-label={label}].new')"),
        );
    }
    assert_eq!(browser.evaluate(&page, ORDER), "bob,ada");

    // The page's own field: refused with a reason, then taken.
    let send = |code: &str, line: &str| {
        format!(
            "(() => {{ const form = document.getElementById('line'); form.elements.code.value = '{code}';
               form.elements.line.value = '{line}'; form.requestSubmit(); }})()"
        )
    };
    browser.evaluate(&page, &send("arena", &line("eve", 900.0)));
    browser.until(
        &page,
        "document.getElementById('said').textContent.includes('the code is wrong')",
    );
    browser.evaluate(&page, &send("stadium", &line("eve", 900.0)));
    browser.until(
        &page,
        "document.getElementById('said').textContent.includes('eve: mine is in place 1 of 3')",
    );
    browser.until(&page, "document.querySelector('tr[data-label=eve]')");
    assert_eq!(browser.evaluate(&page, ORDER), "eve,bob,ada");
    assert_eq!(browser.evaluate(&page, "window.loadedOnce"), true);

    let find = "(() => { const me = document.getElementById('me'); me.value = 'bob'; me.dispatchEvent(new Event('input')); })()";
    browser.evaluate(&page, find);
    browser.until(
        &page,
        "document.getElementById('mine').textContent.startsWith('place 2')",
    );
}

#[test]
fn a_question_is_asked_chosen_on_a_phone_and_told() {
    let Some(mut browser) = browser("a_question_is_asked_chosen_on_a_phone_and_told") else {
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    let board = Board::on(&folder.path().join("board.jsonl"));
    let url = format!("http://{}/", board.address);
    let (projector, phone) = (browser.open(&url, 1280), browser.open(&url, 390));
    let control = |stage: &str| {
        format!(
            "(() => {{ const form = document.getElementById('control'); form.elements.code.value = '{}';
               form.elements.chapter.value = '05'; form.requestSubmit(form.querySelector('button[value={stage}]')); }})()",
            board.facilitator()
        )
    };
    browser.evaluate(&projector, &control("asked"));
    browser.until(
        &phone,
        "document.querySelector('article[data-chapter=\"05\"] button[data-answer]')",
    );
    let fits = "document.documentElement.scrollWidth <= innerWidth";
    assert_eq!(
        browser.evaluate(&phone, fits),
        true,
        "nothing is wider than a phone"
    );
    browser.evaluate(
        &phone,
        "document.querySelector('button[data-answer=\"2\"]').click()",
    );
    browser.until(
        &projector,
        "document.querySelector('article .count').textContent.startsWith('1 chose')",
    );
    browser.until(
        &phone,
        "document.querySelector('button[data-answer=\"2\"].mine')",
    );
    assert_eq!(
        browser.evaluate(&projector, "document.querySelectorAll('.bar').length"),
        0
    );
    browser.evaluate(&projector, &control("bars"));
    for page in [&projector, &phone] {
        browser.until(page, "document.querySelectorAll('.bar').length === 3");
    }
    let counts = "[...document.querySelectorAll('.bar b')].map(it => it.textContent).join()";
    assert_eq!(browser.evaluate(&phone, counts), "0,1,0");
    browser.evaluate(&projector, &control("answer"));
    let workspace = Workspace::load().unwrap();
    let questions = Prediction::all(&workspace.root).unwrap();
    let question = questions.iter().find(|it| it.chapter == "05").unwrap();
    let right = question
        .right
        .expect("the chapter says which one was right");
    let marked = format!("document.querySelector('li.right button')?.dataset.answer === '{right}'");
    browser.until(&projector, &marked);
    browser.until(
        &phone,
        "document.querySelector('.measured')?.textContent.includes('step 05')",
    );
}
