import { CONSTANTS } from "@mcp-fleet/contract/capacity";
import type { StdioSettings } from "@mcp-fleet/contract/settings";
import type { Logger } from "pino";
import { Backoff } from "../../platform/backoff.ts";
import { clock } from "../../platform/clock.ts";
import { LogLimit } from "../../telemetry/log-limit.ts";
import { FleetError } from "../../wire/fleet-error.ts";
import type { EndpointHealth } from "../endpoints/endpoint-health.ts";
import { acquireDescriptors } from "./acquired-descriptors.ts";
import { LocalSessions } from "./local-sessions.ts";
import type { Peers } from "./peers.ts";
import type { StdioSession } from "./stdio/stdio-session.ts";
import type { Answer, Transport, TransportRequest } from "./transport.ts";
import { TransportFault } from "./transport-fault.ts";

/** A program that ends before it has opened a session is started again after this, and later each time. */
const PAUSES = { firstMs: 500, maxMs: 30_000 };

export interface StdioParts {
  readonly settings: StdioSettings;
  readonly backend: string;
  readonly endpoint: string;
  readonly health: EndpointHealth;
  readonly peers: Peers;
  /** What a message may have. */
  readonly maxLineBytes: number;
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Counts one more descriptor. Returns what gives it back; undefined where there is no room. */
  readonly acquireStream: () => (() => void) | undefined;
  readonly log: Logger;
}

/** Servers over stdio: each session is a program that this process runs, and speaks to over its input and output. */
export class Stdio implements Transport {
  readonly #parts: StdioParts;
  readonly #sessions: LocalSessions<StdioSession>;
  /** Programs that have not ended yet, those that are about to included. */
  readonly #running = new Set<StdioSession>();
  readonly #backoff = new Backoff(PAUSES);
  readonly #logLimit = new LogLimit();
  #starting = 0;
  /** Nothing is started before this. */
  #pausedUntilMs = 0;
  #lastEnd = "";

  constructor(parts: StdioParts) {
    const { backend, endpoint, peers } = parts;
    this.#parts = parts;
    this.#sessions = new LocalSessions({ prefix: "stdio", backend, endpoint, peers });
  }

  async start(request: TransportRequest): Promise<Answer> {
    const pauseMs = this.#pausedUntilMs - clock.monotonicMs();
    if (pauseMs > 0) {
      const seconds = Math.ceil(pauseMs / 1000);
      throw new TransportFault(false, `${this.#lastEnd}; it is started again in ${seconds} s`);
    }
    const release = this.#acquire();
    this.#starting += 1;
    const session = await this.#program()
      .catch((error: unknown) => {
        release();
        throw error;
      })
      .finally(() => {
        this.#starting -= 1;
      });
    this.#follow(session, release);
    return await this.#sessions.open(this.#sessions.newId(), session, request);
  }

  send(request: TransportRequest): Promise<Answer> {
    return this.#sessions.atOwner(request);
  }

  receive(request: TransportRequest): Promise<Answer> {
    return this.#sessions.atOwner(request);
  }

  close(request: TransportRequest): Promise<Answer> {
    return this.#sessions.atOwner(request);
  }

  /** No program is started to find out whether one can be. */
  async probe(): Promise<Answer> {
    return { kind: "accepted" };
  }

  get serveHere() {
    return this.#sessions.serveHere;
  }

  /** Also for other processes; resolves when all programs have ended. */
  async finish(): Promise<void> {
    await this.#sessions.finish();
    await Promise.all([...this.#running].map(({ ended }) => ended));
  }

  destroy(): void {
    for (const session of this.#running) session.kill();
  }

  /** @throws TransportFault where the system refuses it at once. */
  async #program(): Promise<StdioSession> {
    const { settings, environment, maxLineBytes, health } = this.#parts;
    // Nothing of it is loaded where no server is a program.
    const { StdioSession } = await import("./stdio/stdio-session.ts");
    const session: StdioSession = new StdioSession({
      settings,
      environment,
      maxLineBytes,
      onErrorLine: (line) => this.#heard(session, line),
      onAnswer: () => {
        this.#backoff.reset();
        health.recordSuccess();
      },
    });
    return session;
  }

  /** @throws AT_CAPACITY. */
  #acquire(): () => void {
    const { backend, settings } = this.#parts;
    const { maxProcesses } = settings;
    if (this.#running.size + this.#starting >= maxProcesses) {
      const message = `the backend ${backend} runs as many programs as it may (process.max ${maxProcesses})`;
      throw new FleetError("AT_CAPACITY", { message, data: { backend } });
    }
    return acquireDescriptors(this.#parts, CONSTANTS.programPipes.value, "program");
  }

  #follow(session: StdioSession, release: () => void): void {
    const { backend, health, log } = this.#parts;
    this.#running.add(session);
    void session.ended.then((end) => {
      const reason = end.message;
      this.#running.delete(session);
      release();
      log.info({ backend, program: session.pid, reason }, "a program has ended");
      if (session.hasAnswered) return;
      health.recordFailure(end);
      this.#lastEnd = reason;
      this.#pausedUntilMs = clock.monotonicMs() + this.#backoff.nextMs();
    });
  }

  #heard(session: StdioSession, line: string): void {
    const { backend, log } = this.#parts;
    const { pid } = session;
    const tell = (leftOut: number) =>
      log.info({ backend, program: pid, leftOut }, "more lines of a program");
    if (this.#logLimit.allows(`stderr ${pid}`, tell))
      log.info({ backend, program: pid, line }, "a program says");
  }
}
