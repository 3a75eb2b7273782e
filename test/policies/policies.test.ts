import { describe, expect, test } from "vitest";
import { gatewayStack, proxyStack } from "../../policies/examples/gateway.ts";
import { redisStack } from "../../policies/examples/redis.ts";
import { serverStack } from "../../policies/examples/server.ts";
import { toolHiveStack } from "../../policies/examples/toolhive.ts";
import { Fleet, POLICIES, Resource, type ResourceDescription } from "../../policies/index.ts";

const fleetOf = (stack: readonly ResourceDescription[]) =>
  new Fleet(stack.map((description) => new Resource(description)));

describe.each(POLICIES.map((policy) => [policy.name, policy] as const))("%s", (_, policy) => {
  test("passes the one of its stacks, and says of the other what is wrong", () => {
    const { passes, fails, says } = policy.examples;
    expect(policy.check(fleetOf(passes))).toEqual([]);
    const messages = policy.check(fleetOf(fails)).map(({ message }) => message);
    expect(messages.join("\n")).toContain(says);
  });

  test("judges something of the stack that passes", () => {
    // A policy that finds no subject would pass everything.
    const { passes } = policy.examples;
    expect(policy.subjectsOf(fleetOf(passes)).length).toBeGreaterThan(0);
  });
});

test("policies have names of their own, in small letters and dashes", () => {
  const names = POLICIES.map(({ name }) => name);
  expect(new Set(names).size).toBe(names.length);
  expect(names.filter((name) => !/^[a-z]+(-[a-z]+)*$/.test(name))).toEqual([]);
});

test("those that are not mandatory say why", () => {
  const silent = POLICIES.filter(
    ({ level, advisoryBecause }) => (level === "advisory") !== (advisoryBecause !== undefined),
  );
  expect(silent.map(({ name }) => name)).toEqual([]);
});

test("a gateway, proxies, a server and a store that are written by hand pass every policy together", () => {
  const stack = [...gatewayStack(), ...proxyStack(), ...serverStack(), ...redisStack()];
  const found = POLICIES.flatMap((policy) => policy.check(fleetOf(stack)));
  expect(found.map(({ message }) => message)).toEqual([]);
});

test("ToolHive's resources, written well and with their Redis declared, pass every policy together", () => {
  const configured = { externalStores: ["redis.mcp.svc.cluster.local"] };
  const found = POLICIES.flatMap((policy) => policy.check(fleetOf(toolHiveStack()), configured));
  expect(found.map(({ message }) => message)).toEqual([]);
});
