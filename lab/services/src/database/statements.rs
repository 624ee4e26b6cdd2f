//! Which SQL statements make RDS Proxy pin a session to its database connection.
//!
//! The list is that of docs.aws.amazon.com, "Avoiding pinning an RDS Proxy", for PostgreSQL. SQL is not parsed for it: a
//! statement is what stands between semicolons, and its first words decide. A semicolon or a function's name inside a
//! string is taken for what it looks like, and a comment before a statement hides it.

/// Statements longer than this many bytes pin a session: 16 KB.
const LONGEST_UNPINNED: usize = 16 * 1024;

/// Commands that change the session.
const COMMANDS: [&str; 8] = [
    "reset",
    "prepare",
    "execute",
    "deallocate",
    "discard",
    "declare",
    "listen",
    "load",
];

/// Functions that change the session. Advisory locks whose name begins otherwise end with their transaction.
const FUNCTIONS: [&str; 4] = [
    "nextval(",
    "setval(",
    "pg_advisory_lock",
    "pg_try_advisory_lock",
];

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
    let text = sql.to_lowercase();
    let mut sets = text.matches("set_config(").count() as u64;
    let mut pins = sql.len() > LONGEST_UNPINNED
        || FUNCTIONS.iter().any(|function| text.contains(function))
        || text.contains(" into temp ")
        || text.contains(" into temporary ");
    for statement in text.split(';') {
        let words = statement.split_whitespace().take(5).collect::<Vec<_>>();
        match words.split_first() {
            Some((&"set", _)) => sets += 1,
            // CREATE [OR REPLACE] [LOCAL] TEMPORARY TABLE, VIEW or SEQUENCE
            Some((&"create", rest)) => {
                pins |= rest.iter().any(|word| ["temp", "temporary"].contains(word));
            }
            Some((first, _)) => pins |= COMMANDS.contains(first),
            None => {}
        }
    }
    Effects {
        sets,
        pins: pins || sets > 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_pins() {
        for sql in [
            "SET TIME ZONE 'UTC'",
            "select 1;\n SET x = 1",
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
            "SELECT * INTO TEMPORARY t FROM stadiums",
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
            "SELECT $1; SELECT $2",
            "SELECT pg_advisory_xact_lock(1)",
            "SELECT pg_try_advisory_xact_lock_shared(1)",
            "NOTIFY channel",
            "CREATE TABLE temp_readings (a int)",
            "INSERT INTO temp_readings VALUES (1)",
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
