import { InputPropertiesError, output } from "@pulumi/pulumi";
import { describe, expect, test } from "vitest";
import { McpServer, RedisSentinel, VirtualMcpServer } from "../../infra/index.ts";
import { POD_TEMPLATE } from "../../infra/pods/pod-template-schema.ts";
import { strategicMerge } from "../../infra/pods/strategic-merge.ts";
import { GITHUB, POD, STORE } from "../../testkit/pulumi/components.ts";
import { RecordedStack } from "../../testkit/pulumi/recorded-stack.ts";

/** A pod as Kubernetes would have it after `kubectl patch --type strategic`. */
const merged = (base: object, patch: object) =>
  strategicMerge({ spec: base }, { spec: patch }, POD_TEMPLATE);

describe("a pod template is merged into the component's", () => {
  const container = {
    name: "gateway",
    image: "gateway:1",
    args: ["gateway"],
    env: [{ name: "A", value: "1" }],
    volumeMounts: [{ name: "keys", mountPath: "/keys" }],
    securityContext: { readOnlyRootFilesystem: true },
  };

  test("entry by entry where Kubernetes has a key for the list: containers, env, mounts, volumes", () => {
    const patch = {
      containers: [
        {
          name: "gateway",
          env: [
            { name: "B", value: "2" },
            { name: "A", value: "3" },
          ],
          envFrom: [{ secretRef: { name: "more" } }],
          volumeMounts: [{ name: "scratch", mountPath: "/scratch" }],
        },
        { name: "sidecar", image: "sidecar:1" },
      ],
      volumes: [{ name: "scratch", emptyDir: {} }],
    };
    expect(merged({ containers: [container], volumes: [{ name: "keys" }] }, patch)).toEqual({
      spec: {
        containers: [
          {
            ...container,
            env: [
              { name: "A", value: "3" },
              { name: "B", value: "2" },
            ],
            envFrom: [{ secretRef: { name: "more" } }],
            volumeMounts: [
              { name: "keys", mountPath: "/keys" },
              { name: "scratch", mountPath: "/scratch" },
            ],
          },
          { name: "sidecar", image: "sidecar:1" },
        ],
        volumes: [{ name: "keys" }, { name: "scratch", emptyDir: {} }],
      },
    });
  });

  test("as a whole where it has none: args and tolerations", () => {
    expect(
      merged(
        { containers: [container], tolerations: [{ key: "a" }] },
        { containers: [{ name: "gateway", args: ["proxy"] }], tolerations: [{ key: "b" }] },
      ),
    ).toEqual({
      spec: { containers: [{ ...container, args: ["proxy"] }], tolerations: [{ key: "b" }] },
    });
  });

  test("with null for a member to go, and $patch: delete for an entry", () => {
    expect(
      merged(
        { containers: [container], priorityClassName: "high" },
        {
          priorityClassName: null,
          containers: [{ name: "gateway", env: [{ name: "A", $patch: "delete" }] }],
        },
      ),
    ).toEqual({ spec: { containers: [{ ...container, env: [] }] } });
  });
});

/** Each component with this template. */
const declare = {
  gateway: (podTemplate: object) =>
    new VirtualMcpServer("eng", {
      sessions: 1000,
      backends: [GITHUB],
      sessionStorage: STORE,
      podTemplate,
    }),
  server: (podTemplate: object) =>
    new McpServer("files", { image: "files:1", sessionStorage: STORE, podTemplate }),
  redis: (podTemplate: object) => new RedisSentinel("sessions", { sessions: 1000, podTemplate }),
};

