// A client in ten lines: node tests/peers/node/calculate.js HOST:PORT
"use strict";

const grpc = require("@grpc/grpc-js");
const loader = require("@grpc/proto-loader");

// Nothing is generated: the .proto is read when the program starts.
const { Demo } = grpc.loadPackageDefinition(loader.loadSync("protos/notes/demo.proto"));
const stub = new Demo(process.argv[2], grpc.credentials.createInsecure());

// The deadline is a time of day, in milliseconds.
const deadline = Date.now() + 5000;
stub.Calculate({ num1: 100, op: "DIVIDE", num2: 0 }, { deadline }, (error, result) => {
  console.log(error ? `${grpc.status[error.code]}: ${error.details}` : result.val);
  // Dividing by 0 is meant to fail, with this code alone.
  process.exitCode = error && error.code !== grpc.status.INVALID_ARGUMENT ? 1 : 0;
  stub.close();
});
