import { createRequire } from "node:module";
import { describe, expect, test } from "vitest";
import { edited, type Json } from "../../policies/examples/edit.ts";
import { manifest } from "../../policies/examples/manifest.ts";
import { toolHiveStack } from "../../policies/examples/toolhive.ts";
import { Fleet, type Policy, Resource, type ResourceDescription } from "../../policies/index.ts";
import { fanOut } from "../../policies/toolhive/fan-out.ts";
import { sessionCache } from "../../policies/toolhive/session-cache.ts";
import { stdioAlone } from "../../policies/toolhive/stdio-alone.ts";
import { workflowTimeouts } from "../../policies/toolhive/workflow-timeouts.ts";

const { unknownCheckingProxy, unknownStringValue } = createRequire(import.meta.url)(
  "@pulumi/policy/proxy",
);

type Changes = Readonly<Record<string, Json | undefined>>;

const API = "toolhive.stacklok.dev/v1beta1";
const SESSIONS = "metadata.annotations[mcp-fleet.dev/sessions]";

function judged(policy: Policy, stack: readonly ResourceDescription[], settings: object = {}) {
  const resources = stack.map(
    (one) => new Resource({ ...one, props: unknownCheckingProxy(one.props) }),
  );
  return policy.check(new Fleet(resources), settings).map(({ message }) => message);
}

const gateway = (changes: Changes) => edited(toolHiveStack(), "VirtualMCPServer eng", changes);
const server = (changes: Changes) => edited(toolHiveStack(), "MCPServer github", changes);
const workflow = (one: Json) => gateway({ "spec.config.compositeTools": [one] });
const steps = (...list: Json[]) => workflow({ name: "audit", steps: list });

const loop = (changes: Readonly<Record<string, Json>> = {}): Json => ({
  id: "check",
  type: "forEach",
  collection: "{{.params.items}}",
  step: { tool: "github_check" },
  ...changes,
});

describe("stdio-alone", () => {
  test("lets 1 pod speak stdio, and neither 2 proxies nor 2 backends", () => {
    const alone = { "spec.transport": "stdio", "spec.replicas": 1, "spec.backendReplicas": 1 };
    expect(judged(stdioAlone, server(alone))).toEqual([]);
    expect(judged(stdioAlone, server({ ...alone, "spec.replicas": 2 }))).toEqual([
      "MCPServer github: spec.replicas is 2, but transport stdio has a single process; set spec.replicas: 1, or transport: streamable-http",
    ]);
    expect(judged(stdioAlone, server({ ...alone, "spec.backendReplicas": 2 }))).toHaveLength(1);
    expect(judged(stdioAlone, server({ "spec.backendReplicas": 9 }))).toEqual([]);
  });

  test("takes an absent transport for stdio, and absent replicas for 1, as ToolHive does", () => {
    const bare = (spec: Readonly<Record<string, Json>>) => [
      manifest(`${API}:MCPServer`, "bare", { spec: { image: "a:1", ...spec } }),
    ];
    expect(judged(stdioAlone, bare({}))).toEqual([]);
    expect(judged(stdioAlone, bare({ replicas: 2 }))).toHaveLength(1);
    expect(judged(stdioAlone, bare({ transport: "sse", replicas: 2 }))).toEqual([]);
  });

  test("lets 1 session have the process, and 2 only where nothing is kept of them", () => {
    const alone = { "spec.transport": "stdio", "spec.replicas": 1 };
    const stateful = "metadata.annotations[mcp-fleet.dev/stateful]";
    expect(judged(stdioAlone, server({ ...alone, [SESSIONS]: "1" }))).toEqual([]);
    expect(judged(stdioAlone, server({ ...alone, [SESSIONS]: "2" }))[0]).toContain(
      "2 sessions share the state of its single stdio process",
    );
    const both = { ...alone, [SESSIONS]: "2" };
    expect(judged(stdioAlone, server({ ...both, [stateful]: "true" }))).toHaveLength(1);
    expect(judged(stdioAlone, server({ ...both, [stateful]: "false" }))).toEqual([]);
  });

  test("does not pass a transport that is not known", () => {
    const unknown = server({ "spec.transport": unknownStringValue });
    expect(judged(stdioAlone, unknown)[0]).toContain("spec.transport is not known");
  });
});

