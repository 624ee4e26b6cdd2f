//! What all pictures are made of.

use std::fmt::Write as _;

/// Width of every picture, in its own units.
pub(super) const WIDTH: usize = 860;
/// Where the first character stands.
pub(super) const MARGIN: f64 = 16.0;
/// Between the baselines of a caption.
const CAPTION_LINE: usize = 17;

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

/// Where a text's x is.
#[derive(Clone, Copy)]
pub(super) enum Anchor {
    Start,
    Middle,
    End,
}

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
        svg.text("text heading", MARGIN, 30.0, Anchor::Start, title);
        svg
    }

    fn push(&mut self, line: std::fmt::Arguments) {
        // Writing to a String cannot fail.
        let _ = writeln!(self.body, "{line}");
    }

    pub(super) fn text(&mut self, class: &str, x: f64, y: f64, anchor: Anchor, text: &str) {
        let anchor = match anchor {
            Anchor::Start => "",
            Anchor::Middle => " text-anchor=\"middle\"",
            Anchor::End => " text-anchor=\"end\"",
        };
        self.push(format_args!(
            "<text class=\"{class}\" x=\"{x:.1}\" y=\"{y:.0}\"{anchor}>{}</text>",
            escaped(text)
        ));
    }

    pub(super) fn path(&mut self, class: &str, d: &str) {
        self.push(format_args!("<path class=\"{class}\" d=\"{d}\"/>"));
    }

    pub(super) fn vertical(&mut self, x: f64, top: f64, bottom: f64) {
        self.path("line", &format!("M{x:.1} {top:.0}V{bottom:.0}"));
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

    /// Adds the caption below `bottom` and the text alternative, and ends the picture.
    pub(super) fn finish(mut self, bottom: f64, caption: &[String], description: &str) -> String {
        let caption: Vec<String> = caption.iter().flat_map(|line| wrapped(line)).collect();
        for (number, line) in caption.iter().enumerate() {
            let y = bottom + (20 + number * CAPTION_LINE) as f64;
            self.text("quiet", MARGIN, y, Anchor::Start, line);
        }
        let height = bottom as usize + 14 + caption.len() * CAPTION_LINE;
        let Self { id, title, body } = self;
        let (title, description) = (escaped(&title), escaped(description));
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

/// A sentence in lines of a caption, broken between words.
fn wrapped(sentence: &str) -> Vec<String> {
    let mut lines = vec![String::new()];
    for word in sentence.split(' ') {
        let line = lines.last_mut().expect("there is one");
        if line.is_empty() {
            line.push_str(word);
        } else if line.chars().count() + 1 + word.chars().count() <= CAPTION_CHARACTERS {
            line.push(' ');
            line.push_str(word);
        } else {
            lines.push(word.to_owned());
        }
    }
    lines
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
