//! `--decode`: what it reads, and what it shows. The right values come from
//! <https://protobuf.dev/programming-guides/encoding/>, from gRPC's PROTOCOL-HTTP2.md and
//! PROTOCOL-WEB.md, and from what the programs and languages print.

use std::io::Write;

use flate2::Compression;
use flate2::write::{GzEncoder, ZlibEncoder};

use crate::explain::explain;
use crate::input::{self, Input};

/// What `--decode` shows of these bytes: its lines, and its error.
pub fn explained(bytes: &[u8]) -> (Vec<String>, Option<String>) {
    let mut text = String::new();
    let result = explain(bytes, &mut |lines| text += &format!("{lines}\n"));
    let lines = text.lines().skip(1).map(|line| line.trim_end().to_string());
    (lines.collect(), result.err())
}

/// What it shows in the columns from `field` on.
pub fn meanings(bytes: &[u8]) -> Vec<String> {
    let (lines, error) = explained(bytes);
    assert_eq!(error, None, "{bytes:02x?}");
    let right = lines.iter().map(|line| line.chars().skip(38).collect());
    right
        .map(|right: String| right.split_whitespace().collect::<Vec<_>>().join(" "))
        .collect()
}

/// The bytes that a text stands for.
pub fn read(text: &str) -> Result<Vec<u8>, String> {
    input::read(text).map(|Input { bytes, .. }| bytes)
}

#[test]
fn a_varint_is_shown_as_each_type_reads_it() {
    for (bytes, expected) in [
        (&b"\x08\x00"[..], &["1 VARINT 0, zigzag 0, false"][..]),
        (b"\x08\x01", &["1 VARINT 1, zigzag -1, true"]),
        (b"\x08\x96\x01", &["1 VARINT 150, zigzag 75"]),
        // More bytes than are needed.
        (
            b"\x08\x81\x80\x80\x80\x80\x80\x80\x80\x80\x00",
            &["1 VARINT 1, zigzag -1, true"],
        ),
        // The largest int32, and one more.
        (b"\x08\xff\xff\xff\xff\x07", &["1 VARINT 2147483647, zigzag -1073741824"]),
        (
            b"\x08\x80\x80\x80\x80\x08",
            &[
                "1 VARINT 2147483648",
                "int32 -2147483648",
                "zigzag 1073741824",
            ],
        ),
        (
            b"\x08\xff\xff\xff\xff\x0f",
            &["1 VARINT 4294967295", "int32 -1", "zigzag -2147483648"],
        ),
        // 2^32 is 0 to a type of 32 bits.
        (
            b"\x08\x80\x80\x80\x80\x10",
            &[
                "1 VARINT 4294967296",
                "int32 0",
                "zigzag 2147483648",
                "sint32 0",
            ],
        ),
        (
            b"\x08\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01",
            &[
                "1 VARINT 18446744073709551615",
                "signed -1",
                "zigzag -9223372036854775808",
                "uint32 4294967295",
                "sint32 -2147483648",
            ],
        ),
    ] {
        assert_eq!(meanings(bytes), expected);
    }
}

#[test]
fn fixed_numbers_are_shown_with_and_without_a_sign() {
    for (bytes, expected) in [
        (
            &b"\x0d\x30\x11\x99\x99"[..],
            &[
                "1 I32 2576945456",
                "signed -1718021840",
                "float -1.5826771e-23",
            ][..],
        ),
        (b"\x0d\x01\0\0\0", &["1 I32 1, float 1e-45"]),
        (b"\x0d\xff\xff\xff\xff", &["1 I32 4294967295, signed -1, float NaN"]),
        (b"\x0d\0\0\0\x80", &["1 I32 2147483648", "signed -2147483648", "float -0.0"]),
        (b"\x0d\0\0\x80\x3f", &["1 I32 1065353216, float 1.0"]),
        (b"\x09\0\0\0\0\0\0\xf0\x3f", &["1 I64 4607182418800017408, double 1.0"]),
        (
            b"\x09\xff\xff\xff\xff\xff\xff\xff\xff",
            &["1 I64 18446744073709551615", "signed -1", "double NaN"],
        ),
    ] {
        assert_eq!(meanings(bytes), expected);
    }
}

