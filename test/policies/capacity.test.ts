import { createRequire } from "node:module";
import { completed, processPlan } from "@mcp-fleet/contract/capacity";
import { describe, expect, test } from "vitest";
import { autoscaledStack } from "../../policies/examples/autoscaled.ts";
import { edited, type Json, withFacts, without } from "../../policies/examples/edit.ts";
import { gatewayStack, proxyStack } from "../../policies/examples/gateway.ts";
import { manifest } from "../../policies/examples/manifest.ts";
import { redisStack } from "../../policies/examples/redis.ts";
import { serverStack } from "../../policies/examples/server.ts";
import {
  Fleet,
  POLICIES,
  type Policy,
  Resource,
  type ResourceDescription,
} from "../../policies/index.ts";
import { Fields } from "../../policies/stack/fields.ts";
import { millicoresOf, quantityOf } from "../../policies/stack/quantity.ts";

type Stack = readonly ResourceDescription[];

const GATEWAY = "Deployment eng-gateway";
const SERVER = "StatefulSet github-server";
const POD = "spec.template.spec";
const CONTAINER = `${POD}.containers[0]`;

function policyOf(name: string): Policy {
  const found = POLICIES.find((policy) => policy.name === name);
  if (found === undefined) throw new Error(`there is no policy ${name}`);
  return found;
}

const judged = (name: string, stack: Stack, settings: object = {}): string[] =>
  policyOf(name)
    .check(new Fleet(stack.map((description) => new Resource(description))), settings)
    .map(({ message }) => message);

/** The proxy of Pulumi's own that throws where a value is unknown; its typings are empty. */
const proxies: unknown = createRequire(import.meta.url)("@pulumi/policy/proxy");
const UNKNOWN_NUMBER = "3eeb2bf0-c639-47a8-9e75-3b44932eb421";
const UNKNOWN_TEXT = "04da6b54-80e4-46f7-96ec-b56ff0331ba9";

function checking(props: unknown): unknown {
  const proxy: unknown = Reflect.get(Object(proxies), "unknownCheckingProxy");
  if (typeof proxy !== "function") throw new Error("Pulumi has no such proxy any more");
  return proxy(props);
}

/** A stack as a preview gives it, with its unknown values. */
const previewed = (stack: Stack): Stack =>
  stack.map((resource) => ({ ...resource, props: checking(resource.props) }));

/** A gateway of which somebody has written only what policies need. */
const BY_HAND = {
  "mcp-fleet.dev/role": "gateway",
  "mcp-fleet.dev/sessions": "1000",
  "mcp-fleet.dev/store": "redis",
  "mcp-fleet.dev/backend-hosts": "{}",
  "mcp-fleet.dev/stateful-backends": "[]",
  "mcp-fleet.dev/incoming-auth": "jwt",
  "mcp-fleet.dev/plan-inputs": '{"backends":2,"store":"redis"}',
} as const;

const byHand = (spec: Readonly<Record<string, number>> = {}, pod = {}, container = {}): Stack => [
  manifest("apps/v1:Deployment", "mine", {
    metadata: { annotations: BY_HAND },
    spec: {
      ...spec,
      template: {
        metadata: { annotations: BY_HAND, labels: { app: "mine" } },
        spec: { ...pod, containers: [{ name: "gateway", ...container }] },
      },
    },
  }),
];

const waiting = (stack: Stack, seconds: number) =>
  stack.map((resource) => ({
    ...resource,
    timeouts: { createSeconds: seconds, updateSeconds: seconds, deleteSeconds: seconds },
  }));

describe("amounts as Kubernetes takes them", () => {
  const field = (amount: string | number) => new Fields({ amount }).at("amount");

  test.each([
    ["512Mi", 512 * 2 ** 20],
    ["1.5Gi", 1.5 * 2 ** 30],
    ["4Ki", 4096],
    ["2Ti", 2 ** 41],
    ["1G", 1e9],
    ["3k", 3000],
    ["1e9", 1e9],
    ["129E2", 12_900],
    ["1500m", 1.5],
    ["0.5", 0.5],
    [2, 2],
  ])("%s is %d", (text, amount) => {
    expect(quantityOf(field(text))).toBe(amount);
  });

  test("0.29 of a core is 290 millicores, as 290m is", () => {
    expect(millicoresOf(field("0.29"))).toBe(290);
    expect(millicoresOf(field("290m"))).toBe(290);
  });

  test.each(["", "Mi", "12 Mi", "1KiB", "0x10", "NaN"])("%j is none", (text) => {
    expect(() => quantityOf(field(text))).toThrow("amount must be a quantity");
  });

  test("what is missing is no amount, and no 0 either", () => {
    expect(quantityOf(new Fields({}).at("amount"))).toBeUndefined();
  });
});

