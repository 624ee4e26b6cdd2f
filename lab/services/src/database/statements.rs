//! Which SQL statements make RDS Proxy pin a session to its database connection.
//!
//! The list is that of docs.aws.amazon.com, "Avoiding pinning an RDS Proxy", for PostgreSQL.

/// Statements longer than this many bytes pin a session: 16 KB.
const LONGEST_UNPINNED: usize = 16 * 1024;

/// What a piece of SQL does to its session.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Effects {
    /// How often it sets a parameter.
    pub sets: u64,
    /// Whether it pins the session.
    pub pins: bool,
}

/// What `sql`, which may hold several statements, does to its session.
pub(crate) fn effects(sql: &str) -> Effects {
    let mut effects = Effects {
        sets: 0,
        pins: sql.len() > LONGEST_UNPINNED,
    };
    for statement in statements(sql) {
        let words = statement.iter().map(String::as_str).collect::<Vec<_>>();
        let sets = u64::from(words.first() == Some(&"set"))
            + words.iter().filter(|word| **word == "set_config").count() as u64;
        effects.sets += sets;
        effects.pins |= sets > 0 || pins(&words);
    }
    effects
}

fn pins(words: &[&str]) -> bool {
    let temporary = |word: &&str| ["temp", "temporary"].contains(word);
    let by_command = match words {
        [
            "reset" | "prepare" | "execute" | "deallocate" | "discard" | "declare" | "listen"
            | "load",
            ..,
        ] => true,
        // CREATE [OR REPLACE] [LOCAL] TEMPORARY [RECURSIVE] TABLE, VIEW or SEQUENCE
        ["create", rest @ ..] => rest.iter().take(4).any(temporary),
        _ => words
            .windows(2)
            .any(|pair| pair[0] == "into" && temporary(&pair[1])),
    };
    let by_function = |word: &&str| {
        ["nextval", "setval"].contains(word)
            || ["pg_advisory_lock", "pg_try_advisory_lock"]
                .iter()
                .any(|lock| word.starts_with(lock))
    };
    by_command || words.iter().any(by_function)
}

/// The words of each statement in lower case, without comments, constants and signs.
fn statements(sql: &str) -> Vec<Vec<String>> {
    let mut statements = vec![Vec::new()];
    let mut rest = sql;
    while let Some(first) = rest.chars().next() {
        let length = match first {
            ';' => {
                statements.push(Vec::new());
                1
            }
            '\'' => quoted(rest, '\'', false),
            '"' => quoted(rest, '"', false),
            '$' => dollar_quoted(rest),
            '-' if rest.starts_with("--") => rest.find('\n').unwrap_or(rest.len()),
            '/' if rest.starts_with("/*") => comment(rest),
            'e' | 'E' if rest[1..].starts_with('\'') => 1 + quoted(&rest[1..], '\'', true),
            _ if is_word(first) => {
                let end = rest
                    .find(|character| !is_word(character) && character != '$')
                    .unwrap_or(rest.len());
                statements
                    .last_mut()
                    .expect("one at least")
                    .push(rest[..end].to_lowercase());
                end
            }
            other => other.len_utf8(),
        };
        rest = &rest[length..];
    }
    statements
}

fn is_word(character: char) -> bool {
    character.is_alphanumeric() || character == '_'
}

/// The length of a constant or name in quotes; a doubled quote inside ends it and starts the next, which is as good.
fn quoted(text: &str, quote: char, backslash_escapes: bool) -> usize {
    let mut escaped = false;
    for (index, character) in text.char_indices().skip(1) {
        match character {
            _ if escaped => escaped = false,
            '\\' if backslash_escapes => escaped = true,
            _ if character == quote => return index + 1,
            _ => {}
        }
    }
    text.len()
}

/// The length of a constant like `$tag$...$tag$`; 1 for a parameter like `$1`.
fn dollar_quoted(text: &str) -> usize {
    let tag = text[1..].find('$').map(|end| &text[..end + 2]);
    let tag = tag.filter(|tag| {
        let name = &tag[1..tag.len() - 1];
        name.chars().all(is_word) && !name.starts_with(|character: char| character.is_ascii_digit())
    });
    let Some(tag) = tag else { return 1 };
    text[tag.len()..]
        .find(tag)
        .map_or(text.len(), |end| end + 2 * tag.len())
}

/// The length of a comment, which may hold others.
fn comment(text: &str) -> usize {
    let mut depth = 0_u32;
    let mut rest = text;
    loop {
        if let Some(after) = rest.strip_prefix("/*") {
            depth += 1;
            rest = after;
        } else if let Some(after) = rest.strip_prefix("*/") {
            depth -= 1;
            rest = after;
            if depth == 0 {
                return text.len() - rest.len();
            }
        } else {
            let mut characters = rest.chars();
            if characters.next().is_none() {
                return text.len();
            }
            rest = characters.as_str();
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn any_text_is_read(text: String) {
            effects(&text);
        }

        #[test]
        fn any_mix_of_signs_is_read(text in r#"[$'"/*;\\ea1é -]{0,30}"#) {
            effects(&text);
        }
    }

    #[test]
    fn what_pins() {
        for sql in [
            "SET TIME ZONE 'UTC'",
            "/* a /* nested */ comment */ set client_encoding to 'UTF8'",
            "select 1; -- first\n SET x = 1",
            "SELECT set_config('a', 'b', false)",
            "RESET ALL",
            "PREPARE p AS SELECT 1",
            "EXECUTE p(1)",
            "DEALLOCATE ALL",
            "DISCARD ALL",
            "LISTEN channel",
            "LOAD 'auto_explain'",
            "DECLARE c CURSOR FOR SELECT 1",
            "CREATE TEMP TABLE t (a int)",
            "create local temporary view v as select 1",
            "CREATE OR REPLACE TEMP VIEW v AS SELECT 1",
            "CREATE TEMPORARY SEQUENCE s",
            "SELECT * INTO TEMP t FROM stadiums",
            "select nextval('ids')",
            "SELECT setval('ids', 1)",
            "SELECT pg_advisory_lock(1)",
            "SELECT pg_try_advisory_lock(1)",
            "SELECT pg_try_advisory_lock_shared(1)",
        ] {
            assert!(effects(sql).pins, "{sql}");
        }
        let of_length = |length: usize| format!("SELECT '{}'", "x".repeat(length - 9));
        assert!(effects(&of_length(LONGEST_UNPINNED + 1)).pins);
        assert!(!effects(&of_length(LONGEST_UNPINNED)).pins);
    }

    #[test]
    fn what_does_not_pin() {
        for sql in [
            "",
            "SELECT id, \"set\" FROM stadiums ORDER BY id",
            "UPDATE stadiums SET name = 'set_config'",
            "SELECT 'a; SET x = 1', $$; SET x = 1$$, $t$; SET x = 1$t$, E'\\'; SET x = 1'",
            "SELECT $1; SELECT $2",
            "SELECT 'it''s; set x = 1'",
            "-- SET x = 1\nSELECT 1 /* ; SET x = 1 */",
            "SELECT pg_advisory_xact_lock(1)",
            "SELECT pg_try_advisory_xact_lock_shared(1)",
            "NOTIFY channel",
            "CREATE TABLE temp_readings (a int)",
            "BEGIN; INSERT INTO stadiums VALUES (1); COMMIT",
        ] {
            assert_eq!(effects(sql), Effects::default(), "{sql}");
        }
    }

    #[test]
    fn sets_are_counted_one_by_one() {
        assert_eq!(
            effects("SET a = 1; SET b = 2; SELECT set_config('c', '3', true), 4").sets,
            3
        );
    }
}
