//! What a step's name tells: its number, its short form, whether it is a floor.

/// The floor of every step whose manifest names no other.
pub const FLOOR: &str = "floor";

/// True for a handler that asks nobody: `floor`, `floor-bare`, `floor-answer`.
pub fn is_floor(name: &str) -> bool {
    short_step(name) == FLOOR
}

/// A step's name up to its first hyphen: `05` for `05-elasticache`.
pub fn short_step(name: &str) -> &str {
    name.split('-').next().unwrap_or(name)
}

/// The number in front of a step's name, if it is on the ladder.
pub fn ladder_number(name: &str) -> Option<u32> {
    name.split_once('-')?.0.parse().ok()
}
