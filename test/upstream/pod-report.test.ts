import { expect, it } from "vitest";
import { startPods } from "../../testkit/processes/pod-fleet.ts";
import { callOf } from "../../testkit/processes/scripted-fleet.ts";
import { eventually } from "../../testkit/vitest/eventually.ts";

it("metrics and /status tell of 3 sessions at 2 pods, a pod that refuses, 1 that drains and 1 memory lost", async () => {
  const fleet = await startPods({ pods: 2, backend: { stateful: true } });
  const [first, second] = fleet.names;
  const adminUrl = fleet.processes[0]?.adminUrl;
  const textAt = async (path: string) => await (await fetch(`${adminUrl}${path}`)).text();
  const podsOf = async () => JSON.parse(await textAt("/status")).backends[0].pods;
  const clients = [await fleet.open(), await fleet.open(), await fleet.open()];
  const pod = (name = "") => `{backend="scripted",pod="${name}"}`;

  const even = await textAt("/metrics");
  expect(even).toContain(`mcp_fleet_pod_sessions${pod(first)} 2\n`);
  expect(even).toContain(`mcp_fleet_pod_sessions${pod(second)} 1\n`);
  expect(even).toContain(`mcp_fleet_pod_pins_total${pod(first)} 2\n`);
  expect(even).toMatch(/mcp_fleet_pod_imbalance\{backend="scripted"\} 1\.33/);
  expect(even).toContain(`mcp_fleet_pod_up${pod(first)} 1\n`);
  expect(await podsOf()).toMatchObject([
    { name: first, address: fleet.pods[0]?.url, state: "up", draining: false, sessions: 2 },
    { name: second, address: fleet.pods[1]?.url, state: "up", draining: false, sessions: 1 },
  ]);

  await fetch(`${adminUrl}/pods/${second}/drain`, { method: "POST" });
  expect((await podsOf())[1]).toMatchObject({ draining: true });
  await fetch(`${adminUrl}/pods/${second}/drain`, { method: "DELETE" });
  await fleet.pods[0]?.stop();
  await eventually(async () => {
    expect((await clients[0]?.post(callOf("write")))?.text).toContain("BACKEND_SESSION_LOST");
  });
  await clients[0]?.post(callOf("write"));
  expect((await podsOf())[0]).toMatchObject({
    state: "gone",
    error: expect.stringContaining("ECONNREFUSED"),
  });
  const lost = await textAt("/metrics");
  expect(lost).toContain(`mcp_fleet_pod_up${pod(first)} 0\n`);
  expect(lost).toContain(`mcp_fleet_pod_sessions${pod(second)} 2\n`);
  expect(lost).toContain('mcp_fleet_upstream_memory_lost_total{backend="scripted"} 1\n');
  expect(lost).toContain('mcp_fleet_upstream_reinitializations_total{backend="scripted"} 1\n');
});
