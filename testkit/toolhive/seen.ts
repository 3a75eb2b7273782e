import { lastMessage, RawClient } from "../clients/raw-client.ts";

type Values = Readonly<Record<string, unknown>>;

/** What a client of a gateway sees and gets, as JSON: lists by name, answers by what was asked for. */
export type Seen = Values;

/** Names that a gateway may have, or must not have, beside those that it lists. */
const PROBED_TOOLS = ["search", "a_search", "a_wipe", "a_find", "b_shared", "nobody"];
const PROBED_PROMPTS = ["greet", "a_greet", "nobody"];
const READ = [
  "note://a/1",
  "note://same",
  "note://b/blob",
  "note://c/by/7",
  "note://a/none",
  "none://a",
];

/** A session at a gateway, which is asked one thing after the other. */
export class Observer {
  readonly client: RawClient;
  readonly #initialized: unknown;

  private constructor(client: RawClient, initialized: unknown) {
    this.client = client;
    this.#initialized = initialized;
  }

  static async open(url: string): Promise<Observer> {
    const client = new RawClient(url);
    const params = { protocolVersion: "2025-11-25", capabilities: {} };
    const { result } = JSON.parse(lastMessage(await client.initialize(params)));
    await client.post('{"jsonrpc":"2.0","method":"notifications/initialized"}');
    return new Observer(client, result);
  }

  /** What comes of a request: a result, an error, or a refusal that is no message. */
  async ask(method: string, params: object = {}): Promise<Values> {
    const request = JSON.stringify({ jsonrpc: "2.0", id: 1, method, params });
    const answer = await this.client.post(request);
    const text = lastMessage(answer);
    if (!text.startsWith("{")) return { refused: answer.status };
    const { result, error } = JSON.parse(text);
    return error === undefined ? { result } : { error };
  }

  /** A whole list, by what its items are known by: each gateway has an order of its own. */
  async list(method: string, list: string, key: string): Promise<Values> {
    const { result, error }: Values = await this.ask(method);
    const items: unknown = isObject(result) ? result[list] : undefined;
    if (!Array.isArray(items)) return { error };
    return Object.fromEntries(items.map((item: Values) => [String(item[key]), item]));
  }

  tools(): Promise<Values> {
    return this.list("tools/list", "tools", "name");
  }

  prompts(): Promise<Values> {
    return this.list("prompts/list", "prompts", "name");
  }

  resources(): Promise<Values> {
    return this.list("resources/list", "resources", "uri");
  }

  /** Everything, with these tools and prompts. */
  async everything(tools: readonly string[], prompts: readonly string[]): Promise<Seen> {
    const called: Record<string, Values> = {};
    const calledInVain: Record<string, Values> = {};
    for (const name of new Set([...tools, ...PROBED_TOOLS])) {
      called[name] = await this.ask("tools/call", { name, arguments: { query: "it" } });
      calledInVain[name] = await this.ask("tools/call", { name, arguments: { query: 1 } });
    }
    const got: Record<string, Values> = {};
    const gotInVain: Record<string, Values> = {};
    for (const name of new Set([...prompts, ...PROBED_PROMPTS])) {
      got[name] = await this.ask("prompts/get", { name, arguments: { of: "you" } });
      gotInVain[name] = await this.ask("prompts/get", { name });
    }
    const read: Record<string, Values> = {};
    for (const uri of READ) read[uri] = await this.ask("resources/read", { uri });
    return {
      initialized: this.#initialized,
      tools: await this.tools(),
      prompts: await this.prompts(),
      resources: await this.resources(),
      templates: await this.list("resources/templates/list", "resourceTemplates", "uriTemplate"),
      ...{ called, calledInVain, got, gotInVain, read },
      ping: await this.ask("ping"),
      unknown: await this.ask("nothing/known"),
      level: await this.ask("logging/setLevel", { level: "error" }),
    };
  }
}

function isObject(value: unknown): value is Values {
  return typeof value === "object" && value !== null;
}
