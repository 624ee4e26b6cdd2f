//! One table as data, and how it is shown: on a terminal, in Markdown, in HTML.

use std::fmt::Write as _;

use comfy_table::{CellAlignment, Table, presets};
use maud::{Markup, PreEscaped, html};

/// Columns of a terminal that nothing is known about.
pub const USUAL_WIDTH: usize = 100;

/// Characters that a message keeps at least.
const SHORTEST_MESSAGE: usize = 20;

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
    /// For a terminal. Where a line has fewer characters than `width`, columns are left out, and messages shortened; without a
    /// width everything is shown.
    pub fn text(&self, width: Option<usize>) -> String {
        let width = width.unwrap_or(usize::MAX);
        let mut columns: Vec<usize> = (0..self.columns.len()).collect();
        while self.width_of(&columns) > width {
            let ranks = columns.iter().map(|it| self.columns[*it].rank);
            let Some(least) = ranks.max().filter(|rank| *rank > 0) else {
                break;
            };
            columns.retain(|it| self.columns[*it].rank != least);
        }
        let excess = self.width_of(&columns).saturating_sub(width);
        let heading = if self.heading.is_empty() {
            String::new()
        } else {
            self.heading.to_uppercase() + "  "
        };
        let mut text = wrapped(&(heading + &self.about), width);
        if !self.rows.is_empty() {
            text += &self.table(&columns, excess);
        }
        for note in &self.notes {
            text += &wrapped(note, width);
        }
        let left_out = self.columns.iter().enumerate();
        let left_out: Vec<&str> = left_out
            .filter(|(index, column)| !columns.contains(index) && !column.heading.is_empty())
            .map(|(_, column)| column.heading.as_str())
            .collect();
        if !left_out.is_empty() {
            let note = format!("--wide shows as well: {}", left_out.join(", "));
            text += &wrapped(&note, width);
        }
        text
    }

    /// The characters of a line, with one on each side of a cell.
    fn width_of(&self, columns: &[usize]) -> usize {
        columns
            .iter()
            .map(|column| self.content_width(*column) + 2)
            .sum()
    }

    fn content_width(&self, column: usize) -> usize {
        let heading = &self.columns[column].heading;
        let cells = self.rows.iter().map(|row| &row[column]);
        let lines = cells.chain([heading]).flat_map(|cell| cell.lines());
        lines.map(|line| line.chars().count()).max().unwrap_or(0)
    }

    /// The lines of the table; messages are shorter by `excess` characters.
    fn table(&self, columns: &[usize], excess: usize) -> String {
        let mut table = Table::new();
        table.load_style(presets::NOTHING);
        table.set_header(columns.iter().map(|it| &self.columns[*it].heading));
        for (shown, column) in columns.iter().enumerate() {
            if self.columns[*column].content == Content::Number
                && let Some(column) = table.column_mut(shown)
            {
                column.set_cell_alignment(CellAlignment::Right);
            }
        }
        for (index, row) in self.rows.iter().enumerate() {
            let above = index.checked_sub(1).map(|above| &self.rows[above]);
            table.add_row(
                columns
                    .iter()
                    .map(|&column| match self.columns[column].content {
                        Content::Message if excess > 0 => {
                            let most = self.content_width(column).saturating_sub(excess);
                            shortened(&row[column], most.max(SHORTEST_MESSAGE))
                        }
                        Content::Group
                            if above.is_some_and(|above| above[column] == row[column]) =>
                        {
                            String::new()
                        }
                        _ => row[column].clone(),
                    }),
            );
        }
        let lines = table.lines().map(|line| line.trim_end().to_owned() + "\n");
        lines.collect()
    }

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
        let rules = self.columns.iter().map(|column| {
            let rule = if column.content == Content::Number {
                "--:"
            } else {
                "---"
            };
            rule.to_owned()
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
        let place = |name: &str| {
            self.columns
                .iter()
                .position(|column| column.heading == name)
        };
        let found = wanted
            .iter()
            .filter_map(|(name, heading)| Some((place(name)?, *heading)));
        let found: Vec<(usize, &str)> = found.collect();
        let columns = found.iter().map(|(index, heading)| Column {
            heading: (*heading).to_owned(),
            ..self.columns[*index].clone()
        });
        let cells =
            |row: &Vec<String>| found.iter().map(|(index, _)| row[*index].clone()).collect();
        Self {
            columns: columns.collect(),
            rows: self.rows.iter().map(cells).collect(),
            ..self.clone()
        }
    }

    /// The same table without the columns that no row fills: what a place cannot tell.
    #[must_use]
    pub fn without_empty_columns(mut self) -> Self {
        let filled: Vec<bool> = (0..self.columns.len())
            .map(|column| self.rows.iter().any(|row| !row[column].is_empty()))
            .collect();
        let keep = |column: usize| filled[column];
        for row in &mut self.rows {
            let mut index = 0..;
            row.retain(|_| index.next().is_some_and(keep));
        }
        let mut index = 0..;
        self.columns.retain(|_| index.next().is_some_and(keep));
        self
    }
}

fn lines(cell: &str) -> Markup {
    html! { @for (number, line) in cell.lines().enumerate() {
        @if number > 0 { (PreEscaped("<br>")) }
        (line)
    } }
}

/// The sections of one command, an empty line before each.
pub fn text(sections: &[Section], width: Option<usize>) -> String {
    let texts = sections
        .iter()
        .map(|section| "\n".to_owned() + &section.text(width));
    texts.collect()
}

/// Words in lines of at most `width` characters, the later ones indented as the first; nothing of nothing.
fn wrapped(text: &str, width: usize) -> String {
    let mut lines = String::new();
    for paragraph in text.lines() {
        let indent = paragraph.len() - paragraph.trim_start().len();
        let mut line = " ".repeat(indent);
        let mut used = indent;
        for word in paragraph[indent..].trim_end().split(' ') {
            let length = word.chars().count();
            if used > indent && used + 1 + length > width {
                lines = lines + line.trim_end() + "\n";
                line = " ".repeat(indent);
                used = indent;
            } else if used > indent {
                line.push(' ');
                used += 1;
            }
            line.push_str(word);
            used += length;
        }
        lines = lines + &line + "\n";
    }
    lines
}

/// The beginning of a message, in one line of at most `most` characters.
fn shortened(message: &str, most: usize) -> String {
    if message.chars().count() <= most {
        return message.to_owned();
    }
    let beginning: String = message.chars().take(most - 1).collect();
    beginning + "…"
}