describe("one-pod-lost", () => {
  const check = (stack: Stack, settings = {}) => judged("one-pod-lost", stack, settings);
  // 2,000 sessions a pod is the default of sessionsPerReplica.
  const withPods = (sessions: number, replicas: number) =>
    edited(gatewayStack({ sessions }), GATEWAY, { "spec.replicas": replicas });

  test("2 pods hold 2,000 sessions with one of them gone, and not 2,001", () => {
    expect(check(withPods(2000, 2))).toEqual([]);
    expect(check(withPods(2001, 2))).toEqual([
      expect.stringContaining(
        "2 pods with 1 lost can hold 2,000 sessions, but there are 2,001, and the fullest pod has 10 % more than its share",
      ),
    ]);
  });

  test("3 pods hold 3,636 sessions with one of them gone and 10 % of skew, and not 3,637: then it takes 4", () => {
    expect(check(withPods(3636, 3))).toEqual([]);
    const [message] = check(withPods(3637, 3));
    expect(message).toMatch(/set replicas to 4$/);
  });

  test("what the manifest says counts, whatever its facts say", () => {
    const changed = edited(withFacts(gatewayStack(), GATEWAY, { replicas: 2 }), GATEWAY, {
      "spec.replicas": 1,
    });
    expect(check(changed)).toEqual([
      expect.stringContaining("1 pod with 1 lost can hold 0 sessions"),
    ]);
  });

  test("a manifest without replicas has 1 pod, which is enough where none may be lost", () => {
    expect(check(byHand())).toEqual([expect.stringContaining("set replicas to 2")]);
    expect(check(byHand({ replicas: 2 }))).toEqual([]);
    expect(check(byHand(), { spareReplicas: 0 })).toEqual([]);
  });

  test("where 2 may be lost, 2 pods are too few and 3 enough", () => {
    expect(check(withPods(1000, 2), { spareReplicas: 2 })).toHaveLength(1);
    expect(check(withPods(1000, 3), { spareReplicas: 2 })).toEqual([]);
  });

  test("an autoscaler's least pods count: 2 are enough, and Kubernetes takes 1 where it says nothing", () => {
    const autoscaler = "HorizontalPodAutoscaler eng-gateway";
    expect(check(autoscaledStack())).toEqual([]);
    const silent = edited(autoscaledStack(), autoscaler, { "spec.minReplicas": undefined });
    expect(check(silent)).toEqual([expect.stringContaining("1 pod with 1 lost")]);
  });

  test("1 pod with its sessions in its own memory cannot be replaced, and needs no other", () => {
    expect(check(gatewayStack({ store: "memory" }))).toEqual([]);
  });

  test("a server's pods have memory for what 1 lost pod leaves to 2 others: one byte less fails", () => {
    const stack = serverStack({ podSessions: 550 });
    expect(check(stack)).toEqual([]);
    const limit = `${CONTAINER}.resources.limits.memory`;
    const { memory } = limitOf(stack);
    expect(check(edited(stack, SERVER, { [limit]: String(memory - 1) }))).toEqual([
      expect.stringContaining("with 1 of 3 pods lost, the fullest has 550 sessions"),
    ]);
    expect(check(edited(stack, SERVER, { [limit]: undefined }))).toEqual([
      expect.stringContaining("resources.limits.memory is missing"),
    ]);
  });

  test("a server with 2 of its 3 pods left out of the manifest has room for 1,000 sessions in one, unless its pods have room for 550", () => {
    expect(check(edited(serverStack(), SERVER, { "spec.replicas": 1 }))).toEqual([]);
    const narrow = serverStack({ podSessions: 550 });
    expect(check(edited(narrow, SERVER, { "spec.replicas": 1 }))).toEqual([
      expect.stringContaining("with 0 of 1 pod lost, the fullest has 1,000 sessions"),
    ]);
  });

  test("fewer pods for a reason that is said are left to accepted-risks", () => {
    const accepted = withFacts(withPods(2001, 2), GATEWAY, {
      acceptRisks: { belowPlan: "a demonstration" },
    });
    expect(check(accepted)).toEqual([]);
    expect(judged("accepted-risks", accepted)).toEqual([
      `${GATEWAY}: something is deployed below the plan: a demonstration`,
    ]);
    expect(check(withFacts(accepted, GATEWAY, { acceptRisks: { belowPlan: " " } }))).toHaveLength(
      1,
    );
  });

  test("inputs that no plan can have are a violation, with what to change", () => {
    const impossible = withFacts(gatewayStack(), GATEWAY, {
      planInputs: { backends: 2, nofile: 40 },
    });
    expect(check(impossible)).toEqual([
      expect.stringMatching(
        /plan input nofile: invalid value 40: must be at least \d+: .* one session; raise it/,
      ),
    ]);
  });
});

/** The memory limit of the server of the examples, in bytes. */
function limitOf(stack: Stack): { memory: number } {
  const workload = new Fleet(stack.map((one) => new Resource(one))).workloadsOf("server")[0];
  return { memory: Number(workload?.container.at("resources.limits.memory").text()) };
}

