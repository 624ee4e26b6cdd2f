//! The matrix of steps and memory sizes: what a warm request takes and costs in each.

use std::fmt::Write as _;

use super::svg::{MARGIN, Svg, WIDTH, shortened};
use crate::format::{duration, usd};
use crate::price::Prices;
use crate::scale::LogScale;
use crate::schema::Metric;
use crate::tuning::{Point, Strategy, Temperature, Tuning, choose};
use crate::view::caption::{say_once, where_and_when};

const LEFT: f64 = 210.0;
const TOP: f64 = 76.0;
const ROW_HEIGHT: f64 = 72.0;
const BAR_HEIGHT: f64 = 6.0;

/// A step and a size.
struct Cell {
    p50_us: f64,
    point: Point,
}

/// The matrix of warm requests; none if nothing of it can be drawn.
pub fn tuning(tunings: &[&Tuning], prices: &Prices) -> Option<String> {
    let rows: Vec<(&Tuning, Vec<Cell>)> = tunings
        .iter()
        .map(|tuning| Some((*tuning, cells(tuning, prices)?)))
        .collect::<Option<_>>()?;
    let mut sizes: Vec<u32> = rows
        .iter()
        .flat_map(|(_, cells)| cells.iter().map(|cell| cell.point.memory_mb))
        .collect();
    sizes.sort_unstable();
    sizes.dedup();
    let all = rows.iter().flat_map(|(_, cells)| cells);
    let scale = LogScale::around(all.map(|cell| cell.p50_us))?;
    let width = (WIDTH as f64 - LEFT - MARGIN) / sizes.len() as f64;

    let mut svg = Svg::new("tuning", "A warm request by memory size");
    for (column, size) in sizes.iter().enumerate() {
        let x = LEFT + column as f64 * width;
        svg.text("quiet", x, TOP - 18.0, &format!("{size} MB"));
    }
    for (number, (tuning, cells)) in rows.iter().enumerate() {
        let top = TOP + number as f64 * ROW_HEIGHT;
        let right = WIDTH as f64 - MARGIN;
        svg.path("line", &format!("M{MARGIN} {top:.0}H{right}"));
        svg.text("text", MARGIN, top + 24.0, &shortened(&tuning.step));
        let deployed = format!("deployed with {} MB", tuning.memory_mb);
        svg.text("quiet", MARGIN, top + 42.0, &deployed);
        for cell in cells {
            let column = sizes.binary_search(&cell.point.memory_mb).ok()?;
            let x = LEFT + column as f64 * width;
            draw(&mut svg, x, top, width - 14.0, scale, cell);
            svg.text("quiet", x, top + 62.0, &marks(cells, cell));
        }
    }
    let bottom = TOP + rows.len() as f64 * ROW_HEIGHT;
    Some(svg.finish(bottom + 4.0, &caption(&rows), &described(&rows)))
}

fn cells(tuning: &Tuning, prices: &Prices) -> Option<Vec<Cell>> {
    let points = tuning.points(Temperature::Warm, prices).ok()?;
    let cells = tuning.sizes.iter().zip(points).map(|(size, point)| {
        let p50_us = size.median(Metric::Warm)?;
        Some(Cell { p50_us, point })
    });
    cells.collect()
}

fn draw(svg: &mut Svg, x: f64, top: f64, width: f64, scale: LogScale, cell: &Cell) {
    svg.text("text strong", x, top + 19.0, &duration(cell.p50_us));
    let cost = format!("{}/M", usd(cell.point.cost * 1e6));
    svg.text("text", x, top + 35.0, &cost);
    let filled = scale.position(cell.p50_us) * width;
    svg.rect("rest", x, top + 41.0, width, BAR_HEIGHT);
    svg.rect("phase", x, top + 41.0, filled, BAR_HEIGHT);
}

/// What the strategies choose in this row, in words.
fn marks(cells: &[Cell], cell: &Cell) -> String {
    let points: Vec<Point> = cells.iter().map(|cell| cell.point).collect();
    let strategies = [("cheapest", Strategy::Cost), ("fastest", Strategy::Speed)];
    let chosen = strategies.iter().filter(|(_, strategy)| {
        choose(&points, *strategy).is_some_and(|point| point.memory_mb == cell.point.memory_mb)
    });
    let names: Vec<&str> = chosen.map(|(name, _)| *name).collect();
    names.join(", ")
}

fn caption(rows: &[(&Tuning, Vec<Cell>)]) -> Vec<String> {
    let mut lines = vec![
        "Median of warm requests (bar: the same, logarithmic), and Lambda's duration charge for a million of them.".to_owned(),
        "Cheapest and fastest by Power Tuning's arithmetic: trimmed mean of the durations, billed milliseconds rounded up.".to_owned(),
    ];
    for (tuning, _) in rows {
        say_once(&mut lines, where_and_when(&tuning.conditions));
    }
    lines
}

fn described(rows: &[(&Tuning, Vec<Cell>)]) -> String {
    let mut text = String::new();
    for (tuning, cells) in rows {
        let _ = write!(text, "{}:", tuning.step);
        for cell in cells {
            let marks = marks(cells, cell);
            let comma = if marks.is_empty() { "" } else { ", " };
            let (p50, cost) = (duration(cell.p50_us), usd(cell.point.cost * 1e6));
            let size = cell.point.memory_mb;
            let _ = write!(text, " {size} MB {p50}, {cost} a million{comma}{marks};");
        }
        text.push(' ');
    }
    text
}
