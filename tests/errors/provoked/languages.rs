//! What Python and Node say of messages, of generated code, and of a call's end.

use std::fs;

use support::peers::Peer;

use super::peers::{folder, node, python};
use super::said;

/// A server and a client of grpcio, in one process.
#[test]
fn grpcio_names_what_is_wrong_with_a_message() {
    let Some(peer) = Peer::installed_or_skip("python") else {
        return;
    };
    let script = r#"
import grpc
from concurrent import futures
handler = grpc.unary_unary_rpc_method_handler(lambda request, context: request)
handlers = grpc.method_handlers_generic_handler("A", {"B": handler})
server = grpc.server(futures.ThreadPoolExecutor(1), handlers=[handlers])
port = server.add_insecure_port("127.0.0.1:0")
server.start()
channel = grpc.insecure_channel(f"127.0.0.1:{port}")
def fails(_): raise ValueError("as the test wants it")
def requests():
    raise ValueError("as the test wants it")
    yield
def ending(call):
    try:
        call()
    except Exception as error:
        print(error)
call = channel.unary_unary
ending(lambda: call("/A/B")(b"x" * 5_000_000, timeout=20))
ending(lambda: call("/A/B", request_serializer=fails)(b"", timeout=20))
ending(lambda: call("/A/B", response_deserializer=fails)(b"", timeout=20))
ending(lambda: channel.stream_unary("/A/B")(requests(), timeout=20))
ending(lambda: server.add_insecure_port("nowhere.invalid:1"))
server.stop(0)
"#;
    let output = python(peer, script, "").output;
    said("SERVER: Received message larger than max (5000000 vs. 4194304)", &output);
    said("Exception serializing request!", &output);
    said("Exception deserializing response!", &output);
    said("Exception iterating requests!", &output);
    said("Failed to bind to address nowhere.invalid:1", &output);
}

#[test]
fn python_says_that_generated_code_does_not_fit() {
    let Some(peer) = Peer::installed_or_skip("python") else {
        return;
    };
    let folder = folder("generated");
    let text = "syntax = \"proto3\";\nmessage A { string a = 1; }\n\
                service G { rpc Hi(A) returns (A); }\n";
    fs::write(folder.join("a.proto"), text).expect("the file should be written");
    // Generates code, and makes it look as if newer programs had done it.
    let script = r#"
import os, re, sys
from grpc_tools import protoc
os.chdir(sys.argv[1])
sys.path.insert(0, ".")
assert protoc.main(["protoc", "-I.", "--python_out=.", "--grpc_python_out=.", "a.proto"]) == 0
def change(file, pattern, new):
    text = open(file).read()
    changed = re.sub(pattern, new, text)
    assert changed != text
    open(file, "w").write(changed)
import a_pb2
def ending(work):
    try:
        work()
    except Exception as error:
        print(repr(error), f"{type(error).__name__}: {error}")
ending(lambda: a_pb2.A(b=1))
change("a_pb2_grpc.py", r"VERSION = '[0-9.]+'", "VERSION = '999.0.0'")
ending(lambda: __import__("a_pb2_grpc"))
change("a_pb2.py", r"Domain.PUBLIC,\s+[0-9]+,", "Domain.PUBLIC, 999,")
del sys.modules["a_pb2"]
ending(lambda: __import__("a_pb2"))
ending(lambda: __import__("b_pb2"))
ending(lambda: b_pb2)
"#;
    let output = python(peer, script, &folder.display().to_string()).output;
    said("Protocol message A has no \"b\" field.", &output);
    said("The grpc package installed is at version", &output);
    said("but the generated code in a_pb2_grpc.py depends on grpcio>=999.0.0", &output);
    said("Detected incompatible Protobuf Gencode/Runtime versions", &output);
    said("No module named 'b_pb2'", &output);
    said("NameError: name 'b_pb2' is not defined", &output);
}

/// A server and a client of grpc-js, in one process, and a server of HTTP/2 that resets streams.
#[test]
fn grpc_js_names_what_is_wrong_with_a_call() {
    let Some(peer) = Peer::installed_or_skip("node") else {
        return;
    };
    let script = r#"
        const grpc = require('@grpc/grpc-js');
        const http2 = require('http2');
        const same = bytes => bytes;
        const fails = () => { throw new TypeError('.A.name: string expected'); };
        const method = {
            path: '/A/B', requestStream: false, responseStream: false,
            requestSerialize: same, requestDeserialize: same,
            responseSerialize: same, responseDeserialize: same,
        };
        const insecure = grpc.credentials.createInsecure();
        const call = (port, path, to, from) => new Promise(done => {
            const client = new grpc.Client(`127.0.0.1:${port}`, insecure);
            const ended = error => { console.log(String(error)); client.close(); done(); };
            client.makeUnaryRequest(path, to, from, Buffer.alloc(0), ended);
        });
        const server = new grpc.Server();
        const big = Buffer.alloc(5_000_000);
        const small = Buffer.alloc(0);
        server.addService(
            { B: method, D: { ...method, path: '/A/D' } },
            { B: (_, callback) => callback(null, big), D: (_, callback) => callback(null, small) },
        );
        const resets = http2.createServer();
        resets.on('stream', stream => {
            stream.on('error', () => {});
            stream.close(http2.constants.NGHTTP2_INTERNAL_ERROR);
        });
        resets.listen(0, '127.0.0.1', () => {
            const credentials = grpc.ServerCredentials.createInsecure();
            server.bindAsync('127.0.0.1:0', credentials, async (_, port) => {
                await call(port, '/A/C', same, same);
                await call(port, '/A/B', fails, same);
                await call(port, '/A/D', same, fails);
                await call(port, '/A/B', same, same);
                await call(resets.address().port, '/A/B', same, same);
                new grpc.Server().bindAsync(`127.0.0.1:${port}`, credentials, error => {
                    console.log(String(error));
                    process.exit();
                });
            });
        });
    "#;
    let output = node(peer, script, "");
    said("The server does not implement the method /A/C", &output);
    said("Request message serialization failure: .A.name: string expected", &output);
    said("Received message larger than max (5000000 vs 4194304)", &output);
    said("Response message parsing error: .A.name: string expected", &output);
    said("Received RST_STREAM with code 2", &output);
    said("listen EADDRINUSE: address already in use 127.0.0.1:", &output);
}

#[test]
fn node_names_a_package_that_is_missing() {
    let Some(peer) = Peer::installed_or_skip("node") else {
        return;
    };
    let required = node(peer, "require('nowhere')", "");
    said("Error: Cannot find module 'nowhere'", &required);
    let imported = node(peer, "import('nowhere').catch(console.log)", "");
    said("Cannot find package 'nowhere' imported from", &imported);
}
