import type { ClientRequest } from "node:http";
import { ClientPool } from "../clients/client-pool.ts";
import { openStreams } from "../clients/client-streams.ts";
import type { RawClient } from "../clients/raw-client.ts";
import { HOLD, PLANNED_CLIENT, SUBSCRIBED } from "./holding-backend.ts";

export interface ClientsLoad {
  /** What each says of itself: `clientInfo` and `capabilities` together, as JSON. */
  readonly clientBytes: number;
  /** Calls in flight at the peak, each on a connection beside those of the sessions. */
  readonly concurrentCalls: number;
  /** What each calls: a tool of each backend, by its name at the gateway. */
  readonly tools: readonly string[];
}

/** A session and the one connection that it keeps. */
interface Client {
  readonly pool: ClientPool;
  readonly session: RawClient;
  /** The same session on connections that all share. It counts its own request ids, as several may be in flight. */
  readonly aside: RawClient;
}

/** What a call says, and its answer again: 32 KiB each way, as the plan has it. */
const BODY_BYTES = 32 * 2 ** 10;

/** Requests at a time, while sessions are opened. */
const AT_ONCE = 32;

/** The clients of one gateway: each has a session, a connection for its requests and a stream. */
export class Clients {
  readonly concurrentCalls: number;
  readonly #url: string;
  readonly #initialize: object;
  readonly #tools: readonly string[];
  readonly #parallel: ClientPool;
  #clients: Client[] = [];
  #streams: ClientRequest[] = [];

  constructor(url: string, { clientBytes, concurrentCalls, tools }: ClientsLoad) {
    this.concurrentCalls = concurrentCalls;
    this.#url = url;
    this.#initialize = initializeOf(clientBytes);
    this.#tools = tools;
    this.#parallel = new ClientPool(url, concurrentCalls);
  }

  /** Sessions that have called every backend, and whose records are as long as planned. */
  async open(count: number): Promise<void> {
    const opened: Client[] = [];
    await eachOf(Array.from({ length: count }), async () => {
      opened.push(await this.#open());
    });
    this.#clients.push(...opened);
    // Backend by backend, so that no connection is idle for as long as it takes a session to call them all.
    for (const tool of this.#tools) await this.#callAll(opened, tool);
    await eachOf(opened, ({ session }) => remembered(session));
  }

  /** Ends all sessions, and what they have open. */
  async end(): Promise<void> {
    for (const stream of this.#streams.splice(0)) stream.destroy();
    await eachOf(this.#clients.splice(0), async ({ session, pool }) => {
      await session.end();
      await pool.close();
    });
  }

  /** A stream of each session. */
  async listen(): Promise<void> {
    const ids = this.#clients.map(({ session }) => session.sessionId ?? "");
    this.#streams.push(...(await openStreams(this.#url, ids)));
  }

  /** Every session sends one more request on the connection that it has. */
  async touch(): Promise<void> {
    await this.#callAll(this.#clients, this.#tools[0] ?? "");
  }

  /** Calls as fast as the answers come, until so many are answered. */
  async hurry(calls: number): Promise<void> {
    const indexes = Array.from({ length: calls }, (_, index) => index);
    await eachOf(indexes, (index) => this.#callAside(index, "hurry"), this.concurrentCalls);
  }

  /** Calls that their backends hold: resolves when all are answered. */
  async hold(): Promise<void> {
    const indexes = Array.from({ length: this.concurrentCalls }, (_, index) => index);
    await Promise.all(indexes.map((index) => this.#callAside(index, HOLD)));
  }

  async close(): Promise<void> {
    for (const stream of this.#streams) stream.destroy();
    await Promise.all(this.#clients.map(({ pool }) => pool.close()));
    await this.#parallel.close();
  }

  async #open(): Promise<Client> {
    const pool = new ClientPool(this.#url, 1);
    const session = await pool.open(this.#initialize);
    return { pool, session, aside: this.#parallel.client(session.sessionId) };
  }

  async #callAll(clients: readonly Client[], tool: string): Promise<void> {
    await eachOf(clients, ({ session }) => callOf(session, tool, "open"));
  }

  /** A call as large as the plan takes one to be: by the next session, at the next backend. */
  async #callAside(index: number, word: string): Promise<void> {
    const client = this.#clients[index % this.#clients.length];
    const tool = this.#tools[index % this.#tools.length] ?? "";
    if (client !== undefined) await callOf(client.aside, tool, word.padEnd(BODY_BYTES));
  }
}

async function callOf(session: RawClient, tool: string, text: string): Promise<void> {
  const answer = await session.call(tool, { text });
  if (!answer.text.includes(`\\"${text}\\"`)) {
    throw new Error(`${tool} got ${answer.status}: ${answer.text}`);
  }
}

/** What a record has room for: a log level, and two subscriptions. */
async function remembered(session: RawClient): Promise<void> {
  const requests = [
    { method: "logging/setLevel", params: { level: "warning" } },
    ...SUBSCRIBED.map((uri) => ({ method: "resources/subscribe", params: { uri } })),
  ];
  for (const [id, request] of requests.entries()) {
    const { status, text } = await session.post(JSON.stringify({ jsonrpc: "2.0", id, ...request }));
    if (!text.includes('"result"')) throw new Error(`${request.method} got ${status}: ${text}`);
  }
}

/** The params of `initialize`. */
function initializeOf(clientBytes: number): object {
  const capabilities = { roots: { listChanged: true }, sampling: {}, elicitation: {} };
  const clientInfo = { name: PLANNED_CLIENT, version: "1.0.0", description: "" };
  const bytes = JSON.stringify(capabilities).length + JSON.stringify(clientInfo).length;
  const description = "x".repeat(clientBytes - bytes);
  return {
    protocolVersion: "2025-11-25",
    capabilities,
    clientInfo: { ...clientInfo, description },
  };
}

/** Works on all items, so many at a time. */
async function eachOf<Item>(
  items: Iterable<Item>,
  work: (item: Item) => Promise<void>,
  atOnce = AT_ONCE,
): Promise<void> {
  const rest = items[Symbol.iterator]();
  const worker = async () => {
    for (let next = rest.next(); next.done !== true; next = rest.next()) await work(next.value);
  };
  await Promise.all(Array.from({ length: atOnce }, worker));
}
