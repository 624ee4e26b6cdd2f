//! A result as one line of text that survives a chat window.
//!
//! `lab1 ada region limited r12 floor=412 mine=2900/1500@256 #1a2b3c4d`: version, label, network profile, limits, rounds, the
//! floor's median in µs, then each crate with its median, the distance in it, and its memory size; `!` after it says that
//! it breaks the contract, `?` that nobody asked. The checksum is CRC-32 (IEEE) of what stands before ` #`: it finds a mistyped
//! digit, and stops nobody who wants to cheat.

use std::fmt;

use super::{Crate, Result as Measured};

/// Marks a line, and the version of its form.
const VERSION: &str = "lab1";

/// Characters that a line has at most.
pub const LONGEST: usize = 299;
/// Of a label and of a crate's name, as many characters are kept.
const LONGEST_NAME: usize = 32;

/// A result, as it was pasted.
#[derive(Debug, Clone, PartialEq)]
pub struct Line(pub Measured);

/// Why a line is not taken.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// Text of another kind: no line at all.
    #[error("there is no result in it")]
    NoResult,
    /// A character is not as it was.
    #[error(
        "the checksum of {label}'s line is {found}, and it should be {wanted}: the line was changed on its way; paste it again"
    )]
    Checksum {
        /// As the line has it, which may be wrong as well.
        label: String,
        /// What is written in the line.
        found: String,
        /// What belongs to the rest of it.
        wanted: String,
    },
    /// Not of this form, though the checksum is right.
    #[error(
        "{label}'s line was written by another version of the lab: {part:?} means nothing here"
    )]
    Part {
        /// The person's name.
        label: String,
        /// What was not understood.
        part: String,
    },
}

impl fmt::Display for Line {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let result = &self.0;
        let un = if result.limited { "" } else { "un" };
        let [label, profile] = [&result.label, &result.profile].map(|name| in_a_line(name));
        let (rounds, floor) = (result.rounds, result.floor_us);
        let mut text =
            format!("{VERSION} {label} {profile} {un}limited r{rounds} floor={floor:.0}");
        for measured in &result.crates {
            let part = crate_part(measured);
            // Ten for the checksum and what stands before it.
            if text.chars().count() + part.chars().count() + 10 <= LONGEST {
                text += &part;
            }
        }
        write!(formatter, "{text} #{}", checksum(&text))
    }
}

fn crate_part(measured: &Crate) -> String {
    let mark = match measured.keeps_contract {
        Some(true) => "",
        Some(false) => "!",
        None => "?",
    };
    let name = in_a_line(&measured.name).replace('=', "_");
    format!(
        " {name}={:.0}/{:.0}@{}{mark}",
        measured.p50_us, measured.network_us, measured.memory_mb
    )
}

/// How a line calls what has this name: one word, its end where it is long.
pub fn in_a_line(name: &str) -> String {
    let is_special = |c: char| c.is_whitespace() || c == '#' || c.is_control();
    let plain = name.trim().replace(is_special, "_");
    let length = plain.chars().count();
    let end: String = plain
        .chars()
        .skip(length.saturating_sub(LONGEST_NAME))
        .collect();
    if end.is_empty() { "_".to_owned() } else { end }
}

fn checksum(text: &str) -> String {
    format!("{:08x}", crc32fast::hash(text.as_bytes()))
}

impl Line {
    /// Reads a line, also behind what a chat window put before it.
    pub fn parse(text: &str) -> Result<Self, Error> {
        let begin = text.find(&format!("{VERSION} ")).ok_or(Error::NoResult)?;
        let text = text[begin..].trim();
        let label = text
            .split_whitespace()
            .nth(1)
            .unwrap_or_default()
            .to_owned();
        let (before, found) = text.rsplit_once(" #").unwrap_or((text, ""));
        let found = found.split_whitespace().next().unwrap_or_default();
        // Windows that break lines put other white space where there was one.
        let before = before.split_whitespace().collect::<Vec<_>>().join(" ");
        let wanted = checksum(&before);
        if found != wanted {
            return Err(Error::Checksum {
                label,
                found: found.to_owned(),
                wanted,
            });
        }
        read(&before, &label).map(Self)
    }
}

fn read(text: &str, label: &str) -> Result<Measured, Error> {
    let other = |part: &str| Error::Part {
        label: label.to_owned(),
        part: part.to_owned(),
    };
    let parts: Vec<&str> = text.split(' ').skip(2).collect();
    let [profile, limited, rounds, floor, crates @ ..] = &parts[..] else {
        return Err(other("its end"));
    };
    let crates = crates
        .iter()
        .map(|it| read_crate(it).ok_or_else(|| other(it)));
    let floor_us = floor.strip_prefix("floor=").and_then(positive);
    let number = rounds
        .strip_prefix('r')
        .and_then(|rounds| rounds.parse().ok());
    Ok(Measured {
        label: label.to_owned(),
        profile: (*profile).to_owned(),
        limited: match *limited {
            "limited" => true,
            "unlimited" => false,
            part => return Err(other(part)),
        },
        rounds: number.ok_or_else(|| other(rounds))?,
        floor_us: floor_us.ok_or_else(|| other(floor))?,
        crates: crates.collect::<Result<_, _>>()?,
    })
}

fn read_crate(part: &str) -> Option<Crate> {
    let (name, values) = part.rsplit_once('=')?;
    let (times, memory) = values.split_once('@')?;
    let (memory, keeps_contract) = match (memory.strip_suffix('!'), memory.strip_suffix('?')) {
        (Some(memory), _) => (memory, Some(false)),
        (_, Some(memory)) => (memory, None),
        (None, None) => (memory, Some(true)),
    };
    let (p50, network) = times.split_once('/')?;
    Some(Crate {
        name: name.to_owned(),
        memory_mb: memory.parse().ok()?,
        p50_us: positive(p50)?,
        network_us: network.parse::<u32>().ok()?.into(),
        keeps_contract,
    })
}

fn positive(text: &str) -> Option<f64> {
    let number: u32 = text.parse().ok()?;
    (number > 0).then(|| number.into())
}
