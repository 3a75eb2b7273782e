import { execFile } from "node:child_process";
import { once } from "node:events";
import { createServer } from "node:net";
import { promisify } from "node:util";
import { expect, it, onTestFinished } from "vitest";
import { firstFreePort, freePort, freePorts } from "../testkit/processes/free-ports.ts";

const MODULE = new URL("../testkit/processes/free-ports.ts", import.meta.url).href;

/** Asks for 30 ports, one at a time, and lets them go. */
const ASK = `
  const { freePort } = await import("${MODULE}");
  const ports = [];
  while (ports.length < 30) ports.push(await freePort());
  console.log(JSON.stringify(ports));
  process.stdin.resume();
`;

async function listenAt(port: number): Promise<void> {
  const server = createServer().listen(port, "127.0.0.1");
  await once(server, "listening");
  onTestFinished(() => void server.close());
}

it("3 processes at once are given 90 ports, and none of them twice, although nobody listens on them", async () => {
  const given = await Promise.all(
    [1, 2, 3].map(async () => {
      const asking = promisify(execFile)(process.execPath, ["--input-type=module", "-e", ASK]);
      onTestFinished(() => void asking.child.kill("SIGKILL"));
      const [text] = await once(asking.child.stdout ?? process.stdin, "data");
      asking.catch(() => {});
      const ports: number[] = JSON.parse(String(text));
      return ports;
    }),
  );
  expect(new Set(given.flat()).size).toBe(90);
  // Connections come from 32768 on.
  expect(Math.max(...given.flat())).toBeLessThan(32_768);
});

it("a port on which somebody listens is passed over", async () => {
  const port = await freePort();
  await listenAt(port + 1);
  expect(await freePorts(2)).not.toContain(port + 1);
  expect(await freePort()).toBeGreaterThan(port + 1);
});

it("the first free port from one that is taken on is a higher one, and 0 stays any", async () => {
  const port = await freePort();
  await listenAt(port);
  expect(await firstFreePort(port)).toBeGreaterThan(port);
  expect(await firstFreePort(0)).toBe(0);
});
