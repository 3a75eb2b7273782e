import { createRequire } from "node:module";
import { TIMES } from "@mcp-fleet/contract/capacity";
import { describe, expect, test } from "vitest";
import { edited, type Json, withFacts, without } from "../../policies/examples/edit.ts";
import { gatewayStack } from "../../policies/examples/gateway.ts";
import { manifest } from "../../policies/examples/manifest.ts";
import { redisStack } from "../../policies/examples/redis.ts";
import { serverStack } from "../../policies/examples/server.ts";
import { toolHiveStack } from "../../policies/examples/toolhive.ts";
import { Fleet, type Policy, Resource, type ResourceDescription } from "../../policies/index.ts";
import { disruptionBudget } from "../../policies/pods/disruption-budget.ts";
import { pinnedImages } from "../../policies/pods/pinned-images.ts";
import { plainSecrets } from "../../policies/pods/plain-secrets.ts";
import { probes } from "../../policies/pods/probes.ts";
import { restrictedPods } from "../../policies/pods/restricted-pods.ts";
import { spreadOverNodes } from "../../policies/pods/spread-over-nodes.ts";

const { unknownCheckingProxy, unknownStringValue } = createRequire(import.meta.url)(
  "@pulumi/policy/proxy",
);

const GATEWAY = "Deployment eng-gateway";
const BUDGET = "PodDisruptionBudget eng-gateway";
const POD = "spec.template.spec";
const CONTAINER = `${POD}.containers[0]`;

function judged(policy: Policy, stack: readonly ResourceDescription[], settings: object = {}) {
  const resources = stack.map(
    (one) => new Resource({ ...one, props: unknownCheckingProxy(one.props) }),
  );
  return policy.check(new Fleet(resources), settings).map(({ message }) => message);
}

const gateway = (changes: Readonly<Record<string, Json | undefined>>) =>
  edited(gatewayStack(), GATEWAY, changes);

/** The least that somebody writes: what is absent is what Kubernetes takes. */
const bare = (
  spec: Readonly<Record<string, Json>> = {},
  podSpec: Readonly<Record<string, Json>> = {},
) => [
  manifest("apps/v1:Deployment", "bare", {
    metadata: { annotations: { "mcp-fleet.dev/role": "server" } },
    spec: {
      ...spec,
      selector: { matchLabels: { app: "bare" } },
      template: {
        metadata: { labels: { app: "bare", tier: "mcp" } },
        spec: { containers: [{ name: "server", image: "a:1" }], ...podSpec },
      },
    },
  }),
];

const autoscaler = (minReplicas?: number) =>
  manifest("autoscaling/v2:HorizontalPodAutoscaler", "bare", {
    spec: {
      scaleTargetRef: { apiVersion: "apps/v1", kind: "Deployment", name: "bare" },
      ...(minReplicas !== undefined && { minReplicas }),
      maxReplicas: 5,
    },
  });

const budgetOf = (spec: Readonly<Record<string, Json>>) =>
  manifest("policy/v1:PodDisruptionBudget", "bare", {
    spec: { selector: { matchLabels: { app: "bare" } }, ...spec },
  });

