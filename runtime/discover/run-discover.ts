import type { ClusterDiscoverySettings } from "@mcp-fleet/contract/settings";
import type { FastifyInstance } from "fastify";
import type { Logger } from "pino";
import { stringify } from "yaml";
import { adminListener, guard } from "../admin/admin-listener.ts";
import { addMetrics } from "../admin/metrics-server.ts";
import { addProbes } from "../edge/probes.ts";
import { surviveDefects } from "../server/defects.ts";
import { buildLog } from "../telemetry/log.ts";
import { Cluster } from "./cluster.ts";
import { ConfigMap } from "./config-map.ts";
import { DiscoverMetrics } from "./discover-metrics.ts";
import { Discoverer, type DiscovererParts } from "./discoverer.ts";
import { KINDS, type Kind } from "./kinds.ts";
import type { KubeObject } from "./kube-object.ts";
import { keyOf } from "./published-entry.ts";
import { Source } from "./source.ts";

/** What the command line says beside the configuration. */
export interface DiscoverOptions {
  readonly kubeconfig?: string | undefined;
  /** The namespace of the ConfigMap. Default: that of the pod, or of the kubeconfig's context. */
  readonly namespace?: string | undefined;
  readonly times?: DiscovererParts["times"];
}

/** The parts of a process that looks for backends. */
export interface Discovery {
  readonly discoverer: Discoverer;
  readonly admin: FastifyInstance;
  readonly metrics: DiscoverMetrics;
}

/** Puts the parts together. @throws {ConfigError} for a kubeconfig that cannot be used. */
export function composeDiscovery(
  settings: ClusterDiscoverySettings,
  options: DiscoverOptions,
  log: Logger,
): Discovery {
  const cluster = new Cluster(options.kubeconfig);
  const home = options.namespace ?? cluster.namespace;
  const metrics = new DiscoverMetrics();
  const onChange = () => discoverer.changed();
  const discoverer: Discoverer = new Discoverer({
    sources: sourcesOf(settings, home, { cluster, onChange, log }),
    configMap: new ConfigMap(cluster, home, settings.configMap),
    limits: settings,
    metrics,
    log,
    ...(options.times && { times: options.times }),
  });
  const admin = adminListener(log);
  addProbes(admin, discoverer);
  admin.register((guarded, _options, done) => {
    guard(guarded, settings);
    addMetrics(guarded, metrics);
    guarded.get("/status", async () => discoverer.status());
    done();
  });
  return { discoverer, admin, metrics };
}

type SourceSetting = Pick<ConstructorParameters<typeof Source>[0], "cluster" | "onChange" | "log">;

function sourcesOf(
  { groupRef, namespaces, services }: ClusterDiscoverySettings,
  home: string,
  shared: SourceSetting,
): Source[] {
  const inEach = (
    kind: Kind,
    where: readonly string[],
    more: object,
    isChosen: (object: KubeObject) => boolean,
  ) =>
    [...new Set(where)].map(
      (namespace) => new Source({ ...shared, ...more, kind, namespace, isChosen }),
    );
  const own = namespaces ?? [home];
  return KINDS.flatMap((kind) => {
    if (kind.isOfToolhive) {
      if (groupRef === undefined) return [];
      return inEach(kind, own, {}, (object) => object.group === groupRef);
    }
    if (services === undefined) return [];
    const { labelSelector } = services;
    return inEach(kind, services.namespaces ?? own, { labelSelector }, () => true);
  });
}

/**
 * Keeps the ConfigMap at the backends of the cluster until a signal ends it.
 *
 * @throws {ConfigError} for a kubeconfig that cannot be used, and those of `listen`.
 */
export async function runDiscover(
  settings: ClusterDiscoverySettings,
  options: DiscoverOptions,
): Promise<void> {
  const log = buildLog(settings.logLevel, "discover").child({ name: settings.name });
  const { discoverer, admin, metrics } = composeDiscovery(settings, options, log);
  const stopSurviving = surviveDefects(metrics, log);
  const adminUrl = await admin.listen({ host: settings.host, port: settings.adminPort });
  discoverer.start();
  log.info({ adminUrl, ...discoverer.status() }, "looking for backends");
  const { promise: signalled, resolve } = Promise.withResolvers<string>();
  process.once("SIGTERM", resolve).once("SIGINT", resolve);
  log.info({ signal: await signalled }, "ending: the ConfigMap stays as it is");
  await discoverer.stop();
  await admin.close();
  stopSurviving();
}

/**
 * Prints what would be published, as the manifest of the ConfigMap, and on standard error what would not, and why.
 *
 * @throws {ConfigError}, and {ClusterError} for an API server that does not answer.
 */
export async function printDiscovered(
  settings: ClusterDiscoverySettings,
  options: DiscoverOptions,
): Promise<void> {
  const log = buildLog(settings.logLevel, "discover").child({ name: settings.name });
  const { discoverer } = composeDiscovery(settings, options, log);
  const { entries, leftOut, unread } = await discoverer.preview();
  const namespace = options.namespace ?? new Cluster(options.kubeconfig).namespace;
  const data = Object.fromEntries([...entries].map(([name, { text }]) => [keyOf(name), text]));
  const metadata = { name: settings.configMap, namespace };
  process.stdout.write(stringify({ apiVersion: "v1", kind: "ConfigMap", metadata, data }));
  for (const source of unread) process.stderr.write(`not read: ${source}\n`);
  for (const [object, reason] of leftOut) process.stderr.write(`left out: ${object}: ${reason}\n`);
}
