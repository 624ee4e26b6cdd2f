//! Who talks to whom at a step, drawn from its manifest and from what the lab counted: a reader sees what moved.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use anyhow::Result;
use lab_workspace::{BackingService, Step};

use crate::measured::{Measured, PROFILE};
use crate::tables::picture;

const STYLE: &str = "\
.paper{fill:#fff}.text{fill:#1f2328}.quiet{fill:#59636e}.box{fill:#f6f8fa;stroke:#59636e}.inner{fill:#fff;stroke:#59636e}\
.wire{stroke:#59636e;fill:none}.moved{stroke:#b35900;stroke-width:3;fill:none}.tip{fill:#59636e}.moved-tip{fill:#b35900}
@media (prefers-color-scheme:dark){.paper{fill:#0d1117}.text{fill:#f0f6fc}.quiet{fill:#9198a1}.box{fill:#151b23;stroke:#9198a1}\
.inner{fill:#0d1117;stroke:#9198a1}.wire{stroke:#9198a1}.moved{stroke:#f0a35e}.tip{fill:#9198a1}.moved-tip{fill:#f0a35e}}
text{font:13px system-ui,sans-serif}.name{font-weight:600}.idle{stroke-dasharray:3 5}.changed{font-weight:600}
";

const WIDTH: usize = 760;
const TOP: usize = 20;
const ROW: usize = 82;
const BOX: usize = 58;

/// One service's line in the figure.
struct Wire {
    /// Its name as readers know it.
    name: &'static str,
    /// What a warm request asks of it, in words.
    label: String,
    /// The same before this step, if it was something else.
    before: Option<String>,
    /// A warm request leaves it alone.
    idle: bool,
}

/// The figure of a step as a picture with its text alternative.
pub fn figure(measured: &Measured, step: &Step) -> Result<String> {
    let from = measured.workspace.before(step)?;
    let mut wires = Vec::new();
    for service in BackingService::ALL {
        if step.manifest.services.contains(&service) {
            wires.push(wire(measured, step, from, service)?);
        }
    }
    Ok(picture(&svg(step, from, &wires)))
}

fn wire(
    measured: &Measured,
    step: &Step,
    from: Option<&Step>,
    service: BackingService,
) -> Result<Wire> {
    let name = match service {
        BackingService::Parameters => "Parameter Store",
        BackingService::Database => "RDS Proxy, Aurora",
        BackingService::Cache => "ElastiCache",
    };
    let prefix = service.as_str();
    let (_, measurement) = measured.of(step, PROFILE)?;
    let counts = measurement.counts_warm();
    let label = label(&counts, prefix);
    let before = match from {
        Some(from) if from.manifest.services.contains(&service) => {
            let (_, measurement) = measured.of(from, PROFILE)?;
            Some(self::label(&measurement.counts_warm(), prefix))
        }
        Some(_) => Some("not there".to_owned()),
        None => None,
    };
    Ok(Wire {
        name,
        idle: round_trips(&counts, prefix) == 0,
        before: before.filter(|before| *before != label),
        label,
    })
}

/// What a warm request asks of a service, in words.
fn label(counts: &BTreeMap<String, f64>, prefix: &str) -> String {
    let connections = counts.get(&format!("{prefix}.connections")).copied();
    let connects = if connections.unwrap_or_default() > 0.5 {
        ", connecting"
    } else {
        ""
    };
    match round_trips(counts, prefix) {
        0 => "nothing".to_owned(),
        1 => format!("1 round trip{connects}"),
        many => format!("{many} round trips{connects}"),
    }
}

fn round_trips(counts: &BTreeMap<String, f64>, prefix: &str) -> u64 {
    let mean = counts.get(&format!("{prefix}.round_trips")).copied();
    mean.unwrap_or_default().round() as u64
}

fn svg(step: &Step, from: Option<&Step>, wires: &[Wire]) -> String {
    let rows = wires.len().max(2);
    let height = TOP + rows * ROW + 10;
    let mut svg = String::new();
    let _ = writeln!(
        svg,
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{WIDTH}\" height=\"{height}\" viewBox=\"0 0 {WIDTH} {height}\" \
         role=\"img\"><title>{name}: who talks to whom</title><desc>{description}</desc>\n<style>\n{STYLE}</style>\n\
         <rect class=\"paper\" width=\"{WIDTH}\" height=\"{height}\" rx=\"6\"/>",
        name = step.name,
        description = description(step, from, wires),
    );
    let middle = TOP + rows * ROW / 2;
    client(&mut svg, middle);
    environment(&mut svg, step, from, rows * ROW - ROW + BOX);
    for (row, wire) in wires.iter().enumerate() {
        service(&mut svg, TOP + row * ROW, wire);
    }
    svg.push_str("</svg>\n");
    svg
}

fn client(svg: &mut String, middle: usize) {
    let (top, first, second) = (middle - 34, middle - 12, middle + 8);
    let _ = writeln!(
        svg,
        "<rect class=\"box\" x=\"12\" y=\"{top}\" width=\"104\" height=\"54\" rx=\"4\"/>\
         <text class=\"text name\" x=\"64\" y=\"{first}\" text-anchor=\"middle\">API Gateway</text>\
         <text class=\"quiet\" x=\"64\" y=\"{second}\" text-anchor=\"middle\">GET /</text>\
         <path class=\"wire\" d=\"M116 {line}H142\"/><path class=\"tip\" d=\"M142 {up}L152 {line}L142 {down}Z\"/>",
        line = middle - 7,
        up = middle - 12,
        down = middle - 2,
    );
}

fn environment(svg: &mut String, step: &Step, from: Option<&Step>, height: usize) {
    let changed = |different: bool| if different { "text changed" } else { "quiet" };
    let size = from.is_some_and(|from| {
        from.memory_mb != step.memory_mb || from.manifest.architecture != step.manifest.architecture
    });
    let _ = writeln!(
        svg,
        "<rect class=\"box\" x=\"152\" y=\"{TOP}\" width=\"196\" height=\"{height}\" rx=\"4\"/>\
         <text class=\"text name\" x=\"164\" y=\"{}\">Execution environment</text>\
         <text class=\"{}\" x=\"164\" y=\"{}\">{} MB, {}</text>",
        TOP + 22,
        changed(size),
        TOP + 42,
        step.memory_mb,
        step.manifest.architecture.as_str(),
    );
    if step.manifest.extension {
        let (top, baseline) = (TOP + height - 40, TOP + height - 20);
        let new = from.is_some_and(|from| !from.manifest.extension);
        let _ = writeln!(
            svg,
            "<rect class=\"inner\" x=\"164\" y=\"{top}\" width=\"172\" height=\"30\" rx=\"3\"/>\
             <text class=\"{}\" x=\"250\" y=\"{baseline}\" text-anchor=\"middle\">Parameters extension</text>",
            changed(new).replace("quiet", "text"),
        );
    }
}

fn service(svg: &mut String, top: usize, wire: &Wire) {
    let line = top + BOX / 2;
    let (class, tip, weight) = match wire.before {
        Some(_) => ("moved", "moved-tip", "text changed"),
        None => ("wire", "tip", "text"),
    };
    let idle = if wire.idle { " idle" } else { "" };
    let _ = writeln!(
        svg,
        "<path class=\"{class}{idle}\" d=\"M348 {line}H568\"/><path class=\"{tip}\" d=\"M566 {}L578 {line}L566 {}Z\"/>\
         <text class=\"{weight}\" x=\"462\" y=\"{}\" text-anchor=\"middle\">{}</text>\
         <rect class=\"box\" x=\"578\" y=\"{top}\" width=\"170\" height=\"{BOX}\" rx=\"4\"/>\
         <text class=\"text name\" x=\"663\" y=\"{}\" text-anchor=\"middle\">{}</text>",
        line - 6,
        line + 6,
        line - 9,
        wire.label,
        line + 5,
        wire.name,
    );
    if let Some(before) = &wire.before {
        let _ = writeln!(
            svg,
            "<text class=\"quiet\" x=\"462\" y=\"{}\" text-anchor=\"middle\">before: {before}</text>",
            line + 20
        );
    }
}

/// The figure in words.
fn description(step: &Step, from: Option<&Step>, wires: &[Wire]) -> String {
    let extension = if step.manifest.extension {
        " with the Parameters and Secrets extension"
    } else {
        ""
    };
    let mut text = format!(
        "API Gateway calls an execution environment of {} MB on {}{extension}.",
        step.memory_mb,
        step.manifest.architecture.as_str()
    );
    for wire in wires {
        let before = wire.before.as_deref().zip(from);
        let before = before.map(|(before, from)| format!(" ({}: {before})", from.name));
        let (name, label, before) = (wire.name, &wire.label, before.unwrap_or_default());
        let _ = write!(text, " A warm request asks of {name}: {label}{before}.");
    }
    text
}