#[test]
fn text_with_line_ends_is_text() {
    for (text, shown) in [
        ("line 1\nline 2", r#""line 1\nline 2""#),
        ("\n", r#""\n""#),
        ("a\r\nb\r\n", r#""a\r\nb\r\n""#),
        ("a\tb", r#""a\tb""#),
        ("apple\npie", r#""apple\npie""#),
        ("x\n", r#""x\n""#),
        ("你好\n", r#""你好\n""#),
        ("say \"hi\"\\\n", r#""say \"hi\"\\\n""#),
        ("", r#""""#),
    ] {
        let bytes = [&[0x22, text.len() as u8], text.as_bytes()].concat();
        assert_eq!(meanings(&bytes)[0], format!("4 LEN {shown}"));
    }
    // Not text: no UTF-8, or mostly control characters.
    for bytes in [&b"\x22\x02\xc3\x28"[..], b"\x22\x03\x01\x02a"] {
        assert!(!meanings(bytes).concat().contains('"'), "{bytes:x?}");
    }
}

/// Bytes that are text and a message are shown as both, if a length in them matches.
#[test]
fn what_may_be_text_and_a_message_is_both() {
    let message = b"\x0a\x0c\x0a\x0aabcdefghij";
    assert_eq!(
        meanings(message),
        [
            r#"1 LEN "\n\nabcdefghij" or a message:"#,
            r#"1.1 LEN "abcdefghij""#
        ]
    );
    // A message by chance: field 13 as a varint.
    assert_eq!(meanings(b"\x0a\x02hi"), [r#"1 LEN "hi""#]);
}

#[test]
fn a_short_packed_list_is_shown() {
    assert_eq!(meanings(b"\x2a\x02\x05\x04"), ["5 LEN 2 bytes or packed 5 4"]);
    assert_eq!(meanings(b"\x2a\x02\x05\xff"), ["5 LEN 2 bytes"]);
}

/// The number of a group is part of the path of what is in it.
#[test]
fn fields_in_groups_nest() {
    for (bytes, expected) in [
        (&b"\x1b\x08\x01\x1c"[..], &["3 SGROUP", "3.1 VARINT", "3 EGROUP"][..]),
        (b"\x1b\x1c\x08\x01", &["3 SGROUP", "3 EGROUP", "1 VARINT"]),
        (
            b"\x1b\x23\x08\x05\x24\x08\x01\x1c\x08\x02",
            &[
                "3 SGROUP",
                "3.4 SGROUP",
                "3.4.1 VARINT",
                "3.4 EGROUP",
                "3.1 VARINT",
                "3 EGROUP",
                "1 VARINT",
            ],
        ),
        // A message in a group, and a group in a message.
        (
            b"\x1b\x0a\x02\x08\x01\x1c",
            &["3 SGROUP", "3.1 LEN", "3.1.1 VARINT", "3 EGROUP"],
        ),
        (
            b"\x0a\x04\x1b\x08\x01\x1c\x10\x01",
            &[
                "1 LEN",
                "1.3 SGROUP",
                "1.3.1 VARINT",
                "1.3 EGROUP",
                "2 VARINT",
            ],
        ),
    ] {
        let shown = meanings(bytes);
        let shown = shown
            .iter()
            .map(|right| right.split(' ').take(2).collect::<Vec<_>>());
        let shown: Vec<String> = shown.map(|words| words.join(" ")).collect();
        assert_eq!(shown, expected);
    }
}

/// All the ways in which bytes are printed.
#[test]
fn bytes_are_read_as_programs_print_them() {
    const NUMBER: &[u8] = b"\x08\x96\x01";
    const HELLO: &[u8] = b"\x0a\x05hello";
    const FRAMED: &[u8] = b"\0\0\0\0\x07\x0a\x05hello";
    for (text, bytes) in [
        ("", &b""[..]),
        ("  \n", b""),
        // Hexadecimal.
        ("089601", NUMBER),
        ("08 96 01", NUMBER),
        ("0896 01", NUMBER),
        ("08,96,01", NUMBER),
        ("08, 96, 01,", NUMBER),
        ("08:96:01", NUMBER),
        ("08-96-01", NUMBER),
        ("08|96|01", NUMBER),
        ("0x089601", NUMBER),
        ("0X08 0X96 0X01", NUMBER),
        ("0x08, 0x96, 0x01", NUMBER),
        ("0x8, 0x96, 0x1", NUMBER),
        (r"\x08\x96\x01", NUMBER),
        (r"\x08 \x96 \x01", NUMBER),
        (r"\x089601", NUMBER),
        ("x08x96x01", NUMBER),
        ("%08%96%01", NUMBER),
        ("'08 96 01'", NUMBER),
        ("\"089601\"", NUMBER),
        ("bytes.fromhex('089601')", NUMBER),
        ("0A 05 68 65 6C 6C 6F", HELLO),
        ("\u{feff}08 96 01", NUMBER),
        ("08\u{a0}96\u{a0}01", NUMBER),
        // Lists: Rust, Python, Java, Go, Node, C, JavaScript.
        ("[]", b""),
        ("[8, 150, 1]", NUMBER),
        ("[8,150,1]", NUMBER),
        ("vec![8u8, 150u8, 1u8]", NUMBER),
        ("&[0x08, 0x96, 0x01]", NUMBER),
        ("[0x08, 150, 1]", NUMBER),
        ("[08, 96, 01]", NUMBER),
        ("[8, 96, ff]", b"\x08\x96\xff"),
        ("[8, -106, 1]", NUMBER),
        ("[8 150 1]", NUMBER),
        ("[]byte{0x8, 0x96, 0x1}", NUMBER),
        ("{0x08, 0x96, 0x01};", NUMBER),
        (
            "unsigned char m[] = {\n  0x08, 0x96, 0x01\n};\nunsigned int m_len = 3;",
            NUMBER,
        ),
        ("new byte[] { (byte)0x08, (byte)0x96, (byte) 0x01 }", NUMBER),
        ("byteArrayOf(8, -106, 1)", NUMBER),
        ("bytes([8, 150, 1])", NUMBER),
        ("<Buffer 08 96 01>", NUMBER),
        ("<Buffer 10 20 30>", b"\x10\x20\x30"),
        ("Uint8Array(3) [ 8, 150, 1 ]", NUMBER),
        (r#"{"type":"Buffer","data":[8,150,1]}"#, NUMBER),
        ("[10, 20]", b"\x0a\x14"),
        ("[10 20]", b"\x0a\x14"),
        ("[10]", b"\x0a"),
        ("[10 20 | 30]", b"\x10\x20\x30"),
        // Strings: Python, Rust, C, Go, JSON.
        (r"b'\x08\x96\x01'", NUMBER),
        (r"b'\n\x05hello'", HELLO),
        (r#"b"\n\x05hello""#, HELLO),
        (r"bytearray(b'\n\x05hello')", HELLO),
        (r#""\n\005hello""#, HELLO),
        (r#""\n" "\005hello""#, HELLO),
        (r"\n\005hello", HELLO),
        (r"\012\005hello", HELLO),
        (r#""\0\1\x2""#, b"\x00\x01\x02"),
        (r#""\n\u0005hello""#, HELLO),
        (r#""\u0008\u0096\u0001""#, NUMBER),
        (r#""\n\u{5}hello""#, HELLO),
        (r#""\n\x06\u4f60\u597d""#, "\n\u{6}你好".as_bytes()),
        (r#"b"\n\x02\"'""#, b"\n\x02\"'"),
        // Digits in quotes are digits, as Python prints what base64 and hexlify make.
        (r"b'08'", b"\x08"),
        ("b'CJYB'", NUMBER),
        ("b'*#hello'", b"*#hello"),
        // base64, in both alphabets, with padding and without.
        ("CJYB", NUMBER),
        ("CgVoZWxsbw==", HELLO),
        ("CgVoZWxsbw", HELLO),
        ("AAAAAAcKBWhlbGxv", FRAMED),
        ("AAAAAAcKBWhl\nbGxv", FRAMED),
        ("CPv/AQ==", b"\x08\xfb\xff\x01"),
        ("CPv_AQ", b"\x08\xfb\xff\x01"),
        // gRPC-Web in text: each part has its padding.
        ("CJYBCgVoZWxsbw==CJYB", b"\x08\x96\x01\x0a\x05hello\x08\x96\x01"),
        // What can be hexadecimal is.
        ("cafe", b"\xca\xfe"),
        // The workbook's own output.
        ("sends 08 96 01", NUMBER),
        ("[00 00 00 00 07 | 0a 05 68 65 6c 6c 6f]", FRAMED),
        (
            r#"--> stream 1   DATA     HelloRequest { name: "hello" }  [00 00 00 00 07 | 0a 05 68 65 6c 6c 6f]  END_STREAM"#,
            FRAMED,
        ),
        (
            "--> a [00 00 00 00 00 | ]\n<-- b [00 00 00 00 02 | 08 01]",
            b"\0\0\0\0\0\0\0\0\0\x02\x08\x01",
        ),
    ] {
        assert_eq!(read(text).as_deref(), Ok(bytes), "{text}");
    }
}

#[test]
fn dumps_are_read() {
    let bytes = b"\x0a\x05hello\x12\x0d||cafe  4142|x\x18\x01";
    for text in [
        // xxd
        "00000000: 0a05 6865 6c6c 6f12 0d7c 7c63 6166 6520  ..hello..||cafe \n\
         00000010: 2034 3134 327c 7818 01                    4142|x..\n",
        // xxd -c 8
        "00000000: 0a05 6865 6c6c 6f12  ..hello.\n00000008: 0d7c 7c63 6166 6520  .||cafe \n\
         00000010: 2034 3134 327c 7818   4142|x.\n00000018: 01                   .",
        // hexdump -C
        "00000000  0a 05 68 65 6c 6c 6f 12  0d 7c 7c 63 61 66 65 20  |..hello..||cafe |\n\
         00000010  20 34 31 34 32 7c 78 18  01                       | 4142|x..|\n00000019\n",
        // od -t x1
        "0000000 0a 05 68 65 6c 6c 6f 12 0d 7c 7c 63 61 66 65 20\n\
         0000020 20 34 31 34 32 7c 78 18 01\n0000031\n",
        // od -A d -t x1, od -A x -t x1z
        "0000000 0a 05 68 65 6c 6c 6f 12 0d 7c 7c 63 61 66 65 20\n\
         0000016 20 34 31 34 32 7c 78 18 01\n0000025\n",
        "000000 0a 05 68 65 6c 6c 6f 12 0d 7c 7c 63 61 66 65 20  >..hello..||cafe <\n\
         000010 20 34 31 34 32 7c 78 18 01                       > 4142|x..<\n000019\n",
        // Wireshark
        "0000   0a 05 68 65 6c 6c 6f 12 0d 7c 7c 63 61 66 65 20   ..hello..||cafe \n\
         0010   20 34 31 34 32 7c 78 18 01                         4142|x..\n",
        // tcpdump -X
        "12:00:00.000000 IP localhost.50051 > localhost.40000: Flags [P.], length 25\n\
         \t0x0000:  0a05 6865 6c6c 6f12 0d7c 7c63 6166 6520  ..hello..||cafe.\n\
         \t0x0010:  2034 3134 327c 7818 01                   .4142|x..\n",
        // A part of a dump.
        "00000040: 0a05 6865 6c6c 6f12 0d7c 7c63 6166 6520\n00000050: 2034 3134 327c 7818 01",
    ] {
        let text = text.replace("cafe.\n", "cafe \n").replace(".4142", " 4142");
        assert_eq!(read(&text).as_deref(), Ok(&bytes[..]), "{text}");
    }
    for (text, words) in [
        ("0000000 050a 6568\n0000004", "not single bytes in hexadecimal"),
        (
            "00000000  00 00 00 00 00 00 00 00  00 00 00 00 00 00 00 00\n*\n00000030",
            "stands for lines that were left out",
        ),
        ("00000000: 0896\n00000010: 01", "its offsets do not go with its bytes"),
        // xxd -b
        (
            "00000000: 00001000 10010110 00000001  ...",
            "its offsets do not go with its bytes",
        ),
    ] {
        let error = read(text).expect_err("the dump should be refused");
        assert!(error.contains(words), "{error}");
    }
    // One line, and what looks like one.
    assert_eq!(read("00000000: 0896 01   ...").as_deref(), Ok(&b"\x08\x96\x01"[..]));
    assert_eq!(read("00000000: 3031 3031").as_deref(), Ok(&b"0101"[..]));
    assert_eq!(read("0000  08 96 01").as_deref(), Ok(&b"\x08\x96\x01"[..]));
    assert_eq!(read("0000 0000 02\n0801").as_deref(), Ok(&b"\0\0\0\0\x02\x08\x01"[..]));
}

#[test]
fn what_is_not_read_gets_a_line_that_says_why() {
    for (text, words) in [
        ("+8 +1", "a byte has no sign"),
        ("+8+1", "is not a valid byte"),
        ("-8 -1", "a byte has no sign"),
        ("08 -96", "a byte has no sign"),
        ("[+8, +1]", "a list, but not of bytes"),
        ("0", "two hexadecimal digits"),
        ("089", "two hexadecimal digits"),
        ("08 9", "\"9\" is not a valid byte"),
        ("08--96", "is not a valid byte"),
        ("0x", "is not a valid byte"),
        ("0x089", "is not a valid byte"),
        ("٠٨ ٩٦", "is not a valid byte"),
        ("０８", "is not a valid byte"),
        ("hello", "is not a valid byte"),
        ("testing", "is not a valid byte"),
        ("8,150,0,1", "put brackets around them"),
        ("8 150 1", "put brackets around them"),
        ("[8, 256]", "256 is not a valid byte"),
        ("[8, -129]", "-129 is not a valid byte"),
        ("[8, 150", "closing bracket"),
        ("[8, six]", "a list, but not of bytes"),
        (r#"{"name": "you"}"#, "it looks like JSON"),
        (r#"HelloRequest { name: "you" }"#, "a message printed as text"),
        ("<html><body>", "HTML"),
        ("HTTP/1.1 200 OK", "HTTP"),
        ("-----BEGIN CERTIFICATE-----", "a key or a certificate"),
        (r"b'\q'", "is no escape that stands for a byte"),
        (r"\x", "is no escape"),
        (r"'\400'", "is no escape"),
        (r"b'\x08", "has no closing quote"),
        (r"\n\", "ends in a backslash"),
    ] {
        let error = read(text).expect_err(text);
        assert!(error.contains(words), "{text}: {error}");
        assert_eq!(error.lines().count(), 1, "{error}");
    }
    for text in [
        "08 96 ... 40 bytes",
        "[00 00 00 00 28 | 08 96 ... 40 bytes]",
        "<Buffer 08 … >",
    ] {
        assert!(input::read(text).expect("the bytes should be read").is_cut, "{text}");
    }
}

/// Bytes as gzip packs them.
pub fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(bytes).expect("a vector takes all bytes");
    encoder.finish().expect("a vector takes all bytes")
}

/// A message with gRPC's prefix before it.
pub fn framed(flag: u8, message: &[u8]) -> Vec<u8> {
    [&[flag][..], &(message.len() as u32).to_be_bytes(), message].concat()
}

#[test]
fn grpc_and_gzip_are_taken_off() {
    let hello = r#"1 LEN "hello""#;
    let message = b"\x0a\x05hello";
    let prefix = "gRPC PREFIX 7 bytes follow, not compressed";
    assert_eq!(meanings(&framed(0, message)), [prefix, hello]);
    let two = [framed(0, message), framed(0, b""), framed(0, message)].concat();
    let empty = "gRPC PREFIX 0 bytes follow, not compressed";
    assert_eq!(meanings(&two), [prefix, hello, empty, prefix, hello]);
    let (lines, _) = explained(&two);
    assert!(lines[3].starts_with("17 ") && lines[4].starts_with("22 "), "{lines:?}");

    // gRPC-Web: a message, and the trailers.
    let web = [framed(0, message), framed(0x80, b"grpc-status:0\r\n")].concat();
    let shown = meanings(&web);
    assert_eq!(shown[2], "gRPC PREFIX 15 bytes of trailers follow");
    assert_eq!(shown[3], r#""grpc-status:0\r\n""#);

    // Compressed.
    let packed = gzip(message);
    assert_eq!(meanings(&packed).last().map(String::as_str), Some(hello));
    assert_eq!(meanings(&framed(1, &packed)).last().map(String::as_str), Some(hello));
    assert_eq!(
        meanings(&gzip(&framed(0, message)))
            .last()
            .map(String::as_str),
        Some(hello)
    );
    let mut encoder = ZlibEncoder::new(Vec::new(), Compression::default());
    encoder
        .write_all(message)
        .expect("a vector takes all bytes");
    let deflated = encoder.finish().expect("a vector takes all bytes");
    assert_eq!(meanings(&framed(1, &deflated)).last().map(String::as_str), Some(hello));
}

#[test]
fn what_is_wrong_around_a_message_is_said() {
    let message = b"\x0a\x05hello";
    let whole = framed(0, message);
    let bomb = gzip(&vec![0; 5 << 20]);
    for (bytes, words) in [
        (&whole[..whole.len() - 1], "7 bytes must follow gRPC's prefix, 6 do"),
        (&whole[..5], "7 bytes must follow gRPC's prefix, 0 do"),
        (&[&whole[..], b"\x08\x01"].concat(), "at offset 12: 2 bytes after a message"),
        (
            &[&whole[..], b"\x08\x01\x08\x01\x08\x01"].concat(),
            "which do not begin with another prefix",
        ),
        (&gzip(&gzip(&gzip(&gzip(message)))), "compressed again and again"),
        (b"\0\0\0", "field number 0"),
        // A length of 305 MB is no prefix.
        (b"\0\x12\x34\x56\x78\x9a", "field number 0"),
        (&framed(1, b"(\xb5/\xfd"), "neither gzip nor deflate"),
        (&gzip(message)[..20], "packed is damaged or cut off"),
        (&bomb, "unpacks to more than 4 MiB"),
        (b"\0\0\x04\x08\0\0\0\0\x01\0\0\0\0", "frames of HTTP/2"),
        (b"\0\0\0\x04\x01\0\0\0\0", "frames of HTTP/2"),
        (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "a connection of HTTP/2"),
        (b"\x16\x03\x01\x02\0\x01", "TLS"),
        (b"\x07\x0a\x05hello", "its length before it"),
        (b"<html>", "look like text"),
        (b"\x12\x07ab", "at offset 1: 7 bytes must follow, 2 do"),
        // The offset is that in all the bytes.
        (&framed(0, b"\x08\x01\x12\x07ab"), "at offset 8: 7 bytes must follow, 2 do"),
    ] {
        let (_, error) = explained(bytes);
        let error = error.expect("it is no message");
        assert!(error.contains(words), "{error}");
        assert_eq!(error.lines().count(), 1, "{error}");
    }
}
