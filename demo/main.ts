import { once } from "node:events";
import { parseArgs } from "node:util";

import { runDemo } from "./demo.ts";

/** In a terminal Ctrl-C arrives as this character while the terminal is raw. */
const CTRL_C = "\u0003";

const isTerminal = process.stdin.isTTY && process.stdout.isTTY;
const stop = new AbortController();
for (const signal of ["SIGINT", "SIGTERM"] as const) {
  // The second one does not wait for anything.
  process.on(signal, () => (stop.signal.aborted ? process.exit(1) : stop.abort()));
}

/** Raw, because Ctrl-C as a signal would also reach the `make` that started us, which then reports a failure. */
async function untilCtrlC(): Promise<void> {
  console.log("\nCtrl-C stops everything.");
  process.stdin.setRawMode(true).setEncoding("utf8");
  process.stdin.on("data", (keys: string) => keys.includes(CTRL_C) && stop.abort());
  if (!stop.signal.aborted) await once(stop.signal, "abort");
  process.stdin.setRawMode(false).pause();
  console.log("stopping");
}

try {
  const { values } = parseArgs({
    options: {
      port: { type: "string", default: "4483" },
      "admin-port": { type: "string", default: "9090" },
      replicas: { type: "string", default: "1" },
    },
  });
  if (!/^[1-9]\d?$/.test(values.replicas)) {
    throw new Error(`REPLICAS=${values.replicas} is no number of processes from 1 to 99`);
  }
  await runDemo({
    replicas: Number(values.replicas),
    port: Number(values.port),
    adminPort: Number(values["admin-port"]),
    signal: stop.signal,
    print: (text) => console.log(text),
    stay: isTerminal ? untilCtrlC : async () => {},
  });
} catch (error) {
  if (!stop.signal.aborted) {
    console.error(`demo: ${error instanceof Error ? error.message : String(error)}`);
    process.exitCode = 1;
  }
}
