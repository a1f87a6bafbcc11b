//! Draws what a tap saw: a line down for the client, one for the server, and an arrow for each
//! event, as SVG. The book's figures of the wire are made here.

use std::fmt::Write;

use super::lines::{Lines, Shown};
use super::trace::{Event, Side};

const WIDTH: u32 = 480;
const CLIENT: u32 = 40;
const SERVER: u32 = WIDTH - 40;
/// How many letters fit between the two lines.
const LETTERS: usize = 46;
/// The distance of two lines of text.
const LINE: u32 = 17;

/// The drawing of what crossed connections, which have numbers. `id` tells it from others on a
/// page; `title` names it.
///
/// It stands alone, as a file, and inside a page. It has no colours of its own but takes the text's, so it fits every theme. Streams differ in
/// their number and in the dashes of their arrows. Where there are several connections, each has
/// its number above its arrows.
pub fn draw(
    id: &str,
    title: &str,
    lines: &mut Lines,
    events: &[(usize, Event)],
) -> String {
    let rows: Vec<(usize, &Event, Shown)> = events
        .iter()
        .filter_map(|(n, event)| Some((*n, event, lines.show(*n, event)?)))
        .collect();
    let several = rows.windows(2).any(|two| two[0].0 != two[1].0);
    let mut current = None;

    let mut arrows = String::new();
    let mut told = Vec::new();
    let mut y = 48;
    for (connection, event, shown) in &rows {
        if several && current.replace(connection) != Some(connection) {
            put(
                &mut arrows,
                &format!(
                    r#"<text x="{}" y="{y}" text-anchor="middle" font-weight="bold">connection {connection}</text>"#,
                    WIDTH / 2
                ),
            );
            told.push(format!("connection {connection}"));
            y += 26;
        }
        let Event { from, stream, .. } = event;
        let end = if shown.end_stream { "END_STREAM" } else { "" };
        let text = [shown.text.as_str(), end].map(str::to_string);
        let text = text
            .into_iter()
            .filter(|text| !text.is_empty())
            .collect::<Vec<_>>()
            .join(" ");
        let (start, head, who) = match from {
            Side::Client => (CLIENT, SERVER, "client"),
            Side::Server => (SERVER, CLIENT, "server"),
        };
        told.push(format!("{who}, stream {stream}: {} {text}", shown.frame));

        let text = wrap(&format!("{} {text}", shown.frame));
        for (n, line) in text.iter().enumerate() {
            // The frame's name stands out at the beginning.
            let (name, rest) = match n {
                0 => line.split_at(shown.frame.len()),
                _ => ("", line.as_str()),
            };
            put(
                &mut arrows,
                &format!(
                    r#"<text x="{}" y="{y}"><tspan font-weight="bold">{}</tspan>{}</text>"#,
                    CLIENT + 14,
                    escape(name),
                    escape(rest)
                ),
            );
            y += LINE;
        }
        let dashes = match stream / 2 % 3 {
            0 => "",
            1 => r#" stroke-dasharray="8 3""#,
            _ => r#" stroke-dasharray="3 3""#,
        };
        y -= LINE / 2;
        // The arrow ends where the other side's line begins.
        put(
            &mut arrows,
            &format!(
                r#"<path d="M{start} {y}H{head}" stroke="currentColor" stroke-width="1.5"{dashes} marker-end="url(#{id}-head)"/>"#
            ),
        );
        let outside = if start == CLIENT {
            start - 22
        } else {
            start + 22
        };
        put(
            &mut arrows,
            &format!(
                r#"<text x="{outside}" y="{}" text-anchor="middle">{stream}</text>"#,
                y + 5
            ),
        );
        y += 26;
    }

    let bottom = y;
    let mut svg = String::new();
    put(
        &mut svg,
        &format!(
            r#"<svg xmlns="http://www.w3.org/2000/svg" class="figure" viewBox="0 0 {WIDTH} {}" role="img" aria-labelledby="{id}-title {id}-text">"#,
            bottom + 8
        ),
    );
    put(&mut svg, &format!(r#"<title id="{id}-title">{}</title>"#, escape(title)));
    put(
        &mut svg,
        &format!(r#"<desc id="{id}-text">{}</desc>"#, escape(&told.join(". "))),
    );
    put(
        &mut svg,
        &format!(
            r#"<defs><marker id="{id}-head" viewBox="0 0 8 8" refX="8" refY="4" markerWidth="7" markerHeight="7" orient="auto"><path d="M0 0 8 4 0 8z" fill="currentColor"/></marker></defs>"#
        ),
    );
    put(&mut svg, r#"<g font-family="monospace" font-size="13" fill="currentColor">"#);
    put(
        &mut svg,
        &format!(
            r#"<text x="{CLIENT}" y="20" text-anchor="middle" font-weight="bold">client</text>"#
        ),
    );
    put(
        &mut svg,
        &format!(
            r#"<text x="{SERVER}" y="20" text-anchor="middle" font-weight="bold">server</text>"#
        ),
    );
    for x in [CLIENT, SERVER] {
        put(
            &mut svg,
            &format!(
                r#"<path d="M{x} 28V{bottom}" stroke="currentColor" stroke-width="1" opacity="0.4"/>"#
            ),
        );
    }
    svg += &arrows;
    put(&mut svg, "</g>");
    put(&mut svg, "</svg>");
    svg
}

fn put(svg: &mut String, line: &str) {
    // Writing to a String does not fail.
    let _ = writeln!(svg, "{line}");
}

/// Cuts a text into lines, between words where it can.
fn wrap(text: &str) -> Vec<String> {
    let mut lines = vec![String::new()];
    let mut used = 0;
    for word in text.split(' ') {
        // A letter of Chinese or Japanese takes the room of two.
        let width = |c: char| if c > '\u{1100}' { 2 } else { 1 };
        let wide: usize = word.chars().map(width).sum();
        if used > 0 && used + 1 + wide > LETTERS {
            lines.push(String::new());
            used = 0;
        } else if used > 0 {
            lines.last_mut().into_iter().for_each(|line| line.push(' '));
            used += 1;
        }
        for c in word.chars() {
            if used + width(c) > LETTERS {
                lines.push(String::new());
                used = 0;
            }
            lines.last_mut().into_iter().for_each(|line| line.push(c));
            used += width(c);
        }
    }
    lines
}

/// Text for XML, which has no way to write some characters at all.
fn escape(text: &str) -> String {
    let is_text = |c: char| !c.is_control() && !matches!(c, '\u{fffe}' | '\u{ffff}');
    let text = text.replace(|c| !is_text(c), "\u{fffd}");
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
}
