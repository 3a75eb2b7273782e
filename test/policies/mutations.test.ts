import { describe, expect, test } from "vitest";
import { autoscaledStack } from "../../policies/examples/autoscaled.ts";
import { edited, type FactValues, withFacts, without } from "../../policies/examples/edit.ts";
import { proxyStack } from "../../policies/examples/gateway.ts";
import { redisStack } from "../../policies/examples/redis.ts";
import { serverStack } from "../../policies/examples/server.ts";
import { Fleet, POLICIES, Resource, type ResourceDescription } from "../../policies/index.ts";
import { FACT_NAMES, FACTS, type Fact, type FactKind } from "../../policies/stack/facts.ts";

type Stack = readonly ResourceDescription[];

const GATEWAY = "Deployment eng-gateway";
const PROXY = "Deployment github-proxy";
const SERVER = "StatefulSet github-server";
const REDIS = "StatefulSet sessions-redis";
const SENTINELS = "StatefulSet sessions-sentinel";
const TITLES = [GATEWAY, PROXY, SERVER, REDIS] as const;

const fleetOf = (stack: Stack) => new Fleet(stack.map((description) => new Resource(description)));

/** The policies that find fault with a stack. */
function caught(stack: Stack): string[] {
  const fleet = fleetOf(stack);
  return POLICIES.filter((policy) => policy.check(fleet).length > 0).map(({ name }) => name);
}

const factsOf = (stack: Stack, title: string) => {
  const found = fleetOf(stack).workloads.find(({ resource }) => resource.title === title);
  if (found === undefined) throw new Error(`there is no ${title}`);
  return found.facts;
};

/**
 * A fleet with nothing to spare: its store holds the 2,000 sessions of a gateway and a proxy, each of which opens
 * two backends or one, and the pods that there may be.
 */
const FLEET: Stack = [
  ...withFacts(autoscaledStack(), GATEWAY, { storeSessions: 1000, storeClientPods: 12 }),
  ...withFacts(proxyStack(), PROXY, { storeSessions: 1000, storeClientPods: 2 }),
  ...serverStack(),
  ...redisStack({ sessions: 2000, storageSessions: 2000, clientPods: 16, openedBackends: 2 }),
];

const isNumber = (fact: Fact): boolean => {
  const { is = "number" }: FactKind = FACTS[fact];
  return is === "number";
};

/** The facts of a workload that are numbers. */
const numbersOf = (title: string): Fact[] =>
  FACT_NAMES.filter((fact) => isNumber(fact) && factsOf(FLEET, title).has(fact));

test("the fleet passes every policy as it is", () => {
  expect(caught(FLEET)).toEqual([]);
});

describe.each(TITLES)("a number that %s says of itself, lowered by 1", (title) => {
  test.each(numbersOf(title))("is caught: %s", (fact) => {
    const value = factsOf(FLEET, title).number(fact);
    expect(caught(withFacts(FLEET, title, { [fact]: value - 1 }))).not.toEqual([]);
  });
});

/** A number that stands in the manifest, too, and where. */
interface Place {
  readonly title: (typeof TITLES)[number];
  readonly fact: Fact;
  /** Where it is not the workload itself. */
  readonly in?: string;
  readonly paths: readonly string[];
  /** Where it is an amount: the suffix. */
  readonly unit?: string;
}

const POD = "spec.template.spec";
const CONTAINER = `${POD}.containers[0]`;
const MEMORY = [
  `${CONTAINER}.resources.limits.memory`,
  `${CONTAINER}.resources.requests.memory`,
] as const;
const SLEEP = [`${CONTAINER}.lifecycle.preStop.sleep.seconds`] as const;
const GRACE = [`${POD}.terminationGracePeriodSeconds`] as const;
const CLAIM = ["spec.volumeClaimTemplates[0].spec.resources.requests.storage"] as const;

const AUTOSCALER = "HorizontalPodAutoscaler eng-gateway";

const PLACES: readonly Place[] = [
  { title: GATEWAY, fact: "replicas", in: AUTOSCALER, paths: ["spec.minReplicas"] },
  { title: GATEWAY, fact: "maxReplicas", in: AUTOSCALER, paths: ["spec.maxReplicas"] },
  { title: PROXY, fact: "replicas", paths: ["spec.replicas"] },
  { title: SERVER, fact: "backendReplicas", paths: ["spec.replicas"] },
  { title: REDIS, fact: "servers", paths: ["spec.replicas"] },
  { title: REDIS, fact: "containerBytes", paths: MEMORY, unit: "" },
  { title: REDIS, fact: "volumeBytes", paths: CLAIM, unit: "" },
  ...([GATEWAY, PROXY, SERVER] as const).flatMap((title): Place[] => [
    { title, fact: "memoryBytes", paths: MEMORY, unit: "" },
    { title, fact: "preStopSeconds", paths: SLEEP },
    { title, fact: "graceSeconds", paths: GRACE },
  ]),
  ...([GATEWAY, PROXY] as const).flatMap((title): Place[] => [
    { title, fact: "cpuMillicores", paths: [`${CONTAINER}.resources.requests.cpu`], unit: "m" },
    { title, fact: "progressDeadlineSeconds", paths: ["spec.progressDeadlineSeconds"] },
  ]),
];