describe("disruption-budget", () => {
  test("asks for one from 2 pods on, and for none before a single pod", () => {
    expect(judged(disruptionBudget, without(gatewayStack(), BUDGET))).toEqual([
      `${GATEWAY}: no PodDisruptionBudget selects its 2 pods, so a drain may evict all of them at once; add one with maxUnavailable: 1`,
    ]);
    expect(judged(disruptionBudget, bare({ replicas: 2 }))).toHaveLength(1);
    expect(judged(disruptionBudget, bare({ replicas: 1 }))).toEqual([]);
    expect(judged(disruptionBudget, bare())).toEqual([]);
  });

  test("counts the 5 pods of an autoscaler that the manifest does not", () => {
    expect(judged(disruptionBudget, [...bare(), autoscaler(2)])[0]).toContain(
      "no PodDisruptionBudget selects its 5 pods",
    );
    const budget = budgetOf({ minAvailable: 1 });
    expect(judged(disruptionBudget, [...bare(), autoscaler(2), budget])).toEqual([]);
    // Without minReplicas an autoscaler goes down to 1 pod, which such a budget never lets go.
    expect(judged(disruptionBudget, [...bare(), autoscaler(), budget])[0]).toContain(
      "allows no eviction of its 1 pods",
    );
  });

  test.each([
    [{ minAvailable: 2 }, true],
    [{ minAvailable: 3 }, false],
    [{ minAvailable: "66%" }, true],
    [{ minAvailable: "67%" }, false],
    [{ maxUnavailable: 1 }, true],
    [{ maxUnavailable: 0 }, false],
    [{ maxUnavailable: "1%" }, true],
    [{ maxUnavailable: "0%" }, false],
    [{}, false],
  ])("of 3 pods, %j lets one go: %s", (spec, passes) => {
    const messages = judged(disruptionBudget, [...bare({ replicas: 3 }), budgetOf(spec)]);
    expect(messages).toHaveLength(passes ? 0 : 1);
  });

  test("lets 2 of 3 servers go, but not 2 of 3 servers of Redis or Sentinels", () => {
    const two = { "spec.maxUnavailable": 2 };
    const servers = serverStack();
    expect(
      judged(disruptionBudget, edited(servers, "PodDisruptionBudget github-server", two)),
    ).toEqual([]);
    for (const name of ["sessions-redis", "sessions-sentinel"]) {
      const messages = judged(
        disruptionBudget,
        edited(redisStack(), `PodDisruptionBudget ${name}`, two),
      );
      expect(messages).toEqual([
        `StatefulSet ${name}: PodDisruptionBudget ${name} allows 2 of 3 pods to be evicted at once, so the rest is no majority; set maxUnavailable: 1`,
      ]);
    }
  });

  test("reads selectors as Kubernetes does", () => {
    const selecting = (selector: Json) =>
      judged(disruptionBudget, [
        ...bare({ replicas: 2 }),
        budgetOf({ maxUnavailable: 1, selector }),
      ]);
    const expression = (key: string, operator: string, values?: Json) =>
      selecting({ matchExpressions: [{ key, operator, ...(values !== undefined && { values }) }] });
    expect(selecting({})).toEqual([]);
    expect(selecting(null)).toHaveLength(1);
    expect(selecting({ matchLabels: { app: "other" } })).toHaveLength(1);
    expect(expression("tier", "In", ["mcp", "web"])).toEqual([]);
    expect(expression("tier", "NotIn", ["mcp"])).toHaveLength(1);
    expect(expression("zone", "NotIn", ["a"])).toEqual([]);
    expect(expression("tier", "Exists")).toEqual([]);
    expect(expression("tier", "DoesNotExist")).toHaveLength(1);
    expect(
      selecting({
        matchLabels: { app: "bare" },
        matchExpressions: [{ key: "tier", operator: "DoesNotExist" }],
      }),
    ).toHaveLength(1);
  });

  test("takes neither a budget of another namespace nor two at a time", () => {
    const elsewhere = edited(gatewayStack(), BUDGET, { "metadata.namespace": "other" });
    expect(judged(disruptionBudget, elsewhere)).toHaveLength(1);
    const second = manifest("policy/v1:PodDisruptionBudget", "second", {
      spec: { maxUnavailable: 1, selector: {} },
    });
    expect(judged(disruptionBudget, [...gatewayStack(), second])[0]).toContain(
      "PodDisruptionBudget eng-gateway and PodDisruptionBudget second select the same pods",
    );
  });

  test("does not pass what is not known, or is neither number nor share", () => {
    const unknown = edited(gatewayStack(), BUDGET, { "spec.maxUnavailable": unknownStringValue });
    expect(judged(disruptionBudget, unknown)[0]).toContain("spec.maxUnavailable is not known");
    const odd = edited(gatewayStack(), BUDGET, { "spec.maxUnavailable": "one" });
    expect(judged(disruptionBudget, odd)[0]).toContain("spec.maxUnavailable must be a number");
  });
});

