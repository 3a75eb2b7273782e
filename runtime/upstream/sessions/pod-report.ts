import type { PodStore } from "../../fleet/pod-store.ts";
import type { Metrics } from "../../telemetry/metrics.ts";
import type { Backend } from "../backend.ts";
import type { CircuitState } from "../endpoints/circuit-breaker.ts";

/** A pod's row in /status. */
export interface PodRow {
  readonly name: string;
  readonly address: string;
  readonly state: string;
  /** Of its circuit breaker; absent where there are none. */
  readonly circuit?: CircuitState;
  readonly draining: boolean;
  readonly since: string;
  /** Of the whole fleet; null while the store does not answer. */
  readonly sessions: number | null;
  /** Requests of this process. */
  readonly outstanding: number;
  readonly error: string | undefined;
}

/** What people and monitors see of the pods of a backend. */
export class PodReport {
  readonly #pods: PodStore;

  constructor(pods: PodStore) {
    this.#pods = pods;
  }

  /** Empty for a backend that is one address. */
  async rows(backend: Backend): Promise<PodRow[]> {
    if (!backend.hasPods) return [];
    const { endpoints, drains } = backend;
    const counts = await this.#counts(backend);
    return endpoints.map(({ name, address, health, outstanding }, index) => ({
      name,
      address,
      state: health.state,
      ...circuitOf(backend, name),
      draining: drains.has(name),
      since: new Date(health.sinceMs).toISOString(),
      sessions: counts?.[index] ?? null,
      outstanding,
      error: health.error,
    }));
  }

  /** Sets the gauges that nobody counts along the way. */
  async measureAll(backends: readonly Backend[], metrics: Metrics): Promise<void> {
    await Promise.all(backends.map((backend) => this.#measure(backend, metrics)));
  }

  async #measure(backend: Backend, metrics: Metrics): Promise<void> {
    if (!backend.hasPods) return;
    const counts = await this.#counts(backend);
    if (counts === undefined) return;
    for (const [index, { name }] of backend.endpoints.entries()) {
      metrics.podSessions.set({ backend: backend.name, pod: name }, counts[index] ?? 0);
    }
    const sum = counts.reduce((total, count) => total + count, 0);
    const imbalance = sum === 0 ? 1 : (Math.max(...counts) * counts.length) / sum;
    metrics.podImbalance.set({ backend: backend.name }, imbalance);
  }

  /** Undefined while the store does not answer, when status and metrics matter most. */
  #counts({ name, endpoints }: Backend): Promise<number[] | undefined> {
    const pods = endpoints.map((endpoint) => endpoint.name);
    return this.#pods.count(name, pods).catch(() => undefined);
  }
}

/** The state of an endpoint's breaker, for a row: nothing where there are none. */
export function circuitOf(backend: Backend, endpoint: string): { readonly circuit?: CircuitState } {
  const circuit = backend.circuitState(endpoint);
  return circuit === undefined ? {} : { circuit };
}