/** Servers and Sentinels of a store say the same. */
function toldAlike(title: string, facts: FactValues): Stack {
  const stack = withFacts(FLEET, title, facts);
  return title === REDIS ? withFacts(stack, SENTINELS, facts) : stack;
}

describe("a number that is 1 less than the plan, in manifest and facts alike,", () => {
  test.each(PLACES)("is caught: $fact of $title", ({ title, fact, in: place, paths, unit }) => {
    const less = factsOf(FLEET, title).number(fact) - 1;
    const value = unit === undefined ? less : `${less}${unit}`;
    const changes = Object.fromEntries(paths.map((path) => [path, value]));
    const lowered = edited(toldAlike(title, { [fact]: less }), place ?? title, changes);
    expect(caught(lowered)).not.toEqual([]);
    expect(caught(lowered)).not.toContain("facts-match-manifest");
  });
});

/** What a workload says in words or as yes or no, and what is worse. */
interface Flip {
  readonly title: string;
  readonly fact: Fact;
  readonly worse: string | boolean | readonly string[];
  readonly by: string;
  readonly stack?: Stack;
}

const ANONYMOUS = withFacts(FLEET, GATEWAY, { incomingAuth: "anonymous" });
const EXPOSED = withFacts(FLEET, GATEWAY, { exposed: true });
/** A gateway that reaches the three pods of a server by one name. */
const UNROUTED = withFacts(FLEET, GATEWAY, {
  backendHosts: { github: "github-server.mcp.svc", wiki: "wiki.example.com" },
});
/** A gateway with affinity before backends that keep nothing. */
const AFFINE = edited(
  withFacts(FLEET, GATEWAY, { sessionAffinity: "ClientIP" }),
  "Service eng-gateway",
  { "spec.sessionAffinity": "ClientIP" },
);
/** A store whose users stand in a Secret that nobody can read. */
const UNREAD = without(FLEET, "Secret sessions-redis");

const FLIPS: readonly Flip[] = [
  { title: GATEWAY, fact: "store", worse: "memory", by: "shared-session-storage" },
  { title: PROXY, fact: "store", worse: "memory", by: "shared-session-storage" },
  { title: GATEWAY, fact: "sessionAffinity", worse: "ClientIP", by: "facts-match-manifest" },
  { title: PROXY, fact: "sessionAffinity", worse: "ClientIP", by: "facts-match-manifest" },
  {
    title: GATEWAY,
    fact: "incomingAuth",
    worse: "anonymous",
    by: "open-gateway",
    stack: EXPOSED,
  },
  { title: GATEWAY, fact: "exposed", worse: true, by: "open-gateway", stack: ANONYMOUS },
  {
    title: GATEWAY,
    fact: "statefulBackends",
    worse: ["github"],
    by: "affinity-for-state",
    stack: AFFINE,
  },
  {
    title: SERVER,
    fact: "stateful",
    worse: true,
    by: "state-needs-session-routing",
    stack: UNROUTED,
  },
  { title: REDIS, fact: "tls", worse: true, by: "redis-encryption" },
  { title: REDIS, fact: "acl", worse: false, by: "redis-authentication", stack: UNREAD },
];

/** What no policy asks for, and why not. */
const WITHOUT_WORSE: Readonly<Partial<Record<Fact, string>>> = {
  role: "another role is another workload; one that there is not is refused by facts-known",
  transport: "proxies and gateways ask the server itself",
  keyPrefix: "no prefix is worse than another one: key-prefix compares those of a store",
  storeAddresses: "an address leads to a store or to none: session-storage-declared looks it up",
  backendNames: "names, for people",
  backendHosts: "a host leads to a server or to none: state-needs-session-routing looks it up",
  planInputs: "what the plan is computed from: a smaller load has a smaller plan",
};

describe("what a workload says in words, made worse,", () => {
  test.each(FLIPS)(
    "is caught: $fact of $title as $worse",
    ({ title, fact, worse, by, stack = FLEET }) => {
      expect(caught(stack)).not.toContain(by);
      expect(caught(withFacts(stack, title, { [fact]: worse }))).toContain(by);
    },
  );

  test("is all that the fleet says, but for what has nothing worse", () => {
    const said = TITLES.flatMap((title) =>
      FACT_NAMES.filter((fact) => !isNumber(fact) && factsOf(FLEET, title).has(fact)),
    );
    const known = new Set<string>([
      ...FLIPS.map(({ fact }) => fact),
      ...Object.keys(WITHOUT_WORSE),
    ]);
    expect([...new Set(said)].filter((fact) => !known.has(fact))).toEqual([]);
  });
});
