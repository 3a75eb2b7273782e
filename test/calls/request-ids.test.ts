import { describe, expect, it } from "vitest";
import { callOf, messageOf, startFleet, textOf } from "../../testkit/processes/scripted-fleet.ts";
import { eventually } from "../../testkit/vitest/eventually.ts";

const OURS = 2 ** 30;

describe("the ids that a backend sees", () => {
  it("are numbers for every request of the gateway's own, none of them twice in a session", async () => {
    const { backend, client } = await startFleet();
    await client.post(callOf("write"));

    const own = backend.received.filter(
      ({ client: by, kind, message }) =>
        message.id !== undefined && (by === "mcp-fleet" || kind === "initialize"),
    );
    const ids = own.map(({ message }) => Number(message.id));
    expect(ids.length).toBeGreaterThanOrEqual(5);
    for (const id of ids) expect(id >= OURS && id < 2 * OURS).toBe(true);
    expect(new Set(ids).size).toBe(ids.length);
  });

  it("are a client's own, but for one of ours: the answer comes back under the client's", async () => {
    const { backend, client } = await startFleet();
    const ids = [1, OURS - 1, OURS, 2 * OURS - 1, 2 * OURS];
    for (const id of ids) {
      const answer = await client.post(callOf("write", id));
      expect(textOf(answer)).toBe("write for raw");
      expect(messageOf(answer).id).toBe(id);
    }

    const seen = backend.of("tools/call").map(({ message }) => message.id);
    expect(seen).toEqual([1, OURS - 1, 2 * OURS, 3 * OURS - 1, 3 * OURS]);
  });

  it("are the same in a cancellation of one of ours that comes to another pod", async () => {
    const { backend, client, others } = await startFleet({ gateways: 2 });
    const [there] = others;
    if (there === undefined) throw new Error("no second gateway");
    backend.on("tools/call", (exchange) => exchange.closed());
    const call = client.post(callOf("write", OURS + 7));
    await eventually(() => expect(backend.count("tools/call")).toBe(1));

    const params = { requestId: OURS + 7 };
    const cancelled = { jsonrpc: "2.0", method: "notifications/cancelled", params };
    await client.at(there.url).post(JSON.stringify(cancelled));

    await call;
    const heard = backend.of("notifications/cancelled").map((one) => one.params.requestId);
    expect(heard).toEqual([2 * OURS + 7]);
    expect(backend.of("tools/call")[0]?.message.id).toBe(2 * OURS + 7);
  });
});
