// Calls the notes' Demo, a method of each kind, with grpc-js:
//   node tests/peers/node/client.js [--server HOST:PORT] [failures]
// With `failures` it makes calls that fail, and prints the code of each.
"use strict";

const path = require("node:path");
const grpc = require("@grpc/grpc-js");
const loader = require("@grpc/proto-loader");

const PROTOS = path.join(__dirname, "..", "..", "..", "protos");
const { server, failures } = require("./arguments.js");

// The services of a .proto file. Enums are their names, and fields that are not set have their defaults.
function load(file) {
  const definition = loader.loadSync(file, { includeDirs: [PROTOS], enums: String, longs: Number, defaults: true });
  return grpc.loadPackageDefinition(definition);
}

// grpc-js reports by callbacks and events. These functions, one for each kind of method, return a promise of
// the list of responses instead.

function unary(stub, method, request, options = {}) {
  return new Promise((resolve, reject) => {
    stub[method](request, options, (error, response) => (error ? reject(error) : resolve([response])));
  });
}

async function serverStreaming(stub, method, request, options = {}) {
  return collect(stub[method](request, options));
}

function clientStreaming(stub, method, requests) {
  return new Promise((resolve, reject) => {
    const call = stub[method]((error, response) => (error ? reject(error) : resolve([response])));
    writeAll(call, requests);
  });
}

async function bidirectional(stub, method, requests) {
  const call = stub[method]();
  writeAll(call, requests);
  return collect(call);
}

function writeAll(call, requests) {
  for (const request of requests) {
    call.write(request);
  }
  call.end();
}

async function collect(call) {
  const responses = [];
  for await (const response of call) {
    responses.push(response);
  }
  return responses;
}

// Prints what a call came to: its responses, or its status.
async function printOutcome(call, responses, text) {
  try {
    for (const response of await responses) {
      console.log(`${call}: ${text(response)}`);
    }
  } catch (error) {
    console.log(`${call}: ${grpc.status[error.code]}: ${error.details}`);
  }
}

const list = (numbers) => `[${numbers.join(", ")}]`;

async function demo(stub) {
  for (const [num1, op, num2] of [[100, "DIVIDE", 20], [-7, "DIVIDE", 2], [100, "DIVIDE", 0], [2147483647, "ADD", 1]]) {
    await printOutcome(`Calculate ${num1} ${op} ${num2}`, unary(stub, "Calculate", { num1, op, num2 }), (result) => result.val);
  }
  for (const name of ["wuhan", "东京"]) {
    await printOutcome(`GetSubjects "${name}"`, serverStreaming(stub, "GetSubjects", { name }), (subject) => subject.name);
  }
  for (const numbers of [[5, -10, 0, 1], [], [2147483647, 1, -1], [2147483647, 1]]) {
    const deltas = numbers.map((val) => ({ val }));
    await printOutcome(`Accumulate ${list(numbers)}`, clientStreaming(stub, "Accumulate", deltas), (sum) => sum.val);
  }
  for (const numbers of [[5, 19, 3, 3], [10, -1]]) {
    const guesses = numbers.map((val) => ({ val }));
    await printOutcome(`GuessNumber ${list(numbers)}`, bidirectional(stub, "GuessNumber", guesses), ({ desc, val }) => `${desc} ${val}`);
  }
}

// Prints the code with which a call ends.
async function printCode(what, responses) {
  try {
    await responses;
    console.log(`${what}: OK`);
  } catch (error) {
    console.log(`${what}: ${grpc.status[error.code]}`);
  }
}

// Makes calls that fail, and prints the code that this library reports for each.
async function callAndFail() {
  const { demo: Demo } = load("notes/test.proto").test;
  const stub = new Demo(server, grpc.credentials.createInsecure());

  const ticks = stub.TestClientRecvStream({ data: "jlc" });
  await new Promise((resolve) => ticks.once("data", resolve));
  ticks.cancel();
  await printCode("cancel after one answer", collect(ticks));
  await printCode("deadline", serverStreaming(stub, "TestClientRecvStream", { data: "jlc" }, { deadline: Date.now() + 100 }));
  await printCode("too large", unary(stub, "hellojlc", { name: "x".repeat(4 * 1024 * 1024) }));

  await printCode("unknown path", unaryBytes(stub, "/test.Demo/hellojlc", Buffer.alloc(0)));
  await printCode("not a message", unaryBytes(stub, "/test.demo/hellojlc", Buffer.from([0x0a, 0xff])));
  stub.close();
}

// A unary call that sends and receives bytes as they are: nothing serializes them.
function unaryBytes(stub, path, bytes) {
  const asIs = (buffer) => buffer;
  return new Promise((resolve, reject) => {
    stub.makeUnaryRequest(path, asIs, asIs, bytes, (error, response) => (error ? reject(error) : resolve(response)));
  });
}

async function main() {
  if (failures) {
    return callAndFail();
  }
  const { Demo } = load("notes/demo.proto");
  const stub = new Demo(server, grpc.credentials.createInsecure());
  await demo(stub);
  stub.close();
}

main();
