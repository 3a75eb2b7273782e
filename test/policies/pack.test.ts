import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { gatewayStack, proxyStack } from "../../policies/examples/gateway.ts";
import { redisStack } from "../../policies/examples/redis.ts";
import { serverStack } from "../../policies/examples/server.ts";
import { POLICIES } from "../../policies/index.ts";
import { PolicyPack } from "../../testkit/pulumi/policy-pack.ts";

let pack: PolicyPack;

beforeAll(async () => {
  pack = await PolicyPack.start();
});
afterAll(() => pack?.stop());

describe("the policy pack, asked as the engine asks it", () => {
  test.each(POLICIES.map((policy) => [policy.name, policy] as const))(
    "%s: finds fault with the stack that violates it, at its level and with its message",
    async (name, { examples, level }) => {
      const found = (await pack.judge(examples.fails)).filter(({ policy }) => policy === name);
      expect(new Set(found.map((one) => one.level))).toEqual(new Set([level]));
      expect(found.map(({ message }) => message).join("\n")).toContain(examples.says);
    },
  );

  test.each(POLICIES.map((policy) => [policy.name, policy] as const))(
    "%s: finds no fault with the stack that keeps to it",
    async (name, { examples }) => {
      const found = await pack.judge(examples.passes);
      expect(found.filter(({ policy }) => policy === name)).toEqual([]);
    },
  );

  test("finds 0 faults with a gateway, proxies, a server and a store that are written by hand", async () => {
    const stack = [...gatewayStack(), ...proxyStack(), ...serverStack(), ...redisStack()];
    expect(await pack.judge(stack)).toEqual([]);
  });

  test("says of a fault in a stack which of its resources it is in", async () => {
    const [policy] = POLICIES.filter(({ name }) => name === "key-prefixes-apart");
    const { fails = [] } = policy?.examples ?? {};
    const found = await pack.judge(fails);
    expect(fails.map(({ urn }) => urn)).toContain(found.at(0)?.urn);
  });
});
