//! What clients and tools in other languages say. Each is asked where it is installed, and in CI it
//! has to be: see `support::peers`.

use std::fs;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::thread;

use support::peers::Peer;
use support::programs::{self, Finished, Server, root, run};

use super::said;

/// Lesson 10's server, which has every service and reflection.
fn server() -> Server {
    let server = &mut programs::command("lesson-10-server");
    Server::from(server.args(["--addr", "127.0.0.1:0"]))
}

/// What a command prints that fails.
fn failure_of(command: &mut Command) -> String {
    let Finished { code, output } = run(command);
    assert_ne!(code, Some(0), "{command:?} should fail: {output}");
    output
}

/// A web server: whatever comes, it answers in HTTP/1.1. Returns its address; it runs until the
/// test's process ends.
fn web_server() -> String {
    server_that_says(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n")
}

/// A server that answers whatever comes first with these bytes. It reads on until the client leaves, so
/// that no client meets a closed connection in place of the bytes.
fn server_that_says(bytes: &'static [u8]) -> String {
    use std::io::{Read, Write};
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port should be free");
    let address = listener
        .local_addr()
        .expect("the listener should have an address");
    thread::spawn(move || {
        for socket in listener.incoming().flatten() {
            let mut socket = socket;
            thread::spawn(move || {
                // Before it has asked, a client expects no answer.
                let _ = socket.read(&mut [0; 4096]);
                // A client that has left does not want the answer.
                let _ = socket.write_all(bytes);
                while socket.read(&mut [0; 4096]).is_ok_and(|n| n > 0) {}
            });
        }
    });
    address.to_string()
}

/// A folder for what a tool reads and writes.
pub(super) fn folder(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("errors-{name}"));
    fs::create_dir_all(&folder).expect("the folder should be made");
    folder
}

#[test]
fn curl_says_what_it_got() {
    let Some(peer) = Peer::installed_or_skip("curl") else {
        return;
    };
    let server = server();
    let curl = |args: &[&str]| {
        let mut command = peer.command();
        failure_of(
            command
                .args(["--silent", "--show-error", "--max-time", "60"])
                .args(args),
        )
    };
    let http1 = curl(&[&format!("http://{}/", server.address)]);
    said("curl: (1) Received HTTP/0.9 when not allowed", &http1);
    // Which words it has for TLS depends on curl's library for it.
    let tls = curl(&[&format!("https://{}/", server.address)]);
    said("curl: (35)", &tls);
    let refused = curl(&["http://127.0.0.1:1/"]);
    said("Failed to connect to 127.0.0.1 port 1", &refused);
    server.stop();
}

/// Runs a script in Node, in the folder of Node's packages, with the address of a server.
pub(super) fn node(peer: &Peer, script: &str, address: &str) -> String {
    let mut command = peer.command();
    command.current_dir(root().join("tests/peers/node"));
    let Finished { output, .. } = run(command.args(["-e", script, address]));
    output
}

#[test]
fn node_says_what_it_got() {
    let Some(peer) = Peer::installed_or_skip("node") else {
        return;
    };
    let server = server();
    let fetch = r#"fetch(process.argv[1]).catch(error => console.log(error.cause))"#;
    let http1 = node(peer, fetch, &format!("http://{}", server.address));
    said("HPE_INVALID_CONSTANT", &http1);
    said("Response does not match the HTTP/1.1 protocol", &http1);
    let tls = node(peer, fetch, &format!("https://{}", server.address));
    said("wrong version number", &tls);
    said("ERR_SSL_WRONG_VERSION_NUMBER", &tls);
    let get = r#"require('http').get(process.argv[1]).on('error', error => console.log(error))"#;
    let http1 = node(peer, get, &format!("http://{}", server.address));
    said("Parse Error: Expected HTTP/", &http1);
    server.stop();
}

#[test]
fn grpc_js_says_why_it_cannot_connect() {
    let Some(peer) = Peer::installed_or_skip("node") else {
        return;
    };
    let call = r#"
        const grpc = require('@grpc/grpc-js');
        const [target, secure] = process.argv[1].split(' ');
        const credentials = secure ? grpc.credentials.createSsl() : grpc.credentials.createInsecure();
        const client = new grpc.Client(target, credentials);
        client.makeUnaryRequest('/Demo/Calculate', x => x, x => x, Buffer.alloc(0), error => {
            console.log(String(error));
            client.close();
        });
    "#;
    let server = server();
    let refused = node(peer, call, "127.0.0.1:1");
    said(
        "14 UNAVAILABLE: No connection established. Last error: Error: connect ECONNREFUSED",
        &refused,
    );
    said("Last error: Protocol error", &node(peer, call, &web_server()));
    said("wrong version number", &node(peer, call, &format!("{} tls", server.address)));
    let scheme = node(peer, call, &format!("http://{}", server.address));
    said("Name resolution failed for target", &scheme);
    server.stop();
}

