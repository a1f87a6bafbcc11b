// The arguments of both clients here: [--server HOST:PORT] [failures]
"use strict";

const { relative } = require("node:path");
const { parseArgs } = require("node:util");

const USAGE = `usage: node ${relative("", process.argv[1])} [--server HOST:PORT] [failures]`;

function parse() {
  const options = { server: { type: "string", default: "127.0.0.1:50060" }, help: { type: "boolean", short: "h" } };
  const { values, positionals } = parseArgs({ options, allowPositionals: true });
  const unknown = positionals.find((name) => name !== "failures");
  if (unknown !== undefined) {
    throw new Error(`there is no ${unknown}`);
  }
  if (values.help) {
    console.log(USAGE);
    process.exit();
  }
  return { server: values.server, failures: positionals.length > 0 };
}

try {
  module.exports = parse();
} catch (error) {
  console.error(`Error: ${error.message}\n${USAGE}`);
  process.exit(2);
}

// Ends the program: a call failed that was not meant to. `status` is one line.
module.exports.fail = function fail(call, status) {
  console.error(`Error: ${call}: ${status.replace(/\s+/g, " ").trim()}`);
  process.exit(1);
};
