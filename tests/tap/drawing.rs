//! The drawings: well-formed XML, whatever crossed the wire.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::{env, fs, process};

use grpc_workbook::tap::proxy::TappedEvent;
use grpc_workbook::tap::svg::{MAX_ROWS, draw};
use grpc_workbook::tap::trace::{Event, EventKind, Side};
use grpc_workbook::tap::viewer::Viewer;
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

fn headers(connection: usize, path: &str) -> TappedEvent {
    let pair = |name: &str, value: &str| (name.to_string(), value.to_string());
    let fields = vec![pair(":method", "POST"), pair(":path", path)];
    let kind = EventKind::Headers { fields, end_stream: false };
    let event = Event { from: Side::Client, stream: 1, kind };
    TappedEvent { connection, event }
}

/// Whatever is in the headers, it is drawn; and connections are told apart.
#[test]
fn a_drawing_is_xml() {
    let nasty = "/<&>\"'\0\u{1b}\u{fffe}\u{ffff}名/]]>";
    let viewer = || Viewer::new(true, true);
    let one = draw("a", "<&>", viewer(), &[headers(6, nasty), headers(6, "/a/B")]);
    is_a_drawing(&one);
    assert!(!one.contains("connection"), "{one}");
    let preface = Event { from: Side::Client, stream: 0, kind: EventKind::Preface };
    let events = [
        TappedEvent { connection: 1, event: preface },
        headers(2, nasty),
        headers(2, "/a/B"),
        headers(10, nasty),
    ];
    let several = draw("a", "", viewer(), &events);
    is_a_drawing(&several);
    let numbers = several.matches(">connection ").count();
    assert_eq!(numbers, 3 + 1, "three headings, and once in the text: {several}");
    // What is not shown counts for nothing.
    let plain = Viewer::new(false, false);
    assert!(!draw("a", "", plain, &events[..3]).contains("connection"));
    is_a_drawing(&draw("a", "", viewer(), &[]));
}

/// However long the tap runs, a drawing has room for so many rows, and says how many it leaves
/// out.
#[test]
fn a_drawing_does_not_grow() {
    let events = vec![headers(1, "/a/B"); MAX_ROWS + 7];
    let drawing = draw("a", "", Viewer::new(false, false), &events);
    is_a_drawing(&drawing);
    assert_eq!(drawing.matches("<path d=\"M40 ").count(), MAX_ROWS + 1, "one is a side");
    assert!(drawing.contains(">... 7 more are not drawn<"));
    let exactly = draw("a", "", Viewer::new(false, false), &events[7..]);
    assert!(!exactly.contains("not drawn"));
}

#[test]
fn a_lesson_is_drawn() {
    let folder = new_folder("a-lesson");
    let file = folder.join("wire.svg");
    let mut player = programs::command("grpc-workbook");
    let Finished { code, output } = run(player.args(["1", "--svg"]).arg(&file));
    assert_eq!(code, Some(0), "{output}");
    assert!(output.contains("\ndrawn in "), "{output}");
    let drawing = fs::read_to_string(&file).expect("file should be written");
    is_a_drawing(&drawing);
    assert!(drawing.contains("/helloworld.Greeter/SayHello"));
    fs::remove_dir_all(&folder).expect("folder should be there");
}

/// A folder of this test's own.
fn new_folder(name: &str) -> PathBuf {
    let folder = env::temp_dir().join(format!("workbook-{}-{name}", process::id()));
    fs::create_dir(&folder).expect("a folder should be made");
    folder
}

/// Before anything is built, started or opened: nothing is lost, and nothing is left behind.
#[test]
fn a_drawing_that_cannot_be_written_is_refused_first() {
    let folder = new_folder("refused");
    let here = folder.display().to_string();
    let missing = format!("{here}/nowhere/at/all.svg");
    let file = folder.join("file");
    fs::write(&file, "kept").expect("file should be written");
    let below_a_file = format!("{here}/file/wire.svg");
    for (bad, why) in [
        (&missing, "no such file or directory"),
        (&here, "is a directory"),
        (&below_a_file, "not a directory"),
    ] {
        let tap = ["tap", "--listen", "127.0.0.1:0", "--to", "127.0.0.1:1"];
        for first in [&["1"][..], &tap] {
            let mut player = programs::command("grpc-workbook");
            let Finished { code, output } = run(player.args(first).args(["--svg", bad]));
            assert_eq!(code, Some(1), "{output}");
            assert_eq!(output, format!("Error: cannot write {bad}: {why}\n"));
        }
    }
    let kept = fs::read_to_string(&file).expect("file should be there");
    assert_eq!(kept, "kept");
    let files = fs::read_dir(&folder).expect("folder should be there");
    assert_eq!(files.count(), 1);
    fs::remove_dir_all(&folder).expect("folder should be there");
}
