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

/// Hands a call on to the layout of the current depth.
macro_rules! by_depth {
    ($($method:ident($($argument:ident: $kind:ty),*);)*) => {$(
        fn $method<W: ?Sized + Write>(&mut self, writer: &mut W $(, $argument: $kind)*) -> io::Result<()> {
            if self.depth >= ROUND_DEPTH {
                CompactFormatter.$method(writer $(, $argument)*)
            } else {
                self.pretty.$method(writer $(, $argument)*)
            }
        }
    )*};
}

/// The same for brackets, which change the depth.
macro_rules! brackets {
    ($($open:ident, $close:ident;)*) => {$(
        fn $open<W: ?Sized + Write>(&mut self, writer: &mut W) -> io::Result<()> {
            self.depth += 1;
            if self.depth >= ROUND_DEPTH {
                CompactFormatter.$open(writer)
            } else {
                self.pretty.$open(writer)
            }
        }

        fn $close<W: ?Sized + Write>(&mut self, writer: &mut W) -> io::Result<()> {
            self.depth -= 1;
            if self.depth + 1 >= ROUND_DEPTH {
                CompactFormatter.$close(writer)
            } else {
                self.pretty.$close(writer)
            }
        }
    )*};
}

impl Formatter for RoundPerLine {
    brackets! {
        begin_array, end_array;
        begin_object, end_object;
    }

    by_depth! {
        begin_array_value(first: bool);
        end_array_value();
        begin_object_key(first: bool);
        begin_object_value();
        end_object_value();
    }
}
