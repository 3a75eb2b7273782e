import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { expect, it, onTestFinished } from "vitest";
import { PeerCredential } from "../../runtime/fleet/peer-credential.ts";
import { KeyRing } from "../../runtime/sessions/key-ring.ts";
import { sessionKey } from "../../runtime/sessions/session-id.ts";
import { MemoryStore } from "../../runtime/store/memory/memory-store.ts";
import { startGateway } from "../../testkit/processes/gateway.ts";
import { callOf, configurationFor } from "../../testkit/processes/scripted-fleet.ts";
import { openAt, startSseServer } from "../../testkit/processes/sse-fleet.ts";

/** Somebody else's server, and how many requests reached it. */
async function startElsewhere() {
  const reached = { requests: 0 };
  const server = createServer((_request, response) => {
    reached.requests += 1;
    response.writeHead(202).end();
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  onTestFinished(() => void server.close());
  return { reached, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` };
}

const ring = KeyRing.generate();
const encoded = (url: string) => Buffer.from(url).toString("base64url");

it.each([
  ["an id without a signature", (url: string) => `sse.${encoded(url)}.5b1e`],
  [
    "an id that other keys have signed",
    (url: string) => `sse.${new PeerCredential(KeyRing.generate()).seal(url, "sse older")}`,
  ],
  [
    "an id that is signed for another backend",
    (url: string) => `sse.${new PeerCredential(ring).seal(url, "sse other")}`,
  ],
])(
  "a record with %s sends no call to the address in it: the session there is lost",
  async (_what, idOf) => {
    const { reached, url } = await startElsewhere();
    const server = await startSseServer();
    onTestFinished(() => server.close());
    const store = new MemoryStore();
    const configuration = configurationFor(server.url, {}, { name: "older", transport: "sse" });
    const gateway = await startGateway(configuration, { store, ring });
    onTestFinished(() => gateway.close());
    const client = await openAt(gateway);
    await client.post(callOf("count"));
    const record = await store.sessions.load(sessionKey(client.sessionId ?? ""));
    if (record === undefined) throw new Error("the session is gone");

    const upstream = { sessionId: idOf(url), protocol: "2024-11-05", epoch: 9 };
    await store.sessions.setUpstream(record, "older", upstream);
    const { text } = await client.post(callOf("count"));
    expect(text).toContain('"text":"1"');
    expect(reached.requests).toBe(0);
  },
);

it("names where something is so that only the same fleet reads it, and only about the same thing", () => {
  const credential = new PeerCredential(ring);
  const sealed = credential.seal("http://10.0.0.1:9090", "stream a");
  expect(credential.unseal(sealed, "stream a")).toBe("http://10.0.0.1:9090");
  expect(credential.seal("http://10.0.0.1:9090", "stream a")).not.toBe(sealed);
  expect(credential.unseal(sealed, "stream b")).toBeUndefined();
  expect(new PeerCredential(KeyRing.generate()).unseal(sealed, "stream a")).toBeUndefined();
  const [, ...rest] = sealed.split(".");
  const moved = [encoded("http://evil.example"), ...rest].join(".");
  for (const invented of [moved, "http://evil.example#1", "", "...", "a.b.c.d"]) {
    expect(credential.unseal(invented, "stream a")).toBeUndefined();
  }
});
