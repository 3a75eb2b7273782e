import { readFileSync } from "node:fs";
import {
  addressText,
  type BackendSettings,
  connectionsPerPod,
  type Settings,
} from "@mcp-fleet/contract/settings";
import type { Logger } from "pino";
import type { Peers } from "../fleet/peers.ts";
import type { Descriptors } from "../server/descriptors.ts";
import type { Metrics } from "../telemetry/metrics.ts";
import { FixedPods } from "./endpoints/fixed-pods.ts";
import { Pod } from "./endpoints/pod.ts";
import type { PodAddress, PodDirectory } from "./endpoints/pod-address.ts";
import { PodCheck } from "./endpoints/pod-check.ts";
import { PodGone } from "./endpoints/pod-gone.ts";
import { PodHealth } from "./endpoints/pod-health.ts";
import { PodResolver } from "./endpoints/pod-resolver.ts";
import { SrvPods } from "./endpoints/srv-pods.ts";
import type { UpstreamResponse } from "./transports/exchange.ts";
import { statusOf } from "./transports/own-answer.ts";
import { SsePod } from "./transports/sse-pod.ts";
import { TransportFault } from "./transports/transport-fault.ts";
import type { UpstreamRequest } from "./transports/upstream-request.ts";

export interface BackendParts {
  readonly settings: BackendSettings;
  readonly limits: Settings["limits"];
  readonly health: Settings["health"];
  readonly dns: Settings["dns"];
  readonly peers: Peers;
  readonly descriptors: Descriptors;
  readonly metrics: Metrics;
  readonly log: Logger;
}

/** A pod in the words of streamable HTTP, whatever it speaks. */
type AnyPod = Pod | SsePod;

interface CheckedPod {
  readonly pod: AnyPod;
  readonly check: PodCheck | undefined;
}

/** One MCP server: the pods that it runs in, and which of them a request goes to. */
export class Backend {
  readonly name: string;
  readonly settings: BackendSettings;
  /** Whether a session stays with a pod that has a name: every address but one that stands for many. */
  readonly hasPods: boolean;
  /** Names of the pods that drain: they get no new session. */
  drains: ReadonlySet<string> = new Set();
  readonly #parts: BackendParts;
  readonly #directory: PodDirectory;
  readonly #resolver: PodResolver;
  readonly #ca: Buffer | undefined;
  #pods: ReadonlyMap<string, CheckedPod> = new Map();
  #only: AnyPod | undefined;
  #turn = 0;

