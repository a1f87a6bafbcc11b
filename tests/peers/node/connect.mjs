// Calls the notes' Demo with Connect's own implementation of gRPC: node tests/peers/node/connect.mjs [--server HOST:PORT] [trouble]

import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { createFileRegistry, fromBinary } from "@bufbuild/protobuf";
import { FileDescriptorSetSchema } from "@bufbuild/protobuf/wkt";
import { Code, createClient } from "@connectrpc/connect";
import { createGrpcTransport } from "@connectrpc/connect-node";
import peer from "./arguments.js";

const PROTOS = join(import.meta.dirname, "..", "..", "..", "protos");
const BUF = join(import.meta.dirname, "node_modules", ".bin", "buf");

// buf compiles a .proto into descriptors, from which Connect makes its messages when it runs.
function service(file, name) {
  const set = execFileSync(BUF, ["build", join(PROTOS, file), "-o", "-#format=binpb"], { stdio: ["ignore", "pipe", "inherit"] });
  return createFileRegistry(fromBinary(FileDescriptorSetSchema, set)).getService(name);
}

const transport = createGrpcTransport({ baseUrl: `http://${peer.server}` });

async function show(call, answers, text) {
  try {
    for await (const answer of answers()) {
      console.log(`${call}: ${text(answer)}`);
    }
  } catch (error) {
    console.log(`${call}: ${name(error)}: ${error.rawMessage}`);
  }
}

// InvalidArgument here, INVALID_ARGUMENT in the specification; and Canceled, which is CANCELLED there.
const name = (error) =>
  error.code === Code.Canceled ? "CANCELLED" : Code[error.code].replace(/(?<=[a-z])(?=[A-Z])/g, "_").toUpperCase();

async function* one(answer) {
  yield await answer;
}

async function* messages(values) {
  for (const val of values) {
    yield { val };
  }
}

const list = (numbers) => `[${numbers.join(", ")}]`;

async function demo() {
  const client = createClient(service("notes/demo.proto", "Demo"), transport);
  const ops = ["ADD", "SUBTRACT", "MULTIPLY", "DIVIDE"];
  for (const [num1, op, num2] of [[100, "DIVIDE", 20], [-7, "DIVIDE", 2], [100, "DIVIDE", 0], [2147483647, "ADD", 1]]) {
    const work = { num1, op: ops.indexOf(op), num2 };
    await show(`Calculate ${num1} ${op} ${num2}`, () => one(client.calculate(work)), (result) => result.val);
  }
  for (const city of ["wuhan", "东京"]) {
    await show(`GetSubjects "${city}"`, () => client.getSubjects({ name: city }), (subject) => subject.name);
  }
  for (const numbers of [[5, -10, 0, 1], [], [2147483647, 1, -1], [2147483647, 1]]) {
    await show(`Accumulate ${list(numbers)}`, () => one(client.accumulate(messages(numbers))), (sum) => sum.val);
  }
  for (const numbers of [[5, 19, 3, 3], [10, -1]]) {
    await show(`GuessNumber ${list(numbers)}`, () => client.guessNumber(messages(numbers)), (a) => `${a.desc} ${a.val}`);
  }
}

async function code(what, answers, each = () => {}) {
  try {
    for await (const _ of answers()) {
      each();
    }
    console.log(`${what}: OK`);
  } catch (error) {
    console.log(`${what}: ${name(error)}`);
  }
}

// What goes wrong, and under which code this library reports it.
async function trouble() {
  const client = createClient(service("notes/test.proto", "test.demo"), transport);
  const leave = new AbortController();
  const ticks = () => client.testClientRecvStream({ data: "jlc" }, { signal: leave.signal });
  await code("cancel after one answer", ticks, () => leave.abort());
  await code("deadline", () => client.testClientRecvStream({ data: "jlc" }, { timeoutMs: 100 }));
  await code("too large", () => one(client.hellojlc({ name: "x".repeat(4 * 1024 * 1024) })));
}

await (peer.trouble ? trouble() : demo());
