// Calls a server through the tap, with grpc-js: node tests/peers/node/tap.js HOST:PORT
// The messages are those of lesson 1, put together by hand. It cancels a thousand calls, and makes one.
"use strict";

const grpc = require("@grpc/grpc-js");

const METHOD = "/helloworld.Greeter/SayHello";
const bytes = (buffer) => buffer;
const hello = Buffer.from("\n\x03you", "latin1");

const client = new grpc.Client(process.argv[2], grpc.credentials.createInsecure());

function open() {
  return client.makeBidiStreamRequest(METHOD, bytes, bytes, new grpc.Metadata());
}

// Resolves at the first message, or at the end if there is none.
function cancelled() {
  return new Promise((resolve) => {
    const call = open();
    call.on("data", () => call.cancel());
    call.on("error", () => {});
    call.on("status", resolve);
    call.write(hello);
  });
}

async function main() {
  for (let n = 0; n < 1000; n++) await cancelled();
  const call = open();
  call.on("data", (message) => console.log(message.length));
  call.on("status", (status) => {
    console.log(grpc.status[status.code]);
    client.close();
  });
  call.end(hello);
}

main();