/// Node's own server gives a stream back that it has not begun.
#[test]
fn node_names_a_stream_that_was_refused() {
    let Some(peer) = Peer::installed_or_skip("node") else {
        return;
    };
    let script = r#"
        const http2 = require('http2');
        const server = http2.createServer();
        server.on('stream', stream => stream.close(http2.constants.NGHTTP2_REFUSED_STREAM));
        server.listen(0, '127.0.0.1', () => {
            const client = http2.connect(`http://127.0.0.1:${server.address().port}`);
            client.request({ ':path': '/' }).on('error', error => {
                console.log(error.message);
                client.close();
                server.close();
            });
        });
    "#;
    said("Stream closed with error code NGHTTP2_REFUSED_STREAM", &node(peer, script, ""));
}

#[test]
fn npm_names_a_node_that_is_too_old() {
    if Peer::installed_or_skip("node").is_none() {
        return;
    }
    let folder = folder("npm");
    fs::create_dir_all(folder.join("new")).expect("the folder should be made");
    let new = r#"{"name": "new", "version": "1.0.0", "engines": {"node": ">=9999"}}"#;
    let package =
        r#"{"name": "old", "version": "1.0.0", "dependencies": {"new": "file:./new"}}"#;
    for (file, text) in [("package.json", package), ("new/package.json", new)] {
        fs::write(folder.join(file), text).expect("the file should be written");
    }
    let mut command = Command::new("npm");
    programs::make_neutral(&mut command);
    command.args([
        "install",
        "--offline",
        "--no-audit",
        "--no-fund",
        "--engine-strict",
    ]);
    let output = failure_of(
        command
            .arg("--cache")
            .arg(folder.join("cache"))
            .current_dir(&folder),
    );
    said("npm error code EBADENGINE", &output);
    said("Unsupported engine", &output);
}

/// Runs a script in Python.
pub(super) fn python(peer: &Peer, script: &str, address: &str) -> Finished {
    run(peer.command().args(["-c", script, address]))
}

#[test]
fn grpcio_says_why_it_cannot_connect() {
    let Some(peer) = Peer::installed_or_skip("python") else {
        return;
    };
    let call = r#"
import sys, grpc
target, *secure = sys.argv[1].split()
channel = grpc.secure_channel(target, grpc.ssl_channel_credentials()) if secure else grpc.insecure_channel(target)
metadata = [("Upper", "x")] if secure == ["upper"] else None
if secure == ["upper"]: channel = grpc.insecure_channel(target)
try:
    channel.unary_unary("/Demo/Calculate")(b"", timeout=20, metadata=metadata)
except grpc.RpcError as error:
    print(error)
"#;
    let server = server();
    let call = |target: &str| python(peer, call, target).output;
    let refused = call("127.0.0.1:1");
    said("failed to connect to all addresses; last error", &refused);
    let web = call(&web_server());
    said("Failed parsing HTTP/2 (Expected SETTINGS frame as the first frame", &web);
    said("WRONG_VERSION_NUMBER", &call(&format!("{} tls", server.address)));
    let scheme = call(&format!("http://{}", server.address));
    said("errors resolving", &scheme);
    said("Misformatted domain name", &scheme);
    let upper = call(&format!("{} upper", server.address));
    said("Illegal header key", &upper);
    said("Invalid metadata", &upper);
    server.stop();
}

#[test]
fn a_server_in_python_says_what_failed() {
    let Some(peer) = Peer::installed_or_skip("python") else {
        return;
    };
    let script = r#"
import grpc
from concurrent import futures
def fails(request, context): raise ValueError("as the test wants it")
handler = grpc.method_handlers_generic_handler("A", {"B": grpc.unary_unary_rpc_method_handler(fails)})
server = grpc.server(futures.ThreadPoolExecutor(1), handlers=[handler])
port = server.add_insecure_port("127.0.0.1:0")
server.start()
channel = grpc.insecure_channel(f"127.0.0.1:{port}")
for path in ["/A/B", "/A/C"]:
    try:
        channel.unary_unary(path)(b"", timeout=20)
    except grpc.RpcError as error:
        print(error.details())
server.stop(0)
"#;
    let output = python(peer, script, "").output;
    said("Exception calling application: as the test wants it", &output);
    said("Method not found!", &output);
}

/// Python's web server speaks HTTP/1.1, and writes what it got into its log.
#[test]
fn a_web_server_logs_the_preface_of_a_client() {
    let Some(peer) = Peer::installed_or_skip("python") else {
        return;
    };
    let script = r#"
import grpc, threading
from http.server import HTTPServer, BaseHTTPRequestHandler
web = HTTPServer(("127.0.0.1", 0), BaseHTTPRequestHandler)
threading.Thread(target=web.serve_forever, daemon=True).start()
channel = grpc.insecure_channel(f"127.0.0.1:{web.server_port}")
try:
    channel.unary_unary("/A/B")(b"", timeout=20)
except grpc.RpcError as error:
    print(error.details())
web.shutdown()
"#;
    let output = python(peer, script, "").output;
    said("\"PRI * HTTP/2.0\" 505", &output);
    said("Invalid HTTP version (2.0)", &output);
}

