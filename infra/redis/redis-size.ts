import { bytes, formatBytes } from "@mcp-fleet/contract";
import {
  CONSTANTS,
  INPUTS,
  STORAGE_SESSIONS,
  type StoreLoad,
  type StoreSize,
  storeContainer,
  storeSize,
} from "@mcp-fleet/contract/capacity";
import type { ArgumentFault } from "../argument-faults.ts";
import { belowPlan } from "../below-plan.ts";
import { millicores } from "../process/quantity.ts";
import type { RedisSentinelArgs } from "../redis-sentinel-args.ts";
import { Persistence } from "./redis-conf.ts";

/** Client pods of those who say nothing of them: a policy compares them with the sum of all that there are. */
export const CLIENT_PODS = 50;

/** Backends that a session opens, where nobody says. */
export const OPENED_BACKENDS = 10;

const MEBIBYTE = 2 ** 20;

/** CPU of a server; there is no limit, since a server that is throttled is taken for lost. */
const CPU_MILLICORES = 250;

/** What is deployed: the plan, and where the user says so, something else. */
export interface RedisSize {
  readonly maxMemoryBytes: number;
  readonly maxClients: number;
  readonly containerBytes: number;
  readonly volumeBytes: number;
  readonly cpuMillicores: number;
}

/** A store's plan with its overrides, and each override that is below it. */
export interface SizedRedis {
  readonly load: StoreLoad;
  readonly plan: StoreSize;
  readonly size: RedisSize;
  readonly risks: readonly ArgumentFault[];
}

/** The load of a store, as the plan wants it. */
export function storeLoad(args: RedisSentinelArgs): StoreLoad {
  const { sessions, storageSessions = STORAGE_SESSIONS, clientPods = CLIENT_PODS } = args;
  const { openedBackends = OPENED_BACKENDS, clientBytes } = args;
  return {
    sessions,
    storageSessions,
    clientPods,
    openedBackends,
    clientBytes: clientBytes === undefined ? INPUTS.clientBytes.fallback : bytes(clientBytes),
    idleTtlSeconds: INPUTS.idleTtlSeconds.fallback,
    store: "sentinel",
    // Sessions and pods are counted all together by who declares the store.
    proxySessions: 0,
    rollouts: 0,
  };
}

/** The size of servers and volumes. Less than the plan is a risk, with the arithmetic that it contradicts. */
export function sizeRedis(args: RedisSentinelArgs): SizedRedis {
  const load = storeLoad(args);
  const least = storeSize(load);
  const { maxMemory, maxClients = least.clients.value, resources = {} } = args;
  const { memory, cpu } = resources;
  const maxMemoryBytes = maxMemory === undefined ? least.memory.value : bytes(maxMemory);
  const isMore = maxMemoryBytes > least.memory.value;
  const container = storeContainer({ ...least.memory, value: maxMemoryBytes });
  const plan = isMore ? { ...least, container } : least;
  const size = {
    maxMemoryBytes,
    maxClients,
    containerBytes: memory === undefined ? plan.container.value : bytes(memory),
    volumeBytes: plan.volume.value,
    cpuMillicores: cpu === undefined ? CPU_MILLICORES : millicores(cpu),
  };
  const risks = [
    ...belowPlan("maxMemory", size.maxMemoryBytes, plan.memory, formatBytes),
    ...belowPlan("maxClients", maxClients, plan.clients),
    ...belowPlan("resources.memory", size.containerBytes, plan.container, formatBytes),
    ...beyondVolumes(args, maxMemoryBytes, plan.volume.value),
  ];
  return { load, plan, size, risks };
}

/** A server that keeps more in memory than its volume has room for stops writing when that is full. */
function beyondVolumes(
  { maxMemory, persistence }: RedisSentinelArgs,
  maxMemoryBytes: number,
  volumeBytes: number,
): ArgumentFault[] {
  const { value: percent } = CONSTANTS.storeVolume;
  const most = Math.floor((volumeBytes * 100) / percent / MEBIBYTE) * MEBIBYTE;
  if (persistence === Persistence.None || maxMemoryBytes <= most) return [];
  const rule = `volumes of ${formatBytes(volumeBytes)} have room for ${formatBytes(most)} of it, at ${percent} %`;
  const fix = `write ${formatBytes(most)} or less, or raise storageSessions`;
  return [{ path: "maxMemory", value: maxMemory, rule, fix }];
}
