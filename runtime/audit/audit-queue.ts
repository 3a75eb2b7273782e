import type { AuditSettings } from "@mcp-fleet/contract/settings";
import type { Logger } from "pino";
import { Backoff } from "../platform/backoff.ts";
import { clock } from "../platform/clock.ts";
import type { Metrics } from "../telemetry/metrics.ts";
import type { AuditSink } from "./audit-sink.ts";

/** So much is written at a time. */
const BATCH_BYTES = 256 * 2 ** 10;

/** How long the end of the process waits for what is not written yet. */
const CLOSE_MS = 5_000;

const RETRIES = { firstMs: 100, maxMs: 5_000 };

export interface AuditQueueParts {
  readonly settings: Pick<AuditSettings, "queueEvents" | "queueBytes">;
  readonly sink: AuditSink;
  readonly metrics: Metrics;
  readonly log: Logger;
}

/** Events that wait to be written: a bounded number, for which nobody waits. */
export class AuditQueue {
  readonly #parts: AuditQueueParts;
  readonly #stop = new AbortController();
  #lines: Buffer[] = [];
  /** Of what waits, and of what is being written. */
  #events = 0;
  #bytes = 0;
  /** Room that calls in flight have for their events. */
  #reserved = 0;
  #reservedBytes = 0;
  #writing: Promise<void> | undefined;

  constructor(parts: AuditQueueParts) {
    const { metrics } = parts;
    this.#parts = parts;
    metrics.onScrape(() => {
      metrics.auditQueued.set(this.#events);
      metrics.auditQueuedBytes.set(this.#bytes);
    });
  }

  /** Sets room aside for an event of up to so many bytes. Whether there is any; give it back by `free`. */
  reserve(bytes: number): boolean {
    if (!this.#hasRoom(bytes)) return false;
    this.#reserved += 1;
    this.#reservedBytes += bytes;
    return true;
  }

  free(bytes: number): void {
    this.#reserved -= 1;
    this.#reservedBytes -= bytes;
  }

  /** Has a line written, or counts it as lost. */
  push(text: string): void {
    const line = Buffer.from(text);
    if (!this.#hasRoom(line.length)) {
      const { sink, metrics, log } = this.#parts;
      metrics.auditDropped.inc();
      log.error(
        { what: sink.name },
        "audit events are lost: they come faster than they are written",
      );
      return;
    }
    this.#lines.push(line);
    this.#events += 1;
    this.#bytes += line.length;
    this.#writing ??= this.#write();
  }

  /** Waits for what is not written yet, but not for long. */
  async close(): Promise<void> {
    const { sink, metrics, log } = this.#parts;
    const deadline = clock.after(CLOSE_MS, () => this.#stop.abort(new Error("closed")));
    await Promise.race([this.#writing, stopped(this.#stop.signal)]);
    clock.clear(deadline);
    this.#stop.abort(new Error("closed"));
    if (this.#events > 0) {
      metrics.auditDropped.inc(this.#events);
      log.error({ what: sink.name, events: this.#events }, "audit events were not written in time");
    }
    await sink.close();
  }

  #hasRoom(bytes: number): boolean {
    const { queueEvents, queueBytes } = this.#parts.settings;
    const events = this.#events + this.#reserved;
    return events < queueEvents && this.#bytes + this.#reservedBytes + bytes <= queueBytes;
  }

  async #write(): Promise<void> {
    const retries = new Backoff(RETRIES);
    // What comes together is written together.
    await new Promise<void>((resolve) => clock.soon(resolve));
    while (this.#lines.length > 0 && !this.#stop.signal.aborted) {
      const some = this.#next();
      await this.#writeAll(Buffer.concat(some), retries);
      if (this.#stop.signal.aborted) break;
      this.#events -= some.length;
      this.#bytes -= some.reduce((sum, { length }) => sum + length, 0);
    }
    this.#writing = undefined;
  }

  #next(): Buffer[] {
    let bytes = 0;
    let count = 0;
    for (const { length } of this.#lines) {
      if (count > 0 && bytes + length > BATCH_BYTES) break;
      bytes += length;
      count += 1;
    }
    return this.#lines.splice(0, count);
  }

  /** Until it is written: a disk that is full may have room again. */
  async #writeAll(lines: Buffer, retries: Backoff): Promise<void> {
    const { sink, metrics, log } = this.#parts;
    while (!this.#stop.signal.aborted) {
      try {
        await sink.write(lines);
        retries.reset();
        return;
      } catch (error) {
        metrics.auditFailures.inc();
        log.error({ what: sink.name, error }, "audit events cannot be written: trying again");
        await clock.sleep(retries.nextMs(), { signal: this.#stop.signal }).catch(() => {});
      }
    }
  }
}

function stopped(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener("abort", () => resolve(), { once: true });
  });
}
