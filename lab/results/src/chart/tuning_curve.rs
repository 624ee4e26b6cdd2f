//! Cold starts of two steps over the memory sizes, and where each curve has its knee. The lines are solid and dashed, and named.

use std::fmt::Write as _;

use super::svg::{Svg, WIDTH, line_through};
use crate::format::duration;
use crate::scale::LinearScale;
use crate::schema::Metric;
use crate::tuning::Tuning;
use crate::view::caption::{say_once, where_and_when};

const LEFT: f64 = 80.0;
const RIGHT: f64 = 40.0;
const TOP: f64 = 68.0;
const HEIGHT: f64 = 240.0;
const BOTTOM: f64 = TOP + HEIGHT;
/// Solid and dashed.
const LINES: [&str; 2] = ["served", "offered"];

/// From here on, more memory brings less than this share of the fastest size's time.
const KNEE: f64 = 0.1;

/// A step's medians by size, µs, ascending in size.
struct Curve<'a> {
    tuning: &'a Tuning,
    points: Vec<(u32, f64)>,
}

impl Curve<'_> {
    fn sizes(&self) -> Vec<u32> {
        self.points.iter().map(|(size, _)| *size).collect()
    }

    /// The smallest size that is about as fast as the fastest.
    fn knee(&self) -> Option<(u32, f64)> {
        let fastest = self.points.iter().map(|(_, us)| *us).reduce(f64::min)?;
        let is_near = |(_, us): &&(u32, f64)| *us <= fastest * (1.0 + KNEE);
        self.points.iter().find(is_near).copied()
    }
}

/// The curves of one or two steps that were measured at the same sizes; none if they were not, or if there is nothing to draw.
pub fn tuning_curve(tunings: &[&Tuning]) -> Option<String> {
    let curves: Vec<Curve> = tunings
        .iter()
        .map(|tuning| curve(tuning))
        .collect::<Option<_>>()?;
    let sizes = curves.first()?.sizes();
    let same_sizes = |curve: &Curve| curve.sizes() == sizes;
    if curves.len() > LINES.len() || sizes.len() < 2 || !curves.iter().all(same_sizes) {
        return None;
    }
    let slowest = curves.iter().flat_map(|curve| &curve.points);
    let scale = LinearScale::up_to(slowest.map(|(_, us)| *us).reduce(f64::max)?)?;
    let y = |us: f64| BOTTOM - scale.position(us) * HEIGHT;
    let step = (WIDTH as f64 - LEFT - RIGHT) / (sizes.len() - 1) as f64;
    let x = |column: usize| LEFT + column as f64 * step;

    let mut svg = Svg::new("tuning-curve", "A cold start by memory size");
    for tick in scale.ticks() {
        let (y, right) = (y(tick), WIDTH as f64 - RIGHT);
        svg.path("line", &format!("M{LEFT} {y:.1}H{right:.1}"));
        let label = match tick {
            0.0 => "0".to_owned(),
            us => duration(us),
        };
        svg.text_before("quiet", LEFT - 8.0, y + 4.0, &label);
    }
    for (column, size) in sizes.iter().enumerate() {
        svg.text_around("quiet", x(column), BOTTOM + 20.0, &format!("{size} MB"));
    }
    for (curve, line) in curves.iter().zip(LINES) {
        let points = curve.points.iter().enumerate();
        let places = points.map(|(column, (_, us))| (x(column), y(*us)));
        svg.path(line, &line_through(places.clone()));
        let knee = curve.knee();
        for ((x, y), point) in places.zip(&curve.points) {
            let radius = if knee == Some(*point) { 6.0 } else { 3.0 };
            svg.circle("dot", x, y, radius);
        }
        let (_, first) = curve.points[0];
        let (x, y) = (x(0) + 8.0, y(first) - 10.0);
        svg.text("text strong", x, y, &curve.tuning.step);
    }
    Some(svg.finish(BOTTOM + 30.0, &caption(&curves), &described(&curves)))
}

fn curve(tuning: &Tuning) -> Option<Curve<'_>> {
    let points = tuning
        .sizes
        .iter()
        .map(|size| Some((size.memory_mb, size.median(Metric::Cold)?)));
    Some(Curve {
        tuning,
        points: points.collect::<Option<_>>()?,
    })
}

fn caption(curves: &[Curve]) -> Vec<String> {
    let percent = KNEE * 100.0;
    let mut lines = vec![format!(
        "Median of init and first request. Large dot: the knee, the smallest size within {percent:.0} % of the fastest."
    )];
    for curve in curves {
        say_once(&mut lines, where_and_when(&curve.tuning.conditions));
    }
    lines
}

fn described(curves: &[Curve]) -> String {
    let mut text = String::new();
    for curve in curves {
        let _ = write!(text, "{}:", curve.tuning.step);
        for (size, us) in &curve.points {
            let _ = write!(text, " {size} MB {};", duration(*us));
        }
        if let Some((size, us)) = curve.knee() {
            let _ = write!(text, " the knee is at {size} MB, {}. ", duration(us));
        }
    }
    text
}