describe("nofile-ceiling", () => {
  const check = (stack: Stack, settings = {}) => judged("nofile-ceiling", stack, settings);
  const { value: required } = processPlan(
    completed({ sessions: 1000, backends: 2, store: "sentinel" }),
  ).requiredNofile;
  const asked = (key: string, soft: number, hard = soft) =>
    edited(gatewayStack(), GATEWAY, {
      [`spec.template.metadata.annotations[${key}/container.gateway]`]: JSON.stringify([
        { type: "RLIMIT_NOFILE", soft, hard },
      ]),
    });

  test("nodes give exactly what is needed, and one less is too few", () => {
    expect(check(gatewayStack(), { nodeNofile: required })).toEqual([]);
    expect(check(gatewayStack(), { nodeNofile: required - 1 })).toEqual([
      expect.stringContaining(`but nodes allow ${(required - 1).toLocaleString("en-US")}`),
    ]);
  });

  test("what is declared is exactly what is needed, and one less is too few", () => {
    const declared = (nofileCeiling: number) =>
      withFacts(gatewayStack(), GATEWAY, { nofileCeiling });
    expect(check(declared(required))).toEqual([]);
    expect(check(declared(required - 1))).toEqual([
      expect.stringContaining("the annotation mcp-fleet.dev/nofile-ceiling is"),
    ]);
  });

  test.each(["ulimits.noderesource.dev", "ulimits.nri.containerd.io"])(
    "what %s asks for is exactly what is needed, and one less is too few, soft or hard",
    (key) => {
      expect(check(asked(key, required))).toEqual([]);
      expect(check(asked(key, required - 1, required))).toHaveLength(1);
      expect(check(asked(key, required, required - 1))).toEqual([
        expect.stringContaining(`the annotation ${key}/container.gateway requests`),
      ]);
    },
  );

  test("an annotation that asks for something else cannot be judged", () => {
    const key = "spec.template.metadata.annotations[ulimits.noderesource.dev/container.gateway]";
    for (const text of ["much", "[]", '[{"type":"RLIMIT_CORE","soft":9,"hard":9}]', "{}"]) {
      expect(check(edited(gatewayStack(), GATEWAY, { [key]: text }))).toEqual([
        expect.stringContaining("does not request open files"),
      ]);
    }
  });
});

describe("grace-period", () => {
  const check = (stack: Stack) => judged("grace-period", stack);
  const grace = (seconds: number) => ({ [`${POD}.terminationGracePeriodSeconds`]: seconds });

  test("321 s are more than 5 + 10 + 300 + 5 s, and 320 s are not", () => {
    expect(check(edited(gatewayStack(), GATEWAY, grace(321)))).toEqual([]);
    expect(check(edited(gatewayStack(), GATEWAY, grace(320)))).toEqual([
      expect.stringContaining("terminationGracePeriodSeconds is 320, but shutdown takes"),
    ]);
  });

  test("306 s are more than a server's preStop of 5 s and its drain of 300 s, and 305 s are not", () => {
    expect(check(edited(serverStack(), SERVER, grace(306)))).toEqual([]);
    expect(check(edited(serverStack(), SERVER, grace(305)))).toHaveLength(1);
  });

  test("300 s of drain are enough for calls of 300 s, and 299 s are not", () => {
    expect(check(withFacts(gatewayStack(), GATEWAY, { drainSeconds: 300 }))).toEqual([]);
    expect(check(withFacts(gatewayStack(), GATEWAY, { drainSeconds: 299 }))).toEqual([
      expect.stringContaining("pods drain for 299 s, but the longest call takes 300 s"),
    ]);
    expect(check(withFacts(serverStack(), SERVER, { drainSeconds: 299 }))).toHaveLength(1);
  });

  test("the longest call is what the plan was told: 10 min where it says so", () => {
    expect(check(gatewayStack({ callTimeoutMaxSeconds: 600 }))).toEqual([]);
    const longer = withFacts(gatewayStack(), GATEWAY, {
      planInputs: { backends: 2, store: "sentinel", callTimeoutMaxSeconds: 600 },
    });
    expect(check(longer)).toEqual([expect.stringContaining("the longest call takes 600 s")]);
  });

  test("pods sleep for 5 s before they are told to end: 4 s are too few, and none at all", () => {
    const sleep = `${CONTAINER}.lifecycle.preStop.sleep.seconds`;
    expect(check(edited(gatewayStack(), GATEWAY, { [sleep]: 4 }))).toEqual([
      expect.stringContaining("preStop sleeps for 4 s"),
    ]);
    expect(
      check(edited(gatewayStack(), GATEWAY, { [`${CONTAINER}.lifecycle`]: undefined })),
    ).toEqual([expect.stringContaining("preStop sleeps for 0 s")]);
  });

  test("a hook that runs a command takes nobody knows how long", () => {
    const preStop = { [`${CONTAINER}.lifecycle.preStop`]: { exec: { command: ["sleep", "5"] } } };
    expect(check(edited(gatewayStack(), GATEWAY, preStop))).toEqual([
      expect.stringContaining(
        "the duration of spec.template.spec.containers[0].lifecycle.preStop is unknown",
      ),
    ]);
  });

  test("by hand, with nothing said, a pod has 30 s: 330 s are to be written", () => {
    const stack = byHand({}, {}, { lifecycle: { preStop: { sleep: { seconds: 5 } } } });
    expect(check(stack)).toEqual([expect.stringMatching(/is 30, .* = 320 s; set it to 330$/)]);
  });

  const toolHive = (kind: string, spec: Readonly<Record<string, Json>>, metadata: Json = {}) => [
    manifest(`toolhive.stacklok.dev/v1beta1:${kind}`, "github", { spec, metadata }),
  ];
  const podGrace = (seconds: number) => ({
    podTemplateSpec: { spec: { terminationGracePeriodSeconds: seconds } },
  });

  test("ToolHive's gateway drains for 10 s: as many are too few, and one more is enough", () => {
    const of = (seconds: number) => check(toolHive("VirtualMCPServer", podGrace(seconds)));
    expect(of(10)).toEqual([expect.stringContaining("ToolHive drains for 10 s")]);
    expect(of(11)).toEqual([]);
    // Where nobody says, its operator takes 30.
    expect(check(toolHive("VirtualMCPServer", {}))).toEqual([]);
  });

  test("ToolHive's proxies have 30 s, whatever is said for the server's pods: that can only be accepted", () => {
    const messages = [{}, podGrace(30), podGrace(600)].map((spec) =>
      check(toolHive("MCPServer", spec)),
    );
    for (const message of messages) {
      expect(message).toEqual([
        expect.stringMatching(
          /drains for 30 s of a grace period of 30 s, .* no field changes that/,
        ),
      ]);
    }
    const accepted = {
      annotations: { "mcp-fleet.dev/accept-risks": '{"belowPlan":"calls end within seconds"}' },
    };
    expect(check(toolHive("MCPServer", {}, accepted))).toEqual([]);
  });
});

