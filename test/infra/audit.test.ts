import { bytes } from "@mcp-fleet/contract";
import { describe, expect, test } from "vitest";
import type { AuditArgs } from "../../infra/index.ts";
import { CONTAINER, configurationOf, gatewayStack } from "../../testkit/pulumi/components.ts";
import type { RecordedStack } from "../../testkit/pulumi/recorded-stack.ts";

const stackOf = (audit?: AuditArgs) => gatewayStack({ sessions: 1000, ...(audit && { audit }) });

const memoryOf = (stack: RecordedStack) =>
  bytes(String(stack.one("Deployment", "eng-gateway").at(`${CONTAINER}.resources.limits.memory`)));

describe("a gateway that writes audit events", () => {
  test("has room for 64Mi of them that wait, and as much for what is being written", async () => {
    const without = memoryOf(await stackOf());
    const stack = await stackOf({ enabled: true, queueBytes: "64Mi" });
    // The plan keeps a quarter of a pod's memory free.
    expect(memoryOf(stack) - without).toBeGreaterThanOrEqual(2 * bytes("64Mi"));
    expect(memoryOf(stack) - without).toBeLessThanOrEqual(2 * bytes("64Mi") * 1.4);
  });

  test("has the arguments as its configuration", async () => {
    const stack = await stackOf({
      enabled: true,
      eventTypes: ["mcp_tool_call"],
      redact: ["token"],
    });
    const { audit } = configurationOf(stack, "eng-gateway");
    expect(audit).toEqual({ enabled: true, eventTypes: ["mcp_tool_call"], redact: ["token"] });
  });

  test("needs no room where it writes none", async () => {
    expect(memoryOf(await stackOf({ enabled: false, queueBytes: "64Mi" }))).toBe(
      memoryOf(await stackOf()),
    );
  });
});
