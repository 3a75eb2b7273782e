import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";

import { COUNTER_IMAGE } from "../testkit/images/counter-image.ts";
import { REDIS_IMAGE } from "../testkit/images/redis-image.ts";
import { bootCheck, openFilesLimit } from "./boot-check.ts";
import { Cluster } from "./cluster.ts";
import { tried } from "./fault-trial.ts";
import { BACKEND_SELECTOR } from "./faults/discovery.ts";
import { FAULTS, MAX_GATEWAYS } from "./faults.ts";
import type { Fleet } from "./fleet.ts";
import type { Kubectl } from "./kubectl.ts";
import { Load } from "./load.ts";
import { type PodState, Pods, PodWatch } from "./pods.ts";
import { Proof } from "./proof.ts";
import { refusesRoot } from "./restricted-pod.ts";
import { Stack } from "./stack.ts";
import { timelineSvg } from "./timeline.ts";

const ROOT = join(import.meta.dirname, "..");
const PAGE = join(ROOT, "docs/proof.md");
const PICTURE = join(ROOT, "docs/proof.svg");
const IMAGES = ["mcp-fleet", "redis", "counter"].map((name) =>
  join(ROOT, `.tools/images/${name}.tar`),
);

const NAMESPACE = "mcp-fleet-e2e";
const { version } = JSON.parse(readFileSync(join(ROOT, "runtime/package.json"), "utf8"));
const IMAGE = `mcp-fleet:${version}`;

/** What two cores hold: five gateways and one more that is about to replace them, everything else, and the clients. */
const CONFIGURATION = {
  namespace: NAMESPACE,
  sessions: 1_000,
  // Room to grow, so that its pods keep what they know of sessions.
  serverSessions: 5_000,
  sessionCallsPerMinute: 1,
  image: IMAGE,
  serverImage: COUNTER_IMAGE,
  serverArgs: "3001 0.0.0.0",
  redisImage: REDIS_IMAGE,
  engine: "Redis",
  redisCpu: "100m",
  spread: "Preferred",
  backendSelector: BACKEND_SELECTOR,
};

const MAX_CORES = 1.5;

const SESSIONS = 100;
const CALLS_PER_SECOND = 40;
/** Every client has called by then. */
const LEAD_IN_MS = 5_000;

function say(text: string): void {
  const seconds = (performance.now() / 1000).toFixed(0);
  process.stdout.write(`${seconds.padStart(4)} s  ${text}\n`);
}

/** What the pods are, before anything happens to them. */
async function claimPods(proof: Proof, kubectl: Kubectl, pods: readonly PodState[]) {
  proof.claim(
    "All pods are ready under restricted pod security, which refuses a pod that may be root",
    `${pods.filter(({ isReady }) => isReady).length} of ${pods.length} pods`,
    pods.every(({ isReady }) => isReady) && (await refusesRoot(kubectl, IMAGE)),
  );
}

/** The fleet at its largest has room on a node of two cores, beside all else that runs there. */
function claimRequests(proof: Proof, pods: readonly PodState[]) {
  const gateways = pods.filter(({ part }) => part === "gateway");
  const more = (MAX_GATEWAYS + 1 - gateways.length) * (gateways[0]?.cpuMillicores ?? 0);
  const asked = pods.reduce((sum, { cpuMillicores }) => sum + cpuMillicores, more);
  proof.claim(
    `All pods together ask for ${MAX_CORES} cores at most, with ${MAX_GATEWAYS} gateways and one more in a rollout`,
    `${asked / 1000} cores`,
    asked <= MAX_CORES * 1000,
  );
}

