import type { ComponentResource, Input } from "@pulumi/pulumi";
import type { Facts } from "../facts.ts";
import { type Labels, labels, type Names, selectorLabels } from "../naming.ts";
import type { RedisSentinelArgs } from "../redis-sentinel-args.ts";
import type { RedisSize } from "./redis-size.ts";

/** The number of servers, and of Sentinels: one may be lost, and two are a majority. */
export const REPLICAS = 3;

/** Everything that the children of a store are created from. */
export interface RedisSpec extends Names {
  readonly parent: ComponentResource;
  readonly namespace: Input<string>;
  readonly size: RedisSize;
  readonly facts: Facts;
  readonly args: RedisSentinelArgs;
}

export type RedisPart = "redis" | "sentinel";

/** The name of the StatefulSet and its headless Service, in Kubernetes or Pulumi: `sessions-redis`. */
export const partName = (instance: string, part: RedisPart): string => `${instance}-${part}`;

/** The names of the Services of single pods: `sessions-redis-0` and so on. */
export const podServiceNames = (instance: string, part: RedisPart): string[] =>
  Array.from({ length: REPLICAS }, (_, ordinal) => `${partName(instance, part)}-${ordinal}`);

export const labelsOf = ({ instance }: RedisSpec, part: RedisPart): Labels =>
  labels(instance, part);

export const selectorOf = ({ instance }: RedisSpec, part: RedisPart): Labels =>
  selectorLabels(instance, part);

/** The Secret with users and passwords. Its name never changes, so that pods see what changes in it. */
export const secretsName = (instance: string, part: RedisPart): string =>
  `${partName(instance, part)}-secrets`;

/** The ConfigMap with what servers take over while they run. */
export const limitsName = (instance: string): string => `${partName(instance, "redis")}-limits`;

/** The certificate, and the Secret that it is in. */
export const certificateName = (instance: string): string => `${partName(instance, "redis")}-tls`;