describe("rollout-timeouts", () => {
  const check = (stack: Stack) => judged("rollout-timeouts", stack);
  // 2 pods with 30 s to start and 330 s to end, then 490 s without progress, and 10 s more.
  const UPDATE = 2 * (30 + 330) + 500;

  test("2 pods roll out in 1,220 s: Pulumi waits as long, and not one second less", () => {
    expect(check(waiting(gatewayStack(), UPDATE))).toEqual([]);
    expect(check(waiting(gatewayStack(), UPDATE - 1))).toEqual([
      expect.stringMatching(/an update, .* set customTimeouts.update: "1220s"$/),
    ]);
  });

  test("without a word Pulumi waits 600 s, which creates and deletes pods and does not update them", () => {
    const messages = check(waiting(gatewayStack(), 0));
    expect(messages).toEqual([expect.stringContaining("Pulumi waits 10m for an update")]);
    expect(check(waiting(gatewayStack({ callTimeoutMaxSeconds: 900 }), 0))).toHaveLength(3);
  });

  test("the provider's annotation counts where there are no timeouts, and skipAwait waits for nothing", () => {
    const annotated = (annotation: string, text: string) =>
      edited(waiting(gatewayStack(), 0), GATEWAY, {
        [`metadata.annotations[pulumi.com/${annotation}]`]: text,
      });
    expect(check(annotated("timeoutSeconds", String(UPDATE)))).toEqual([]);
    expect(check(annotated("timeoutSeconds", String(UPDATE - 1)))).toHaveLength(1);
    expect(check(annotated("skipAwait", "true"))).toEqual([]);
  });

  test("each pod more takes 360 s more, of the manifest or of its autoscaler", () => {
    const three = edited(waiting(gatewayStack(), UPDATE), GATEWAY, { "spec.replicas": 3 });
    expect(check(three)).toHaveLength(1);
    expect(check(waiting(three, UPDATE + 360))).toEqual([]);
    const twelve = waiting(autoscaledStack(), 12 * 360 + 500);
    expect(check(twelve)).toEqual([]);
    expect(check(waiting(twelve, 12 * 360 + 499))).toHaveLength(1);
  });

  test("a grace period that is 100 s longer than planned is waited for, pod by pod", () => {
    const longer = edited(gatewayStack(), GATEWAY, {
      [`${POD}.terminationGracePeriodSeconds`]: 430,
      "spec.progressDeadlineSeconds": 590,
    });
    expect(check(waiting(longer, UPDATE + 300))).toEqual([]);
    expect(check(waiting(longer, UPDATE + 299))).toHaveLength(1);
  });

  test("490 s without progress are enough, and 481 s are not; 600 s are what Kubernetes takes", () => {
    const deadline = (seconds?: number) =>
      check(edited(gatewayStack(), GATEWAY, { "spec.progressDeadlineSeconds": seconds }));
    expect(deadline(490)).toEqual([]);
    expect(deadline(481)).toEqual([expect.stringContaining("progressDeadlineSeconds is 481")]);
    expect(deadline()).toEqual([]);
  });

  test("a StatefulSet has no deadline, and its 3 pods take 1,580 s", () => {
    expect(check(waiting(serverStack(), 3 * 360 + 500))).toEqual([]);
    expect(check(waiting(serverStack(), 3 * 360 + 499))).toHaveLength(1);
  });
});

describe("one-scaler and autoscaler-range", () => {
  const AUTOSCALER = "HorizontalPodAutoscaler eng-gateway";
  const check = (stack: Stack) => [
    ...judged("one-scaler", stack),
    ...judged("autoscaler-range", stack),
  ];

  test("an autoscaler and 2 fixed replicas are one too many; each alone is right", () => {
    expect(check(autoscaledStack())).toEqual([]);
    expect(check(gatewayStack())).toEqual([]);
    expect(check(edited(autoscaledStack(), GATEWAY, { "spec.replicas": 2 }))).toEqual([
      expect.stringContaining("spec.replicas is 2"),
    ]);
  });

  test("who has fixed replicas and an autoscaler, and says nothing of it, has to say it", () => {
    const autoscaler = autoscaledStack().at(-1);
    if (autoscaler === undefined) throw new Error("the example has no autoscaler");
    expect(check([...gatewayStack(), autoscaler])).toEqual([
      expect.stringContaining("the annotation mcp-fleet.dev/max-replicas is missing"),
    ]);
  });

  test("from 2 up to 12 pods is the plan: 1, 11 and 13 are not", () => {
    const range = (name: string, value: number) =>
      check(edited(autoscaledStack(), AUTOSCALER, { [`spec.${name}`]: value }));
    expect(range("minReplicas", 1)).toEqual([expect.stringContaining("the plan needs 2 pods")]);
    expect(range("minReplicas", 3)).toEqual([]);
    expect(range("maxReplicas", 11)).toEqual([
      expect.stringContaining("is 12; use the same number"),
    ]);
    expect(range("maxReplicas", 13)).toHaveLength(1);
  });

  test("an autoscaler that is said and not there, and two of them, are wrong", () => {
    expect(check(without(autoscaledStack(), AUTOSCALER))).toEqual([
      expect.stringContaining("is 12, but there is no autoscaler"),
    ]);
    const twice = autoscaledStack().flatMap((one) =>
      one.type.endsWith("Autoscaler") ? [one, { ...one, name: "another" }] : [one],
    );
    expect(check(twice)).toEqual([expect.stringContaining("all scale it; keep only one of them")]);
  });

  test("the autoscaler of another namespace scales somebody else", () => {
    const elsewhere = edited(autoscaledStack(), AUTOSCALER, { "metadata.namespace": "other" });
    expect(check(elsewhere)).toEqual([expect.stringContaining("there is no autoscaler")]);
  });
});

