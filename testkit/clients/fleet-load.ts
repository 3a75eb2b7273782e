import { setTimeout as delay } from "node:timers/promises";

import { type RawAnswer, RawClient, type RawRequest } from "./raw-client.ts";

/** What was let in nowhere after so many tries, the fleet has not recovered for. */
const MAX_TRIES = 20;

const INITIALIZE = requestText(0, "initialize", {
  protocolVersion: "2025-11-25",
  capabilities: {},
  clientInfo: { name: "load", version: "1" },
});

interface Outcome {
  /** Absent: the connection broke, or nobody let it in. */
  readonly answer?: RawAnswer;
  readonly tries: number;
}

/**
 * Clients whose requests go round-robin over gateways, none of them sticky. What is refused they send
 * again, to the next gateway, after the time that Retry-After asks for. Every call carries a number of its own.
 */
export class FleetLoad {
  /** The gateways; one may be replaced while the load goes on. */
  readonly urls: string[];
  /** Whatever is neither a right answer nor a refusal as it should be, a line each. */
  readonly complaints: string[] = [];
  /** The numbers of the calls that got their answer. */
  readonly answered = new Set<number>();
  /** The numbers of the calls whose connection broke: nobody knows whether they ran. */
  readonly broken = new Set<number>();
  /** How long each refusal took. */
  readonly refusedAfterMs: number[] = [];
  readonly #tool: string;
  /** Sessions that are open from the beginning to the end. */
  #lasting: string[] = [];
  readonly #ended: string[] = [];
  #requests = 0;
  #calls = 0;

  /** `tool` answers with the JSON text of its arguments. */
  constructor(urls: readonly string[], tool: string) {
    this.urls = [...urls];
    this.#tool = tool;
  }

  /** Opens the lasting sessions, one per client, and calls each at every gateway. */
  async open(clients: number): Promise<void> {
    this.#lasting = await Promise.all(Array.from({ length: clients }, () => this.#open()));
    await this.callAll();
  }

  /** 1 call per lasting session and gateway. */
  async callAll(): Promise<void> {
    const clients = this.#lasting.map(async (session) => {
      for (const url of this.urls) await this.#call(session, () => url);
    });
    await Promise.all(clients);
  }

  /**
   * All clients at once, so many turns each. A turn calls once in the lasting session and twice in one that is
   * opened and ended for it.
   */
  async run(turns: number): Promise<void> {
    const clients = this.#lasting.map(async (lasting) => {
      for (let turn = 0; turn < turns; turn += 1) {
        await this.#call(lasting);
        const session = await this.#open();
        await this.#call(session);
        await this.#call(session);
        await this.#end(session);
      }
    });
    await Promise.all(clients);
  }

  /** Of the sessions that were ended, how many some gateway does not answer with 404. */
  async undead(): Promise<number> {
    let alive = 0;
    const rest = this.#ended.values();
    const asker = async () => {
      for (const id of rest) {
        const pings = this.urls.map((url) => post(url, id, requestText(0, "ping", {})));
        if ((await Promise.all(pings)).some(({ status }) => status !== 404)) alive += 1;
      }
    };
    // As many at a time as there are clients, whatever the number of sessions.
    await Promise.all(this.#lasting.map(asker));
    return alive;
  }

  async #open(): Promise<string> {
    const { answer } = await this.#send("", { body: INITIALIZE }, true);
    const id = answer?.headers["mcp-session-id"];
    if (answer?.status === 200 && typeof id === "string") return id;
    this.#complain("initialize", answer);
    return "";
  }

  async #call(session: string, where = () => this.#next()): Promise<void> {
    this.#calls += 1;
    const number = this.#calls;
    const body = requestText(number, "tools/call", { name: this.#tool, arguments: { number } });
    const { answer, tries } = await this.#send(session, { body }, false, where);
    const content = [{ type: "text", text: JSON.stringify({ number }) }];
    const right = JSON.stringify({ jsonrpc: "2.0", id: number, result: { content } });
    if (answer?.text === right) this.answered.add(number);
    else if (answer === undefined && tries < MAX_TRIES) this.broken.add(number);
    else this.#complain(`call ${number}`, answer);
  }

  async #end(session: string): Promise<void> {
    const { answer, tries } = await this.#send(session, { method: "DELETE" }, true);
    // A try that was refused or broke may have ended the session.
    const isEnded = answer?.status === 204 || (tries > 1 && answer?.status === 404);
    if (isEnded) this.#ended.push(session);
    else this.#complain("DELETE", answer);
  }

  /** Sends until it is let in; also where the connection broke, if that does no harm. */
  async #send(
    session: string,
    wanted: RawRequest,
    repeatable: boolean,
    where = () => this.#next(),
  ): Promise<Outcome> {
    for (let tries = 1; tries <= MAX_TRIES; tries += 1) {
      const startMs = performance.now();
      try {
        const answer = await at(where(), session).send(wanted);
        if (!isRefusal(answer)) return { answer, tries };
        this.refusedAfterMs.push(performance.now() - startMs);
        await delay(this.#retryAfterMs(answer));
      } catch (error) {
        // Nobody listens there: another gateway takes it.
        if (!repeatable && codeOf(error) !== "ECONNREFUSED") return { tries };
      }
    }
    return { tries: MAX_TRIES };
  }

  #retryAfterMs(refusal: RawAnswer): number {
    const seconds = Number(refusal.headers["retry-after"]);
    if (seconds > 0 && refusal.text.includes("STORE_UNAVAILABLE")) return seconds * 1000;
    this.#complain("a refusal", refusal);
    return 0;
  }

  #next(): string {
    this.#requests += 1;
    return this.urls[this.#requests % this.urls.length] ?? "";
  }

  #complain(what: string, answer: RawAnswer | undefined): void {
    this.complaints.push(`${what}: ${answer?.status ?? "no answer"} ${answer?.text ?? ""}`);
  }
}

/** By its status, or within a session, where that is 200, by its headers. */
export function isRefusal({ status, headers }: Pick<RawAnswer, "status" | "headers">): boolean {
  return status === 503 || (status === 200 && "retry-after" in headers);
}

function at(url: string, session: string): RawClient {
  const client = new RawClient(url);
  if (session !== "") client.sessionId = session;
  return client;
}

function post(url: string, session: string, body: string): Promise<RawAnswer> {
  return at(url, session).post(body);
}

function requestText(id: number, method: string, params: object): string {
  return JSON.stringify({ jsonrpc: "2.0", id, method, params });
}

function codeOf(error: unknown): unknown {
  return error instanceof Error && "code" in error ? error.code : undefined;
}
