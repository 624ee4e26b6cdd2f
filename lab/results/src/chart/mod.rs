//! Pictures as SVG.
//!
//! Each carries its own background and follows the reader's light or dark setting, says everything in its text
//! alternative that it shows, and tells nothing by colour alone. The same results always give the same bytes. Several of
//! them may stand in one HTML page: they share their style, and their ids differ.

mod distribution;
mod ladder;
mod ramp;
mod svg;
mod tuning;
mod tuning_curve;
mod waterfall;

pub use distribution::distribution;
pub use ladder::ladder;
pub use ramp::ramp;
pub use tuning::tuning;
pub use tuning_curve::tuning_curve;
pub use waterfall::waterfall;