describe("spread-over-nodes", () => {
  const SELF = { matchLabels: { app: "bare" } };
  const NODE = "kubernetes.io/hostname";
  const constrained = (constraint: Readonly<Record<string, Json>>) =>
    judged(
      spreadOverNodes,
      bare(
        { replicas: 3 },
        {
          topologySpreadConstraints: [
            {
              maxSkew: 1,
              topologyKey: NODE,
              whenUnsatisfiable: "ScheduleAnyway",
              labelSelector: SELF,
              ...constraint,
            },
          ],
        },
      ),
    );
  const apart = (kind: string, term: Readonly<Record<string, Json>> = {}) => {
    const full = { topologyKey: NODE, labelSelector: SELF, ...term };
    const item = kind === "preferred" ? { weight: 1, podAffinityTerm: full } : full;
    const list = `${kind}DuringSchedulingIgnoredDuringExecution`;
    return { affinity: { podAntiAffinity: { [list]: [item] } } };
  };

  test("takes a skew of 2 with 3 pods, and not one of 3", () => {
    expect(constrained({})).toEqual([]);
    expect(constrained({ maxSkew: 2 })).toEqual([]);
    expect(constrained({ maxSkew: 3 })).toHaveLength(1);
  });

  test("takes only what is about nodes and about these pods", () => {
    expect(constrained({ topologyKey: "topology.kubernetes.io/zone" })).toHaveLength(1);
    expect(constrained({ labelSelector: { matchLabels: { app: "other" } } })).toHaveLength(1);
  });

  test.each(["required", "preferred"])("takes %s podAntiAffinity, by its namespace too", (kind) => {
    const of = (term: Readonly<Record<string, Json>>) =>
      judged(spreadOverNodes, bare({ replicas: 3 }, apart(kind, term)));
    expect(of({})).toEqual([]);
    expect(of({ namespaces: ["mcp"] })).toEqual([]);
    expect(of({ namespaceSelector: {} })).toEqual([]);
    expect(of({ namespaces: ["other"] })).toHaveLength(1);
    expect(of({ topologyKey: "topology.kubernetes.io/zone" })).toHaveLength(1);
  });

  test("asks for nothing of a single pod", () => {
    expect(judged(spreadOverNodes, bare())).toEqual([]);
    expect(judged(spreadOverNodes, bare({ replicas: 2 }))).toHaveLength(1);
    expect(judged(spreadOverNodes, [...bare(), autoscaler(1)])).toHaveLength(1);
  });

  test("keeps the 3 pods of a store on nodes of their own, where that is asked for", () => {
    const strict = { requireForStores: true };
    expect(judged(spreadOverNodes, redisStack())).toEqual([]);
    expect(judged(spreadOverNodes, gatewayStack(), strict)).toEqual([]);
    expect(judged(spreadOverNodes, redisStack(), strict)).toHaveLength(2);
    const changed = (change: Readonly<Record<string, Json>>) =>
      edited(redisStack(), "StatefulSet sessions-redis", change);
    const term = { topologyKey: NODE, labelSelector: { matchLabels: { app: "sessions-redis" } } };
    const affinity = apart("required", term).affinity;
    expect(judged(spreadOverNodes, changed({ [`${POD}.affinity`]: affinity }), strict)).toEqual([
      expect.stringContaining("StatefulSet sessions-sentinel: two of its 3 pods may share a node"),
    ]);
    const constraint = `${POD}.topologySpreadConstraints[0].minDomains`;
    expect(judged(spreadOverNodes, changed({ [constraint]: 3 }), strict)).toHaveLength(1);
    expect(judged(spreadOverNodes, changed({ [constraint]: 2 }), strict)).toHaveLength(2);
  });

  test("does not pass a skew that is not known", () => {
    const path = `${POD}.topologySpreadConstraints[0].maxSkew`;
    expect(judged(spreadOverNodes, gateway({ [path]: unknownStringValue }))[0]).toContain(
      `${path} is not known`,
    );
  });
});

