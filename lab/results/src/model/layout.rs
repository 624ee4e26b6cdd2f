//! How a results file is laid out: indented down to the rounds, and each round on one line.

use std::io::{self, Write};

use serde_json::ser::{CompactFormatter, Formatter, PrettyFormatter};

/// Open brackets around a round's fields: file, sessions, session, measurements, measurement, rounds, round.
const ROUND_DEPTH: usize = 7;

/// Indents by two spaces, except inside a round.
#[derive(Default)]
pub(crate) struct RoundPerLine {
    pretty: PrettyFormatter<'static>,
    depth: usize,
}

/// Hands calls on to the layout of the current depth. A bracket changes it, and belongs to the deeper side.
macro_rules! by_depth {
    ($($change:literal $method:ident($($argument:ident: $kind:ty),*);)*) => {$(
        fn $method<W: ?Sized + Write>(&mut self, writer: &mut W $(, $argument: $kind)*) -> io::Result<()> {
            let before = self.depth;
            self.depth = before.saturating_add_signed($change);
            if before.max(self.depth) >= ROUND_DEPTH {
                CompactFormatter.$method(writer $(, $argument)*)
            } else {
                self.pretty.$method(writer $(, $argument)*)
            }
        }
    )*};
}

impl Formatter for RoundPerLine {
    by_depth! {
        1 begin_array();
        -1 end_array();
        1 begin_object();
        -1 end_object();
        0 begin_array_value(first: bool);
        0 end_array_value();
        0 begin_object_key(first: bool);
        0 begin_object_value();
        0 end_object_value();
    }
}