describe("session-cache", () => {
  const cached = (replicas: number | undefined, sessions: string, settings: object = {}) =>
    judged(sessionCache, gateway({ "spec.replicas": replicas, [SESSIONS]: sessions }), settings);

  test("holds 1,000 sessions in each pod, with one of them lost", () => {
    expect(cached(3, "2000")).toEqual([]);
    expect(cached(3, "2001")).toEqual([
      "VirtualMCPServer eng: 2001 sessions, but 2 of 3 pods can hold only 2 × 1000 = 2000; set spec.replicas: 4",
    ]);
    expect(cached(4, "2001")).toEqual([]);
  });

  test("holds 1,000 in a single pod, which has none to spare", () => {
    expect(cached(1, "1000")).toEqual([]);
    expect(cached(undefined, "1000")).toEqual([]);
    expect(cached(1, "1001")).toHaveLength(1);
    expect(cached(0, "1")).toHaveLength(1);
  });

  test("spares as many pods as somebody says", () => {
    expect(cached(3, "3000", { sparePods: 0 })).toEqual([]);
    expect(cached(3, "1000", { sparePods: 2 })).toEqual([]);
    expect(cached(3, "1001", { sparePods: 2 })).toHaveLength(1);
  });

  test("says nothing where nobody says how many sessions there are, and fails where that is unknown", () => {
    expect(judged(sessionCache, gateway({ [SESSIONS]: undefined }))).toEqual([]);
    expect(cached(2, unknownStringValue)[0]).toContain("is not known before the update");
    expect(cached(2, "many")[0]).toContain("set it to a number");
  });
});