describe("a gateway whose pods somebody else scales, from 2 to 12", () => {
  const NAMES = ["one-scaler", "autoscaler-range", "one-pod-lost", "facts-match-manifest"];
  const check = (stack: Stack) => NAMES.flatMap((name) => judged(name, stack));
  const external = withFacts(gatewayStack({ maxReplicas: 12 }), GATEWAY, { scaling: "External" });
  const handedOver: Stack = external.map((one) =>
    one.name === "eng-gateway" && one.type.endsWith("Deployment")
      ? { ...one, ignoreChanges: ["spec.replicas"] }
      : one,
  );
  const target = { apiVersion: "apps/v1", kind: "Deployment", name: "eng-gateway" };
  const hpa = (minReplicas: number, maxReplicas: number) =>
    manifest("autoscaling/v2:HorizontalPodAutoscaler", "own", {
      spec: { scaleTargetRef: target, minReplicas, maxReplicas },
    });
  const keda = (spec: { minReplicaCount?: number; maxReplicaCount: number }) =>
    manifest("keda.sh/v1alpha1:ScaledObject", "own", {
      spec: { scaleTargetRef: { name: "eng-gateway" }, ...spec },
    });

  test("passes with the scaler outside the stack, and with a number that only the first update sets", () => {
    expect(check(handedOver)).toEqual([]);
    const old = edited(handedOver, GATEWAY, { "spec.replicas": 1 });
    expect(check(old)).toEqual([]);
  });

  test("passes with an autoscaler of one's own or of KEDA that stays within: from 3 to 8", () => {
    expect(check([...handedOver, hpa(3, 8)])).toEqual([]);
    expect(check([...handedOver, keda({ minReplicaCount: 2, maxReplicaCount: 12 })])).toEqual([]);
  });

  test("does not pass below 2, above 12, or from zero, which is KEDA's default", () => {
    const range = (scaler: ResourceDescription) =>
      judged("autoscaler-range", [...handedOver, scaler]);
    expect(range(hpa(1, 8))).toEqual([expect.stringContaining("the plan needs 2 pods")]);
    expect(range(hpa(2, 13))).toEqual([expect.stringContaining("maxReplicas of")]);
    expect(range(keda({ maxReplicaCount: 8 }))).toEqual([
      expect.stringContaining("minReplicaCount of ScaledObject own is 0"),
    ]);
  });

  test("has to ignore changes of spec.replicas, or Pulumi and the scaler undo each other's", () => {
    expect(judged("one-scaler", external)).toEqual([
      expect.stringContaining('add ignoreChanges: ["spec.replicas"]'),
    ]);
  });
});

describe("a server whose pods an autoscaler adds, from 3 to 9", () => {
  const SERVER = "StatefulSet github-server";
  const NAMES = ["one-scaler", "autoscaler-range", "one-pod-lost", "facts-match-manifest"];
  const check = (stack: Stack) =>
    [...NAMES, "facts-planned", "rollout-timeouts"].flatMap((name) => judged(name, stack));
  const hpa = (minReplicas: number, maxReplicas: number) =>
    manifest("autoscaling/v2:HorizontalPodAutoscaler", "github-server", {
      spec: {
        scaleTargetRef: { apiVersion: "apps/v1", kind: "StatefulSet", name: "github-server" },
        minReplicas,
        maxReplicas,
      },
    });
  const scaled = edited(serverStack({ maxReplicas: 9 }), SERVER, { "spec.replicas": undefined });

  test("passes with its autoscaler, whose maximum the plan and the rollout count", () => {
    expect(check([...waiting(scaled, 9 * 360 + 500), hpa(3, 9)])).toEqual([]);
    expect(judged("rollout-timeouts", waiting(scaled, 3 * 360 + 500))).toHaveLength(1);
  });

  test("does not pass below 3, above 9, or with replicas that Pulumi sets too", () => {
    const range = (min: number, max: number) =>
      judged("autoscaler-range", [...scaled, hpa(min, max)]);
    expect(range(2, 9)).toEqual([expect.stringContaining("the plan needs 3 pods")]);
    expect(range(3, 10)).toEqual([expect.stringContaining("is 9; use the same number")]);
    expect(judged("one-scaler", [...serverStack({ maxReplicas: 9 }), hpa(3, 9)])).toEqual([
      expect.stringContaining("spec.replicas is 3"),
    ]);
  });

  test("is not stateful: an autoscaler would end sessions with their pods", () => {
    expect(judged("autoscaler-range", [...serverStack({ stateful: true }), hpa(3, 9)])).toEqual([
      expect.stringContaining("may take pods away, whose sessions end with them"),
    ]);
  });

  test("may be scaled outside of the stack, and is then known by its 3 pods", () => {
    const external = withFacts(serverStack({ maxReplicas: 9 }), SERVER, { scaling: "External" });
    const handedOver = external.map((one) =>
      one.name === "github-server" && one.type.endsWith("StatefulSet")
        ? { ...one, ignoreChanges: ["spec.replicas"] }
        : one,
    );
    expect(check(waiting(handedOver, 9 * 360 + 500))).toEqual([]);
    expect(judged("one-scaler", external)).toHaveLength(1);
  });
});

