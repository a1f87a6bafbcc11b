// The arguments of both clients here: [--server HOST:PORT] [trouble]
"use strict";

const { parseArgs } = require("node:util");

const { values, positionals } = parseArgs({
  options: { server: { type: "string", default: "127.0.0.1:50060" } },
  allowPositionals: true,
});

module.exports = { server: values.server, trouble: positionals.includes("trouble") };
