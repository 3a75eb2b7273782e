import { createRequire } from "node:module";
import { expect, test } from "vitest";
import { gatewayStack } from "../../testkit/pulumi/components.ts";

const loaded = () =>
  Object.keys(createRequire(import.meta.url).cache).filter((file) => file.includes("@grafana/"));

test("the library of dashboards is loaded where one is asked for, and with nothing else", async () => {
  await gatewayStack({ monitoring: { serviceMonitor: true } });
  expect(loaded()).toEqual([]);
  await gatewayStack({ monitoring: { grafanaDashboard: true } });
  expect(loaded().length).toBeGreaterThan(0);
});

async function dashboardIn(namespace: string): Promise<string> {
  const stack = await gatewayStack({ namespace, monitoring: { grafanaDashboard: true } });
  const data = stack.one("ConfigMap", "eng-gateway-dashboard").map("data");
  return String(data["eng-gateway-dashboard.json"]);
}

test("dashboards of two namespaces have ids and queries of their own", async () => {
  const one = await dashboardIn("a");
  const other = await dashboardIn("b");
  expect(JSON.parse(one).uid).not.toBe(JSON.parse(other).uid);
  expect(one).toContain('namespace=\\"a\\"');
  expect(other).not.toContain('namespace=\\"a\\"');
});
