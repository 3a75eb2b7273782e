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
import type { ArgumentFault } from "../faults/argument-faults.ts";
import { belowPlan } from "../faults/below-plan.ts";
import { millicores } from "../process/quantity.ts";
import type { RedisSentinelArgs } from "../redis-sentinel-args.ts";
import { Persistence } from "./redis-conf.ts";

/** The default number of client pods. A policy compares it with the sum of the actual ones. */
export const CLIENT_PODS = 50;

/** The default number of backends that a session opens. */
export const OPENED_BACKENDS = 10;

const MEBIBYTE = 2 ** 20;

/** CPU request of a server. There is no limit, because Sentinels take a throttled server for lost. */
const CPU_MILLICORES = 250;

/** The size to deploy: the plan with the overrides of the user. */
export interface RedisSize {
  readonly maxMemoryBytes: number;
  readonly maxClients: number;
  readonly containerBytes: number;
  readonly volumeBytes: number;
  readonly cpuMillicores: number;
}

/** A store's plan, the size to deploy, and each override that is below the plan. */
export interface SizedRedis {
  readonly load: StoreLoad;
  readonly plan: StoreSize;
  readonly size: RedisSize;
  readonly risks: readonly ArgumentFault[];
}

/** The load of a store as input of the plan. */
export function storeLoad(args: RedisSentinelArgs): StoreLoad {
  const { sessions, storageSessions = STORAGE_SESSIONS, clientPods = CLIENT_PODS } = args;
  const { openedBackends = OPENED_BACKENDS, clientBytes } = args;
  return {
    sessions,
    storageSessions,
    clientPods,
    openedBackends,
    clientBytes: clientBytes === undefined ? INPUTS.clientBytes.default : bytes(clientBytes),
    idleTtlSeconds: INPUTS.idleTtlSeconds.default,
    store: "sentinel",
    // The user of the component counts sessions and pods of gateways and proxies together.
    proxySessions: 0,
    rollouts: 0,
  };
}

/** Sizes servers and volumes. Less than the plan is a risk, reported with the arithmetic of the plan. */
export function sizeRedis(args: RedisSentinelArgs): SizedRedis {
  const load = storeLoad(args);
  const minimum = storeSize(load);
  const { maxMemory, maxClients = minimum.clients.value, resources = {} } = args;
  const { memory, cpu } = resources;
  const maxMemoryBytes = maxMemory === undefined ? minimum.memory.value : bytes(maxMemory);
  const isMore = maxMemoryBytes > minimum.memory.value;
  const container = storeContainer({ ...minimum.memory, value: maxMemoryBytes });
  const plan = isMore ? { ...minimum, container } : minimum;
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

/** A server with more memory than its volume has room for stops accepting writes when the volume is full. */
function beyondVolumes(
  { maxMemory, persistence }: RedisSentinelArgs,
  maxMemoryBytes: number,
  volumeBytes: number,
): ArgumentFault[] {
  const { value: percent } = CONSTANTS.storeVolume;
  const max = Math.floor((volumeBytes * 100) / percent / MEBIBYTE) * MEBIBYTE;
  if (persistence === Persistence.None || maxMemoryBytes <= max) return [];
  const rule = `must be at most ${formatBytes(max)}: volumes of ${formatBytes(volumeBytes)} have to hold ${percent} % of it`;
  const fix = `set it to ${formatBytes(max)} or less, or raise storageSessions`;
  return [{ path: "maxMemory", value: maxMemory, rule, fix }];
}