describe("facts-planned", () => {
  const check = (stack: Stack) => judged("facts-planned", stack);

  test("gateways, proxies and servers as planned pass, and a mebibyte more of memory does", () => {
    expect(check([...gatewayStack(), ...proxyStack(), ...serverStack()])).toEqual([]);
    const { value } = processPlan(
      completed({ sessions: 1000, backends: 2, store: "sentinel" }),
    ).memory;
    expect(check(withFacts(gatewayStack(), GATEWAY, { memoryBytes: value + 2 ** 20 }))).toEqual([]);
    expect(check(withFacts(gatewayStack(), GATEWAY, { memoryBytes: value - 1 }))).toEqual([
      expect.stringMatching(
        /memory-bytes is .*, but the plan needs .* = process 240Mi \+ .*; set it to \d+ or more$/,
      ),
    ]);
  });

  test("what is no size is what the plan was told, to the letter: 1,001 sessions per pod are wrong, too", () => {
    const wrong = withFacts(gatewayStack(), GATEWAY, { sessionsPerPod: 1001 });
    expect(check(wrong)).toEqual([
      expect.stringContaining("is 1,001 sessions, but the plan has 1,000 sessions"),
    ]);
  });

  test("sessions and those in planInputs are the same 1,000", () => {
    const planInputs = { sessions: 1000, backends: 2, store: "sentinel" };
    expect(check(withFacts(gatewayStack(), GATEWAY, { planInputs }))).toEqual([]);
    const other = withFacts(gatewayStack(), GATEWAY, {
      planInputs: { ...planInputs, sessions: 1001 },
    });
    expect(check(other)).toEqual([
      expect.stringContaining("sessions is 1,000 sessions, but the plan has 1,001 sessions"),
    ]);
  });

  test("a store for 999 sessions or 1 client pod is too small for 1,000 in 2 pods", () => {
    const storage = (storeSessions: number, storeClientPods: number) =>
      check(withFacts(gatewayStack(), GATEWAY, { storeSessions, storeClientPods }));
    expect(storage(1000, 2)).toEqual([]);
    expect(storage(999, 1)).toHaveLength(2);
  });

  test("less than the plan passes where somebody says why, and what is no size does not", () => {
    const accepted = {
      acceptRisks: { belowPlan: "a demonstration" },
      memoryBytes: 1,
      graceSeconds: 60,
    };
    expect(check(withFacts(gatewayStack(), GATEWAY, accepted))).toEqual([]);
    expect(check(withFacts(gatewayStack(), GATEWAY, { ...accepted, backends: 1 }))).toHaveLength(1);
  });

  test("an input that there is not, and one that no plan can have, are violations", () => {
    const inputs = (planInputs: Readonly<Record<string, number>>) =>
      check(withFacts(gatewayStack(), GATEWAY, { planInputs }));
    expect(inputs({ backends: 2, backend: 3 })).toEqual([
      expect.stringContaining("unknown inputs: backend"),
    ]);
    expect(inputs({ backends: 0 })).toEqual([
      expect.stringContaining(
        "plan input backends: invalid value 0: must be a whole number from 1 to 10000",
      ),
    ]);
    expect(
      check(withFacts(serverStack(), SERVER, { planInputs: { replicas: 3, memoryBytes: 1 } })),
    ).toEqual([expect.stringContaining("memoryBytes: invalid value 1B: must be at least")]);
  });

  test("by hand, facts that are not said are not judged", () => {
    expect(check(byHand())).toEqual([]);
  });
});