  constructor(parts: BackendParts) {
    const { settings, dns, log, metrics } = parts;
    const { address, caBundlePath } = settings;
    const resolver = new PodResolver(dns.servers);
    const srv = { resolver, refreshMs: dns.refreshSeconds * 1000, log };
    this.name = settings.name;
    this.settings = settings;
    this.hasPods = address.kind !== "url";
    this.#parts = parts;
    this.#resolver = resolver;
    this.#ca = caBundlePath === undefined ? undefined : readFileSync(caBundlePath);
    this.#directory =
      address.kind === "srv" ? new SrvPods({ ...srv, address }) : new FixedPods(address);
    this.#directory.onChange(() => this.#follow());
    this.#follow();
    metrics.onScrape(() => this.#measure());
  }

  /** The pods that are there, in their order. */
  get pods(): readonly AnyPod[] {
    return [...this.#pods.values()].map(({ pod }) => pod);
  }

  /** Resolves when the pods are first known, or could not be found out. */
  start(): Promise<void> {
    return this.#directory.start();
  }

  /** Names of the pods that answer, in their order. Whether they drain is not asked here. */
  candidates(): string[] {
    return this.pods.filter(({ health }) => health.state === "up").map(({ name }) => name);
  }

  /** The pod with the fewest requests outstanding, of those that answer and do not drain. Undefined: none. */
  leastBusy(): AnyPod | undefined {
    if (this.#only !== undefined) return this.#only;
    const able = this.pods.filter(
      ({ name, health }) => health.state === "up" && !this.drains.has(name),
    );
    // Equals take turns.
    this.#turn += 1;
    const turned = able.map((_, index) => able[(index + this.#turn) % able.length]);
    return turned.reduce(
      (least, pod) => ((pod?.outstanding ?? 0) < (least?.outstanding ?? 0) ? pod : least),
      turned[0],
    );
  }

  /** Whether a pod, and all that it held in memory, is lost. */
  isGone(name: string): boolean {
    const present = this.#pods.get(name);
    return present === undefined
      ? this.#directory.isGone(name)
      : present.pod.health.state === "gone";
  }

  /**
   * Sends one request to a pod, or where none is named to the least busy one. Errors: TransportFault, PodGone, or the
   * signal's reason once it is aborted.
   */
  async send(request: UpstreamRequest, name?: string): Promise<UpstreamResponse> {
    const pod = name === undefined ? this.leastBusy() : this.#reachable(name);
    if (pod === undefined) throw new TransportFault(false, "no pod of the backend answers");
    this.#parts.metrics.upstreamRequests.inc({ backend: this.name, purpose: request.purpose });
    return await pod.send(request);
  }

  /** Answers a request of another process about a session that lives in this one: 404 where none does. */
  async serveHere(request: UpstreamRequest, name: string): Promise<UpstreamResponse> {
    const pod = this.#pods.get(name)?.pod;
    return pod instanceof SsePod ? await pod.sendHere(request) : statusOf(404);
  }

  /** Lets what is in flight finish. */
  async close(): Promise<void> {
    this.#directory.close();
    for (const { check } of this.#pods.values()) check?.close();
    await Promise.all(this.pods.map((pod) => pod.close()));
  }

  /** Cuts what is in flight. */
  async destroy(reason: Error): Promise<void> {
    this.#directory.close();
    for (const { check } of this.#pods.values()) check?.close();
    await Promise.all(this.pods.map((pod) => pod.destroy(reason)));
  }

  /** Nothing is sent to a pod that is known not to answer: the call fails at once and did not run. */
  #reachable(name: string): AnyPod {
    if (this.#only !== undefined) return this.#only;
    const pod = this.#pods.get(name)?.pod;
    if (pod?.health.state === "up") return pod;
    this.#directory.doubt();
    if (this.isGone(name)) throw new PodGone(name);
    throw new TransportFault(
      false,
      `the pod ${name} does not answer: ${pod?.health.error ?? "it is not there yet"}`,
    );
  }

  #follow(): void {
    const before = this.#pods;
    const after = this.#directory.pods.map((address) => {
      const present = before.get(address.name);
      const stays = present?.pod.address === address.url;
      return [address.name, stays ? present : this.#open(address)] as const;
    });
    this.#pods = new Map(after);
    this.#only = this.hasPods ? undefined : after[0]?.[1].pod;
    for (const [name, { pod, check }] of before) {
      if (this.#pods.get(name)?.pod === pod) continue;
      check?.close();
      pod
        .close()
        .catch((error: unknown) =>
          this.#parts.log.info({ pod: name, error }, "a pod's connections"),
        );
    }
    if (before.size > 0 || this.#parts.settings.address.kind === "srv") {
      const pods = [...this.#pods.keys()];
      this.#parts.log.info(
        { backend: this.name, at: addressText(this.settings.address), pods },
        "pods",
      );
    }
  }

  #open(address: PodAddress): CheckedPod {
    const { limits, health: checks, settings, peers, descriptors } = this.#parts;
    const health = new PodHealth({
      threshold: checks.unhealthyThreshold,
      lossAfterMs: limits.podLossAfterSeconds * 1000,
    });
    const pod = new Pod({
      address,
      health,
      connections: connectionsPerPod(settings.address, limits.upstreamConnections),
      connect: {
        timeout: limits.connectTimeoutSeconds * 1000,
        ...(this.#ca && { ca: this.#ca }),
        ...(this.hasPods && { lookup: this.#resolver.lookup }),
      },
    });
    const spoken =
      settings.transport === "sse"
        ? new SsePod({ pod, backend: this.name, peers, descriptors })
        : pod;
    return { pod: spoken, check: this.hasPods ? new PodCheck(spoken, checks) : undefined };
  }

  #measure(): void {
    const { metrics } = this.#parts;
    const backend = this.name;
    const connections = this.pods.reduce((sum, { connected }) => sum + connected, 0);
    metrics.upstreamConnections.set({ backend }, connections);
    if (!this.hasPods) return;
    for (const { name: pod, health } of this.pods) {
      metrics.podUp.set({ backend, pod }, health.state === "up" ? 1 : 0);
    }
  }
}
