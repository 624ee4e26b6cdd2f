//! One table as data, and how it is shown: on a terminal (`terminal.rs`), in Markdown, in HTML.

mod terminal;

use std::fmt::Write as _;

use maud::{Markup, PreEscaped, html};

pub(crate) use terminal::wrapped;
pub use terminal::{USUAL_WIDTH, text};

/// One table and what must be known to read it.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Section {
    /// What it shows.
    pub heading: String,
    /// What its numbers are, in a few words beside the heading.
    pub about: String,
    /// The columns, from left to right.
    pub columns: Vec<Column>,
    /// The cells, as many in a row as there are columns. A line feed begins a second line in a cell.
    pub rows: Vec<Vec<String>>,
    /// What stands below it, a paragraph each.
    pub notes: Vec<String>,
}

/// One column.
#[derive(Debug, Clone, PartialEq)]
pub struct Column {
    /// Its heading.
    pub heading: String,
    /// What is in it.
    pub content: Content,
    /// 0 where it is always shown; of the others those with the highest are left out first, all at once, where a
    /// line is too short.
    pub rank: u8,
}

/// What a column holds: it decides how a cell is set.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Content {
    /// Words.
    Text,
    /// Numbers, to the right.
    Number,
    /// Words that a terminal says once where rows repeat them.
    Group,
    /// Names of steps: code in Markdown for a page.
    Name,
    /// The sentence of a comparison: a page sets its interval on a line of its own.
    Change,
    /// A message of any length: a terminal shows as much of it as there is room for.
    Message,
}

impl Column {
    /// A column that is always shown.
    pub fn new(heading: impl Into<String>, content: Content) -> Self {
        Self {
            heading: heading.into(),
            content,
            rank: 0,
        }
    }

    /// The same with a rank.
    #[must_use]
    pub fn ranked(self, rank: u8) -> Self {
        Self { rank, ..self }
    }
}

impl Section {
    /// For a pull request or a chat: heading, table and notes.
    pub fn markdown(&self) -> String {
        let mut text = format!("### {}\n\n", self.heading);
        text += &self.markdown_table(|_, cell| cell.to_owned());
        for note in [&self.about].into_iter().chain(&self.notes) {
            if !note.is_empty() {
                let _ = write!(text, "\n{note}\n");
            }
        }
        text + "\n"
    }

    /// The table alone, for a page of the book.
    pub fn page(&self) -> String {
        self.markdown_table(|column, cell| match column.content {
            _ if cell.is_empty() => String::new(),
            Content::Name => {
                let names: Vec<String> = cell.lines().map(|name| format!("`{name}`")).collect();
                names.join("\n")
            }
            Content::Change => {
                let lines = cell.replacen(" [", "\n[", 1);
                format!("<span class=\"whole\">{lines}</span>")
            }
            _ => cell.to_owned(),
        })
    }

    fn markdown_table(&self, set: impl Fn(&Column, &str) -> String) -> String {
        let line = |cells: Vec<String>| format!("| {} |\n", cells.join(" | "));
        let headings = self.columns.iter().map(|column| column.heading.clone());
        let mut text = line(headings.collect());
        let rules = self.columns.iter().map(|column| match column.content {
            Content::Number => "--:".to_owned(),
            _ => "---".to_owned(),
        });
        text += &line(rules.collect());
        for row in &self.rows {
            let cells = self.columns.iter().zip(row);
            // A cell must not end its column, nor its line.
            let cells = cells
                .map(|(column, cell)| set(column, cell).replace('|', "\\|").replace('\n', "<br>"));
            text += &line(cells.collect());
        }
        text
    }

    /// For a page that needs nothing else.
    pub fn html(&self) -> Markup {
        let number =
            |column: usize| (self.columns[column].content == Content::Number).then_some("number");
        html! {
            section {
                h2 { (self.heading) }
                div.wide tabindex="0" role="region" aria-label=(self.heading) {
                    table {
                        thead { tr { @for (index, column) in self.columns.iter().enumerate() {
                            th scope="col" class=[number(index)] { (column.heading) }
                        } } }
                        tbody { @for row in &self.rows {
                            tr { @for (index, cell) in row.iter().enumerate() {
                                td class=[number(index)] { (lines(cell)) }
                            } }
                        } }
                    }
                }
                @for note in [&self.about].into_iter().chain(&self.notes) {
                    @if !note.is_empty() { p.note { (note) } }
                }
            }
        }
    }

    /// Some of the columns, by their headings, in this order, each with the heading that it has on a page. A heading that the
    /// table does not have is a mistake of the caller, and left out.
    #[must_use]
    pub fn pick(&self, wanted: &[(&str, &str)]) -> Self {
        let place = |name: &str| self.columns.iter().position(|it| it.heading == name);
        let found = wanted
            .iter()
            .filter_map(|(name, heading)| Some((place(name)?, *heading)));
        let (places, headings): (Vec<usize>, Vec<&str>) = found.unzip();
        let mut picked = self.columns_at(&places);
        for (column, heading) in picked.columns.iter_mut().zip(headings) {
            heading.clone_into(&mut column.heading);
        }
        picked
    }

    /// The same table without the columns that no row fills: what a place cannot tell.
    #[must_use]
    pub fn without_empty_columns(&self) -> Self {
        let is_filled = |place: &usize| self.rows.iter().any(|row| !row[*place].is_empty());
        let filled: Vec<usize> = (0..self.columns.len()).filter(is_filled).collect();
        self.columns_at(&filled)
    }

    fn columns_at(&self, places: &[usize]) -> Self {
        let cells = |row: &Vec<String>| places.iter().map(|it| row[*it].clone()).collect();
        Self {
            columns: places.iter().map(|it| self.columns[*it].clone()).collect(),
            rows: self.rows.iter().map(cells).collect(),
            ..self.clone()
        }
    }
}

fn lines(cell: &str) -> Markup {
    html! { @for (number, line) in cell.lines().enumerate() {
        @if number > 0 { (PreEscaped("<br>")) }
        (line)
    } }
}
