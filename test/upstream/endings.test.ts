import { describe, expect, it, onTestFinished, vi } from "vitest";
import { RawClient } from "../../testkit/clients/raw-client.ts";
import { callOf, startFleet } from "../../testkit/processes/scripted-fleet.ts";
import { eventually } from "../../testkit/vitest/eventually.ts";

describe("a session that the client ends", () => {
  it("is ended 1 time at the backend although 2 gateways served it", async () => {
    const { backend, client, others } = await startFleet({ gateways: 2 });
    const twins = others.map((gateway) => client.at(gateway.url));
    await Promise.all([client, ...twins].map((one) => one.post(callOf("write"))));
    const [opened] = backend.clientSessions;

    const ended = await client.send({ method: "DELETE" });

    expect(ended.status).toBe(204);
    await eventually(() => expect(backend.count("DELETE")).toBe(1));
    expect(backend.of("DELETE")[0]?.sessionId).toBe(opened);
    const after = await Promise.all(
      [client, ...twins].map((one) => one.send({ method: "DELETE" })),
    );
    expect(after.map(({ status }) => status)).toEqual([404, 404]);
    expect(backend.count("DELETE")).toBe(1);
  });

  it("makes 0 requests at a backend that it never called", async () => {
    const { backend, client } = await startFleet();

    await client.send({ method: "DELETE" });

    expect(backend.received.filter((one) => one.client !== "mcp-fleet")).toEqual([]);
  });

  it("is ended with 204 and 1 attempt where the backend refuses to end it", async () => {
    const { backend, client } = await startFleet();
    await client.post(callOf("write"));
    backend.on("DELETE", (exchange) => exchange.status(405));

    expect((await client.send({ method: "DELETE" })).status).toBe(204);

    await eventually(() => expect(backend.count("DELETE")).toBe(1));
  });

  it("answers its 1 call in flight with SESSION_NOT_FOUND, and the backend's answer is not waited for", async () => {
    const { backend, client } = await startFleet();
    backend.on("tools/call", () => {});
    const waiting = client.post(callOf("write"));
    await eventually(() => expect(backend.count("tools/call")).toBe(1));

    await client.send({ method: "DELETE" });

    expect((await waiting).status).toBe(404);
    await eventually(() => expect(backend.clientSessions).toEqual([]));
  });

  it("ends only the latest of 2 backend sessions, since the backend forgot the first", async () => {
    const { backend, client } = await startFleet();
    await client.post(callOf("write"));
    backend.forget();
    await client.post(callOf("write"));
    const [latest] = backend.clientSessions;

    await client.send({ method: "DELETE" });

    await eventually(() => expect(backend.count("DELETE")).toBe(1));
    expect(backend.of("DELETE")[0]?.sessionId).toBe(latest);
  });
});

describe("sessions that expire", () => {
  it("are ended 1 time each at the backend, by whichever of 2 gateways finds them", async () => {
    vi.useFakeTimers({ toFake: ["Date"] });
    onTestFinished(() => void vi.useRealTimers());
    const { backend, client, gateway, others } = await startFleet({
      gateways: 2,
      session: { idleTtl: "10m" },
    });
    const clients = [client, ...(await Promise.all([1, 2].map(() => RawClient.open(gateway.url))))];
    await Promise.all(clients.map((one) => one.post(callOf("write"))));
    for (const other of others) await client.at(other.url).post(callOf("write"));
    const opened = backend.clientSessions;
    expect(opened).toHaveLength(3);

    vi.setSystemTime(Date.now() + 10 * 60_000);
    await eventually(() => expect(backend.clientSessions).toEqual([]));

    const ended = backend.of("DELETE").map(({ sessionId }) => sessionId);
    expect(ended.sort()).toEqual(opened.sort());
    expect((await client.post(callOf("write"))).status).toBe(404);
  });
});
