//! What all pictures are made of.

use std::fmt::Write as _;

use crate::view::section::wrapped;

/// Width of every picture, in its own units.
pub(super) const WIDTH: usize = 860;
/// Where the first character stands.
pub(super) const MARGIN: f64 = 16.0;
/// Between the baselines of a caption.
const CAPTION_LINE: f64 = 17.0;

/// Longest line of a caption: wider fonts than ours exist.
const CAPTION_CHARACTERS: usize = 120;

/// Longest name that is drawn; of a longer path the end is shown.
const NAME_CHARACTERS: usize = 24;

/// Print gets the light one: paper is white.
const STYLE: &str = "\
.paper{fill:#fff}.text{fill:#1f2328}.quiet{fill:#59636e}.dot,.phase{fill:#3b78c2}.platform{fill:#8c959f}.line{stroke:#d1d9e0}\
.lead{stroke:#8c959f;stroke-dasharray:1 4}.whisker{stroke:#1f2328}.rest{fill:none;stroke:#59636e;stroke-dasharray:3 2}\
.offered{stroke:#59636e;stroke-dasharray:5 4;fill:none;stroke-width:1.5}.served{stroke:#3b78c2;fill:none;stroke-width:2}\
.failed{fill:#c9462c;fill-opacity:.35;stroke:#c9462c}.saturated{fill:#59636e;fill-opacity:.15}
@media screen and (prefers-color-scheme:dark){.paper{fill:#0d1117}.text{fill:#f0f6fc}.quiet{fill:#9198a1}.dot,.phase{fill:#4a8fe0}\
.platform{fill:#6e7681}.line{stroke:#3d444d}.lead{stroke:#6e7681}.whisker{stroke:#f0f6fc}.rest{stroke:#9198a1}\
.offered{stroke:#9198a1}.served{stroke:#4a8fe0}.failed{fill:#f0704f;stroke:#f0704f}.saturated{fill:#9198a1}}
text{font:13px system-ui,sans-serif}.heading{font-size:16px;font-weight:600}.strong{font-weight:600}.whisker{stroke-width:1.5;fill:none}
";

/// A picture in the making.
pub(super) struct Svg {
    id: String,
    title: String,
    body: String,
}

impl Svg {
    /// `id` must differ from those of the other pictures on a page.
    pub(super) fn new(id: &str, title: &str) -> Self {
        let id = id
            .chars()
            .map(|c| if c.is_ascii_alphanumeric() { c } else { '-' })
            .collect();
        let mut svg = Self {
            id,
            title: title.to_owned(),
            body: String::new(),
        };
        svg.text("text heading", MARGIN, 30.0, title);
        svg
    }

    fn push(&mut self, line: std::fmt::Arguments) {
        // Writing to a String cannot fail.
        let _ = writeln!(self.body, "{line}");
    }

    /// A text that begins at `x`.
    pub(super) fn text(&mut self, class: &str, x: f64, y: f64, text: &str) {
        self.anchored(class, x, y, "", text);
    }

    /// A text with its middle at `x`.
    pub(super) fn text_around(&mut self, class: &str, x: f64, y: f64, text: &str) {
        self.anchored(class, x, y, " text-anchor=\"middle\"", text);
    }

    /// A text that ends at `x`.
    pub(super) fn text_before(&mut self, class: &str, x: f64, y: f64, text: &str) {
        self.anchored(class, x, y, " text-anchor=\"end\"", text);
    }

    fn anchored(&mut self, class: &str, x: f64, y: f64, anchor: &str, text: &str) {
        let text = escaped(text);
        self.push(format_args!(
            "<text class=\"{class}\" x=\"{x:.1}\" y=\"{y:.0}\"{anchor}>{text}</text>"
        ));
    }

    pub(super) fn path(&mut self, class: &str, d: &str) {
        self.push(format_args!("<path class=\"{class}\" d=\"{d}\"/>"));
    }

    /// The marks of a horizontal axis of times, µs: lines from `top` to `bottom`, and what they are below.
    pub(super) fn axis(&mut self, ticks: Vec<f64>, x: impl Fn(f64) -> f64, top: f64, bottom: f64) {
        for tick in ticks {
            let (x, top) = (x(tick), top - 6.0);
            self.path("line", &format!("M{x:.1} {top:.0}V{bottom:.0}"));
            self.text_around("quiet", x, bottom + 16.0, &tick_label(tick));
        }
    }

    pub(super) fn rect(&mut self, class: &str, x: f64, y: f64, width: f64, height: f64) {
        self.push(format_args!(
            "<rect class=\"{class}\" x=\"{x:.1}\" y=\"{y:.1}\" width=\"{width:.1}\" height=\"{height:.1}\"/>"
        ));
    }

    pub(super) fn circle(&mut self, class: &str, x: f64, y: f64, radius: f64) {
        self.push(format_args!(
            "<circle class=\"{class}\" cx=\"{x:.1}\" cy=\"{y:.1}\" r=\"{radius}\"/>"
        ));
    }

    /// Adds the caption below `bottom` and the text alternative, which holds the caption as well, and ends the picture.
    pub(super) fn finish(mut self, bottom: f64, caption: &[String], description: &str) -> String {
        let description = escaped(&(description.to_owned() + &caption.join(" ")));
        let caption = caption.iter().map(|line| wrapped(line, CAPTION_CHARACTERS));
        let caption = caption.collect::<String>();
        let mut y = bottom + 20.0;
        for line in caption.lines() {
            self.text("quiet", MARGIN, y, line);
            y += CAPTION_LINE;
        }
        let height = (y - 6.0) as usize;
        let Self { id, title, body } = self;
        let title = escaped(&title);
        format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{WIDTH}\" height=\"{height}\" \
             viewBox=\"0 0 {WIDTH} {height}\" role=\"img\" aria-labelledby=\"{id}-title {id}-description\">\n\
             <title id=\"{id}-title\">{title}</title>\n\
             <desc id=\"{id}-description\">{description}</desc>\n\
             <style>\n{STYLE}</style>\n\
             <rect class=\"paper\" width=\"{WIDTH}\" height=\"{height}\" rx=\"6\"/>\n{body}</svg>\n"
        )
    }
}

/// The path of a line through points.
pub(super) fn line_through(points: impl IntoIterator<Item = (f64, f64)>) -> String {
    let mut path = String::new();
    for (x, y) in points {
        let command = if path.is_empty() { 'M' } else { 'L' };
        // Writing to a String cannot fail.
        let _ = write!(path, "{command}{x:.1} {y:.1}");
    }
    path
}

/// `100 µs`, `1 ms`: of a tick, without the digits that it has not.
fn tick_label(us: f64) -> String {
    match us {
        us if us < 1e3 => format!("{us} µs"),
        us if us < 1e6 => format!("{} ms", us / 1e3),
        us => format!("{} s", us / 1e6),
    }
}

/// A name that fits beside the drawing.
pub(super) fn shortened(name: &str) -> String {
    let length = name.chars().count();
    if length <= NAME_CHARACTERS {
        return name.to_owned();
    }
    let end: String = name.chars().skip(length - NAME_CHARACTERS + 1).collect();
    format!("…{end}")
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
}
