import { amountText } from "@mcp-fleet/contract/capacity";
import {
  ComponentResource,
  type ComponentResourceOptions,
  log,
  type Output,
  output,
  secret,
} from "@pulumi/pulumi";
import { reportOldName } from "./accepted-risks.ts";
import type { SessionStorageArgs } from "./arguments/session-storage-args.ts";
import { withMetadata } from "./metadata.ts";
import { namesOf } from "./naming.ts";
import { serviceAccountName } from "./pods/service-account.ts";
import { figureTexts, figureValues } from "./process/plan-figures.ts";
import { reportRisks } from "./process/report-plan.ts";
import { certificate } from "./redis/certificate.ts";
import { checkedRedis } from "./redis/checked-redis.ts";
import { connection } from "./redis/connection.ts";
import { keySpace } from "./redis/key-space.ts";
import { redisMonitoring } from "./redis/monitoring.ts";
import { passwords } from "./redis/passwords.ts";
import { redisFiles } from "./redis/redis-files.ts";
import { disruptionBudget, networkPolicy } from "./redis/redis-guards.ts";
import { sentinelPods, serverPods } from "./redis/redis-pods.ts";
import { redisServices } from "./redis/redis-services.ts";
import type { SizedRedis } from "./redis/redis-size.ts";
import { labelsOf, partName, type RedisSpec } from "./redis/redis-spec.ts";
import type { RedisSentinelArgs } from "./redis-sentinel-args.ts";

/** The connection of all clients, and of each that has a user of its own, by its name. */
const connections = new WeakMap<
  RedisSentinel,
  { readonly all: SessionStorageArgs; readonly own: ReadonlyMap<string, SessionStorageArgs> }
>();

/**
 * Three Redis or Valkey servers and three Sentinels, sized for the sessions that are stored in them. Losing a pod, a
 * node or a volume loses no acknowledged write.
 */
export class RedisSentinel extends ComponentResource {
  /** @internal */
  static readonly __pulumiType = "mcp-fleet:index:RedisSentinel";

  /** The name of the master at the Sentinels. */
  readonly masterName: Output<string>;

  /** The host and port of each Sentinel. */
  readonly sentinelAddresses: Output<string[]>;

  /** The ACL user for gateways and proxies. */
  readonly username: Output<string>;

  /** The password of that user. */
  readonly password: Output<string>;

  /** The password of each of the users of single gateways and servers, by name. */
  readonly userPasswords: Output<Record<string, string>>;

  /** The name of the StatefulSet of the servers, and of their headless Service. */
  readonly workloadName: Output<string>;

  /** The name of the StatefulSet of the Sentinels, and of their headless Service. */
  readonly sentinelWorkloadName: Output<string>;

  /** Every figure of the capacity plan by name, with its arithmetic. */
  readonly capacity: Output<Record<string, string>>;

  /** The figures of the capacity plan as numbers, in the units that capacity names. */
  readonly plan: Output<Record<string, number>>;

  /**
   * @param name the prefix of all resource names in Pulumi, and without `args.name` in Kubernetes: at most 40 lowercase
   *   letters, digits and dashes.
   * @throws {InputPropertiesError} with every fault of the arguments, before any resource is registered.
   */
  constructor(name: string, args: RedisSentinelArgs, opts?: ComponentResourceOptions) {
    const { __pulumiType: token } = RedisSentinel;
    const { sized, facts } = checkedRedis(token, name, args);
    super(token, name, facts, withMetadata(opts, args));
    const { namespace = "default" } = args;
    const { size, plan } = sized;
    const names = namesOf(name, args);
    const spec: RedisSpec = { parent: this, ...names, namespace, size, facts, args };
    report(spec, sized);
    const users = passwords(this, name, args);
    const files = redisFiles(spec, users);
    const account = serviceAccountName({
      logicalName: partName(name, "redis"),
      name: partName(names.instance, "redis"),
      namespace,
      labels: labelsOf(spec, "redis"),
      parent: this,
      user: args.serviceAccount,
    });
    if (args.tls?.issuer) certificate(spec, args.tls.issuer);
    for (const part of ["redis", "sentinel"] as const) {
      redisServices(spec, part);
      disruptionBudget(spec, part);
      if (args.networkPolicy?.enabled ?? true) networkPolicy(spec, part);
    }
    this.workloadName = serverPods(spec, files, account).metadata.name;
    this.sentinelWorkloadName = sentinelPods(spec, files, account).metadata.name;
    redisMonitoring(spec);
    const storage = connection(spec, sized, users);
    const spaces = (args.users ?? []).map(keySpace);
    const own = new Map(
      spaces.map((space) => [space.name, connection(spec, sized, users, space)] as const),
    );
    connections.set(this, { all: storage, own });
    this.masterName = output(storage.sentinel?.masterName ?? "");
    this.sentinelAddresses = output(storage.sentinel?.addresses ?? []);
    this.username = output(storage.username ?? "");
    this.password = users.gateway;
    this.userPasswords = secret(users.users);
    this.capacity = output(figureTexts({ ...plan }));
    this.plan = output(figureValues({ ...plan }));
    const { masterName, sentinelAddresses, username, password, userPasswords } = this;
    // Stack policies see only the outputs of a component.
    this.registerOutputs({
      masterName,
      sentinelAddresses,
      username,
      password,
      userPasswords,
      workloadName: this.workloadName,
      sentinelWorkloadName: this.sentinelWorkloadName,
      capacity: this.capacity,
      plan: this.plan,
      connection: storage,
      facts,
    });
  }

  /** The store as the sessionStorage argument of gateways and MCP servers. In TypeScript it is plain, with outputs in it. */
  get connection(): SessionStorageArgs {
    return connectionsOf(this).all;
  }

  /**
   * The store as the sessionStorage argument of the gateway or server that has a user of its own.
   *
   * @param name one of `users`.
   * @throws {Error} where it is none of them.
   */
  connectionOf(name: string): SessionStorageArgs {
    const { own } = connectionsOf(this);
    const storage = own.get(name);
    if (storage !== undefined) return storage;
    throw new Error(
      `${name} is not in users of the store, which has ${[...own.keys()].join(", ") || "none"}`,
    );
  }
}

function connectionsOf(store: RedisSentinel) {
  const found = connections.get(store);
  if (found === undefined) throw new Error("the store is not constructed yet");
  return found;
}

function report({ parent, logicalName, args }: RedisSpec, { load, size, risks }: SizedRedis): void {
  const line = [
    `store ${logicalName} for ${amountText(load.sessions, "sessions")} and ${load.clientPods} client pods: maxmemory ${amountText(size.maxMemoryBytes, "bytes")}`,
    `maxclients ${size.maxClients}`,
    `volumes of ${amountText(size.volumeBytes, "bytes")}`,
  ].join(", ");
  void log.info(`${line}; the output "capacity" shows the arithmetic`, parent);
  reportRisks(risks, args, parent);
  reportOldName(args, parent);
}
