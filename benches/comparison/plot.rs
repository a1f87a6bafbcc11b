//! The chapter's plot: calls a second, and how long they take, against calls in flight.

use std::fmt::Write;

pub struct Curve {
    pub name: &'static str,
    pub points: Vec<Point>,
}

pub struct Point {
    pub in_flight: usize,
    pub per_second: f64,
    /// In seconds.
    pub p50: f64,
    pub p99: f64,
}

const LEFT: f64 = 90.0;
const WIDTH: f64 = 470.0;
const HEIGHT: f64 = 190.0;
/// Each curve has its own way of being drawn: not everybody sees colours.
const DASHES: [&str; 4] = ["", "8 4", "2 4", "12 3 2 3"];

/// Both axes are logarithmic: a step is a doubling, or a factor of ten.
pub fn svg(curves: &[Curve]) -> String {
    let mut svg = String::from(
        r#"<svg class="figure" viewBox="0 0 700 560" role="img" aria-labelledby="speed-plot-title speed-plot-text">
<title id="speed-plot-title">Calls a second and latency against calls in flight</title>
<desc id="speed-plot-text">Two plots over 1 to 1,024 unary calls in flight on one connection. Above, calls a second: they rise with the calls in flight, and then no more. Below, the median latency as a line and the 99th percentile as circles, which grow from there on.</desc>
<g font-family="sans-serif" font-size="13" fill="currentColor">
"#,
    );
    let all = || curves.iter().flat_map(|curve| &curve.points);
    panel(&mut svg, 30.0, "calls a second", all().map(|point| point.per_second), |n| {
        n.to_string()
    });
    let latencies = all().flat_map(|point| [point.p50, point.p99]);
    panel(&mut svg, 300.0, "latency, p50 and p99", latencies, |n| {
        if n >= 1.0 {
            format!("{n} s")
        } else if n >= 1e-3 {
            format!("{:.0} ms", n * 1e3)
        } else {
            format!("{:.0} µs", n * 1e6)
        }
    });
    let speeds = Scale::of(all().map(|point| point.per_second), 30.0);
    let latencies = Scale::of(all().flat_map(|point| [point.p50, point.p99]), 300.0);
    for (curve, dash) in curves.iter().zip(DASHES) {
        let line = |svg: &mut String, y: &dyn Fn(&Point) -> f64| {
            let points = curve.points.iter();
            let points = points.map(|point| format!("{:.1},{:.1}", x(point), y(point)));
            let points: Vec<_> = points.collect();
            let points = points.join(" ");
            writeln!(
                svg,
                r#"<polyline points="{points}" fill="none" stroke="currentColor" stroke-width="2" stroke-dasharray="{dash}"/>"#
            )
        };
        let y = |point: &Point| speeds.y(point.per_second);
        line(&mut svg, &y).expect("writes to a string");
        let y = |point: &Point| latencies.y(point.p50);
        line(&mut svg, &y).expect("writes to a string");
        for point in &curve.points {
            let (x, y) = (x(point), latencies.y(point.p99));
            writeln!(svg, r#"<circle cx="{x:.1}" cy="{y:.1}" r="3" fill="none" stroke="currentColor"/>"#)
                .expect("writes to a string");
        }
    }
    names(&mut svg, curves, |point| speeds.y(point.per_second));
    names(&mut svg, curves, |point| latencies.y(point.p50));
    svg + "</g>\n</svg>\n"
}

/// The names of the curves at their right ends, one below the other where these meet.
fn names(svg: &mut String, curves: &[Curve], y: impl Fn(&Point) -> f64) {
    let mut ends: Vec<(f64, &str)> = curves
        .iter()
        .filter_map(|curve| Some((y(curve.points.last()?), curve.name)))
        .collect();
    ends.sort_by(|a, b| a.0.total_cmp(&b.0));
    let mut free = 0.0;
    for (end, name) in ends {
        let y = end.max(free);
        free = y + 16.0;
        let (x, y) = (LEFT + WIDTH + 10.0, y + 4.0);
        writeln!(svg, r#"<text x="{x:.1}" y="{y:.1}">{name}</text>"#)
            .expect("writes to a string");
    }
}

fn x(point: &Point) -> f64 {
    LEFT + (point.in_flight as f64).log2() / 10.0 * WIDTH
}

/// Whole powers of ten around all values.
struct Scale {
    low: i32,
    high: i32,
    top: f64,
}

impl Scale {
    fn of(values: impl Iterator<Item = f64>, top: f64) -> Scale {
        let (low, high) = values
            .fold((f64::MAX, f64::MIN_POSITIVE), |(low, high), value| {
                (low.min(value), high.max(value))
            });
        Scale { low: low.log10().floor() as i32, high: high.log10().ceil() as i32, top }
    }

    fn y(&self, value: f64) -> f64 {
        let part =
            (value.log10() - f64::from(self.low)) / f64::from(self.high - self.low);
        self.top + HEIGHT * (1.0 - part)
    }
}

fn panel(
    svg: &mut String,
    top: f64,
    title: &str,
    values: impl Iterator<Item = f64>,
    label: impl Fn(f64) -> String,
) {
    let scale = Scale::of(values, top);
    let (bottom, right) = (top + HEIGHT, LEFT + WIDTH);
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
