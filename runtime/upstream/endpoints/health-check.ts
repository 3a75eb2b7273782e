import type { Settings } from "@mcp-fleet/contract/settings";
import { clock } from "../../platform/clock.ts";
import { TransportFault } from "../transports/transport-fault.ts";
import type { EndpointHealth } from "./endpoint-health.ts";

/** How soon an endpoint that is not up is probed again. */
const FAILING_PAUSE_MS = 1_000;

export interface HealthCheckParts {
  readonly health: EndpointHealth;
  readonly settings: Settings["health"];
  /** Resolves with any answer of the server itself, also that it knows no such session. */
  readonly probe: (signal: AbortSignal) => Promise<unknown>;
}

/** Probes one endpoint at an even pace, sooner where somebody asks for it. */
export class HealthCheck {
  readonly #parts: HealthCheckParts;
  readonly #stop = new AbortController();
  #requested = new AbortController();

  constructor(parts: HealthCheckParts) {
    this.#parts = parts;
    parts.health.onProbeRequested(() => this.#requested.abort());
    void this.#run();
  }

  close(): void {
    this.#stop.abort();
  }

  async #run(): Promise<void> {
    const { signal } = this.#stop;
    const { health, settings } = this.#parts;
    const usualPauseMs = settings.intervalSeconds * 1000;
    const minPauseMs = Math.min(usualPauseMs, FAILING_PAUSE_MS);
    while (!signal.aborted) {
      this.#requested = new AbortController();
      const sooner = AbortSignal.any([signal, this.#requested.signal]);
      await clock.sleep(minPauseMs, { signal, ref: false }).catch(() => {});
      if (health.isHealthy) {
        const restMs = usualPauseMs - minPauseMs;
        await clock.sleep(restMs, { signal: sooner, ref: false }).catch(() => {});
      }
      if (!signal.aborted) await this.#probe();
    }
  }

  async #probe(): Promise<void> {
    const { health, settings, probe } = this.#parts;
    const timeout = clock.timeout(settings.timeoutSeconds * 1000);
    try {
      await probe(AbortSignal.any([this.#stop.signal, timeout]));
    } catch (error) {
      // Refused connections are counted where they are made.
      const isRefused = error instanceof TransportFault && !error.sent;
      if (!this.#stop.signal.aborted && !isRefused) health.recordFailure(error);
    }
  }
}
