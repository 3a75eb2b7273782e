import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { nodeSecret, type RedisPasswords } from "../../infra/redis/acl.ts";
import { Engine } from "../../infra/redis/engine.ts";
import { RedisProcess } from "../../testkit/processes/redis.ts";
import { RedisExporter } from "../../testkit/processes/redis-exporter.ts";
import { STORE_ENGINE } from "../../testkit/processes/store-engine.ts";
import { redisStack } from "../../testkit/pulumi/components.ts";

const PASSWORDS: RedisPasswords = {
  gateway: "g",
  replica: "r",
  sentinel: "s",
  peer: "p",
  operator: "o",
  exporter: "e",
};

/** The names of the exporter's metrics in a text. */
const namesIn = (text: string) => [...new Set(text.match(/\bredis_[a-z_]+(?=[{[])/g))].sort();

describe("a monitored store", () => {
  test("is a ServiceMonitor that scrapes the exporter of each server through a headless Service", async () => {
    const labels = { release: "prometheus" };
    const stack = await redisStack({ exporter: { serviceMonitor: true, labels } });
    const service = stack.one("Service", "sessions-redis-metrics");
    const monitor = stack.one("ServiceMonitor", "sessions-redis-monitor");
    expect(service.at("spec")).toMatchObject({
      clusterIP: "None",
      ports: [{ name: "metrics", port: 9121, targetPort: "metrics" }],
    });
    const selected = monitor.map("spec.selector.matchLabels");
    expect(service.at("metadata.labels")).toMatchObject(selected);
    expect(stack.one("Service", "sessions-redis").at("metadata.labels")).not.toMatchObject(
      selected,
    );
    expect(monitor.at("metadata.labels")).toMatchObject(labels);
  });

  test("has nothing of it unless it is asked for", async () => {
    const stack = await redisStack({ exporter: {} });
    const kinds = ["ServiceMonitor", "PrometheusRule"].flatMap((kind) => stack.ofType(kind));
    expect(kinds).toEqual([]);
    const maps = stack.ofType("ConfigMap").map(({ name }) => name);
    expect(maps.filter((name) => name.endsWith("-dashboard"))).toEqual([]);
  });
});

describe.skipIf(!RedisExporter.isHere)("the exporter of a server", () => {
  let server: RedisProcess;
  let exporter: RedisExporter;

  beforeAll(async () => {
    const secret = nodeSecret({
      passwords: PASSWORDS,
      keyPrefix: "mcp-fleet:",
      engine: STORE_ENGINE,
    });
    const users = (secret["users.acl"] ?? "").split("\n").filter((line) => line !== "");
    const open = "user default on nopass ~* &* +@all";
    server = await RedisProcess.server([
      ...users.filter((line) => !/^user default /.test(line)),
      open,
    ]);
    exporter = await RedisExporter.start({
      port: server.port,
      username: "exporter",
      password: "e",
    });
  });

  afterAll(async () => {
    exporter.stop();
    await server.stop();
  });

  test("exports, as the user that it has, all 17 metrics that the alerts and the dashboard read", async () => {
    const stack = await redisStack({ exporter: { serviceMonitor: true, grafanaDashboard: true } });
    const rules = JSON.stringify(stack.one("PrometheusRule", "sessions-redis-alerts").map("spec"));
    const board = stack.one("ConfigMap", "sessions-redis-dashboard").map("data");
    const used = namesIn(`${rules}${board["sessions-redis-dashboard.json"]}`);
    const known = new Set((await exporter.metrics()).match(/(?<=^# TYPE )\S+/gm));
    expect(used).toHaveLength(17);
    expect(used.filter((name) => !known.has(name))).toEqual([]);
  });

  test("is refused nothing that these metrics need", async () => {
    const text = await exporter.metrics();
    expect(text).toMatch(/^redis_up 1$/m);
    expect(text).toMatch(/^redis_config_maxclients \d+$/m);
    expect(text).toMatch(/^redis_instance_info\{.*role="master".*\} 1$/m);
  });
});

test("a dashboard of a store has lines at maxmemory and maxclients", async () => {
  const stack = await redisStack({ exporter: { grafanaDashboard: true }, engine: Engine.Redis });
  const data = stack.one("ConfigMap", "sessions-redis-dashboard");
  expect(data.at("metadata.labels")).toMatchObject({ grafana_dashboard: "1" });
  const { panels } = JSON.parse(String(data.map("data")["sessions-redis-dashboard.json"]));
  const lines = panels.flatMap(
    (panel: { fieldConfig: { defaults: { thresholds?: { steps: { value: number }[] } } } }) =>
      panel.fieldConfig.defaults.thresholds?.steps[1]?.value ?? [],
  );
  const conf = stack.one("ConfigMap", "sessions-redis-limits").map("data");
  expect(Object.values(conf).join()).toContain(`maxclients ${lines[1]}`);
  expect(lines).toHaveLength(2);
});
