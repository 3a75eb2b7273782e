import { createServer, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { expect, onTestFinished, test } from "vitest";
import { ByteBudget } from "../../runtime/async/byte-budget.ts";
import { Endpoint } from "../../runtime/upstream/endpoints/endpoint.ts";
import { EndpointHealth } from "../../runtime/upstream/endpoints/endpoint-health.ts";

/** A pod that holds every call until it is told to answer. */
async function heldPod() {
  const held: ServerResponse[] = [];
  const server = createServer((request, response) => {
    request.resume();
    held.push(response);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  const { port } = server.address() as AddressInfo;
  return { held, url: `http://127.0.0.1:${port}/mcp` };
}

test("a pod with 3 calls in flight whose share becomes 1 finishes them, and then gets 1 at a time", async () => {
  const { held, url } = await heldPod();
  const health = new EndpointHealth({ threshold: 3, lossAfterMs: 10_000 });
  const address = { name: "counter-0", url };
  const messageLimits = { maxBytes: 1_024, budget: new ByteBudget(4_096, 1_024) };
  const endpoint = new Endpoint({
    address,
    health,
    connections: 3,
    messageLimits,
    connect: () => ({}),
  });
  onTestFinished(() => endpoint.destroy(new Error("the test is over")));
  const call = async () => {
    const { signal } = new AbortController();
    const response = await endpoint.request({ method: "POST", headers: {}, body: "{}", signal });
    for await (const _ of response.body);
    return response.statusCode;
  };
  const calls = [call(), call(), call()];
  await expect.poll(() => held.length).toBe(3);
  const retired = endpoint.limitConnections(1);
  calls.push(call(), call());
  await expect.poll(() => held.length).toBe(4);
  expect(endpoint.outstanding).toBe(5);
  for (const response of held.splice(0)) response.end("{}");
  await retired;
  // The fifth call had to wait for the fourth.
  await expect.poll(() => held.length).toBe(1);
  held[0]?.end("{}");
  expect(await Promise.all(calls)).toEqual([200, 200, 200, 200, 200]);
});
