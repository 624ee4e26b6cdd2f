//! What somebody sent: which lines of it are taken, and what is said about the others.

use lab_results::leaderboard::{Error, LONGEST, Line, Result as Measured};
use lab_results::view::compare::{self, Pasted};
use unicode_width::UnicodeWidthChar as _;

/// Visible characters that a name has at most.
pub const LONGEST_NAME: usize = 24;
/// The same for a crate's name, and a network profile's.
const LONGEST_WORD: usize = 32;

/// A text, sorted.
#[derive(Debug, Default)]
pub struct Entry {
    /// Results that are taken, with the line that says the same.
    pub taken: Vec<(String, Measured)>,
    /// What was refused and why, and what else the sender is to know: a sentence each.
    pub said: Vec<String>,
}

impl Entry {
    /// Reads all lines of a text, as `cargo lab compare -` does, and with the same refusals. A result is of one of `profiles`.
    pub fn read(text: &str, profiles: &[String]) -> Self {
        let mut entry = Self::default();
        for line in text.lines().filter(|line| !line.trim().is_empty()) {
            entry.add(line, profiles);
        }
        if entry.taken.is_empty() && entry.said.is_empty() {
            let said = "there is no result in it: send the line that `cargo lab run --label NAME` ends with";
            entry.said.push(said.to_owned());
        }
        entry
    }

    fn add(&mut self, line: &str, profiles: &[String]) {
        if line.chars().count() > 2 * LONGEST {
            let length = line.chars().count();
            self.said.push(format!(
                "a line of {length} characters is no result: {LONGEST} at most"
            ));
            return;
        }
        let result = match Line::parse(line) {
            Ok(Line(result)) => result,
            Err(Error::NoResult) => return self.said.extend(of_another_version(line)),
            Err(error) => return self.said.push(error.to_string()),
        };
        if let Err(refusal) = check_words(&result, profiles) {
            return self.said.push(refusal);
        }
        let mut alone = Pasted::default();
        alone.lines(line, "the line");
        let report = compare::leaderboard(&alone);
        self.said.extend(report.warnings);
        // As it is kept, and as it will be read again.
        let kept = Line(result).to_string();
        if let Ok(Line(result)) = Line::parse(&kept)
            && !report.sections.is_empty()
        {
            self.taken.push((kept, result));
        }
    }
}

/// A line of another version of the lab is not quietly no line.
fn of_another_version(line: &str) -> Option<String> {
    let mut words = line.split_whitespace();
    let version = words.find_map(|word| word.strip_prefix("lab"))?;
    let is_number = !version.is_empty() && version.bytes().all(|byte| byte.is_ascii_digit());
    is_number.then(|| {
        format!("the line was written by another version of the lab, lab{version}: run it again with the room's version")
    })
}

fn check_words(result: &Measured, profiles: &[String]) -> Result<(), String> {
    check_name(&result.label)?;
    let crates = result.crates.iter().map(|measured| &measured.name);
    for name in crates {
        check(name, LONGEST_WORD)
            .map_err(|why| format!("{name:?} is no name of a crate: {why}"))?;
    }
    if !profiles.contains(&result.profile) {
        let (profile, known) = (&result.profile, profiles.join(", "));
        return Err(format!(
            "{profile:?} is no network profile of this lab: {known}"
        ));
    }
    Ok(())
}

/// Refuses a name that a page cannot show: 1 to [`LONGEST_NAME`] visible characters.
///
/// # Errors
/// Says what is wrong with it.
pub fn check_name(label: &str) -> Result<(), String> {
    check(label, LONGEST_NAME).map_err(|why| {
        format!("{label:?} is no name for the board: {why}; --label takes another one")
    })
}

fn check(word: &str, longest: usize) -> Result<(), String> {
    if let Some(hidden) = word.chars().find(|c| is_hidden(*c)) {
        return Err(format!(
            "it has a character that cannot be seen, U+{:04X}",
            hidden as u32
        ));
    }
    let marks = word.chars().filter(|c| c.width() == Some(0)).count();
    let visible = word.chars().count() - marks;
    if visible == 0 || visible > longest || marks > visible {
        return Err(format!("1 to {longest} visible characters are wanted"));
    }
    Ok(())
}

/// Control characters, spaces, what turns the direction of text, and letters that look like nothing. What joins emoji, and
/// accents, have no width and are not hidden.
fn is_hidden(c: char) -> bool {
    c.is_control()
        || c.is_whitespace()
        || matches!(
            c,
            '\u{ad}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{180e}' | '\u{200b}' | '\u{200c}'
        )
        || matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{2800}')
        || matches!(c, '\u{3164}' | '\u{feff}' | '\u{ffa0}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e0fff}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_1_to_24_visible_characters() {
        for good in [
            "a",
            "ada",
            "Zoë",
            "Z\u{6f}\u{308}e",
            "小林",
            "<b>bold</b>",
            "👩\u{200d}💻",
            &"x".repeat(24),
        ] {
            check_name(good).unwrap_or_else(|why| panic!("{why}"));
        }
        for bad in [
            "",
            "a b",
            "\u{200b}",
            "a\u{202e}b",
            "\u{3164}",
            "a\u{301}\u{301}\u{301}",
            "a\u{0}",
            &"x".repeat(25),
        ] {
            check_name(bad).unwrap_err();
        }
    }
}
