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
