import { describe, expect, it, onTestFinished } from "vitest";
import { RawClient } from "../../testkit/clients/raw-client.ts";
import { startGateway } from "../../testkit/processes/gateway.ts";
import { callOf, startFleet } from "../../testkit/processes/scripted-fleet.ts";
import { ScriptedBackend } from "../../testkit/servers/scripted-backend.ts";
import { eventually } from "../../testkit/vitest/eventually.ts";

function cancelOf(requestId: number | string): string {
  const params = { requestId, reason: "enough" };
  return JSON.stringify({ jsonrpc: "2.0", method: "notifications/cancelled", params });
}

const twin = async (gateways: number) => {
  const fleet = await startFleet({ gateways });
  fleet.backend.on("tools/call", () => {});
  return fleet;
};

describe("a call that the client cancels", () => {
  for (const id of [7, "seven"]) {
    it(`ends with 0 events, and the backend hears of ${JSON.stringify(id)} as it is`, async () => {
      const { backend, client } = await twin(1);
      const waiting = client.post(callOf("read", id));
      await eventually(() => expect(backend.count("tools/call")).toBe(1));

      const cancelled = await client.post(cancelOf(id));
      const answer = await waiting;

      expect(cancelled.status).toBe(202);
      expect(answer.status).toBe(200);
      expect(answer.headers["content-type"]).toBe("text/event-stream");
      expect(answer.text).toBe("");
      expect(backend.of("notifications/cancelled").map(({ params }) => params)).toEqual([
        { requestId: id, reason: "enough" },
      ]);
    });
  }

  it("is not sent again where the backend then breaks off: 1 request of a tool that may run twice", async () => {
    const { backend, client } = await startFleet();
    const broken = Promise.withResolvers<void>();
    backend.on("tools/call", async (exchange) => {
      await broken.promise;
      exchange.reset();
    });
    backend.on("notifications/cancelled", (exchange) => {
      broken.resolve();
      exchange.status(202);
    });
    const waiting = client.post(callOf("read", 1));
    await eventually(() => expect(backend.count("tools/call")).toBe(1));

    await client.post(cancelOf(1));

    expect((await waiting).text).toBe("");
    expect(backend.count("tools/call")).toBe(1);
  });

  it("ends at once although 1 backend never answers the cancellation", async () => {
    const { backend, client } = await twin(1);
    backend.on("notifications/cancelled", () => {});
    const waiting = client.post(callOf("read", 1));
    await eventually(() => expect(backend.count("tools/call")).toBe(1));

    const cancelling = client.post(cancelOf(1)).catch(() => {});

    expect((await waiting).text).toBe("");
    await eventually(() => expect(backend.count("notifications/cancelled")).toBe(1));
    void cancelling;
  });

  it("is heard of by each of 2 backends that the session has opened, and by no third", async () => {
    const backends = await Promise.all([1, 2, 3].map(() => ScriptedBackend.start()));
    onTestFinished(() => void Promise.all(backends.map((backend) => backend.stop())));
    const gateway = await startGateway({
      backends: backends.map(({ url }, index) => ({ name: `b${index}`, url })),
    });
    onTestFinished(() => gateway.close());
    const client = await RawClient.open(gateway.url);
    await client.post(callOf("b0_write", 1));
    backends[1]?.on("tools/call", () => {});
    const waiting = client.post(callOf("b1_write", 2));
    await eventually(() => expect(backends[1]?.count("tools/call")).toBe(1));

    await client.post(cancelOf(2));
    await waiting;

    expect(backends.map((backend) => backend.count("notifications/cancelled"))).toEqual([1, 1, 0]);
  });

  it("is heard of by the backend where the cancellation reaches another gateway", async () => {
    const { backend, client, others } = await twin(2);
    const waiting = client.post(callOf("write", 3)).catch(() => {});
    await eventually(() => expect(backend.count("tools/call")).toBe(1));

    for (const gateway of others) await client.at(gateway.url).post(cancelOf(3));

    expect(backend.of("notifications/cancelled").map(({ params }) => params)).toEqual([
      { requestId: 3, reason: "enough" },
    ]);
    await client.send({ method: "DELETE" });
    await waiting;
  });

  it("leaves the session as it was: the next of 2 calls with the same id is answered", async () => {
    const { backend, client } = await startFleet();
    backend.once("tools/call", () => {});
    const waiting = client.post(callOf("write", 1));
    await eventually(() => expect(backend.count("tools/call")).toBe(1));
    await client.post(cancelOf(1));
    await waiting;

    const answer = await client.post(callOf("write", 1));

    expect(answer.text).toContain("write for raw");
    expect(backend.count("initialize")).toBe(1);
  });
});

describe("a cancellation of nothing", () => {
  it("is accepted with 202 and told to the 1 open backend, which may still run it", async () => {
    const { backend, client } = await startFleet();
    await client.post(callOf("write"));

    const answer = await client.post(cancelOf(99));

    expect(answer.status).toBe(202);
    expect(backend.count("notifications/cancelled")).toBe(1);
  });
});
