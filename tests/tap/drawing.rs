//! The drawings: well-formed XML, whatever crossed the wire.

use std::collections::BTreeSet;

use grpc_workbook::tap::proxy::TappedEvent;
use grpc_workbook::tap::render::Renderer;
use grpc_workbook::tap::svg::draw;
use grpc_workbook::tap::trace::{Event, EventKind, Side};
use regex::Regex;
use support::programs::{self, Finished, run};

/// Reads a whole XML document as far as a drawing needs it: elements, attributes, text, entities.
/// The name and the attributes of the outermost element.
fn xml(text: &str) -> (String, Vec<(String, String)>) {
    let is_allowed =
        |c: char| c == '\n' || !c.is_control() && !matches!(c, '\u{fffe}' | '\u{ffff}');
    assert!(text.chars().all(is_allowed));
    let tag = Regex::new(r#"^<(/?)([a-z]+)((?: [a-zA-Z0-9-]+="[^"<]*")*)(/?)>"#)
        .expect("pattern should be valid");
    let attribute =
        Regex::new(r#"([a-zA-Z0-9-]+)="([^"]*)""#).expect("pattern should be valid");
    let entity = Regex::new("^&(amp|lt|gt|quot);").expect("pattern should be valid");
    let (mut open, mut outermost, mut rest) = (Vec::new(), None, text.trim_end());
    while let Some(c) = rest.chars().next() {
        assert!(outermost.is_none() || !open.is_empty(), "after its end: {rest}");
        let size = match c {
            '<' => {
                let tag = tag
                    .captures(rest)
                    .unwrap_or_else(|| panic!("no tag: {rest}"));
                let attributes: Vec<(String, String)> = attribute
                    .captures_iter(&tag[3])
                    .map(|pair| (pair[1].to_string(), pair[2].to_string()))
                    .collect();
                let names: BTreeSet<&String> =
                    attributes.iter().map(|one| &one.0).collect();
                assert_eq!(names.len(), attributes.len(), "twice: {rest}");
                for (_, value) in &attributes {
                    assert!(!value.replace("&quot;", "").contains('&'), "{value}");
                }
                match (&tag[1], &tag[4]) {
                    ("/", _) => {
                        assert_eq!(open.pop().as_deref(), Some(&tag[2]), "{rest}")
                    }
                    (_, "/") => assert!(!open.is_empty()),
                    _ => open.push(tag[2].to_string()),
                }
                outermost.get_or_insert((tag[2].to_string(), attributes));
                tag[0].len()
            }
            '&' => entity.find(rest).unwrap_or_else(|| panic!("{rest}")).len(),
            _ => c.len_utf8(),
        };
        assert!(c == '<' || !open.is_empty(), "outside: {rest}");
        rest = &rest[size..];
    }
    assert!(open.is_empty(), "{open:?}");
    outermost.expect("document should have an element")
}

fn is_a_drawing(text: &str) {
    let (name, attributes) = xml(text);
    assert_eq!(name, "svg");
    let namespace = ("xmlns".to_string(), "http://www.w3.org/2000/svg".to_string());
    assert!(attributes.contains(&namespace), "{attributes:?}");
}

/// Whatever is in the headers, it is drawn; and connections are told apart.
#[test]
fn a_drawing_is_xml() {
    let headers = |connection: usize, path: &str| {
        let pair = |name: &str, value: &str| (name.to_string(), value.to_string());
        let fields = vec![pair(":method", "POST"), pair(":path", path)];
        let kind = EventKind::Headers { fields, end_stream: false };
        let event = Event { from: Side::Client, stream: 1, kind };
        TappedEvent { connection, event }
    };
    let nasty = "/<&>\"'\0\u{1b}\u{fffe}\u{ffff}名/]]>";
    let mut renderer = Renderer::new(true, true);
    let one = draw("a", "<&>", &mut renderer, &[headers(6, nasty), headers(6, "/a/B")]);
    is_a_drawing(&one);
    assert!(!one.contains("connection"), "{one}");
    let preface = Event { from: Side::Client, stream: 0, kind: EventKind::Preface };
    let events = [
        TappedEvent { connection: 1, event: preface },
        headers(2, nasty),
        headers(2, "/a/B"),
        headers(10, nasty),
    ];
    let several = draw("a", "", &mut renderer, &events);
    is_a_drawing(&several);
    let numbers = several.matches(">connection ").count();
    assert_eq!(numbers, 3 + 1, "three headings, and once in the text: {several}");
    // What is not shown counts for nothing.
    let mut renderer = Renderer::new(false, false);
    assert!(!draw("a", "", &mut renderer, &events[..3]).contains("connection"));
    is_a_drawing(&draw("a", "", &mut renderer, &[]));
}

#[test]
fn a_lesson_is_drawn() {
    let file = std::env::temp_dir().join(format!("workbook-{}.svg", std::process::id()));
    let mut player = programs::command("grpc-workbook");
    let Finished { code, output } = run(player.args(["1", "--svg"]).arg(&file));
    assert_eq!(code, Some(0), "{output}");
    let drawing = std::fs::read_to_string(&file).expect("file should be written");
    std::fs::remove_file(&file).expect("file should be there");
    is_a_drawing(&drawing);
    assert!(drawing.contains("/helloworld.Greeter/SayHello"));
    let mut player = programs::command("grpc-workbook");
    let Finished { code, output } =
        run(player.args(["1", "--svg", "/nowhere/at/all.svg"]));
    assert_eq!(code, Some(1));
    assert!(output.contains("Error: cannot write /nowhere/at/all.svg"), "{output}");
}
