import { expect, test } from "vitest";
import { gatewayStack } from "../../testkit/pulumi/components.ts";

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
