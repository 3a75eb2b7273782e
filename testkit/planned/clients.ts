import type { ClientRequest } from "node:http";
import { openStreams } from "../clients/client-streams.ts";
import { RawEndpoint, RawSession } from "../clients/raw-endpoint.ts";
import { HOLD } from "./holding-backend.ts";

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
  readonly endpoint: RawEndpoint;
  readonly session: RawSession;
}

const INITIALIZED = '{"jsonrpc":"2.0","method":"notifications/initialized"}';

/** What a call says, and its answer again: 32 KiB each way, as the plan has it. */
const BODY_BYTES = 32 * 2 ** 10;

/** Requests at a time, while sessions are opened. */
const AT_ONCE = 32;

/** The clients of one gateway: each has a session, a connection for its requests and a stream. */
export class Clients {
  readonly concurrentCalls: number;
  readonly #url: string;
  readonly #initialize: string;
  readonly #tools: readonly string[];
  readonly #parallel: RawEndpoint;
  #clients: Client[] = [];
  #streams: ClientRequest[] = [];

  constructor(url: string, { clientBytes, concurrentCalls, tools }: ClientsLoad) {
    this.concurrentCalls = concurrentCalls;
    this.#url = url;
    this.#initialize = initializeOf(clientBytes);
    this.#tools = tools;
    this.#parallel = new RawEndpoint(url, concurrentCalls);
  }

  /** Sessions that have called every backend. */
  async open(count: number): Promise<void> {
    const opened: Client[] = [];
    await eachOf(Array.from({ length: count }), async () => {
      opened.push(await this.#open());
    });
    this.#clients.push(...opened);
    // Backend by backend, so that no connection is idle for as long as it takes a session to call them all.
    for (const tool of this.#tools) await this.#callAll(opened, tool);
  }

  /** Ends all sessions, and what they have open. */
  async end(): Promise<void> {
    for (const stream of this.#streams.splice(0)) stream.destroy();
    await eachOf(this.#clients.splice(0), async ({ session, endpoint }) => {
      await session.end();
      await endpoint.close();
    });
  }

  /** A stream of each session. */
  async listen(): Promise<void> {
    const ids = this.#clients.map(({ session }) => session.id);
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
    await Promise.all(this.#clients.map(({ endpoint }) => endpoint.close()));
    await this.#parallel.close();
  }

  async #open(): Promise<Client> {
    const endpoint = new RawEndpoint(this.#url, 1);
    const { status, headers, text } = await endpoint.send("POST", undefined, this.#initialize);
    const id = headers["mcp-session-id"];
    if (typeof id !== "string") throw new Error(`initialize got ${status}: ${text}`);
    const session = new RawSession(endpoint, id);
    await session.post(INITIALIZED);
    return { endpoint, session };
  }

  async #callAll(clients: readonly Client[], tool: string): Promise<void> {
    await eachOf(clients, ({ session }) => callOf(session, tool, "open"));
  }

  /** A call as large as the plan takes one to be: by the next session, at the next backend. */
  async #callAside(index: number, word: string): Promise<void> {
    const id = this.#clients[index % this.#clients.length]?.session.id ?? "";
    const tool = this.#tools[index % this.#tools.length] ?? "";
    await callOf(new RawSession(this.#parallel, id), tool, word.padEnd(BODY_BYTES));
  }
}

async function callOf(session: RawSession, tool: string, text: string): Promise<void> {
  const answer = await session.call(tool, { text });
  if (!answer.text.includes(`\\"${text}\\"`)) {
    throw new Error(`${tool} got ${answer.status}: ${answer.text}`);
  }
}

function initializeOf(clientBytes: number): string {
  const capabilities = { roots: { listChanged: true }, sampling: {}, elicitation: {} };
  const clientInfo = { name: "planned", version: "1.0.0", description: "" };
  const bytes = JSON.stringify(capabilities).length + JSON.stringify(clientInfo).length;
  const description = "x".repeat(clientBytes - bytes);
  const params = {
    protocolVersion: "2025-11-25",
    capabilities,
    clientInfo: { ...clientInfo, description },
  };
  return JSON.stringify({ jsonrpc: "2.0", id: 0, method: "initialize", params });
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