/** A plan above the limit of open files is found out when it starts. */
async function claimBootCheck(proof: Proof, kubectl: Kubectl, gateway: string) {
  const limit = await openFilesLimit(kubectl, gateway);
  const { seen } = await bootCheck(kubectl.in(`${NAMESPACE}-boot`), IMAGE, limit);
  const where = Object.entries(seen ?? {}).filter(([, reason]) => reason !== "");
  proof.claim(
    "A gateway planned with more open files than its container has does not start, and says why",
    seen === undefined
      ? `containers have ${limit}: no plan comes near`
      : `${where.map(([place]) => `\`${place}\``).join(", ")}: ${where[0]?.[1]}`,
    seen === undefined || where.length > 0,
  );
}

/** The faults one after the other, each under load. */
async function disturb(proof: Proof, fleet: Fleet): Promise<void> {
  for (const fault of FAULTS) {
    const trial = await tried(fault, fleet);
    proof.trials.push(trial);
    const { calls, faults } = trial;
    say(`${fault.title}: ${calls} calls, ${faults.length === 0 ? "as it should be" : "WRONG"}`);
    for (const line of trial.firstFaults) say(`    ${line}`);
  }
}

async function prove(proof: Proof, cluster: Cluster, stack: Stack): Promise<void> {
  await stack.up();
  const kubectl = cluster.kubectl.in(NAMESPACE);
  const pods = new Pods(kubectl);
  await pods.settled();
  const all = await pods.all();
  say(`pulumi up: ${all.length} pods ready`);
  await claimPods(proof, kubectl, all);
  claimRequests(proof, all);
  const [gateway] = await pods.of("gateway");
  const callers = cluster.kubectl.in(`${NAMESPACE}-callers`);
  const url = String(await stack.output("url"));
  const plan = {
    image: IMAGE,
    url,
    tool: "everything_work",
    sessions: SESSIONS,
    callsPerSecond: CALLS_PER_SECOND,
  };
  const [load] = await Promise.all([
    Load.start(callers, plan),
    claimBootCheck(proof, kubectl, gateway?.name ?? ""),
  ]);
  say("clients call, and a gateway that is too tall says so");
  const watch = new PodWatch(pods);
  await delay(LEAD_IN_MS);
  proof.claim(
    "Clients of both official SDKs call a tool through the Service, by its name in DNS",
    `${new Set(load.reports.map(({ session }) => session)).size} sessions at ${url}`,
    load.places.size > 0,
  );
  await disturb(proof, { kubectl, pods, stack, load });
  await load.stop();
  await watch.stop();
  say("the clients have ended their sessions");
  proof.claimCalls(load.reports);
  const courses = proof.trials.map(({ course }) => course);
  writeFileSync(PICTURE, timelineSvg({ reports: load.reports, pods: watch.counts, courses }));
  await callers.run(["delete", "namespace", callers.namespace]);
  const { stay, isSame } = await stack.second();
  say(`a second pulumi up: ${stay} resources stay`);
  proof.claim("A second `pulumi up` changes nothing", `${stay} resources stay`, isSame);
}

async function destroy(proof: Proof, cluster: Cluster, stack: Stack): Promise<void> {
  const left = await stack.destroy();
  say(`pulumi destroy: ${left} resources are left`);
  const spaces = await cluster.kubectl.run(["get", "namespaces", "-o", "name"]);
  const volumes = await cluster.kubectl.run(["get", "persistentvolumes", "-o", "json"]);
  const isOurs = volumes.includes(`"namespace": "${NAMESPACE}"`);
  proof.claim(
    "`pulumi destroy` leaves nothing",
    `${left} resources in the state`,
    left === 0 && !spaces.includes(`namespace/${NAMESPACE}\n`) && !isOurs,
  );
}

const cluster = await Cluster.start();
try {
  say(`a cluster: ${cluster.title}`);
  await cluster.load(IMAGES);
  say("images loaded");
  const stack = await Stack.start(cluster.kubectl.kubeconfig, CONFIGURATION);
  const policies = stack.hasPolicies ? "with" : "without";
  const where = `Kubernetes ${await cluster.version()} (${cluster.title}), ${policies} the policies`;
  const proof = new Proof(where);
  try {
    await prove(proof, cluster, stack);
  } finally {
    await destroy(proof, cluster, stack);
  }
  writeFileSync(PAGE, proof.page(readFileSync(PAGE, "utf8")));
  process.stdout.write(`\n${proof.claimTable()}\n\nall figures: docs/proof.md\n`);
  for (const line of proof.failures) process.stdout.write(`failed: ${line}\n`);
  const held = proof.claims.filter(({ holds }) => holds).length;
  process.stdout.write(`\n${held} passed, ${proof.claims.length - held} failed\n`);
  process.exitCode = proof.holds ? 0 : 1;
} finally {
  await cluster.stop();
}