describe("workflow-timeouts", () => {
  test("adds up the levels: 6 steps of 5 min, one after the other, are the 30 min of a workflow, and 7 are more", () => {
    const chain = (length: number) =>
      Array.from({ length }, (_, at) => ({
        id: `s${at}`,
        tool: "github_a",
        ...(at > 0 && { dependsOn: [`s${at - 1}`] }),
      }));
    expect(judged(workflowTimeouts, steps(...chain(6)))).toEqual([]);
    expect(judged(workflowTimeouts, steps(...chain(7)))).toEqual([
      "VirtualMCPServer eng: workflow audit: its steps may take 5m + 5m + 5m + 5m + 5m + 5m + 5m = 35m, level after level, but its timeout is 30m; set timeout: 35m, or shorten the timeouts of its steps",
    ]);
  });

  test("lets 10 steps run side by side, and adds a share of the others", () => {
    const wide = (count: number, timeout: string) =>
      judged(
        workflowTimeouts,
        workflow({
          name: "wide",
          timeout,
          steps: Array.from({ length: count }, (_, at) => ({ id: `s${at}`, tool: "github_a" })),
        }),
      );
    expect(wide(10, "5m")).toEqual([]);
    expect(wide(10, "299s")).toHaveLength(1);
    // 5 min, and a tenth of 10 × 5 min.
    expect(wide(11, "10m")).toEqual([]);
    expect(wide(11, "599s")[0]).toContain(
      "may take 10m = 10m, level after level, but its timeout is 9m59s",
    );
  });

  test("counts a step's retries within its timeout, as ToolHive does", () => {
    const onError = { action: "retry", retryCount: 10, retryDelay: "1m" };
    const one = workflow({
      name: "one",
      timeout: "5m",
      steps: [{ id: "a", tool: "github_a", onError }],
    });
    expect(judged(workflowTimeouts, one)).toEqual([]);
  });

  test("waits 5 min for an answer of the user, and never more than 10", () => {
    const ask = (timeout: string | undefined, whole: string) =>
      judged(
        workflowTimeouts,
        workflow({
          name: "ask",
          timeout: whole,
          steps: [{ id: "a", type: "elicitation", message: "?", ...(timeout && { timeout }) }],
        }),
      );
    expect(ask(undefined, "5m")).toEqual([]);
    expect(ask(undefined, "4m59s")).toHaveLength(1);
    expect(ask("1h", "10m")).toEqual([]);
    expect(ask("1h", "9m59s")).toHaveLength(1);
  });

  test("gives a forEach 10 rounds of 30 s by default, which are its 5 min", () => {
    expect(judged(workflowTimeouts, steps(loop()))).toEqual([]);
    expect(judged(workflowTimeouts, steps(loop({ maxIterations: 0, maxParallel: 0 })))).toEqual([]);
    expect(judged(workflowTimeouts, steps(loop({ maxIterations: 101 })))).toEqual([
      "VirtualMCPServer eng: workflow audit, forEach check: 101 items, 10 at a time: 11 rounds × 30s = 5m30s, but its timeout for all of them is 5m; set timeout: 5m30s, lower maxIterations, or set the timeout of one call at its inner step",
    ]);
    expect(judged(workflowTimeouts, steps(loop({ maxParallel: 9 })))).toHaveLength(1);
    expect(judged(workflowTimeouts, steps(loop({ maxIterations: 101, maxParallel: 11 })))).toEqual(
      [],
    );
  });

  test("stops at the 1,000 items and the 50 at a time that ToolHive stops at", () => {
    const capped = loop({ maxIterations: 5000, maxParallel: 500, timeout: "10m" });
    expect(judged(workflowTimeouts, steps(capped))).toEqual([]);
    const shorter = loop({ maxIterations: 5000, maxParallel: 500, timeout: "599s" });
    expect(judged(workflowTimeouts, steps(shorter))[0]).toContain("1000 items, 50 at a time: 20");
  });

  test("takes a call's longest time from its inner step, the gateway or the setting, in this order", () => {
    const inner = (timeout: string) => loop({ step: { tool: "github_check", timeout } });
    expect(judged(workflowTimeouts, steps(inner("30s")))).toEqual([]);
    expect(judged(workflowTimeouts, steps(inner("31s")))).toHaveLength(1);
    const operational = (seconds: string, step: Json) =>
      edited(steps(step), "VirtualMCPServer eng", {
        "spec.config.operational.timeouts.default": seconds,
      });
    expect(judged(workflowTimeouts, operational("31s", loop()))).toHaveLength(1);
    expect(judged(workflowTimeouts, operational("31s", inner("30s")))).toEqual([]);
    expect(judged(workflowTimeouts, steps(loop()), { callSeconds: 31 })).toHaveLength(1);
    expect(judged(workflowTimeouts, operational("30s", loop()), { callSeconds: 31 })).toEqual([]);
  });

  test("adds the retries of an item, and the back-off between them", () => {
    const retried = (timeout: string) =>
      loop({
        maxIterations: 1,
        timeout,
        step: {
          tool: "github_check",
          timeout: "10s",
          onError: { action: "retry", retryCount: 2, retryDelay: "2s" },
        },
      });
    // 3 × 10 s, and 2 s and 3 s of back-off, half as much again by its jitter.
    expect(judged(workflowTimeouts, steps(retried("37.5s")))).toEqual([]);
    expect(judged(workflowTimeouts, steps(retried("37s")))[0]).toContain("1 rounds × 37s500ms");
  });

  test("counts the longer timeout of a forEach in its workflow", () => {
    const long = { name: "audit", steps: [loop({ timeout: "31m" })] };
    expect(judged(workflowTimeouts, workflow(long))).toHaveLength(1);
    expect(judged(workflowTimeouts, workflow({ ...long, timeout: "31m" }))).toEqual([]);
  });

  test("judges a VirtualMCPCompositeToolDefinition as well", () => {
    const definition = manifest(`${API}:VirtualMCPCompositeToolDefinition`, "audit", {
      spec: { name: "audit", timeout: "4m", steps: [{ id: "a", tool: "github_a" }] },
    });
    expect(judged(workflowTimeouts, [definition])[0]).toContain(
      "VirtualMCPCompositeToolDefinition audit: workflow audit: its steps",
    );
  });

  test.each([
    ["1h30m", true],
    ["1800s", true],
    ["1.5h", true],
    ["1800000ms", true],
    ["29m59.9s", false],
    ["1000000us", false],
  ])("reads the timeout %s as Go does", (timeout, isEnough) => {
    const long = { id: "a", tool: "github_a", timeout: "30m" };
    const messages = judged(workflowTimeouts, workflow({ name: "one", timeout, steps: [long] }));
    expect(messages).toHaveLength(isEnough ? 0 : 1);
  });

  test("does not pass what is no duration, is not known, or waits for itself", () => {
    const timeout = (value: Json) =>
      judged(workflowTimeouts, steps({ id: "a", tool: "github_a", timeout: value }));
    expect(timeout("soon")[0]).toContain("steps[0].timeout must be a Go duration");
    expect(timeout(30)[0]).toContain("must be a Go duration");
    expect(timeout(unknownStringValue)[0]).toContain("steps[0].timeout is not known");
    const circle = steps(
      { id: "a", tool: "github_a", dependsOn: ["b"] },
      { id: "b", tool: "github_a", dependsOn: ["a"] },
      { id: "c", tool: "github_a" },
    );
    expect(judged(workflowTimeouts, circle)[0]).toContain("the steps a, b depend on each other");
    const nowhere = steps({ id: "a", tool: "github_a", dependsOn: ["z"] });
    expect(judged(workflowTimeouts, nowhere)).toHaveLength(1);
  });
});

