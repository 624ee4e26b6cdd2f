//! The page: one file with its style and script in it. The copy to keep has no script, and asks for nothing.

use lab_workspace::prediction::Prediction;
use maud::{DOCTYPE, Markup, PreEscaped, html};

use super::{Board, Settings, address};

const STYLE: &str = include_str!("page.css");
const SCRIPT: &str = include_str!("page.js");
const TITLE: &str = "Who is fastest?";

/// The live page; its script runs where the answer's header allows `nonce`.
pub fn live(board: &Board, nonce: &str) -> String {
    let settings = &board.settings;
    let shown = board.shown();
    let body = html! {
        (head_line(settings))
        main {
            div #question aria-live="polite" { (PreEscaped(&shown.question)) }
            div #board { (PreEscaped(&shown.board)) }
            (sending(settings))
            nav aria-label="To keep" {
                "To keep: "
                a href="board.csv" download="board.csv" { "CSV" } " "
                a href="board.json" download="board.json" { "JSON" } " "
                a href="board.html" download="board.html" { "this page" } " "
                a href="lines" { "lines for cargo lab compare -" }
            }
            (facilitator(&settings.questions))
        }
        script nonce=(nonce) { (PreEscaped(SCRIPT)) }
    };
    document(&body)
}

/// The page to keep: what is shown now.
pub fn kept(board: &Board, at: &str) -> String {
    let shown = board.shown();
    document(&html! {
        header { h1 { (TITLE) } p.address { "As of " (at) } }
        (demo(&board.settings))
        main { div #board { (PreEscaped(&shown.board)) } }
    })
}

fn document(body: &Markup) -> String {
    let page = html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                link rel="icon" href="data:,";
                title { (TITLE) }
                style { (PreEscaped(STYLE)) }
            }
            body { (body) }
        }
    };
    page.into_string()
}

fn head_line(settings: &Settings) -> Markup {
    html! {
        header {
            div {
                h1 { (TITLE) }
                p.address {
                    strong { (settings.url) }
                    " " span #live role="status" {}
                }
                p.find { label { "Your name " input #me maxlength="40" autocomplete="off"; } " " span #mine role="status" {} }
            }
            @if settings.lan { (address::svg(&settings.url)) }
        }
        (demo(settings))
    }
}

fn demo(settings: &Settings) -> Markup {
    html! { @if settings.demo { p.demo { strong { "DEMO" } ": these people are invented, and nothing is kept." } } }
}

fn sending(settings: &Settings) -> Markup {
    let code = settings.code.is_some();
    let option = if code { " --code WORD" } else { "" };
    html! {
        details #sending {
            summary { "Send a result" }
            p { code { "cargo lab run 04 mine --label NAME --board " (settings.url) (option) } }
            p { "Or paste the line that it ended with:" }
            form #line {
                textarea name="line" rows="3" required aria-label="The line" placeholder="lab1 ada region limited r12 …" {}
                @if code { label { "The room's code " input name="code" autocomplete="off" required; } }
                button { "Send" }
                output #said aria-live="polite" {}
            }
        }
    }
}

fn facilitator(questions: &[Prediction]) -> Markup {
    html! {
        details #facilitator {
            summary { "Facilitator" }
            form #control {
                label { "Code, as the board printed it " input name="code" autocomplete="off" required; }
                label {
                    "Question "
                    select name="chapter" { @for it in questions { option value=(it.chapter) { (it.title) } } }
                }
                @for (stage, label) in [("asked", "Ask"), ("bars", "Show the bars"), ("answer", "Show the answer"), ("", "Close")] {
                    button value=(stage) { (label) }
                }
                output #control-said aria-live="polite" {}
            }
        }
    }
}
