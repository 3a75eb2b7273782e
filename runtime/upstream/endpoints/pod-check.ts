import type { Settings } from "@mcp-fleet/contract/settings";
import { clock } from "../../platform/clock.ts";
import { TransportFault } from "../transports/transport-fault.ts";
import type { Pod } from "./pod.ts";

/** How soon a pod that is not up is asked after again. */
const FAILING_PAUSE_MS = 1_000;

/** Understood by every MCP server, known session or not. */
const PING = '{"jsonrpc":"2.0","id":"mcp-fleet.ping","method":"ping"}';

const HEADERS = {
  accept: "application/json, text/event-stream",
  "content-type": "application/json",
};

type CheckedPod = Pick<Pod, "health" | "send">;

/** Asks after one pod at an even pace. Any answer of the server itself is a sign of life, also that it knows no such session. */
export class PodCheck {
  readonly #pod: CheckedPod;
  readonly #health: Settings["health"];
  readonly #stop = new AbortController();
  #doubted = new AbortController();

  constructor(pod: CheckedPod, health: Settings["health"]) {
    this.#pod = pod;
    this.#health = health;
    pod.health.onDoubt(() => this.#doubted.abort());
    void this.#run();
  }

  close(): void {
    this.#stop.abort();
  }

  async #run(): Promise<void> {
    const { signal } = this.#stop;
    const usualPauseMs = this.#health.intervalSeconds * 1000;
    const leastPauseMs = Math.min(usualPauseMs, FAILING_PAUSE_MS);
    while (!signal.aborted) {
      this.#doubted = new AbortController();
      const sooner = AbortSignal.any([signal, this.#doubted.signal]);
      await clock.sleep(leastPauseMs, { signal, ref: false }).catch(() => {});
      if (this.#pod.health.isSound) {
        const restMs = usualPauseMs - leastPauseMs;
        await clock.sleep(restMs, { signal: sooner, ref: false }).catch(() => {});
      }
      if (!signal.aborted) await this.#ask();
    }
  }

  async #ask(): Promise<void> {
    const { health } = this.#pod;
    const patience = clock.timeout(this.#health.timeoutSeconds * 1000);
    const signal = AbortSignal.any([this.#stop.signal, patience]);
    const request = { method: "POST", headers: HEADERS, body: PING, purpose: "probe" } as const;
    try {
      const { statusCode, body } = await this.#pod.send({ ...request, signal });
      body.destroy();
      if (statusCode >= 500) health.silent(new Error(`a ping got HTTP ${statusCode}`));
    } catch (error) {
      // Refused connections are counted where they are made.
      const isRefused = error instanceof TransportFault && !error.sent;
      if (!this.#stop.signal.aborted && !isRefused) health.silent(error);
    }
  }
}
