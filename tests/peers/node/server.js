// Serves what `cargo bench` calls, the notes' Demo and lesson 11's service:
//   node tests/peers/node/server.js PORT
"use strict";

const path = require("node:path");
const grpc = require("@grpc/grpc-js");
const loader = require("@grpc/proto-loader");

const PROTOS = path.join(__dirname, "..", "..", "..", "protos");

function load(file) {
  const definition = loader.loadSync(file, { includeDirs: [PROTOS], enums: String, defaults: true });
  return grpc.loadPackageDefinition(definition);
}

// Sends the messages of a stream. While the buffer is full, it waits: otherwise a slow client would fill the memory.
async function sendAll(call, messages) {
  for (const message of messages) {
    if (!call.write(message)) {
      await new Promise((resolve) => call.once("drain", resolve));
    }
  }
  call.end();
}

// Sends what `respond` makes of each message that arrives; nothing if that is null. While the buffer is full, it
// reads no further.
function respondToEach(call, respond) {
  call.on("data", (message) => {
    const response = respond(message);
    if (response && !call.write(response)) {
      call.pause();
      call.once("drain", () => call.resume());
    }
  });
  call.on("end", () => call.end());
}

function respondWithInt32(callback, val) {
  // `| 0` keeps the lower 32 bits.
  if (val !== (val | 0)) {
    return callback({ code: grpc.status.OUT_OF_RANGE, details: `result does not fit in int32: ${val}` });
  }
  callback(null, { val });
}

const invalid = (details) => ({ code: grpc.status.INVALID_ARGUMENT, details });

const demo = {
  Calculate({ request: { num1, num2, op } }, callback) {
    if (op === "DIVIDE" && num2 === 0) {
      return callback(invalid("cannot divide by 0"));
    }
    const calculate = {
      ADD: () => num1 + num2,
      SUBTRACT: () => num1 - num2,
      MULTIPLY: () => num1 * num2,
      DIVIDE: () => Math.floor(num1 / num2),
    }[op];
    if (!calculate) {
      return callback(invalid("invalid operation"));
    }
    respondWithInt32(callback, calculate());
  },

  GetSubjects(call) {
    const subjects = {
      beijing: ["python", "c++", "go", "产品经理", "测试", "运维", "java", "php"],
      shanghai: ["python", "c++", "go", "测试", "运维", "java", "php"],
      wuhan: ["python", "测试", "java", "php"],
    }[call.request.name];
    if (!subjects) {
      return call.emit("error", { code: grpc.status.NOT_FOUND, details: `unknown city: ${call.request.name}` });
    }
    sendAll(call, subjects.map((name) => ({ name })));
  },

  Accumulate(call, callback) {
    let val = 0;
    call.on("data", (delta) => (val += delta.val));
    call.on("end", () => respondWithInt32(callback, val));
  },

  GuessNumber(call) {
    respondToEach(call, ({ val }) => (val >= 0 && val < 10 ? { val, desc: "bingo" } : null));
  },
};

const speed = {
  Unary({ request: { payload } }, callback) {
    callback(null, { payload });
  },

  ServerStream(call) {
    const { payload, messages } = call.request;
    sendAll(call, Array.from({ length: messages }, () => ({ payload })));
  },

  ClientStream(call, callback) {
    let messages = 0;
    let size = 0;
    call.on("data", ({ payload }) => {
      messages += 1;
      size += payload.length;
    });
    call.on("end", () => callback(null, { messages, size }));
  },

  BidiStream(call) {
    respondToEach(call, ({ payload }) => ({ payload }));
  },
};

const server = new grpc.Server();
server.addService(load("notes/demo.proto").Demo.service, demo);
server.addService(load("speed.proto").speed.v1.SpeedService.service, speed);
server.bindAsync(`127.0.0.1:${process.argv[2]}`, grpc.ServerCredentials.createInsecure(), (error, port) => {
  if (error) {
    console.error(`Error: ${error.message}`);
    process.exit(1);
  }
  console.log(`listening on 127.0.0.1:${port}`);
});
