import { once } from "node:events";
import { type AddressInfo, connect, Socket } from "node:net";
import { text } from "node:stream/consumers";
import { fitNofile } from "@mcp-fleet/contract/capacity";
import { validate } from "@mcp-fleet/contract/settings";
import { expect, it, onTestFinished } from "vitest";
import { ClientAddresses } from "../../runtime/edge/client-addresses.ts";
import { createGatedServer } from "../../runtime/edge/connection-gate.ts";
import { Descriptors } from "../../runtime/server/descriptors.ts";
import { Metrics } from "../../runtime/telemetry/metrics.ts";
import { log } from "../../testkit/processes/test-log.ts";

const REQUEST = "GET /livez HTTP/1.1\r\nhost: localhost\r\n\r\n";

/** Longer than a refused client has to say something. */
const BUSY_MS = 1_200;

/** A server without a descriptor to spare, and its port. */
async function startFull() {
  const settings = validate({ backends: [{ name: "b", url: "http://127.0.0.1:9/mcp" }] });
  const fit = fitNofile(settings, 1024);
  const descriptors = new Descriptors({
    settings: fit.settings,
    fit,
    metrics: new Metrics(),
    addresses: new ClientAddresses([]),
    log,
  });
  while (descriptors.acquireConnection(new Socket()));
  const server = createGatedServer({}, () => {}, descriptors).listen(0, "127.0.0.1");
  onTestFinished(() => void server.close());
  await once(server, "listening");
  return { server, port: (server.address() as AddressInfo).port };
}

it("answers 503 to a refused client that spoke while the process was busy for 1.2 s", async () => {
  const { server, port } = await startFull();
  const client = connect(port, "127.0.0.1");
  onTestFinished(() => void client.destroy());
  await Promise.all([once(client, "connect"), once(server, "connection")]);
  client.write(REQUEST);
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, BUSY_MS);
  expect(await text(client)).toMatch(/^HTTP\/1\.1 503 .*AT_CAPACITY/s);
});

it("lets go without a word of a refused client that says nothing", async () => {
  const { port } = await startFull();
  const client = connect(port, "127.0.0.1");
  expect(await text(client)).toBe("");
});