describe("facts-match-manifest", () => {
  const check = (stack: Stack) => judged("facts-match-manifest", stack);

  test("gateways, servers and stores match as they are", () => {
    const all = [...gatewayStack(), ...proxyStack(), ...serverStack(), ...redisStack()];
    expect(check(all)).toEqual([]);
    expect(check(autoscaledStack())).toEqual([]);
  });

  test.each([
    ["spec.replicas", 3, "spec.replicas is 3 pods"],
    ["spec.replicas", undefined, "spec.replicas is 1 pod"],
    ["spec.progressDeadlineSeconds", 483, "progressDeadlineSeconds is 8m3s"],
    ["spec.progressDeadlineSeconds", undefined, "progressDeadlineSeconds is 10m"],
    [`${POD}.terminationGracePeriodSeconds`, 323, "terminationGracePeriodSeconds is 5m23s"],
    [`${POD}.terminationGracePeriodSeconds`, undefined, "terminationGracePeriodSeconds is 30s"],
    [`${CONTAINER}.lifecycle.preStop.sleep.seconds`, 6, "lifecycle.preStop.sleep.seconds is 6s"],
    [`${CONTAINER}.resources.limits.memory`, "9Gi", "resources.limits.memory is 9Gi"],
    [`${CONTAINER}.resources.limits.memory`, undefined, "resources.limits.memory is missing"],
    [`${CONTAINER}.resources.requests.memory`, "1Mi", "resources.requests.memory is 1Mi"],
    [`${CONTAINER}.resources.requests.cpu`, "1.5", "resources.requests.cpu is 1,500 millicores"],
  ])("a gateway whose %s is made %s does not", (path, value, says) => {
    const [message, another] = check(edited(gatewayStack(), GATEWAY, { [path]: value }));
    expect(message).toContain(says);
    expect(another).toBeUndefined();
  });

  test("a request that is missing is the limit, as Kubernetes takes it", () => {
    const path = `${CONTAINER}.resources.requests.memory`;
    expect(check(edited(gatewayStack(), GATEWAY, { [path]: undefined }))).toEqual([]);
  });

  test("the same memory in another unit matches, and an amount that is none cannot be judged", () => {
    const limit = `${CONTAINER}.resources.limits.memory`;
    const same = withFacts(
      edited(gatewayStack(), GATEWAY, {
        [limit]: "1Gi",
        [limit.replace("limits", "requests")]: 2 ** 30,
      }),
      GATEWAY,
      { memoryBytes: 2 ** 30 },
    );
    expect(check(same)).toEqual([]);
    expect(check(edited(gatewayStack(), GATEWAY, { [limit]: "much" }))).toEqual([
      expect.stringContaining("resources.limits.memory must be a quantity"),
    ]);
  });

  test("the 3 pods of servers, Redis and Sentinels are those of their manifests", () => {
    const fewer = (stack: Stack, title: string) =>
      check(edited(stack, title, { "spec.replicas": 2 }));
    expect(fewer(serverStack(), SERVER)).toEqual([
      expect.stringContaining("backend-replicas is 3"),
    ]);
    expect(fewer(redisStack(), "StatefulSet sessions-redis")).toEqual([
      expect.stringContaining("servers is 3"),
    ]);
    expect(fewer(redisStack(), "StatefulSet sessions-sentinel")).toEqual([
      expect.stringContaining("sentinels is 3"),
    ]);
  });

  test("pods need no annotations, which would restart them whenever a fact changes", () => {
    const path = "spec.template.metadata.annotations[mcp-fleet.dev/sessions]";
    expect(check(edited(gatewayStack(), GATEWAY, { [path]: "999" }))).toEqual([]);
  });

  test("a Service with affinity contradicts facts without", () => {
    const changed = edited(gatewayStack(), "Service eng-gateway", {
      "spec.sessionAffinity": "ClientIP",
    });
    expect(check(changed)).toEqual([
      expect.stringContaining("spec.sessionAffinity of Service eng-gateway is ClientIP"),
    ]);
    // One that is for scrapes alone may be without.
    const admin = manifest("core/v1:Service", "admin", {
      spec: { selector: { app: "eng-gateway" } },
    });
    expect(check([...withFacts(changed, GATEWAY, { sessionAffinity: "ClientIP" }), admin])).toEqual(
      [],
    );
    expect(check(withFacts(gatewayStack(), GATEWAY, { sessionAffinity: "ClientIP" }))).toEqual([
      expect.stringContaining("is None, but the annotation mcp-fleet.dev/session-affinity is"),
    ]);
  });
});

describe("the facts of a component", () => {
  const TYPE = "mcp-fleet:index:VirtualMcpServer";
  const CHILD = `${TYPE}$kubernetes:apps/v1:Deployment`;
  const facts = { role: "gateway", sessions: 1000, planInputs: { store: "sentinel", backends: 2 } };
  const [workload] = gatewayStack();

  /** The gateway `eng` above its Deployment, as the engine gives them. */
  function component(props: unknown, change: Stack = workload ? [workload] : []): Stack {
    const [deployment] = change;
    if (deployment === undefined) throw new Error("the example has no workload");
    return [
      { ...deployment, urn: `urn:pulumi:test::test::${CHILD}::eng-gateway` },
      { type: TYPE, name: "eng", urn: `urn:pulumi:test::test::${TYPE}::eng`, props },
    ];
  }
  const check = (stack: Stack) => judged("facts-match-manifest", stack);

  test("are those of its workload, in its inputs or in its outputs, whatever their order", () => {
    expect(check(component(facts))).toEqual([]);
    expect(check(component({ facts, url: "http://eng" }))).toEqual([]);
  });

  test("differ from a workload that says 999 sessions of itself", () => {
    const changed = withFacts(gatewayStack(), GATEWAY, { sessions: 999 });
    expect(check(component(facts, changed))).toEqual([
      expect.stringContaining(
        "sessions is 1000, but the annotation mcp-fleet.dev/sessions of Deployment eng-gateway is 999",
      ),
    ]);
  });

  test("differ from a workload that says nothing any more, and would be judged by nobody", () => {
    const silent = edited(gatewayStack(), GATEWAY, {
      "metadata.annotations": undefined,
    });
    expect(check(component(facts, silent))).toHaveLength(3);
  });

  test("that are not there, and those that are unknown, cannot be judged", () => {
    expect(check(component({ url: "http://eng" }))).toEqual([
      expect.stringContaining("facts is missing"),
    ]);
    expect(check(previewed(component({ ...facts, sessions: UNKNOWN_NUMBER })))).toEqual([
      expect.stringContaining("sessions is not known before the update"),
    ]);
  });

  test("of a server, one for its pods and one for its proxies, are told apart", () => {
    const of = (role: "server" | "proxy", sessions: number): Stack => {
      const type = "mcp-fleet:index:McpServer";
      const stack = role === "server" ? serverStack() : proxyStack();
      const [pods] = stack;
      if (pods === undefined) throw new Error("the example has no workload");
      const props = {
        role: "server",
        sessions: 1000,
        proxy: { role: "proxy", sessions: 1000 },
        [role === "server" ? "sessions" : "proxy"]:
          role === "server" ? sessions : { role: "proxy", sessions },
      };
      return [
        { ...pods, urn: `urn:pulumi:test::test::${type}$${pods.type}::github-${role}` },
        { type, name: "github", urn: `urn:pulumi:test::test::${type}::github`, props },
      ];
    };
    for (const role of ["server", "proxy"] as const) {
      expect(check(of(role, 1000))).toEqual([]);
      expect(check(of(role, 999))).toEqual([expect.stringContaining("sessions is 999")]);
    }
  });
});

