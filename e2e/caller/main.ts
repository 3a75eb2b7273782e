import { setTimeout as delay } from "node:timers/promises";

import { CountedClient } from "./counted-client.ts";

/**
 * Clients that call as long as the input is open: URL TOOL SESSIONS CALLS_PER_SECOND. Each request is a line of
 * the output.
 */
const [url = "", tool = "", sessions = "", callsPerSecond = ""] = process.argv.slice(2);
const count = Number(sessions);
const pauseMs = (count / Number(callsPerSecond)) * 1000;

/** Most calls are short, and some are still there when their pod is told to end. */
const SHORT_MS = 10;
const LONG_MS = 1_500;
const LONG_ONE_IN = 10;

let calls = 0;
let opened = 0;
let goesOn = true;
process.stdin.on("end", () => {
  goesOn = false;
});
process.stdin.resume();

function nextClient(lasts: boolean): CountedClient {
  opened += 1;
  const report = (line: object) => process.stdout.write(`${JSON.stringify(line)}\n`);
  return new CountedClient({ url, tool, session: opened, lasts, report });
}

async function callOnce(client: CountedClient): Promise<void> {
  calls += 1;
  await client.call(calls, calls % LONG_ONE_IN === 0 ? LONG_MS : SHORT_MS);
}

/** A session that is there from the beginning to the end. */
async function last(): Promise<void> {
  const client = nextClient(true);
  await client.open();
  while (goesOn) {
    await delay(Math.random() * 2 * pauseMs);
    await callOnce(client);
  }
  await client.end();
}

/** Sessions that come and go. */
async function comeAndGo(): Promise<void> {
  while (goesOn) {
    const client = nextClient(false);
    await client.open();
    for (let turn = 0; turn < 3; turn += 1) await callOnce(client);
    await client.end();
    await delay(500);
  }
}

const lasting: Promise<void>[] = [];
for (let index = 0; index < count; index += 1) {
  lasting.push(last());
  await delay(20);
}
await Promise.all([...lasting, comeAndGo()]);
process.exit(0);