describe("probes", () => {
  test.each(["startupProbe", "livenessProbe", "readinessProbe"])(
    "asks gateways for a %s",
    (name) => {
      const messages = judged(probes, gateway({ [`${CONTAINER}.${name}`]: undefined }));
      expect(messages).toEqual([expect.stringContaining(`its container has no ${name}, so `)]);
    },
  );

  test("takes no liveness of the path of readiness, and no readiness of that of liveness", () => {
    const path = (name: string, value: string) =>
      judged(probes, gateway({ [`${CONTAINER}.${name}.httpGet.path`]: value }));
    expect(path("livenessProbe", "/readyz")[0]).toContain("does not call the pod's own /livez");
    expect(path("startupProbe", "/readyz")[0]).toContain("does not call the pod's own /livez");
    expect(path("readinessProbe", "/livez")[0]).toContain("does not call the pod's own /readyz");
    expect(path("readinessProbe", "/redis")).toHaveLength(1);
  });

  test("asks the port that is named admin, by name or by number", () => {
    const port = (value: Json) =>
      judged(probes, gateway({ [`${CONTAINER}.readinessProbe.httpGet.port`]: value }));
    expect(port("admin")).toEqual([]);
    expect(port(9090)).toEqual([]);
    expect(port(4483)[0]).toContain("readinessProbe calls another port than admin");
    expect(port("mcp")).toHaveLength(1);
  });

  test("is content with one probe of a server or a store, whatever it asks", () => {
    const container = { name: "server", image: "a:1" };
    expect(judged(probes, bare())[0]).toContain("neither a livenessProbe nor a readinessProbe");
    const readinessProbe = { tcpSocket: { port: 8080 } };
    expect(judged(probes, bare({}, { containers: [{ ...container, readinessProbe }] }))).toEqual(
      [],
    );
    expect(judged(probes, [...redisStack(), ...serverStack()])).toEqual([]);
  });

  test("lets nobody be restarted before the 30 s of the plan", () => {
    expect(TIMES.livenessPeriod.value * TIMES.livenessFailures.value).toBe(30);
    const rhythm = (period: number | undefined, failures: number | undefined) =>
      judged(
        probes,
        gateway({
          [`${CONTAINER}.livenessProbe.periodSeconds`]: period,
          [`${CONTAINER}.livenessProbe.failureThreshold`]: failures,
        }),
      );
    expect(rhythm(undefined, undefined)).toEqual([]);
    expect(rhythm(15, 2)).toEqual([]);
    expect(rhythm(29, 1)).toEqual([
      `${GATEWAY}: livenessProbe restarts the container after 29 s × 1 = 29 s, but the plan allows 30 s; set failureThreshold: 2`,
    ]);
    const quick = { "spec.template.spec.containers[0].livenessProbe.failureThreshold": 2 };
    expect(judged(probes, edited(redisStack(), "StatefulSet sessions-redis", quick))).toHaveLength(
      1,
    );
  });

  test("gives a start the 30 s of the plan, its delay included", () => {
    const start = (changes: Readonly<Record<string, number>>) =>
      judged(
        probes,
        gateway(
          Object.fromEntries(
            Object.entries(changes).map(([name, value]) => [
              `${CONTAINER}.startupProbe.${name}`,
              value,
            ]),
          ),
        ),
      );
    expect(start({ failureThreshold: 30 })).toEqual([]);
    expect(start({ failureThreshold: 29 })[0]).toContain("after 1 s × 29 = 29 s");
    expect(start({ failureThreshold: 20, initialDelaySeconds: 10 })).toEqual([]);
    expect(start({ failureThreshold: 20, initialDelaySeconds: 9 })[0]).toContain(
      "after 9 s + 1 s × 20 = 29 s, but the plan allows 30 s; set failureThreshold: 21",
    );
  });

  test("does not pass a path that is not known", () => {
    const path = `${CONTAINER}.livenessProbe.httpGet.path`;
    expect(judged(probes, gateway({ [path]: unknownStringValue }))[0]).toContain("is not known");
  });
});

describe("pinned-images", () => {
  const DIGEST = "a".repeat(64);

  test("is advisory, and takes a tag only before a digest of 64 hex digits", () => {
    const image = (value: string) =>
      judged(pinnedImages, gateway({ [`${CONTAINER}.image`]: value }));
    expect(pinnedImages.level).toBe("advisory");
    expect(image(`a:1@sha256:${DIGEST}`)).toEqual([]);
    expect(image(`a@sha256:${DIGEST.slice(1)}`)).toHaveLength(1);
    expect(image("a:1")).toHaveLength(1);
    expect(image(unknownStringValue)[0]).toContain("is not known");
  });

  test("looks at init containers and at ToolHive's resources", () => {
    const init = gateway({ [`${POD}.initContainers`]: [{ name: "init", image: "busybox" }] });
    expect(judged(pinnedImages, init)[0]).toContain(`${POD}.initContainers[0].image is busybox`);
    const tagged = edited(toolHiveStack(), "MCPServer github", { "spec.image": "github:1" });
    expect(judged(pinnedImages, tagged)[0]).toContain("MCPServer github: spec.image is github:1");
    const sidecar = edited(toolHiveStack(), "VirtualMCPServer eng", {
      "spec.podTemplateSpec.spec.containers": [{ name: "vmcp" }, { name: "side", image: "b:1" }],
    });
    expect(judged(pinnedImages, sidecar)).toHaveLength(1);
  });
});