describe("facts-known", () => {
  const check = (stack: Stack) => judged("facts-known", stack);

  test("what gateways, proxies, servers and stores of the examples say is known, and so is the least by hand", () => {
    const all = [...gatewayStack(), ...proxyStack(), ...serverStack(), ...redisStack()];
    expect(check(all)).toEqual([]);
    expect(check(byHand())).toEqual([]);
  });

  test.each(Object.keys(BY_HAND).filter((name) => !name.endsWith("/role")))(
    "a gateway has to say %s",
    (name) => {
      const [stack] = byHand();
      if (stack === undefined) throw new Error("there is no workload");
      const silent = edited([stack], "Deployment mine", {
        [`metadata.annotations[${name}]`]: undefined,
      });
      expect(check(silent)).toEqual([expect.stringContaining(`the annotation ${name} is missing`)]);
    },
  );

  test.each([
    [{ sessions: "many" }, "sessions is many; set it to a number"],
    [{ sessions: -1 }, "sessions is -1; set it to 0 or more"],
    [{ sessionAffinity: "Cookie" }, "session-affinity is Cookie; set it to None or ClientIP"],
    [{ exposed: "maybe" }, "exposed is maybe; set it to true or false"],
    [{ statefulBackends: "github" }, "stateful-backends must be JSON"],
    [{ storeAddresses: [1] }, "store-addresses must be a JSON list of strings"],
    [{ planInputs: "{" }, "plan-inputs must be JSON"],
    [
      { role: "gatway" },
      "role is gatway; set it to one of gateway, proxy, server, redis, sentinel",
    ],
  ])("%j is a violation", (facts, says) => {
    expect(check(withFacts(gatewayStack(), GATEWAY, facts))).toEqual([
      expect.stringContaining(says),
    ]);
  });

  test("an annotation that is spelt wrongly is a violation that names the right one", () => {
    const path = "metadata.annotations[mcp-fleet.dev/accept-rsik]";
    expect(check(edited(gatewayStack(), GATEWAY, { [path]: "a demonstration" }))).toEqual([
      expect.stringContaining("is unknown; did you mean mcp-fleet.dev/accept-risks?"),
    ]);
  });

  test("unknown annotations are a violation of ours, and none of workloads that are nobody's", () => {
    const unknown = (path: string, stack: Stack) =>
      check(previewed(edited(stack, GATEWAY, { [path]: UNKNOWN_TEXT })));
    expect(unknown("metadata.annotations[mcp-fleet.dev/sessions]", gatewayStack())).toEqual([
      expect.stringContaining("is not known before the update"),
    ]);
    expect(unknown("metadata.annotations", gatewayStack())).toEqual([
      expect.stringContaining("is not known before the update"),
    ]);
    expect(unknown("metadata.annotations[note]", gatewayStack())).toEqual([]);
    const foreign = manifest("apps/v1:Deployment", "web", {
      metadata: { annotations: { note: UNKNOWN_TEXT } },
    });
    expect(check(previewed([foreign]))).toEqual([]);
  });
});

describe("what is unknown before the update", () => {
  test.each([
    ["one-pod-lost", "spec.replicas"],
    ["facts-match-manifest", `${CONTAINER}.resources.limits.memory`],
    ["grace-period", `${POD}.terminationGracePeriodSeconds`],
    ["rollout-timeouts", "spec.progressDeadlineSeconds"],
    ["one-pod-lost", "metadata.annotations[mcp-fleet.dev/plan-inputs]"],
    ["nofile-ceiling", "metadata.annotations[mcp-fleet.dev/plan-inputs]"],
    ["facts-planned", "metadata.annotations[mcp-fleet.dev/memory-bytes]"],
    ["one-scaler", "spec.replicas"],
  ])("is a violation of %s: %s", (name, path) => {
    const value =
      path.includes("[mcp-fleet") || path.includes("memory") ? UNKNOWN_TEXT : UNKNOWN_NUMBER;
    const stack = previewed(edited(gatewayStack(), GATEWAY, { [path]: value }));
    expect(judged(name, stack)).toEqual([
      expect.stringMatching(/^Deployment eng-gateway: .* is not known before the update/),
    ]);
  });

  test("an autoscaler whose target is unknown may be anybody's", () => {
    const stack = edited(autoscaledStack(), "HorizontalPodAutoscaler eng-gateway", {
      "spec.scaleTargetRef.name": UNKNOWN_TEXT,
    });
    expect(judged("autoscaler-range", previewed(stack))).toEqual([
      expect.stringContaining("spec.scaleTargetRef.name is not known before the update"),
    ]);
  });
});
