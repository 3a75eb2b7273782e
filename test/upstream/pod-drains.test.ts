import { describe, expect, it } from "vitest";
import { type PodFleet, startPods } from "../../testkit/processes/pod-fleet.ts";
import { callOf, textOf } from "../../testkit/processes/scripted-fleet.ts";
import { eventually } from "../../testkit/vitest/eventually.ts";

async function ask(
  fleet: PodFleet,
  method: "POST" | "DELETE",
  pod: string | undefined,
  { process = 0, token }: { process?: number; token?: string } = {},
) {
  const url = `${fleet.processes[process]?.adminUrl}/pods/${pod}/drain`;
  const headers: Record<string, string> =
    token === undefined ? {} : { authorization: `Bearer ${token}` };
  const response = await fetch(url, { method, headers });
  const text = await response.text();
  return { status: response.status, body: text === "" ? undefined : JSON.parse(text) };
}

const counts = ({ pods }: PodFleet) => pods.map(({ clientSessions }) => clientSessions.length);

describe("a pod that drains", () => {
  it("gets none of 6 new sessions, at either of 2 processes, until that is undone", async () => {
    const fleet = await startPods({ processes: 2, backend: { stateful: true } });
    const [pod] = fleet.names;
    expect(await ask(fleet, "POST", pod)).toEqual({
      status: 202,
      body: { pod, backends: ["scripted"], sessions: 0 },
    });
    for (let index = 0; index < 6; index += 1) await fleet.open(index % 2);
    expect(counts(fleet)).toEqual([0, 3, 3]);
    expect(await ask(fleet, "DELETE", pod, { process: 1 })).toMatchObject({ status: 204 });
    for (let index = 0; index < 3; index += 1) await fleet.open(index % 2);
    expect(counts(fleet)).toEqual([3, 3, 3]);
  });

  it("keeps the 2 sessions of a stateful server, and goes on answering them", async () => {
    const fleet = await startPods({ pods: 1, backend: { stateful: true } });
    const clients = [await fleet.open(), await fleet.open()];
    expect(await ask(fleet, "POST", fleet.names[0])).toMatchObject({ body: { sessions: 2 } });
    for (const client of clients)
      expect(textOf(await client.post(callOf("write")))).toBe(fleet.names[0]);
    expect(counts(fleet)).toEqual([2]);
  });

  it("loses its 3 sessions without memory to the other pod, those that nobody calls too", async () => {
    const fleet = await startPods({ pods: 2 });
    const clients = await Promise.all(Array.from({ length: 6 }, () => fleet.open()));
    expect(counts(fleet)).toEqual([3, 3]);
    expect(await ask(fleet, "POST", fleet.names[0])).toMatchObject({ body: { sessions: 3 } });
    await eventually(() => expect(counts(fleet)).toEqual([0, 6]));
    for (const client of clients)
      expect(textOf(await client.post(callOf("write")))).toBe(fleet.names[1]);
    expect(fleet.pods[0]?.count("DELETE")).toBe(3);
  });

  it("lets a call finish first that runs in a session on another process, and a call that comes meanwhile goes to the new pod", async () => {
    const fleet = await startPods({ pods: 2, processes: 2 });
    const client = await fleet.open();
    const finish = Promise.withResolvers<void>();
    fleet.pods[0]?.once("tools/call", async (exchange) => {
      await finish.promise;
      exchange.result({ content: [{ type: "text", text: "finished at the old pod" }] });
    });
    const running = fleet.at(client, 1).post(callOf("write", 1));
    await eventually(() => expect(fleet.pods[0]?.count("tools/call")).toBe(1));
    await ask(fleet, "POST", fleet.names[0]);
    const meanwhile = client.post(callOf("write", 2));
    const [key = ""] = await fleet.store.pods.sessionsOn("scripted", fleet.names[0] ?? "", 1);
    await eventually(async () => expect(await fleet.store.leases.isTaken(key, "busy:")).toBe(true));
    // The move has waited for processes that had not heard of it, and goes on looking for those that hold it up.
    const looks = () =>
      fleet.operations.filter((operation) => operation === "leases.isTaken").length;
    await eventually(() => expect(looks()).toBeGreaterThan(3));
    expect(fleet.pods[0]?.count("DELETE")).toBe(0);
    finish.resolve();
    expect(textOf(await running)).toBe("finished at the old pod");
    expect(textOf(await meanwhile)).toBe(fleet.names[1]);
    expect(counts(fleet)).toEqual([0, 1]);
  });

  it("keeps the session of a server that answers DELETE with 405", async () => {
    const fleet = await startPods({ pods: 2 });
    const client = await fleet.open();
    fleet.pods[0]?.on("DELETE", (exchange) => exchange.status(405));
    await ask(fleet, "POST", fleet.names[0]);
    await eventually(() => expect(fleet.pods[0]?.count("DELETE")).toBe(1));
    expect(textOf(await client.post(callOf("write")))).toBe(fleet.names[0]);
    expect(counts(fleet)).toEqual([1, 0]);
  });

  it("that nobody has is a 404 with the names of the 3 that there are", async () => {
    const fleet = await startPods();
    const { status, body } = await ask(fleet, "POST", "counter-9");
    expect(status).toBe(404);
    expect(body.error).toBe(`no backend has a pod counter-9; there are: ${fleet.names.join(", ")}`);
  });

  it("is drained by nobody without the token, where there is one", async () => {
    const fleet = await startPods({ adminToken: "secret" });
    const [pod] = fleet.names;
    expect((await ask(fleet, "POST", pod)).status).toBe(401);
    expect((await ask(fleet, "POST", pod, { token: "guess" })).status).toBe(401);
    expect((await ask(fleet, "POST", pod, { token: "secret" })).status).toBe(202);
    expect((await ask(fleet, "DELETE", pod)).status).toBe(401);
  });
});
