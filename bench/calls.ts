import type { MeasuredProcess } from "../testkit/processes/measured-process.ts";
import type { Fleet } from "./fleet.ts";
import { type LoadResult, load, warmUp } from "./load.ts";
import { Target } from "./target.ts";

type Processes = readonly MeasuredProcess[];

export const CONCURRENCIES = [1, 16, 64];
export const ROUNDS = 5;
export const SECONDS_PER_RUN = 0.8;

/** What is compared: with nothing between, then one layer, then two. */
export const TARGETS = {
  direct: "the backend itself",
  passThrough: "bare pass-through",
  memory: "gateway, memory",
  redis: "gateway, Redis",
  redisThree: "three gateways, Redis",
  proxyMemory: "proxy, memory",
  proxyRedis: "proxy, Redis",
  proxyRedisTwo: "two proxies, Redis",
  fleet: "gateway → proxy, Redis",
  fleetTwo: "two gateways → two proxies, Redis",
} as const;

export type TargetKey = keyof typeof TARGETS;

/** The runs of each target at one concurrency, a round each. */
export interface CallRuns {
  readonly concurrency: number;
  readonly runs: Readonly<Record<TargetKey, readonly LoadResult[]>>;
}

/** Each round asks every target once, so that what else the machine does meets all of them. */
export async function measureCalls(fleet: Fleet): Promise<CallRuns[]> {
  const target = (key: TargetKey, tool: string, called: Processes, behind?: Processes) =>
    [key, new Target(TARGETS[key], tool, called, behind)] as const;
  const single = await fleet.gatewaysOverProxies(1);
  const pair = await fleet.gatewaysOverProxies(2);
  const targets = [
    target("direct", "echo", [fleet.backend]),
    target("passThrough", "echo", [await fleet.passThrough()]),
    target("memory", "b_echo", await fleet.gateways(1, "memory")),
    target("redis", "b_echo", await fleet.gateways(1, "redis")),
    target("redisThree", "b_echo", await fleet.gateways(3, "redis")),
    target("proxyMemory", "echo", await fleet.proxies(1, "memory")),
    target("proxyRedis", "echo", await fleet.proxies(1, "redis")),
    target("proxyRedisTwo", "echo", await fleet.proxies(2, "redis")),
    target("fleet", "b_echo", single.gateways, single.proxies),
    target("fleetTwo", "b_echo", pair.gateways, pair.proxies),
  ];
  const measured: CallRuns[] = [];
  const max = Math.max(...CONCURRENCIES);
  const ready = [];
  for (const [key, one] of targets) {
    const sessions = await one.open(max);
    await warmUp({ target: one, sessions, concurrency: max });
    ready.push({ key, target: one, sessions });
  }
  for (const concurrency of CONCURRENCIES) {
    const runs: Record<TargetKey, LoadResult[]> = {
      direct: [],
      passThrough: [],
      memory: [],
      redis: [],
      redisThree: [],
      proxyMemory: [],
      proxyRedis: [],
      proxyRedisTwo: [],
      fleet: [],
      fleetTwo: [],
    };
    for (let round = 0; round < ROUNDS; round += 1) {
      for (const { key, target: one, sessions } of ready) {
        const plan = { target: one, sessions, concurrency, seconds: SECONDS_PER_RUN };
        runs[key].push(await load(fleet, plan));
      }
    }
    measured.push({ concurrency, runs });
  }
  for (const [, one] of targets) await one.close();
  return measured;
}
