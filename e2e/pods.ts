import { setTimeout as delay } from "node:timers/promises";

import { millicores } from "../infra/process/quantity.ts";
import type { Kubectl } from "./kubectl.ts";
import { untilSeen } from "./until-seen.ts";

const SETTLED_POLL_MS = 500;

/** The parts of the fleet that have pods, as the labels name them. */
export const PARTS = ["gateway", "proxy", "server", "redis", "sentinel"] as const;
export type Part = (typeof PARTS)[number];

/** One pod as it is just now. */
export interface PodState {
  readonly name: string;
  readonly uid: string;
  readonly part: string;
  readonly isReady: boolean;
  readonly isEnding: boolean;
  /** What its containers ask for. */
  readonly cpuMillicores: number;
  /** Each time that one of its containers ended and was started again, such as `gateway ended: OOMKilled (137)`. */
  readonly restarts: readonly string[];
}

/** How many pods of a part were ready at a moment. */
export interface PodCount {
  readonly atMs: number;
  readonly ready: Readonly<Record<string, number>>;
}

interface ContainerObject {
  readonly resources: { readonly requests?: { readonly cpu?: string } };
}

interface PodObject {
  readonly metadata: {
    readonly name: string;
    readonly uid: string;
    readonly labels?: Readonly<Record<string, string>>;
    readonly deletionTimestamp?: string;
  };
  readonly spec: { readonly containers: readonly ContainerObject[] };
  readonly status: {
    readonly conditions?: readonly { readonly type: string; readonly status: string }[];
    readonly containerStatuses?: readonly ContainerStatus[];
  };
}

interface ContainerStatus {
  readonly name: string;
  readonly restartCount: number;
  readonly lastState?: {
    readonly terminated?: { readonly reason?: string; readonly exitCode: number };
  };
}

/** The pods of the fleet. */
export class Pods {
  readonly #kubectl: Kubectl;

  constructor(kubectl: Kubectl) {
    this.#kubectl = kubectl;
  }

  async all(): Promise<PodState[]> {
    const { items } = JSON.parse(await this.#kubectl.run(["get", "pods", "-o", "json"]));
    return items.map((pod: PodObject) => stateOf(pod));
  }

  async of(part: Part): Promise<PodState[]> {
    return (await this.all()).filter((pod) => pod.part === part && !pod.isEnding);
  }

  /** How often containers were started again in pods that are there still, a line each. */
  async restarts(): Promise<string[]> {
    const all = await this.all();
    return all.flatMap(({ name, restarts }) => restarts.map((restart) => `${name}: ${restart}`));
  }

  /** Until every pod is ready, and none is on its way out. */
  async settled(timeoutMs = 180_000): Promise<void> {
    const isSettled = ({ isReady, isEnding }: PodState) => isReady && !isEnding;
    await untilSeen({
      look: () => this.all(),
      holds: (all) => all.length > 0 && all.every(isSettled),
      withinMs: timeoutMs,
      pollMs: SETTLED_POLL_MS,
      failure: (all) => {
        const late = all.filter((pod) => !isSettled(pod));
        return `not ready in time: ${late.map(({ name }) => name).join(", ")}`;
      },
    });
  }
}

/** Looks at the pods time and again, until it is stopped. */
export class PodWatch {
  readonly counts: PodCount[] = [];
  readonly #pods: Pods;
  readonly #done: Promise<void>;
  #goesOn = true;

  constructor(pods: Pods) {
    this.#pods = pods;
    this.#done = this.#watch();
  }

  async stop(): Promise<void> {
    this.#goesOn = false;
    await this.#done;
  }

  async #watch(): Promise<void> {
    while (this.#goesOn) {
      const pods = await this.#pods.all().catch(() => []);
      const ready: Record<string, number> = {};
      for (const { part, isReady, isEnding } of pods) {
        if (isReady && !isEnding) ready[part] = (ready[part] ?? 0) + 1;
      }
      this.counts.push({ atMs: Date.now(), ready });
      await delay(1_000);
    }
  }
}

function stateOf({ metadata, spec, status }: PodObject): PodState {
  const { conditions = [], containerStatuses = [] } = status;
  const requests = spec.containers.map(({ resources }) => resources.requests?.cpu ?? "0");
  return {
    name: metadata.name,
    uid: metadata.uid,
    part: metadata.labels?.["app.kubernetes.io/component"] ?? "",
    isReady: conditions.some(({ type, status }) => type === "Ready" && status === "True"),
    isEnding: metadata.deletionTimestamp !== undefined,
    cpuMillicores: requests.reduce((sum, cpu) => sum + millicores(cpu), 0),
    restarts: containerStatuses.flatMap(restartsOf),
  };
}

function restartsOf({ name, restartCount, lastState }: ContainerStatus): string[] {
  const { reason = "of itself", exitCode = 0 } = lastState?.terminated ?? {};
  return Array(restartCount).fill(`${name} ended: ${reason} (${exitCode})`);
}
