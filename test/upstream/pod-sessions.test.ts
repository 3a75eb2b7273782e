import { describe, expect, it } from "vitest";
import type { RawClient } from "../../testkit/clients/raw-client.ts";
import { type PodFleet, startPods } from "../../testkit/processes/pod-fleet.ts";
import { callOf, messageOf, textOf } from "../../testkit/processes/scripted-fleet.ts";
import { eventually } from "../../testkit/vitest/eventually.ts";

const RENEWED = "mcp-fleet/backendSessionRenewed";

/** The pod that answers a call, or the name of the error. */
async function call(client: RawClient): Promise<unknown> {
  const answer = await client.post(callOf("write"));
  const { error } = messageOf(answer);
  const data: { error?: string } = Object(error?.data);
  return error === undefined ? textOf(answer) : data.error;
}

const sessionsOf = ({ pods }: PodFleet) => pods.map(({ clientSessions }) => clientSessions.length);

describe("sessions that stay with their pod", () => {
  it("are 300 over 3 pods, 100 each, though 2 processes open 30 at a time", async () => {
    const fleet = await startPods({ processes: 2 });
    for (let opened = 0; opened < 300; opened += 30) {
      await Promise.all(Array.from({ length: 30 }, (_, index) => fleet.open(index % 2)));
    }
    expect(sessionsOf(fleet)).toEqual([100, 100, 100]);
  });

  it("begin at the first pod where all are equally full", async () => {
    const fleet = await startPods();
    const client = await fleet.open();
    expect(await call(client)).toBe(fleet.names[0]);
  });

  it("get 10 calls at their one pod, through either of 2 processes", async () => {
    const fleet = await startPods({ processes: 2 });
    await fleet.open();
    const client = await fleet.open();
    const twin = fleet.at(client, 1);
    const answers = [];
    for (let turn = 0; turn < 5; turn += 1) answers.push(await call(client), await call(twin));
    expect(new Set(answers)).toEqual(new Set([fleet.names[1]]));
    expect(sessionsOf(fleet)).toEqual([1, 1, 0]);
  });

  it("are opened at the other 2 pods where the first one refuses, and none is lost", async () => {
    const fleet = await startPods();
    await fleet.pods[0]?.stop();
    const clients = await Promise.all(Array.from({ length: 10 }, () => fleet.open()));
    const answers = await Promise.all(clients.map(call));
    expect(answers.filter((pod) => pod === fleet.names[1])).toHaveLength(5);
    expect(answers.filter((pod) => pod === fleet.names[2])).toHaveLength(5);
  });

  it("are opened at the other pod where the first one answers initialize with 503", async () => {
    const fleet = await startPods({ pods: 2 });
    fleet.pods[0]?.on("initialize", (exchange) => exchange.status(503));
    const clients = [await fleet.open(), await fleet.open()];
    expect(await Promise.all(clients.map(call))).toEqual([fleet.names[1], fleet.names[1]]);
    expect(await fleet.store.pods.count("scripted", fleet.names)).toEqual([0, 2]);
  });

  it("are refused with BACKEND_UNREACHABLE where no pod answers, and nothing is left of them", async () => {
    const fleet = await startPods({ pods: 2 });
    await Promise.all(fleet.pods.map((pod) => pod.stop()));
    await expect(fleet.open()).rejects.toThrow("BACKEND_UNREACHABLE");
    expect(await fleet.store.sessions.count()).toBe(0);
  });
});

describe("a pod that is gone", () => {
  it("costs each of its sessions 1 BACKEND_SESSION_LOST where the server is stateful, then 1 mark, and no other pod's a call", async () => {
    const fleet = await startPods({ pods: 2, backend: { stateful: true } });
    const clients = [await fleet.open(), await fleet.open()];
    expect(await Promise.all(clients.map(call))).toEqual(fleet.names);
    await fleet.pods[0]?.stop();

    const [lost, other] = clients;
    if (lost === undefined || other === undefined) throw new Error("no clients");
    const seen: unknown[] = [];
    await eventually(async () => {
      seen.push(await call(lost));
      expect(await call(other)).toBe(fleet.names[1]);
      expect(seen.at(-1)).toBe("BACKEND_SESSION_LOST");
    });
    // Before it is gone it may come back.
    expect(new Set(seen.slice(0, -1))).toEqual(new Set(["BACKEND_UNREACHABLE"]));

    const answer = messageOf(await lost.post(callOf("write")));
    expect(answer.result?.content?.[0]?.text).toBe(fleet.names[1]);
    expect(answer.result?._meta).toEqual({ [RENEWED]: { backend: "scripted" } });
    expect(messageOf(await lost.post(callOf("write"))).result?._meta).toBeUndefined();
  });

  it("is replaced without a word of error where the server is not stateful", async () => {
    const fleet = await startPods({ pods: 2, backend: { stateful: false } });
    const client = await fleet.open();
    await fleet.pods[0]?.stop();
    const seen: unknown[] = [];
    await eventually(async () => {
      seen.push(await call(client));
      expect(seen.at(-1)).toBe(fleet.names[1]);
    });
    expect(new Set(seen.slice(0, -1))).toEqual(new Set(["BACKEND_UNREACHABLE"]));
  });

  it("is told of on the client's stream too, by 1 warning", async () => {
    const fleet = await startPods({ pods: 2, backend: { stateful: false } });
    const client = await fleet.open();
    await call(client);
    const stream = await client.stream();
    fleet.pods[0]?.forget();
    expect(await call(client)).toBe(fleet.names[0]);
    expect(JSON.parse((await stream.next()) ?? "")).toMatchObject({
      method: "notifications/message",
      params: { level: "warning", logger: "mcp-fleet", data: { backend: "scripted" } },
    });
    stream.leave();
  });

  it("that comes back under its name without its memory has lost it all the same", async () => {
    const fleet = await startPods({ pods: 2, backend: { stateful: true } });
    const client = await fleet.open();
    expect(await call(client)).toBe(fleet.names[0]);
    await fleet.pods[0]?.stop();
    fleet.pods[0]?.forget();
    await fleet.pods[0]?.listen();
    const seen: unknown[] = [];
    await eventually(async () => {
      seen.push(await call(client));
      expect(seen.at(-1)).toBe("BACKEND_SESSION_LOST");
    });
    expect(fleet.names).toContain(await call(client));
  });
});

describe("calls that are spread", () => {
  it("go to the least busy of 2 pods, and from one that refuses to the other", async () => {
    const fleet = await startPods({ pods: 2, backend: { routing: "spread" } });
    // Servers that keep no sessions.
    for (const pod of fleet.pods) {
      pod.on("initialize", (exchange) =>
        exchange.result({ protocolVersion: "2025-11-25", capabilities: {}, serverInfo: {} }),
      );
      const name = new URL(pod.url).host;
      pod.on("tools/call", (exchange) =>
        exchange.result({ content: [{ type: "text", text: name }] }),
      );
    }
    const client = await fleet.open();
    const answers = [];
    for (let turn = 0; turn < 6; turn += 1) answers.push(await call(client));
    expect(new Set(answers)).toEqual(new Set(fleet.names));
    await fleet.pods[0]?.stop();
    for (let turn = 0; turn < 6; turn += 1) expect(await call(client)).toBe(fleet.names[1]);
  });

  it("stay with the pod that gave the session an id", async () => {
    const fleet = await startPods({ backend: { routing: "spread" } });
    const client = await fleet.open();
    const answers = [];
    for (let turn = 0; turn < 6; turn += 1) answers.push(await call(client));
    expect(new Set(answers).size).toBe(1);
  });
});
