// Calls the notes' Demo, a method of each kind, with grpc-js:
//   node tests/peers/node/client.js [--server HOST:PORT] [failures]
// With `failures` it makes calls that fail, and prints the code of each.
"use strict";

const path = require("node:path");
const grpc = require("@grpc/grpc-js");
const loader = require("@grpc/proto-loader");

const PROTOS = path.join(__dirname, "..", "..", "..", "protos");
const { server, failures, fail } = require("./arguments.js");

// The services of a .proto file. Enums are their names, and fields that are not set have their defaults.
function load(file) {
  const definition = loader.loadSync(file, { includeDirs: [PROTOS], enums: String, longs: Number, defaults: true });
  return grpc.loadPackageDefinition(definition);
}

// A call whose server never answers would hang the client. A deadline is a time of day, in milliseconds.
const soon = () => ({ deadline: Date.now() + 10_000 });

// grpc-js reports by callbacks and events. These functions, one for each kind of method, return a promise of
// the list of responses instead.

function unary(stub, method, request, options = soon()) {
  return new Promise((resolve, reject) => {
    stub[method](request, options, (error, response) => (error ? reject(error) : resolve([response])));
  });
}

async function serverStreaming(stub, method, request, options = soon()) {
  return collect(stub[method](request, options));
}

function clientStreaming(stub, method, requests) {
  return new Promise((resolve, reject) => {
    const call = stub[method](soon(), (error, response) => (error ? reject(error) : resolve([response])));
    writeAll(call, requests);
  });
}

async function bidirectional(stub, method, requests) {
  const call = stub[method](soon());
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

// Prints what a call came to: its responses, or its status. `meant` is the code with which the call is meant to
// end; another ends the program.
async function printOutcome(call, responses, text, meant = "OK") {
  try {
    for (const response of await responses) {
      console.log(`${call}: ${text(response)}`);
    }
  } catch (error) {
    const code = grpc.status[error.code];
    if (code !== meant) {
      fail(call, `${code}: ${error.details}`);
    }
    console.log(`${call}: ${code}: ${error.details}`);
  }
}

const list = (numbers) => `[${numbers.join(", ")}]`;

async function demo(stub) {
  for (const [num1, op, num2, meant] of [
    [100, "DIVIDE", 20, "OK"],
    [-7, "DIVIDE", 2, "OK"],
    [100, "DIVIDE", 0, "INVALID_ARGUMENT"],
    [2147483647, "ADD", 1, "OUT_OF_RANGE"],
  ]) {
    await printOutcome(`Calculate ${num1} ${op} ${num2}`, unary(stub, "Calculate", { num1, op, num2 }), (result) => result.val, meant);
  }
  for (const [name, meant] of [["wuhan", "OK"], ["东京", "NOT_FOUND"]]) {
    await printOutcome(`GetSubjects "${name}"`, serverStreaming(stub, "GetSubjects", { name }), (subject) => subject.name, meant);
  }
  for (const [numbers, meant] of [
    [[5, -10, 0, 1], "OK"],
    [[], "OK"],
    [[2147483647, 1, -1], "OK"],
    [[2147483647, 1], "OUT_OF_RANGE"],
  ]) {
    const deltas = numbers.map((val) => ({ val }));
    await printOutcome(`Accumulate ${list(numbers)}`, clientStreaming(stub, "Accumulate", deltas), (sum) => sum.val, meant);
  }
  for (const numbers of [[5, 19, 3, 3], [10, -1]]) {
    const guesses = numbers.map((val) => ({ val }));
    await printOutcome(`GuessNumber ${list(numbers)}`, bidirectional(stub, "GuessNumber", guesses), ({ desc, val }) => `${desc} ${val}`);
  }
}

// Prints the code with which a call ends. One that is not meant ends the program.
async function printCode(what, meant, responses) {
  try {
    await responses;
  } catch (error) {
    const code = grpc.status[error.code];
    if (!meant.includes(code)) {
      fail(what, `${code}: ${error.details}`);
    }
    console.log(`${what}: ${code}`);
    return;
  }
  fail(what, `OK, and not ${meant.join(" or ")}`);
}

// Makes calls that fail, and prints the code that this library reports for each.
async function callAndFail() {
  const { demo: Demo } = load("notes/test.proto").test;
  const stub = new Demo(server, grpc.credentials.createInsecure());

  await printCode("cancel after one answer", ["CANCELLED"], cancelAfterOneAnswer(stub));
  await printCode("deadline", ["DEADLINE_EXCEEDED"], serverStreaming(stub, "TestClientRecvStream", { data: "jlc" }, { deadline: Date.now() + 100 }));
  // tonic's code, and that of all others.
  await printCode("too large", ["OUT_OF_RANGE", "RESOURCE_EXHAUSTED"], unary(stub, "hellojlc", { name: "x".repeat(4 * 1024 * 1024) }));

  await printCode("unknown path", ["UNIMPLEMENTED"], unaryBytes(stub, "/test.Demo/hellojlc", Buffer.alloc(0)));
  await printCode("not a message", ["INTERNAL"], unaryBytes(stub, "/test.demo/hellojlc", Buffer.from([0x0a, 0xff])));
  stub.close();
}

async function cancelAfterOneAnswer(stub) {
  const ticks = stub.TestClientRecvStream({ data: "jlc" }, soon());
  for await (const _ of ticks) {
    ticks.cancel();
  }
}

// A unary call that sends and receives bytes as they are: nothing serializes them.
function unaryBytes(stub, path, bytes) {
  const asIs = (buffer) => buffer;
  return new Promise((resolve, reject) => {
    const done = (error, response) => (error ? reject(error) : resolve(response));
    stub.makeUnaryRequest(path, asIs, asIs, bytes, soon(), done);
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
