import { type CompleteInputs, INPUTS, type Input } from "@mcp-fleet/contract/capacity";
import { keysBeginWith, SAMPLING_RATE } from "@mcp-fleet/contract/settings";
import { type Output, output } from "@pulumi/pulumi";
import type { BackendArgs } from "../arguments/backend-args.ts";
import { Scaling, type SessionAffinity } from "../arguments/choices.ts";
import type { SessionStorageArgs } from "../arguments/session-storage-args.ts";
import type { TelemetryArgs } from "../arguments/telemetry-args.ts";
import type { Facts } from "../facts.ts";
import type { SizedProcess } from "./process-size.ts";
import { keyPrefixOf } from "./storage.ts";

/** The sources of a workload's facts. */
export interface ProcessFactsOf {
  readonly instance: string;
  readonly role: "gateway" | "proxy";
  readonly sized: SizedProcess;
  readonly storage: SessionStorageArgs | undefined;
  readonly backends: readonly BackendArgs[];
  readonly sessionAffinity: SessionAffinity;
  /** The risks that are taken. */
  readonly accepted: Facts;
  readonly scaling?: Scaling | undefined;
  readonly telemetry: TelemetryArgs | undefined;
}

/** What the pods of one role were planned with, and the resulting sizes. */
export function processFacts(of: ProcessFactsOf): Facts {
  const { role, storage, accepted } = of;
  const { inputs, plan, size } = of.sized;
  const { grace } = plan;
  return {
    role,
    sessions: inputs.sessions,
    backends: inputs.backends,
    replicas: size.replicas,
    ...(plan.autoscaling && {
      maxReplicas: plan.autoscaling.maxReplicas.value,
      scaling: of.scaling ?? Scaling.HorizontalPodAutoscaler,
    }),
    spareReplicas: inputs.spareReplicas,
    sessionsPerPod: plan.sessionsPerPod.value,
    cacheEntries: plan.cacheEntries.value,
    requiredNofile: plan.requiredNofile.value,
    nofileCeiling: inputs.nofile,
    memoryBytes: size.memoryBytes,
    cpuMillicores: size.cpuMillicores,
    preStopSeconds: grace.preStop.value,
    lingerSeconds: grace.linger.value,
    drainSeconds: grace.drain.value,
    closeSeconds: grace.close.value,
    graceSeconds: size.graceSeconds,
    progressDeadlineSeconds: size.progressDeadlineSeconds,
    sessionAffinity: of.sessionAffinity,
    store: inputs.store,
    backendHosts: hostsOf(of.backends),
    statefulBackends: of.backends.filter(({ stateful }) => stateful).map(({ name }) => name),
    ...(storage && storeFacts(storage, of)),
    ...(storage?.sessions !== undefined && { storeSessions: storage.sessions }),
    ...(storage?.clientPods !== undefined && { storeClientPods: storage.clientPods }),
    ...(of.telemetry?.tracingEnabled === true && {
      sampledPercent: Number(of.telemetry.samplingRate ?? SAMPLING_RATE) * 100,
    }),
    ...accepted,
    planInputs: changedInputs(inputs),
  };
}

/** The address of the store, and which of its keys these pods use. */
function storeFacts(storage: SessionStorageArgs, { instance, role }: ProcessFactsOf): Facts {
  const keyPrefix = keyPrefixOf(storage, instance);
  return {
    keyPrefix: keysBeginWith(keyPrefix, {
      server: role === "proxy" ? instance : undefined,
      isCluster: storage.cluster !== undefined,
    }),
    storeDb: storage.db ?? 0,
    ...(storage.name === undefined
      ? { storeAddresses: output(addressesOf(storage)) }
      : { storeName: storage.name }),
  };
}

/** Where a store says that it is. */
const addressesOf = ({ address, sentinel, cluster }: SessionStorageArgs) =>
  cluster?.addresses ?? sentinel?.addresses ?? [address ?? ""];

/** The host of each backend with a single URL; other parts of a URL may be secret. */
function hostsOf(backends: readonly BackendArgs[]): Output<Record<string, string>> {
  const urls = backends.flatMap(({ name, url }) =>
    url === undefined ? [] : [[name, url] as const],
  );
  return output(Object.fromEntries(urls)).apply((known) =>
    Object.fromEntries(
      Object.entries(known).map(([name, url]) => [name, URL.parse(url)?.hostname ?? ""]),
    ),
  );
}

/** The inputs that differ from their defaults, from which policies compute the plan again. */
function changedInputs(inputs: CompleteInputs): Readonly<Record<string, number | string>> {
  const defaults: Readonly<Record<string, Input>> = INPUTS;
  return Object.fromEntries(
    Object.entries(inputs).filter(([name, value]) => value !== defaults[name]?.default),
  );
}