describe("every component", () => {
  const pods = { gateway: 1, server: 2, redis: 2 };
  test.each(["gateway", "server", "redis"] as const)(
    "gives all pods of a %s a sidecar, a volume, an affinity and a runtime class",
    async (component) => {
      const spec = {
        affinity: { nodeAffinity: {} },
        runtimeClassName: "gvisor",
        containers: [{ name: "sidecar", image: output("sidecar:1") }],
        volumes: [{ name: "scratch", emptyDir: {} }],
      };
      const { resources } = await RecordedStack.of(() => {
        declare[component]({ metadata: { labels: { team: "eng" } }, spec });
      });
      const workloads = resources.filter(({ kind }) => /^(?:Deployment|StatefulSet)$/.test(kind));
      expect(workloads).toHaveLength(pods[component]);
      for (const workload of workloads) {
        const { containers, volumes, ...rest } = workload.map(POD);
        expect(rest).toMatchObject({ runtimeClassName: "gvisor", affinity: { nodeAffinity: {} } });
        expect(containers).toContainEqual({ name: "sidecar", image: "sidecar:1" });
        expect(containers).toHaveLength(2);
        expect(volumes).toContainEqual({ name: "scratch", emptyDir: {} });
      }
    },
  );

  test("changes its own container where it runs alone: the proxies' probe, and not the server's", async () => {
    const startupProbe = { failureThreshold: 300 };
    const { resources } = await RecordedStack.of(() => {
      declare.server({ spec: { containers: [{ name: "proxy", startupProbe }] } });
    });
    const thresholds = Object.fromEntries(
      resources
        .filter(({ kind }) => /^(?:Deployment|StatefulSet)$/.test(kind))
        .map((workload) => [
          workload.kind,
          [
            workload.at(`${POD}.containers.length`),
            workload.at(`${POD}.containers.0.startupProbe.failureThreshold`),
          ],
        ]),
    );
    expect(thresholds.Deployment?.[1]).toBe(300);
    expect(thresholds.StatefulSet?.[1]).not.toBe(300);
  });

  test("takes a template that is known after it exists: an output", async () => {
    const { resources } = await RecordedStack.of(() => {
      new VirtualMcpServer("eng", {
        sessions: 1000,
        backends: [GITHUB],
        sessionStorage: STORE,
        podTemplate: { spec: { tolerations: output([{ key: "mcp", operator: "Exists" }]) } },
      });
    });
    const deployment = resources.find(({ kind }) => kind === "Deployment");
    expect(deployment?.at(`${POD}.tolerations`)).toEqual([{ key: "mcp", operator: "Exists" }]);
  });
});

describe("a pod template is refused", () => {
  async function faultsOf(podTemplate: object): Promise<string[]> {
    const errors: string[] = [];
    await RecordedStack.of(() => {
      try {
        declare.gateway(podTemplate);
      } catch (error) {
        if (!(error instanceof InputPropertiesError)) throw error;
        errors.push(
          ...error.errors.map(({ propertyPath, reason }) => `${propertyPath}: ${reason}`),
        );
      }
    });
    return errors;
  }

  const pod = (spec: object) => ({ spec });
  const own = (container: object) => pod({ containers: [{ name: "gateway", ...container }] });
  const DECIDED = "is decided by the component";

  test.each<readonly [fault: string, podTemplate: object]>([
    [
      "podTemplate.spec.volumess: is not a field of a PodTemplateSpec of Kubernetes 1.34; did you mean volumes?",
      pod({ volumess: [] }),
    ],
    [
      "podTemplate.nodeSelector: is not a field of a PodTemplateSpec of Kubernetes 1.34; write it as podTemplate.spec.nodeSelector",
      { nodeSelector: { pool: "mcp" } },
    ],
    [
      "podTemplate.spec.containers[0].env[0].value: invalid value 5: must be a string; pass a string",
      pod({ containers: [{ name: "a", env: [{ name: "A", value: 5 }] }] }),
    ],
    ["podTemplate.spec.volumes[0].name: is required; add it", pod({ volumes: [{ emptyDir: {} }] })],
    [
      `podTemplate.spec.containers[0].resources: ${DECIDED}; set it by the argument resources`,
      own({ resources: { limits: { memory: "64Mi" } } }),
    ],
    [
      `podTemplate.spec.containers[0].image: ${DECIDED}; set it by the argument image`,
      own({ image: "other:1" }),
    ],
    [
      "podTemplate.spec.containers[0].env[0].name: invalid value NODE_OPTIONS: is reserved for the component; set it by the argument for that setting, or choose another name",
      own({ env: [{ name: "NODE_OPTIONS", value: "--inspect" }] }),
    ],
    [
      `podTemplate.spec.terminationGracePeriodSeconds: ${DECIDED}; set it by the argument terminationGracePeriodSeconds`,
      pod({ terminationGracePeriodSeconds: 5 }),
    ],
    [
      "podTemplate.spec.containers[0].securityContext.runAsUser: invalid value 0: must be the id of a user other than root; set it to 1 or more",
      own({ securityContext: { runAsUser: 0 } }),
    ],
  ])("with %s", async (fault, podTemplate) => {
    expect(await faultsOf(podTemplate)).toEqual([fault]);
  });

  test("with all of its faults at once: 3 of them", async () => {
    expect(
      await faultsOf({
        metadata: { labels: { team: "a b" } },
        ...own({ image: "other:1", imagePullPolicies: "Always" }),
      }),
    ).toHaveLength(3);
  });
});