describe("restricted-pods", () => {
  const fails = (path: string, value: Json | undefined, fix: string) => {
    const messages = judged(restrictedPods, gateway({ [path]: value }));
    expect(messages).toEqual([`${GATEWAY}: ${path} violates the restricted standard; ${fix}`]);
  };
  const passes = (path: string, value: Json | undefined) =>
    expect(judged(restrictedPods, gateway({ [path]: value }))).toEqual([]);

  test.each(["hostNetwork", "hostPID", "hostIPC"])("keeps pods from the host: %s", (name) => {
    fails(`${POD}.${name}`, true, "remove it");
    passes(`${POD}.${name}`, false);
  });

  test("keeps containers from root and from privileges", () => {
    const security = `${CONTAINER}.securityContext`;
    fails(`${security}.privileged`, true, "remove it");
    const escalation = "set allowPrivilegeEscalation: false";
    fails(`${security}.allowPrivilegeEscalation`, true, escalation);
    fails(`${security}.allowPrivilegeEscalation`, undefined, escalation);
    fails(`${security}.procMount`, "Unmasked", "remove it");
    fails(`${security}.runAsUser`, 0, "set a user other than 0");
    passes(`${security}.runAsUser`, 1);
    fails(`${POD}.securityContext.runAsUser`, 0, "set a user other than 0");
    fails(`${security}.runAsNonRoot`, false, "set runAsNonRoot: true");
  });

  test("lets containers add NET_BIND_SERVICE to nothing else", () => {
    const capabilities = `${CONTAINER}.securityContext.capabilities`;
    passes(`${capabilities}.add`, ["NET_BIND_SERVICE"]);
    fails(`${capabilities}.add`, ["NET_ADMIN"], "add only NET_BIND_SERVICE");
    fails(`${capabilities}.drop`, ["NET_RAW"], "set drop: [ALL]");
    fails(`${capabilities}.drop`, undefined, "set drop: [ALL]");
  });

  test("takes what the pod says for every container, or what each of them says", () => {
    const own = { runAsNonRoot: true, seccompProfile: { type: "Localhost" } };
    const moved = gateway({
      [`${POD}.securityContext`]: {},
      [`${CONTAINER}.securityContext.runAsNonRoot`]: own.runAsNonRoot,
      [`${CONTAINER}.securityContext.seccompProfile`]: own.seccompProfile,
    });
    expect(judged(restrictedPods, moved)).toEqual([]);
    const twice = gateway({ [`${POD}.securityContext`]: {} });
    expect(judged(restrictedPods, twice)).toEqual([
      expect.stringContaining(
        `${CONTAINER}.securityContext.runAsNonRoot violates the restricted standard`,
      ),
      expect.stringContaining(
        `${CONTAINER}.securityContext.seccompProfile.type violates the restricted standard`,
      ),
    ]);
    // What a pod says badly, no container makes good.
    const path = `${POD}.securityContext.seccompProfile.type`;
    const worse = gateway({
      [`${CONTAINER}.securityContext.seccompProfile`]: own.seccompProfile,
      [path]: "Unconfined",
    });
    expect(judged(restrictedPods, worse)[0]).toContain(`${path} violates the restricted standard`);
  });

  test("looks at init containers and ephemeral ones as well", () => {
    for (const list of ["initContainers", "ephemeralContainers"]) {
      const stack = gateway({ [`${POD}.${list}`]: [{ name: "other", image: "a:1" }] });
      expect(judged(restrictedPods, stack)).toEqual([
        expect.stringContaining(`${POD}.${list}[0].securityContext.allowPrivilegeEscalation`),
        expect.stringContaining(`${POD}.${list}[0].securityContext.capabilities.drop`),
      ]);
    }
  });

  test("takes 9 kinds of volumes, and an emptyDir that is not called one", () => {
    const volume = (one: Readonly<Record<string, Json>>) =>
      judged(restrictedPods, gateway({ [`${POD}.volumes`]: [{ name: "one", ...one }] }));
    const kinds = [
      ...["configMap", "csi", "downwardAPI", "emptyDir", "ephemeral", "image"],
      ...["persistentVolumeClaim", "projected", "secret"],
    ];
    expect(kinds.flatMap((kind) => volume({ [kind]: {} }))).toEqual([]);
    expect(volume({})).toEqual([]);
    expect(volume({ hostPath: { path: "/" } })[0]).toContain(
      `${POD}.volumes[0] violates the restricted standard`,
    );
    expect(volume({ nfs: { server: "a" } })).toHaveLength(1);
  });

  test("keeps ports, probes, sysctls and profiles of the host away", () => {
    const port = `${CONTAINER}.ports[0].hostPort`;
    passes(port, 0);
    fails(port, 4483, "remove it, and use a Service");
    fails(`${CONTAINER}.livenessProbe.httpGet.host`, "10.0.0.1", "remove it");
    const sysctl = (name: string) =>
      judged(
        restrictedPods,
        gateway({ [`${POD}.securityContext.sysctls`]: [{ name, value: "1" }] }),
      );
    expect(sysctl("net.ipv4.tcp_syncookies")).toEqual([]);
    expect(sysctl("kernel.msgmax")).toHaveLength(1);
    fails(`${POD}.securityContext.appArmorProfile.type`, "Unconfined", "set it to RuntimeDefault");
    fails(`${POD}.securityContext.seLinuxOptions.user`, "system_u", "remove it");
    const annotation = "container.apparmor.security.beta.kubernetes.io/gateway";
    const path = `spec.template.metadata.annotations[${annotation}]`;
    expect(judged(restrictedPods, gateway({ [path]: "localhost/mcp" }))).toEqual([]);
    expect(judged(restrictedPods, gateway({ [path]: "unconfined" }))).toHaveLength(1);
  });

  test("lets no pod have a token, but those of roles that are named", () => {
    const token = `${POD}.automountServiceAccountToken`;
    fails(token, true, "set automountServiceAccountToken: false");
    // Kubernetes mounts one where nobody says.
    fails(token, undefined, "set automountServiceAccountToken: false");
    const stack = edited(serverStack(), "StatefulSet github-server", { [token]: true });
    expect(judged(restrictedPods, stack)).toHaveLength(1);
    expect(judged(restrictedPods, stack, { tokenRoles: ["gateway"] })).toHaveLength(1);
    expect(judged(restrictedPods, stack, { tokenRoles: ["server"] })).toEqual([]);
  });

  test("finds 5 faults in the least that somebody writes", () => {
    expect(judged(restrictedPods, bare())).toHaveLength(5);
  });

  test("does not pass what is not known", () => {
    const path = `${CONTAINER}.securityContext.privileged`;
    expect(judged(restrictedPods, gateway({ [path]: unknownStringValue }))[0]).toContain(
      `${path} is not known`,
    );
  });
});

