import type { ComponentResource, Input } from "@pulumi/pulumi";
import type { Facts } from "../facts.ts";
import { type Labels, labels, selectorLabels } from "../naming.ts";
import type { RedisSentinelArgs } from "../redis-sentinel-args.ts";
import type { RedisSize } from "./redis-size.ts";

/** Servers, and Sentinels: one may be lost, and the others agree. */
export const REPLICAS = 3;

/** What servers and Sentinels are made from, once everything about them is known. */
export interface RedisSpec {
  readonly parent: ComponentResource;
  /** The component's name. */
  readonly instance: string;
  readonly namespace: Input<string>;
  readonly size: RedisSize;
  readonly facts: Facts;
  readonly args: RedisSentinelArgs;
}

export type RedisPart = "redis" | "sentinel";

/** The name of StatefulSet and headless Service: `sessions-redis`. */
export const partName = (instance: string, part: RedisPart): string => `${instance}-${part}`;

/** The names of the Services before single pods: `sessions-redis-0` and so on. */
export const podServiceNames = (instance: string, part: RedisPart): string[] =>
  Array.from({ length: REPLICAS }, (_, ordinal) => `${partName(instance, part)}-${ordinal}`);

export const labelsOf = ({ instance }: RedisSpec, part: RedisPart): Labels =>
  labels(instance, part);

export const selectorOf = ({ instance }: RedisSpec, part: RedisPart): Labels =>
  selectorLabels(instance, part);