#[test]
fn python_and_pip_say_what_is_missing() {
    let Some(peer) = Peer::installed_or_skip("python") else {
        return;
    };
    let mut import = peer.command();
    let import = failure_of(import.args(["-I", "-S", "-c", "import grpc"]));
    said("No module named 'grpc'", &import);
    let mut pip = peer.command();
    pip.args([
        "-m",
        "pip",
        "install",
        "--no-index",
        "--disable-pip-version-check",
    ]);
    let pip = failure_of(pip.arg("--target").arg(folder("pip")).arg("grpcio==999"));
    said("No matching distribution found for grpcio==999", &pip);
}

#[test]
fn protoc_says_what_it_does_not_find() {
    let Some(peer) = Peer::installed_or_skip("python") else {
        return;
    };
    let folder = folder("protoc");
    let text = "syntax = \"proto3\";\nimport \"nothing.proto\";\n";
    fs::write(folder.join("a.proto"), text).expect("the file should be written");
    let protoc = |file: &Path| {
        let mut command = peer.command();
        command.args(["-m", "grpc_tools.protoc", "-I.", "--python_out=."]);
        failure_of(command.arg(file).current_dir(&folder))
    };
    let imports = protoc(Path::new("a.proto"));
    said("nothing.proto: File not found.", &imports);
    said("Import \"nothing.proto\" was not found or had errors.", &imports);
    let elsewhere = protoc(&root().join("protos/hello.proto"));
    said("File does not reside within any path specified using --proto_path", &elsewhere);
}

#[test]
fn buf_says_what_it_does_not_find() {
    let Some(peer) = Peer::installed_or_skip("buf") else {
        return;
    };
    let server = server();
    let curl = |args: &[&str], scheme: &str, path: &str| {
        let mut command = peer.command();
        command.args(["curl", "--data", "{\"num3\": 1}"]).args(args);
        failure_of(command.arg(format!("{scheme}://{}{path}", server.address)))
    };
    let grpc = ["--protocol", "grpc", "--http2-prior-knowledge"];
    let lost = "failed to find service named \"";
    // Misspelt, then each of the flags left out, then https for http.
    said(lost, &curl(&grpc, "http", "/Demoo/Calculate"));
    said(lost, &curl(&grpc[..2], "https", "/Demo/Calculate"));
    said(lost, &curl(&grpc[2..], "http", "/Demo/Calculate"));
    said(lost, &curl(&[], "http", "/Demo/Calculate"));
    said(
        "URL indicates method name \"Calc\", but service \"Demo\" contains no such method",
        &curl(&grpc, "http", "/Demo/Calc"),
    );
    said("unknown field \"num3\"", &curl(&grpc, "http", "/Demo/Calculate"));
    server.stop();
}

/// With the `.proto` at hand, buf does not ask the server for it: what is said then is said by Go's
/// libraries, which grpcurl uses too.
#[test]
fn go_says_why_it_cannot_connect() {
    let Some(peer) = Peer::installed_or_skip("buf") else {
        return;
    };
    let server = server();
    let curl = |args: &[&str], origin: &str| {
        let mut command = peer.command();
        command
            .args(["curl", "--schema", "protos/hello.proto", "--data", "{}"])
            .args(args);
        failure_of(command.arg(format!("{origin}/helloworld.Greeter/SayHello")))
    };
    let grpc = ["--protocol", "grpc", "--http2-prior-knowledge"];
    said(
        "first record does not look like a TLS handshake",
        &curl(&grpc[..2], &format!("https://{}", server.address)),
    );
    // SETTINGS, with which every server of HTTP/2 begins. tonic's would also hang up, and Go may
    // see that first: it sends a request in several pieces. The last byte, of a limit of ten
    // streams, ends the line that Go reads.
    let http2 = server_that_says(b"\0\0\x06\x04\0\0\0\0\0\0\x03\0\0\0\x0a");
    said("malformed HTTP response", &curl(&[], &format!("http://{http2}")));
    let web = curl(&grpc, &format!("http://{}", web_server()));
    // Which of the two it is depends on who was faster.
    if !web.contains("http2: client conn could not be established") {
        said("http2: frame too large", &web);
    }
    said("connect: connection refused", &curl(&grpc, "http://127.0.0.1:1"));
    server.stop();
}

/// A browser, where there is one: the others need none, so CI does without it.
#[test]
fn a_browser_cannot_call_grpc() {
    let server = server();
    for name in ["chromium", "chromium-browser", "google-chrome"] {
        let mut browser = Command::new(name);
        if browser.arg("--version").output().is_err() {
            continue;
        }
        let mut browser = Command::new(name);
        programs::make_neutral(&mut browser);
        browser.args([
            "--headless",
            "--no-sandbox",
            "--disable-gpu",
            "--enable-logging=stderr",
        ]);
        browser.arg(format!("--user-data-dir={}", folder("browser").display()));
        browser.args([
            "--no-proxy-server",
            "--dump-dom",
            &format!("http://{}/", server.address),
        ]);
        said("ERR_INVALID_HTTP_RESPONSE", &run(&mut browser).output);
        break;
    }
    server.stop();
}