describe("plain-secrets", () => {
  const VALUE = "hunter2";

  /** What is said of a variable, and never its value. */
  const variable = (name: string, value: string, settings: object = {}) => {
    const messages = judged(
      plainSecrets,
      gateway({ [`${CONTAINER}.env`]: [{ name, value }] }),
      settings,
    );
    expect(messages.join("\n")).not.toContain(value === "" ? VALUE : value);
    return messages;
  };

  test.each([
    ...["REDIS_PASSWORD", "PGPASSWORD", "DB_PASSWD", "CLIENT_SECRET", "GITHUB_TOKEN", "TOKEN_2"],
    ...["API_KEY", "OPENAI_APIKEY", "AWS_SECRET_ACCESS_KEY", "privateKey", "AUTHORIZATION"],
    ...[
      "GPG_PASSPHRASE",
      "DB_PASS",
      "FTP_PWD",
      "REDISCLI_AUTH",
      "apiKey",
      "X-Api-Key",
      "CREDENTIALS",
    ],
  ])("finds a secret in the variable %s", (name) => {
    expect(variable(name, VALUE)).toEqual([
      `${GATEWAY}: ${CONTAINER}.env, ${name}: its value is in plain text; move it to a Secret`,
    ]);
  });

  test.each([
    ...["LOG_LEVEL", "PASSWORD_FILE", "SECRET_NAME", "TOKEN_URL", "TOKENIZERS_PARALLELISM"],
    ...["MONKEY", "COMPASS", "BYPASS_CACHE", "KEY_PREFIX", "TOKEN_TTL", "SECRETS_DIR", "AUTHOR"],
  ])("finds none in the variable %s", (name) => {
    expect(variable(name, VALUE)).toEqual([]);
  });

  test.each(
    [
      ["", "$(REDIS_PASSWORD)", "Bearer $(TOKEN)", "{{ .Values.token }}", "<token>", "false"],
    ].flat(),
  )("takes the value %j for none", (value) => {
    expect(
      judged(plainSecrets, gateway({ [`${CONTAINER}.env`]: [{ name: "TOKEN", value }] })),
    ).toEqual([]);
  });

  test("takes 4096 for a secret as a password, and for none as MAX_TOKENS", () => {
    expect(variable("PASSWORD", "4096")).toHaveLength(1);
    expect(variable("MAX_TOKENS", "4096")).toEqual([]);
  });

  test("finds private keys and URLs with a password under any name", () => {
    const key = "-----BEGIN EC PRIVATE KEY-----\nMHc=\n-----END EC PRIVATE KEY-----";
    expect(variable("PEM", key)[0]).toContain("PEM: a private key is in plain text");
    expect(variable("STORE", `redis://gateway:${VALUE}@redis:6379/0`)[0]).toContain(
      "a URL with a password",
    );
    expect(variable("STORE", `rediss://:${VALUE}@redis:6379`)).toHaveLength(1);
    expect(variable("STORE", "redis://gateway:$(PASSWORD)@redis:6379")).toEqual([]);
    expect(variable("STORE", "redis://gateway@redis:6379")).toEqual([]);
    expect(variable("STORE", "https://example.com:8443/a@b")).toEqual([]);
  });

  test("takes a path below a mounted volume for none", () => {
    const of = (value: string) =>
      judged(
        plainSecrets,
        gateway({
          [`${CONTAINER}.env`]: [{ name: "SECRETS", value }],
          [`${CONTAINER}.volumeMounts`]: [{ name: "secrets", mountPath: "/run/secrets" }],
        }),
      );
    expect(of("/run/secrets")).toEqual([]);
    expect(of("/run/secrets/token")).toEqual([]);
    expect(of("/run/secretsx")).toHaveLength(1);
  });

  test("looks at arguments, with their value beside them or after them", () => {
    const words = (...args: string[]) =>
      judged(plainSecrets, gateway({ [`${CONTAINER}.args`]: args }));
    const found = (name: string) => [
      `${GATEWAY}: ${CONTAINER}.args: the value of ${name} is in plain text; move it to a Secret`,
    ];
    expect(words(`--password=${VALUE}`)).toEqual(found("password"));
    expect(words("--api-key", VALUE)).toEqual(found("api-key"));
    expect(words("--requirepass", "$(PASSWORD)")).toEqual([]);
    expect(words("--token-file", "/run/token")).toEqual([]);
    expect(words("--password", "--verbose")).toEqual([]);
    expect(words("-c", `export PASSWORD=${VALUE}`)).toEqual(found("PASSWORD"));
    expect(words("-c", "export PASSWORD=$OTHER")).toEqual([]);
    expect(words("-c", `exec server --token="${VALUE}" --verbose`)).toEqual(found("token"));
    expect(words("-c", 'exec server --token="$TOKEN"')).toEqual([]);
  });

  const configured = (key: string, text: string, settings: object = {}) => {
    const stack = [
      ...gateway({ [`${POD}.volumes`]: [{ name: "one", configMap: { name: "one" } }] }),
      manifest("core/v1:ConfigMap", "one", { data: { [key]: text } }),
    ];
    const messages = judged(plainSecrets, stack, settings);
    expect(messages.join("\n")).not.toContain(VALUE);
    return messages;
  };

  test.each([
    ["redis.conf", `port 6379\nrequirepass ${VALUE}`, "the value of requirepass"],
    ["redis.conf", `masterauth ${VALUE}`, "the value of masterauth"],
    ["sentinel.conf", `sentinel auth-pass mymaster ${VALUE}`, "the value of auth-pass"],
    ["users.acl", `user gateway on >${VALUE} ~* +@all`, "the password of user gateway"],
    ["a.json", `{"store": {"password": "${VALUE}"}}`, "the value of password"],
    ["a.yaml", `store:\n  password: ${VALUE}\n`, "the value of password"],
    ["a.env", `A=1\nGITHUB_TOKEN=${VALUE}`, "the value of GITHUB_TOKEN"],
    ["a.toml", `api_key = '${VALUE}'`, "the value of api_key"],
    ["password", VALUE, "its value"],
  ])("finds what a mounted %s says: %s", (key, text, found) => {
    expect(configured(key, text)).toEqual([
      `${GATEWAY}: ConfigMap one, ${key}: ${found} is in plain text; move it to a Secret`,
    ]);
  });

  test.each([
    ["a.json", '{"passwordFile": "/run/password", "password": "", "tokens": 3}'],
    ["a.sh", 'REDISCLI_AUTH=$(cat "$SECRETS/password")\nPASSWORD="$1"\nTOKEN=$OTHER'],
    ["a.py", 'token = os.environ["TOKEN"]\npassword = getpass()'],
    ["users.acl", `user gateway on #${"0".repeat(64)} ~* +@all`],
    ["a.yaml", "secretName: github\npassword: null\ntokenUrl: https://id.example.com/token"],
  ])("finds nothing in a mounted %s: %s", (key, text) => {
    expect(configured(key, text)).toEqual([]);
  });

  test("leaves a ConfigMap alone that the pods do not read", () => {
    const other = manifest("core/v1:ConfigMap", "other", { data: { password: VALUE } });
    expect(judged(plainSecrets, [...gatewayStack(), other])).toEqual([]);
    const taken = (env: Json) => judged(plainSecrets, [...gateway(env as never), other]);
    expect(taken({ [`${CONTAINER}.envFrom`]: [{ configMapRef: { name: "other" } }] })).toHaveLength(
      1,
    );
    expect(
      taken({
        [`${POD}.volumes`]: [
          { name: "p", projected: { sources: [{ configMap: { name: "other" } }] } },
        ],
      }),
    ).toHaveLength(1);
  });

  test("takes a variable from a Secret, and not from a ConfigMap", () => {
    const from = (source: string) =>
      judged(
        plainSecrets,
        gateway({
          [`${CONTAINER}.env`]: [
            { name: "TOKEN", valueFrom: { [source]: { name: "a", key: "b" } } },
          ],
        }),
      );
    expect(from("secretKeyRef")).toEqual([]);
    expect(from("configMapKeyRef")[0]).toContain("TOKEN: its value from a ConfigMap");
  });

  test("knows secrets by their form, whatever they are called, and says their kind", () => {
    const forms = {
      GITHUB_TOKEN: `ghp_${"wWPw5k4aXcaT4fNP0UcnZwJUVFk6LO0pINUx"}`,
      SLACK_TOKEN: `xoxb-${"123456789012-1234567890123"}-AbCdEfGhIjKlMnOpQrStUvWx`,
      GITLAB_PERSONAL_ACCESS_TOKEN: `glpat-${"1234567890abcdefghij"}`,
      HUGGINGFACE_USER_ACCESS_TOKEN: `hf_${"abcdefghijklmnopqrstuvwxyzabcdefgh"}`,
    };
    for (const [kind, value] of Object.entries(forms)) {
      expect(variable("LEVEL", value)).toEqual([
        `${GATEWAY}: ${CONTAINER}.env, LEVEL: a secret (${kind}) is in plain text; move it to a Secret`,
      ]);
      expect(configured("notes.txt", `use ${value} for it`)).toHaveLength(1);
    }
    expect(variable("LEVEL", "ghp_short")).toEqual([]);
  });

  test("looks at four places of ToolHive's resources", () => {
    const env = [{ name: "GITHUB_TOKEN", value: VALUE }];
    const of = (changes: Readonly<Record<string, Json>>) =>
      judged(plainSecrets, edited(toolHiveStack(), "MCPServer github", changes));
    const places = ["spec.env", "spec.resourceOverrides.proxyDeployment.env"];
    for (const place of places) {
      expect(of({ [place]: env })).toEqual([
        `MCPServer github: ${place}, GITHUB_TOKEN: its value is in plain text; move it to a Secret`,
      ]);
    }
    expect(of({ "spec.args": [`--token=${VALUE}`] })).toHaveLength(1);
    expect(of({ "spec.podTemplateSpec.spec.containers": [{ name: "mcp", env }] })).toHaveLength(1);
    const gatewayEnv = { "spec.podTemplateSpec.spec.containers": [{ name: "vmcp", env }] };
    expect(
      judged(plainSecrets, edited(toolHiveStack(), "VirtualMCPServer eng", gatewayEnv)),
    ).toHaveLength(1);
  });

  test("lets names pass that somebody allows, known or not", () => {
    const allowed = { allowedNames: ["PUBLIC_TOKEN", "password"] };
    expect(variable("PUBLIC_TOKEN", VALUE)).toHaveLength(1);
    expect(variable("PUBLIC_TOKEN", VALUE, allowed)).toEqual([]);
    expect(configured("a.yaml", `password: ${VALUE}`, allowed)).toEqual([]);
    const unknown = gateway({
      [`${CONTAINER}.env`]: [{ name: "PUBLIC_TOKEN", value: unknownStringValue }],
    });
    expect(judged(plainSecrets, unknown, allowed)).toEqual([]);
    expect(judged(plainSecrets, unknown)).toEqual([
      `${GATEWAY}: ${CONTAINER}.env, PUBLIC_TOKEN: its value is not known before the update and may be a secret; move it to a Secret, or add its name to allowedNames`,
    ]);
  });

  test("does not pass a ConfigMap that is not known", () => {
    const unknown = configured("a.json", unknownStringValue);
    expect(unknown[0]).toContain("ConfigMap one, a.json: its value is not known before the update");
  });

  test("passes a certificate that is known only later, and no key in its place", () => {
    expect(configured("ca-github.crt", unknownStringValue)).toEqual([]);
    const key = `-----BEGIN PRIVATE KEY-----\n${"MIIEvQIBADANBgkqhkiG9w0BAQEFAASC".repeat(4)}\n-----END PRIVATE KEY-----`;
    expect(configured("ca-github.crt", key)).toHaveLength(1);
  });
});

test("an annotation that is not known leaves nothing to judge, and nothing that passes", () => {
  const stack = withFacts(gatewayStack(), GATEWAY, { replicas: unknownStringValue });
  const noReplicas = edited(stack, GATEWAY, { "spec.replicas": undefined });
  expect(judged(disruptionBudget, noReplicas)[0]).toContain("is not known before the update");
  expect(judged(spreadOverNodes, noReplicas)[0]).toContain("is not known before the update");
});
