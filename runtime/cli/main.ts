#!/usr/bin/env node
import { oldNode } from "@mcp-fleet/contract/node-version";

// What follows is loaded after the check: an older Node ends in a stack trace of its own at words that it cannot read.
const reason = oldNode(process.versions.node);
if (reason === undefined) {
  await import("./command.ts");
} else {
  process.stderr.write(`${reason}\n`);
  process.exitCode = 1;
}
