import { describe, expect, it } from "vitest";
import { callOf, startFleet } from "../../testkit/processes/scripted-fleet.ts";
import { eventually } from "../../testkit/vitest/eventually.ts";

const UPDATED = {
  jsonrpc: "2.0",
  method: "notifications/resources/updated",
  params: { uri: "a:1" },
};

describe("the stream of a session with 1 subscription", () => {
  it("is opened again, without a call, after its backend refused it twice with 503", async () => {
    const { backend, client } = await startFleet();
    const stream = await client.stream();
    await client.post(callOf("write"));
    const params = { uri: "a:1" };
    const subscribe = { jsonrpc: "2.0", id: 2, method: "resources/subscribe", params };
    await client.post(JSON.stringify(subscribe));
    await eventually(() => expect(backend.count("GET")).toBe(1));

    backend.on("GET", (exchange) => {
      const refused = exchange.received.client === "raw" && backend.count("GET") <= 3;
      if (refused) exchange.status(503);
      else backend.openStream(exchange);
    });
    backend.endStreams();

    await eventually(() => expect(backend.count("GET")).toBe(4));
    await backend.announce(UPDATED);
    expect(JSON.parse((await stream.next()) ?? "{}")).toEqual(UPDATED);
    stream.leave();
  });
});
