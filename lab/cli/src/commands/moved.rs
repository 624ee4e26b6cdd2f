//! Modes that were flags once and are commands now.

/// A command, its former flag, and the command that took its place.
const MOVED: [(&str, &str, &str); 4] = [
    ("run", "--faults", "faults"),
    ("run", "--aws", "aws run"),
    ("load", "--aws", "aws load"),
    ("load", "--ceiling", "ceiling"),
];

/// What to say to a former spelling, given as the words behind `cargo lab`; none for any other.
pub fn answer(words: &[String]) -> Option<String> {
    let (command, rest) = words.split_first()?;
    let (_, flag, now) = MOVED
        .iter()
        .find(|(of, flag, _)| of == command && rest.iter().any(|word| word == flag))?;
    let others: Vec<&str> = rest
        .iter()
        .map(String::as_str)
        .filter(|word| word != flag)
        .collect();
    Some(format!(
        "`cargo lab {}` is now `cargo lab {}`",
        words.join(" "),
        [&[*now], &others[..]].concat().join(" ")
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_former_spelling_is_answered_with_the_new_one() {
        let said = |line: &str| {
            let words: Vec<String> = line.split(' ').map(str::to_owned).collect();
            answer(&words)
        };
        assert_eq!(
            said("run --faults 05").unwrap(),
            "`cargo lab run --faults 05` is now `cargo lab faults 05`"
        );
        assert_eq!(
            said("run 05 --aws --dry-run").unwrap(),
            "`cargo lab run 05 --aws --dry-run` is now `cargo lab aws run 05 --dry-run`"
        );
        assert!(
            said("load --aws 05")
                .unwrap()
                .ends_with("`cargo lab aws load 05`")
        );
        assert!(
            said("load --ceiling")
                .unwrap()
                .ends_with("`cargo lab ceiling`")
        );
        assert_eq!(said("run 05"), None);
        assert_eq!(said("tune --aws"), None);
    }
}
