//! Bytes as people paste them: what tools print, such as debuggers, databases, servers and shells.
//! The bytes are those that the tool was given.

use crate::decode::read;
use crate::input;

const NUMBER: &[u8] = b"\x08\x96\x01";
const HELLO: &[u8] = b"\x0a\x05hello";
const FRAMED: &[u8] = b"\0\0\0\0\x07\x0a\x05hello";

/// Dumps, databases, logs of HTTP/2, commands of a shell.
#[test]
fn bytes_are_read_as_tools_print_them() {
    for (text, bytes) in [
        // As protobuf.dev explains messages.
        ("12 07 [74 65 73 74 69 6e 67]", &b"\x12\x07testing"[..]),
        ("1a 03 [08 96 01]", b"\x1a\x03\x08\x96\x01"),
        ("08 96 01 (3 bytes)", NUMBER),
        ("time=2024-01-02T15:04:05Z level=INFO data=CgVoZWxsbw==", HELLO),
        ("{'payload': b'\\x08\\x96\\x01'}", NUMBER),
        ("<Buffer 0a 05>, <Buffer 68 65 6c 6c 6f>", HELLO),
        ("0a0568656c6c6f", HELLO),
        ("0000   0a 05 68 65 6c 6c 6f\n", HELLO),
        ("\"\\x0a\\x05\\x68\\x65\" \\\n\"\\x6c\\x6c\\x6f\"", HELLO),
        (
            "/* Frame (7 bytes) */\nstatic const unsigned char pkt1[7] = {\n0x0a, 0x05, 0x68, 0x65, /* ..he */\n0x6c, 0x6c, 0x6f /* llo */\n};",
            HELLO,
        ),
        (
            "char peer0_0[] = { /* Packet 5 */\n0x0a, 0x05, 0x68, 0x65, \n0x6c, 0x6c, 0x6f };",
            HELLO,
        ),
        (
            "    00000000  0a 05 68 65 6c 6c 6f 0a  05 68 65 6c 6c 6f           ..hello. .hello",
            &HELLO.repeat(2),
        ),
        ("\t0x0000:  0a05 6865 6c6c 6f                        ..hello", HELLO),
        (
            "[grpc-default-worker-ELG-1-2] DEBUG io.grpc.netty.NettyClientHandler - [id: 0x4f1, L:/127.0.0.1:5 - R:localhost/127.0.0.1:50051] OUTBOUND DATA: streamId=3 padding=0 endStream=true length=12 bytes=00000000070a0568656c6c6f",
            FRAMED,
        ),
        (
            "         +-------------------------------------------------+\n         |  0  1  2  3  4  5  6  7  8  9  a  b  c  d  e  f |\n+--------+-------------------------------------------------+----------------+\n|00000000| 0a 05 68 65 6c 6c 6f                            |..hello         |\n+--------+-------------------------------------------------+----------------+",
            HELLO,
        ),
        (
            "         +-------------------------------------------------+\n         |  0  1  2  3  4  5  6  7  8  9  a  b  c  d  e  f |\n+--------+-------------------------------------------------+----------------+\n|00000000| 0a 05 68 65 6c 6c 6f 0a 05 68 65 6c 6c 6f 0a 05 |..hello..hello..|\n|00000010| 68 65 6c 6c 6f                                  |hello           |\n+--------+-------------------------------------------------+----------------+",
            &HELLO.repeat(3),
        ),
        (r"\x089601", NUMBER),
        (r"\010\226\001", NUMBER),
        (r"E'\\x089601'", NUMBER),
        (r"'\x089601'::bytea", NUMBER),
        (" \\x089601\n(1 row)", NUMBER),
        ("  payload   \n-----------\n \\x089601\n(1 row)", NUMBER),
        ("0x089601", NUMBER),
        ("X'089601'", NUMBER),
        ("x'089601'", NUMBER),
        ("_binary 0x089601", NUMBER),
        ("_binary X'089601'", NUMBER),
        ("HEXTORAW('089601')", NUMBER),
        ("UNHEX('089601')", NUMBER),
        ("decode('089601', 'hex')", NUMBER),
        (r#"1) "\b\x96\x01""#, NUMBER),
        ("127.0.0.1:6379> GET k\n\"\\b\\x96\\x01\"", NUMBER),
        ("%08%96%01", NUMBER),
        ("%0A%05hello", HELLO),
        ("%0a%05hell%6f", HELLO),
        ("CgVoZWxsbw%3D%3D", HELLO),
        ("CPv%2FAQ%3D%3D", &b"\x08\xfb\xff\x01"[..]),
        (r"$'\x00\x00\x00\x00\x07\n\x05hello'", FRAMED),
        (
            r"curl 'https://example.com/a.B/C' -H 'content-type: application/grpc-web+proto' --data-raw $'\u0000\u0000\u0000\u0000\u0007\n\u0005hello'",
            FRAMED,
        ),
        (r"--data-binary $'\x00\x00\x00\x00\x07\n\x05hello' --compressed", FRAMED),
        (r"echo -ne '\x08\x96\x01' | protoc --decode_raw", NUMBER),
        (r"printf '\x08\x96\x01' | xxd", NUMBER),
        (r"printf '\010\226\001' > a.bin", NUMBER),
        ("echo 089601 | xxd -r -p | protoc --decode_raw", NUMBER),
        ("echo CJYB | base64 -d | protoc --decode_raw", NUMBER),
        ("echo 'CgVoZWxsbw==' | base64 --decode", HELLO),
        (
            "AAAAAAcKBWhlbGxvgAAAAA9ncnBjLXN0YXR1czowDQo=",
            &b"\0\0\0\0\x07\x0a\x05hello\x80\0\0\0\x0fgrpc-status:0\x0d\x0a"[..],
        ),
        (r#""CgVoZWxsbw==""#, HELLO),
        (r#""payload": "CgVoZWxsbw==""#, HELLO),
        (r#""payload": "CgVoZWxsbw==","#, HELLO),
        ("grpc-status-details-bin: CAUSBWhlbGxv", &b"\x08\x05\x12\x05hello"[..]),
        ("data:application/octet-stream;base64,CgVoZWxsbw==", HELLO),
        (r#""CPv\/AQ==""#, &b"\x08\xfb\xff\x01"[..]),
        ("!!binary |\n  CgVo\n  ZWxsbw==", HELLO),
        ("  CgVoZW\n  xsbw==", HELLO),
        (r#"base64.b64decode("CgVoZWxsbw==")"#, HELLO),
        (r#"atob("CgVoZWxsbw==")"#, HELLO),
        (r#"BinData(0,"CgVoZWxsbw==")"#, HELLO),
        ("Binary.createFromBase64('CgVoZWxsbw==', 0)", HELLO),
        (
            "0x7fffffffe4a0:\t0x0a\t0x05\t0x68\t0x65\t0x6c\t0x6c\t0x6f\t0x0a\n0x7fffffffe4a8:\t0x05\t0x68\t0x65\t0x6c\t0x6c\t0x6f",
            &HELLO.repeat(2),
        ),
        ("0x7fffffffe4a0 <buf>:\t0x08\t0x96\t0x01", NUMBER),
        (r#"$1 = "\n\005hello""#, HELLO),
        ("$1 = {8, 150, 1}", NUMBER),
        ("0x100200000: 0a 05 68 65 6c 6c 6f                             ..hello", HELLO),
        ("0a0568656c\n6c6f\n", HELLO),
        ("00000000: 0A05 6865 6C6C 6F                        ..hello", HELLO),
        (" 0a 05 68 65 6c 6c 6f", HELLO),
        (
            "           00 01 02 03 04 05 06 07 08 09 0A 0B 0C 0D 0E 0F\n\n00000000   0A 05 68 65 6C 6C 6F                             ..hello",
            HELLO,
        ),
        (
            "   Label: String (System.String) <1D5B>\n\n          Offset Bytes                                           Ascii\n                 00 01 02 03 04 05 06 07 08 09 0A 0B 0C 0D 0E 0F\n          ------ ----------------------------------------------- -----\n0000000000000000 0A 05 68 65 6C 6C 6F                            ..hello",
            HELLO,
        ),
        (
            "Offset(h) 00 01 02 03 04 05 06 07 08 09 0A 0B 0C 0D 0E 0F\n\n00000000  0A 05 68 65 6C 6C 6F                             ..hello",
            HELLO,
        ),
        ("0000000000  0a 05 68 65 6c 6c 6f                               ..hello", HELLO),
        ("0a 05 68 65 6c 6c 6f '..hello'", HELLO),
        ("0a 05 68 65 6c 6c 6f  ..hello", HELLO),
        ("```\n00000000: 0a05 6865 6c6c 6f                        ..hello\n```", HELLO),
        (
            "> 00000000: 0a05 6865 6c6c 6f                        ..hello\n> 00000007: 0801                                     ..",
            &b"\x0a\x05hello\x08\x01"[..],
        ),
        (r#"(1,"\\x089601")"#, NUMBER),
        (r"\\x089601", NUMBER),
        (
            "+--------------+\n| payload      |\n+--------------+\n| 0x089601     |\n+--------------+",
            NUMBER,
        ),
        (
            "+----------------+\n| HEX(payload)   |\n+----------------+\n| 0A0568656C6C6F |\n+----------------+",
            HELLO,
        ),
        ("INSERT INTO t VALUES(X'089601');", NUMBER),
        ("0x0A0568656C6C6F", HELLO),
        ("CgVoZWxsbw==", HELLO),
        (r"value=\x0A\x05hello", HELLO),
        (r"column=cf:q, timestamp=1700000000000, value=\x08\x96\x01", NUMBER),
        (r"\x0a\x05hello", HELLO),
        (r"\x08\x96\x01", NUMBER),
        (r#"1700000000.123456 [0 127.0.0.1:5] "SET" "k" "\b\x96\x01""#, NUMBER),
        ("%0A%05%68%65%6C%6C%6F", HELLO),
        ("?data=%0A%05hello", HELLO),
        ("https://x.y/z?data=CgVoZWxsbw%3D%3D", HELLO),
        ("https://x.y/z?data=CgVoZWxsbw==", HELLO),
        (
            "echo AAAAAAcKBWhlbGxv | base64 -d | curl --data-binary @- http://localhost",
            FRAMED,
        ),
        (
            r"printf '\x00\x00\x00\x00\x07\x0a\x05hello' | curl -X POST --http2 --data-binary @- http://localhost:50051/a.B/C",
            FRAMED,
        ),
        ("echo '089601' | xxd -r -p > x.bin", NUMBER),
        ("xxd -r -p <<< 089601", NUMBER),
        (r#"xxd -r -p <<< "08 96 01" | protoc --decode_raw"#, NUMBER),
        ("data:application/grpc-web-text;base64,AAAAAAcKBWhlbGxv", FRAMED),
        ("--data-raw 'AAAAAAcKBWhlbGxv'", FRAMED),
        (
            "curl 'http://localhost:8080/a.B/C' -H 'Content-Type: application/grpc-web-text' -H 'x-grpc-web: 1' --data-raw 'AAAAAAcKBWhlbGxv'",
            FRAMED,
        ),
        ("CgVoZWxsbw", HELLO),
        (
            "CgVoZWxsbwoFaGVsbG8KBWhlbGxvCgVoZWxsbwoFaGVsbG8KBWhlbGxvCgVoZWxsbwoFaGVs\nbG8KBWhlbGxv",
            &HELLO.repeat(9),
        ),
        ("payload = 'CgVoZWxsbw=='", HELLO),
        ("trace-bin: CgVoZWxsbw", HELLO),
        (
            "Protobuf Message\n0000   08 96 01                                          ...",
            NUMBER,
        ),
        ("    0000   0a 05 68 65 6c 6c 6f                              ..hello", HELLO),
        ("        0x0000:  0a05 6865 6c6c 6f\n", HELLO),
        (
            "00000000  0a 05 68 65 6c 6c 6f                              |..hello|\n00000007\nDone.",
            HELLO,
        ),
        (
            "$ xxd msg.bin\n00000000: 0a05 6865 6c6c 6f                        ..hello\n$",
            HELLO,
        ),
        ("00000000: 0A 05 68 65 6C 6C 6F | ..hello", HELLO),
        ("00000000 | 0a 05 68 65 6c 6c 6f | ..hello", HELLO),
        ("0000: 0a 05 68 65 6c 6c 6f", HELLO),
        (
            "00000000  0a 05 68 65 6c 6c 6f 0a-05 68 65 6c 6c 6f           ..hello..hello",
            &HELLO.repeat(2),
        ),
        ("0x000000D2  0a 05 68 65 6c 6c 6f  ..hello", HELLO),
        ("00: 0a 05 68 65 6c 6c 6f\n07: 08 01", &b"\x0a\x05hello\x08\x01"[..]),
        ("00: 0a 05 68 65 6c 6c 6f", HELLO),
    ] {
        assert_eq!(read(text).as_deref(), Ok(bytes), "{text}");
    }
}

/// Programs say in their own ways that they left the rest out.
#[test]
fn bytes_that_were_cut_are_read_as_far_as_they_go() {
    for (text, bytes) in [
        (
            r#"http2: Framer 0xc0001b4000: read DATA stream=1 len=300 data="\x00\x00\x00\x00\a\n\x05hello" (288 bytes omitted)"#,
            FRAMED,
        ),
        (
            "INBOUND DATA: streamId=3 padding=0 endStream=false length=112 bytes=00000000070a0568656c6c6f...",
            FRAMED,
        ),
        (
            "{length = 50, bytes = 0x0a056865 6c6c6f12 ... 18010801 }",
            &b"\x0a\x05hello\x12"[..],
        ),
        ("<<8, 150, 1, ...>>", NUMBER),
        ("<Buffer 08 96 01 ... 50 more bytes>", NUMBER),
        ("Uint8Array(103) [\n    8, 150, 1,\n  ... 100 more items\n]", NUMBER),
    ] {
        let input = input::read(text).expect("the bytes should be read");
        assert_eq!((&input.bytes[..], input.is_cut), (bytes, true), "{text}");
    }
}

/// What cannot be read gets one line that says what it is.
#[test]
fn what_looks_like_something_else_is_refused() {
    for (text, words) in [
        ("<memory at 0x7f3c2c0d5a00>", "the address of an object"),
        ("[B@1b6d3586", "the address of an object"),
        (r#""\8\150\1""#, "decimal"),
        (r#""\b\150\SOH""#, "escape"),
        (r#""\008\150\001""#, "decimal"),
        (r#"{"payload": "CgVoZWxsbw=="}"#, "JSON"),
        (r#"{"$binary": {"base64": "CJYB", "subType": "00"}}"#, "JSON"),
        ("[[8, 150, 1], [8, 1]]", "list"),
        ("00000000: 6568050a   6f6c6c                    ..hello", "dump"),
        (
            "00000000: 00001010 00000101 01101000 01100101 01101100 01101100  ..hell\n00000006: 01101111                                               o",
            "dump",
        ),
        ("0000000  \\n 005   h   e   l   l   o\n0000007", "dump"),
        ("0000000 002412 062550 066154 000157\n0000007", "dump"),
        ("0000000 012 005 150 145 154 154 157\n0000007", "dump"),
        ("0000000 050a 6568 6c6c 006f\n0000007", "dump"),
        ("8 -106 1", "brackets"),
        ("10,5,104,101,108,108,111", "brackets"),
        ("1: 150\n2: \"hello\"", "text"),
        ("name: \"you\"\nid: 3", "text"),
        ("outer {\n  name: \"you\"\n}", "text"),
        (r#"HelloRequest { name: "you" }"#, "text"),
        (r#"{"name": "you", "id": 3}"#, "JSON"),
        ("!1m18!1m12!1m3", "is not a valid byte"),
        ("0х08", "byte"),
        ("0a0568656c6c6", "is not a valid byte"),
        ("./payload.bin", "file"),
        ("@payload.bin", "file"),
        ("https://example.com/x", "is not a valid byte"),
        ("0a 05 68 .. 6f", "is not a valid byte"),
        ("eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2ln", "is not a valid byte"),
        ("<~$ig8sDI[6Z~>", ""),
        (
            "assertion `left == right` failed\n  left: [8, 150, 1]\n right: [8, 151, 1]",
            "lists",
        ),
        (r#""\n\ENQhello""#, "escape"),
        ("000000d2`1234 0a 05 68 65 6c 6c 6f   ..hello", "byte"),
        ("08/96/01", "byte"),
        ("08.96.01", "byte"),
        ("08+96+01", "byte"),
        ("[1.5, 2.0]", "list"),
        ("[8, , 300]", "300"),
        ("SGVsbG8", "is not a valid byte"),
        ("0x89601", "is not a valid byte"),
        ("8 96 1", ""),
        ("/helloworld.Greeter/SayHello", ""),
        ("{\n  \"message\": \"Hello\"\n}", "JSON"),
        ("syntax = \"proto3\";\nmessage A { int32 a = 1; }", "is not a valid byte"),
        ("1 {\n  2: 150\n}", "text"),
        ("1: 0x3f800000", "text"),
        ("--help", "is not a valid byte"),
        ("😀", "is not a valid byte"),
        ("what is 08 96 01?", "is not a valid byte"),
        (r"b'\x08' and b'\x09'", "strings"),
        (r#"<?xml version="1.0"?><a/>"#, "XML"),
        ("-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----", "certificate"),
    ] {
        let error = read(text).expect_err(text);
        assert!(error.contains(words), "{text}: {error}");
        assert_eq!(error.lines().count(), 1, "{error}");
    }
}
