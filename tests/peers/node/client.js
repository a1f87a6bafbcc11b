// Calls the notes' Demo, a method of each kind: node tests/peers/node/client.js [--server HOST:PORT] [trouble]
"use strict";

const path = require("node:path");
const grpc = require("@grpc/grpc-js");
const loader = require("@grpc/proto-loader");

const PROTOS = path.join(__dirname, "..", "..", "..", "protos");
const { server, trouble } = require("./arguments.js");

function load(file) {
  const definition = loader.loadSync(file, { includeDirs: [PROTOS], enums: String, longs: Number, defaults: true });
  return grpc.loadPackageDefinition(definition);
}

// grpc-js speaks in callbacks and events. These four turn a call of each kind into its answers.

const unary = (stub, method, request, options = {}) =>
  new Promise((resolve, reject) =>
    stub[method](request, options, (error, answer) => (error ? reject(error) : resolve([answer]))),
  );

async function serverStreaming(stub, method, request, options = {}) {
  return collect(stub[method](request, options));
}

const clientStreaming = (stub, method, requests) =>
  new Promise((resolve, reject) => {
    const call = stub[method]((error, answer) => (error ? reject(error) : resolve([answer])));
    requests.forEach((request) => call.write(request));
    call.end();
  });

async function bidirectional(stub, method, requests) {
  const call = stub[method]();
  requests.forEach((request) => call.write(request));
  call.end();
  return collect(call);
}

async function collect(call) {
  const answers = [];
  for await (const answer of call) {
    answers.push(answer);
  }
  return answers;
}

async function show(call, answers, text) {
  try {
    for (const answer of await answers) {
      console.log(`${call}: ${text(answer)}`);
    }
  } catch (error) {
    console.log(`${call}: ${grpc.status[error.code]}: ${error.details}`);
  }
}

const list = (numbers) => `[${numbers.join(", ")}]`;

async function demo(stub) {
  for (const [num1, op, num2] of [[100, "DIVIDE", 20], [-7, "DIVIDE", 2], [100, "DIVIDE", 0], [2147483647, "ADD", 1]]) {
    await show(`Calculate ${num1} ${op} ${num2}`, unary(stub, "Calculate", { num1, op, num2 }), (result) => result.val);
  }
  for (const name of ["wuhan", "东京"]) {
    await show(`GetSubjects "${name}"`, serverStreaming(stub, "GetSubjects", { name }), (subject) => subject.name);
  }
  for (const numbers of [[5, -10, 0, 1], [], [2147483647, 1, -1], [2147483647, 1]]) {
    const deltas = numbers.map((val) => ({ val }));
    await show(`Accumulate ${list(numbers)}`, clientStreaming(stub, "Accumulate", deltas), (sum) => sum.val);
  }
  for (const numbers of [[5, 19, 3, 3], [10, -1]]) {
    const guesses = numbers.map((val) => ({ val }));
    await show(`GuessNumber ${list(numbers)}`, bidirectional(stub, "GuessNumber", guesses), (a) => `${a.desc} ${a.val}`);
  }
}

async function code(what, answers) {
  try {
    await answers;
    console.log(`${what}: OK`);
  } catch (error) {
    console.log(`${what}: ${grpc.status[error.code]}`);
  }
}

// What goes wrong, and under which code this library reports it.
async function wrong() {
  const { demo: Demo } = load("notes/test.proto").test;
  const stub = new Demo(server, grpc.credentials.createInsecure());

  const ticks = stub.TestClientRecvStream({ data: "jlc" });
  await new Promise((resolve) => ticks.once("data", resolve));
  ticks.cancel();
  await code("cancel after one answer", collect(ticks));
  await code("deadline", serverStreaming(stub, "TestClientRecvStream", { data: "jlc" }, { deadline: Date.now() + 100 }));
  await code("too large", unary(stub, "hellojlc", { name: "x".repeat(4 * 1024 * 1024) }));

  const raw = (path, bytes) =>
    new Promise((resolve, reject) => {
      const same = (buffer) => buffer;
      stub.makeUnaryRequest(path, same, same, bytes, (error, answer) => (error ? reject(error) : resolve(answer)));
    });
  await code("unknown path", raw("/test.Demo/hellojlc", Buffer.alloc(0)));
  await code("not a message", raw("/test.demo/hellojlc", Buffer.from([0x0a, 0xff])));
  stub.close();
}

async function main() {
  if (trouble) {
    return wrong();
  }
  const { Demo } = load("notes/demo.proto");
  const stub = new Demo(server, grpc.credentials.createInsecure());
  await demo(stub);
  stub.close();
}

main();
