//! Tables on a terminal: as many columns as there is room for.

use comfy_table::{CellAlignment, Table, presets};

use super::{Content, Section};

/// Columns of a terminal that nothing is known about.
pub const USUAL_WIDTH: usize = 100;

/// Characters that a message keeps at least.
const SHORTEST_MESSAGE: usize = 20;

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
}

/// The sections of one command, an empty line before each.
pub fn text(sections: &[Section], width: Option<usize>) -> String {
    let texts = sections
        .iter()
        .map(|section| "\n".to_owned() + &section.text(width));
    texts.collect()
}

/// Words in lines of at most `width` characters, the later ones indented as the first; nothing of nothing.
pub(crate) fn wrapped(text: &str, width: usize) -> String {
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
