//! The chapter's plot: calls a second, and how long they take, against calls in flight.

/// What was measured of one server.
pub struct Curve {
    /// The server, as the plot names it.
    pub name: &'static str,
    /// From the fewest calls in flight to the most.
    pub points: Vec<Point>,
}

/// What was measured with so many calls in flight.
pub struct Point {
    pub in_flight: usize,
    pub per_second: f64,
    /// The median latency, in seconds.
    pub p50: f64,
    /// The 99th percentile, in seconds.
    pub p99: f64,
}

/// Where the two panels lie in the drawing, and how large they are.
const LEFT: f64 = 90.0;
const WIDTH: f64 = 470.0;
const HEIGHT: f64 = 190.0;
const SPEED_TOP: f64 = 30.0;
const LATENCY_TOP: f64 = 300.0;
/// Each curve has its own way of being drawn: not everybody sees colours.
const DASHES: [&str; 4] = ["", "8 4", "2 4", "12 3 2 3"];
/// What comes before the drawing: its size, and what it says in words.
const HEAD: &str = r#"<svg class="figure" viewBox="0 0 700 560" role="img" aria-labelledby="speed-plot-title speed-plot-text">
<title id="speed-plot-title">Calls a second and latency against calls in flight</title>
<desc id="speed-plot-text">Two plots over 1 to 1,024 unary calls in flight on one connection. Above, calls a second: they rise with the calls in flight, and then no more. Below, the median latency as a line and the 99th percentile as circles, which grow from there on.</desc>
<g font-family="sans-serif" font-size="13" fill="currentColor">
"#;

/// Draws the curves. Both axes are logarithmic: a step is a doubling, or a factor of ten.
pub fn svg(curves: &[Curve]) -> String {
    let points = || curves.iter().flat_map(|curve| &curve.points);
    let speeds = Scale::of(points().map(|point| point.per_second), SPEED_TOP);
    let latencies = points().flat_map(|point| [point.p50, point.p99]);
    let latencies = Scale::of(latencies, LATENCY_TOP);
    let mut svg = String::from(HEAD);
    panel(&mut svg, &speeds, "calls a second", |speed| speed.to_string());
    panel(&mut svg, &latencies, "latency, p50 and p99", latency_label);
    for (curve, dash) in curves.iter().zip(DASHES) {
        line(&mut svg, curve, dash, |point| speeds.y(point.per_second));
        line(&mut svg, curve, dash, |point| latencies.y(point.p50));
        circles(&mut svg, curve, |point| latencies.y(point.p99));
    }
    names(&mut svg, curves, |point| speeds.y(point.per_second));
    names(&mut svg, curves, |point| latencies.y(point.p50));
    svg + "</g>\n</svg>\n"
}

fn latency_label(seconds: f64) -> String {
    if seconds >= 1.0 {
        format!("{seconds} s")
    } else if seconds >= 1e-3 {
        format!("{:.0} ms", seconds * 1e3)
    } else {
        format!("{:.0} µs", seconds * 1e6)
    }
}

fn line(svg: &mut String, curve: &Curve, dash: &str, y: impl Fn(&Point) -> f64) {
    let points = curve.points.iter();
    let points = points.map(|point| format!("{:.1},{:.1}", x(point), y(point)));
    let points = points.collect::<Vec<_>>().join(" ");
    *svg += &format!(
        "<polyline points=\"{points}\" fill=\"none\" stroke=\"currentColor\" \
         stroke-width=\"2\" stroke-dasharray=\"{dash}\"/>\n"
    );
}

fn circles(svg: &mut String, curve: &Curve, y: impl Fn(&Point) -> f64) {
    for point in &curve.points {
        let (x, y) = (x(point), y(point));
        *svg += &format!(
            "<circle cx=\"{x:.1}\" cy=\"{y:.1}\" r=\"3\" fill=\"none\" stroke=\"currentColor\"/>\n"
        );
    }
}

/// The names of the curves at their right ends, one below the other where these meet.
fn names(svg: &mut String, curves: &[Curve], y: impl Fn(&Point) -> f64) {
    let mut ends: Vec<(f64, &str)> = curves
        .iter()
        .filter_map(|curve| Some((y(curve.points.last()?), curve.name)))
        .collect();
    ends.sort_by(|a, b| a.0.total_cmp(&b.0));
    // The next y that no name covers.
    let mut free = 0.0;
    for (end, name) in ends {
        let y = end.max(free);
        free = y + 16.0;
        let (x, y) = (LEFT + WIDTH + 10.0, y + 4.0);
        *svg += &format!("<text x=\"{x:.1}\" y=\"{y:.1}\">{name}</text>\n");
    }
}

/// Where a point lies from left to right.
fn x(point: &Point) -> f64 {
    LEFT + (point.in_flight as f64).log2() / 10.0 * WIDTH
}

/// The vertical axis of a panel: whole powers of ten around all values.
struct Scale {
    /// The power of ten at the bottom.
    low: i32,
    /// The power of ten at the top.
    high: i32,
    /// Where the top lies in the drawing.
    top: f64,
}

impl Scale {
    fn of(values: impl Iterator<Item = f64>, top: f64) -> Scale {
        let (mut low, mut high) = (f64::MAX, f64::MIN_POSITIVE);
        for value in values {
            low = low.min(value);
            high = high.max(value);
        }
        Scale { low: low.log10().floor() as i32, high: high.log10().ceil() as i32, top }
    }

    /// Where a value lies from top to bottom.
    fn y(&self, value: f64) -> f64 {
        let part =
            (value.log10() - f64::from(self.low)) / f64::from(self.high - self.low);
        self.top + HEIGHT * (1.0 - part)
    }
}

/// A panel without its curves: title, axes, and what they say.
fn panel(svg: &mut String, scale: &Scale, title: &str, label: impl Fn(f64) -> String) {
    let (top, bottom, right) = (scale.top, scale.top + HEIGHT, LEFT + WIDTH);
    let mut line = |text: String| {
        svg.push_str(&text);
        svg.push('\n');
    };
    line(format!(
        r#"<text x="{LEFT}" y="{}" font-weight="bold">{title}</text>"#,
        top - 12.0
    ));
    for power in scale.low..=scale.high {
        let value = 10_f64.powi(power);
        let y = scale.y(value);
        line(format!(
            r#"<line x1="{LEFT}" y1="{y:.1}" x2="{right}" y2="{y:.1}" stroke="currentColor" stroke-opacity="0.25"/>"#
        ));
        let (x, y) = (LEFT - 8.0, y + 4.0);
        line(format!(
            r#"<text x="{x}" y="{y:.1}" text-anchor="end">{}</text>"#,
            label(value)
        ));
    }
    for doubling in (0..=10).step_by(2) {
        let x = LEFT + f64::from(doubling) / 10.0 * WIDTH;
        let y = bottom + 20.0;
        line(format!(
            r#"<text x="{x:.1}" y="{y}" text-anchor="middle">{}</text>"#,
            1 << doubling
        ));
    }
    let y = bottom + 40.0;
    line(format!(
        r#"<text x="{right}" y="{y}" text-anchor="end">calls in flight</text>"#
    ));
}
