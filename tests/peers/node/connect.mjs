// Calls the notes' Demo, a method of each kind, with Connect, which has its own implementation of gRPC:
//   node tests/peers/node/connect.mjs [--server HOST:PORT] [failures]
// With `failures` it makes calls that fail, and prints the code of each.

import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { createFileRegistry, fromBinary } from "@bufbuild/protobuf";
import { FileDescriptorSetSchema } from "@bufbuild/protobuf/wkt";
import { Code, createClient } from "@connectrpc/connect";
import { createGrpcTransport } from "@connectrpc/connect-node";
import args from "./arguments.js";

const PROTOS = join(import.meta.dirname, "..", "..", "..", "protos");
const BUF = join(import.meta.dirname, "node_modules", ".bin", "buf");

// A service by its full name. buf compiles the .proto into descriptors, from which Connect makes its messages
// when the program runs.
function service(file, name) {
  const build = ["build", join(PROTOS, file), "-o", "-#format=binpb"];
  const descriptors = execFileSync(BUF, build, { stdio: ["ignore", "pipe", "inherit"] });
  return createFileRegistry(fromBinary(FileDescriptorSetSchema, descriptors)).getService(name);
}

// Each call has a deadline, unless it says otherwise: a server that never answers would hang the client.
const transport = createGrpcTransport({ baseUrl: `http://${args.server}`, defaultTimeoutMs: 10_000 });

// Connect leaves to the program an error that has no call: a connection to a server that does not speak HTTP/2.
process.on("uncaughtException", (error) => args.fail("the connection", error.message));

// Prints what a call came to: its responses, or its status. `meant` is the code with which the call is meant to
// end; another ends the program.
async function printOutcome(call, responses, text, meant = "OK") {
  try {
    for await (const response of responses()) {
      console.log(`${call}: ${text(response)}`);
    }
  } catch (error) {
    if (codeName(error) !== meant) {
      args.fail(call, `${codeName(error)}: ${error.rawMessage}`);
    }
    console.log(`${call}: ${codeName(error)}: ${error.rawMessage}`);
  }
}

// The name of a code in the specification. Connect writes INVALID_ARGUMENT as InvalidArgument, and CANCELLED
// as Canceled.
function codeName(error) {
  if (error.code === Code.Canceled) {
    return "CANCELLED";
  }
  return Code[error.code].replace(/(?<=[a-z])(?=[A-Z])/g, "_").toUpperCase();
}

// A call with one response, as a stream of it.
async function* one(response) {
  yield await response;
}

// A stream of requests with one field.
async function* messages(values) {
  for (const val of values) {
    yield { val };
  }
}

const list = (numbers) => `[${numbers.join(", ")}]`;

async function demo() {
  const client = createClient(service("notes/demo.proto", "Demo"), transport);
  const ops = ["ADD", "SUBTRACT", "MULTIPLY", "DIVIDE"];
  for (const [num1, op, num2, meant] of [
    [100, "DIVIDE", 20, "OK"],
    [-7, "DIVIDE", 2, "OK"],
    [100, "DIVIDE", 0, "INVALID_ARGUMENT"],
    [2147483647, "ADD", 1, "OUT_OF_RANGE"],
  ]) {
    const work = { num1, op: ops.indexOf(op), num2 };
    await printOutcome(`Calculate ${num1} ${op} ${num2}`, () => one(client.calculate(work)), (result) => result.val, meant);
  }
  for (const [city, meant] of [["wuhan", "OK"], ["东京", "NOT_FOUND"]]) {
    await printOutcome(`GetSubjects "${city}"`, () => client.getSubjects({ name: city }), (subject) => subject.name, meant);
  }
  for (const [numbers, meant] of [
    [[5, -10, 0, 1], "OK"],
    [[], "OK"],
    [[2147483647, 1, -1], "OK"],
    [[2147483647, 1], "OUT_OF_RANGE"],
  ]) {
    await printOutcome(`Accumulate ${list(numbers)}`, () => one(client.accumulate(messages(numbers))), (sum) => sum.val, meant);
  }
  for (const numbers of [[5, 19, 3, 3], [10, -1]]) {
    await printOutcome(`GuessNumber ${list(numbers)}`, () => client.guessNumber(messages(numbers)), ({ desc, val }) => `${desc} ${val}`);
  }
}

// Prints the code with which a call ends. One that is not meant ends the program. `onResponse` runs after each
// response.
async function printCode(what, meant, responses, onResponse = () => {}) {
  try {
    for await (const _ of responses()) {
      onResponse();
    }
  } catch (error) {
    const code = codeName(error);
    if (!meant.includes(code)) {
      args.fail(what, `${code}: ${error.rawMessage}`);
    }
    console.log(`${what}: ${code}`);
    return;
  }
  args.fail(what, `OK, and not ${meant.join(" or ")}`);
}

// Makes calls that fail, and prints the code that this library reports for each.
async function callAndFail() {
  const client = createClient(service("notes/test.proto", "test.demo"), transport);
  const canceller = new AbortController();
  const ticks = () => client.testClientRecvStream({ data: "jlc" }, { signal: canceller.signal });
  await printCode("cancel after one answer", ["CANCELLED"], ticks, () => canceller.abort());
  await printCode("deadline", ["DEADLINE_EXCEEDED"], () => client.testClientRecvStream({ data: "jlc" }, { timeoutMs: 100 }));
  // tonic's code, and that of all others.
  await printCode("too large", ["OUT_OF_RANGE", "RESOURCE_EXHAUSTED"], () => one(client.hellojlc({ name: "x".repeat(4 * 1024 * 1024) })));
}

await (args.failures ? callAndFail() : demo());