describe("fan-out", () => {
  const calls = (maxParallel: number, changes: Changes = {}, settings: object = {}) =>
    judged(fanOut, edited(steps(loop({ maxParallel })), "MCPServer github", changes), settings);

  test("sends 10 calls at a time to 1 process, and not 11", () => {
    expect(calls(10)).toEqual([]);
    expect(calls(11)).toEqual([
      "VirtualMCPServer eng: workflow audit: 11 concurrent calls to MCPServer github, but its 1 process serves 1 × 10 = 10; lower maxParallel so that at most 10 run concurrently, or raise backendReplicas",
    ]);
  });

  test("counts backendReplicas, but for stdio, which has one process", () => {
    expect(calls(20, { "spec.backendReplicas": 2 })).toEqual([]);
    expect(calls(21, { "spec.backendReplicas": 2 })).toHaveLength(1);
    const stdio = calls(11, { "spec.backendReplicas": 2, "spec.transport": "stdio" });
    expect(stdio).toHaveLength(1);
    expect(stdio[0]).not.toContain("backendReplicas");
    expect(calls(10, { "spec.backendReplicas": undefined })).toEqual([]);
  });

  test("takes what was measured of a pod, and how many workflows run at a time", () => {
    expect(calls(50, {}, { callsPerReplica: 50 })).toEqual([]);
    expect(calls(11, {}, { callsPerReplica: 10 })).toHaveLength(1);
    expect(calls(5, {}, { workflowsAtATime: 2 })).toEqual([]);
    expect(calls(6, {}, { workflowsAtATime: 2 })[0]).toContain(
      "12 concurrent calls (6 × 2 workflows)",
    );
  });

  test("adds up what runs side by side, 10 steps at a time, and not what runs in turn", () => {
    const beside = loop({ id: "other", maxParallel: 6 });
    const then = loop({ id: "other", maxParallel: 6, dependsOn: ["check"] });
    const first = loop({ maxParallel: 5 });
    expect(judged(fanOut, steps(first, beside))[0]).toContain("11 concurrent calls");
    expect(judged(fanOut, steps(first, then))).toEqual([]);
    const many = Array.from({ length: 11 }, (_, at) => ({ id: `s${at}`, tool: "github_a" }));
    expect(judged(fanOut, steps(...many))).toEqual([]);
    expect(judged(fanOut, steps(...many), { callsPerReplica: 9 })[0]).toContain(
      "10 concurrent calls",
    );
  });

  test("makes no more calls at a time than there are items", () => {
    expect(judged(fanOut, steps(loop({ maxParallel: 50, maxIterations: 10 })))).toEqual([]);
  });

  test("finds the server by the prefix of the gateway, by a dot, and by its longest name", () => {
    const tool = (name: string, changes: Changes = {}) =>
      judged(
        fanOut,
        edited(
          steps(loop({ maxParallel: 11, step: { tool: name } })),
          "VirtualMCPServer eng",
          changes,
        ),
      );
    expect(tool("github.check")).toHaveLength(1);
    expect(tool("wiki_check")).toEqual([]);
    const format = "spec.config.aggregation.conflictResolutionConfig.prefixFormat";
    expect(tool("github-check", { [format]: "{workload}-" })).toHaveLength(1);
    expect(tool("github_check", { [format]: "{workload}-" })).toEqual([]);
    const enterprise = manifest(`${API}:MCPServer`, "github_enterprise", {
      spec: {
        groupRef: { name: "engineering" },
        image: "a:1",
        transport: "streamable-http",
        backendReplicas: 5,
      },
    });
    const stack = steps(loop({ maxParallel: 50, step: { tool: "github_enterprise_check" } }));
    expect(judged(fanOut, [...stack, enterprise])).toEqual([]);
  });

  test("leaves servers of other groups and namespaces to others", () => {
    expect(calls(50, { "spec.groupRef.name": "sales" })).toEqual([]);
    expect(calls(50, { "metadata.namespace": "other" })).toEqual([]);
  });

  test("judges the definitions that a gateway names", () => {
    const definition = manifest(`${API}:VirtualMCPCompositeToolDefinition`, "shared", {
      spec: { name: "shared", steps: [loop({ maxParallel: 11 })] },
    });
    expect(judged(fanOut, [...toolHiveStack(), definition])).toEqual([]);
    const named = gateway({ "spec.config.compositeToolRefs": [{ name: "shared" }] });
    expect(judged(fanOut, [...named, definition])[0]).toContain(
      "workflow shared: 11 concurrent calls",
    );
  });

  test("does not pass replicas or maxParallel that are not known", () => {
    expect(calls(10, { "spec.backendReplicas": unknownStringValue })[0]).toContain("is not known");
    const unknown = steps(loop({ maxParallel: unknownStringValue }));
    expect(judged(fanOut, unknown)[0]).toContain("maxParallel is not known");
  });
});
