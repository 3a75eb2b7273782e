import { type Answered, messageOf } from "../processes/scripted-fleet.ts";
import { RawClient, type RawStream } from "./raw-client.ts";

const SESSION = {
  protocolVersion: "2025-11-25",
  capabilities: {},
  clientInfo: { name: "raw", version: "1" },
};

/** A client with a token; its requests carry it. */
export class Member {
  readonly #client: RawClient;
  readonly #headers: Record<string, string>;

  private constructor(url: string, token: string) {
    this.#client = new RawClient(url);
    this.#headers = { authorization: `Bearer ${token}` };
  }

  static async open(url: string, token: string): Promise<Member> {
    const member = new Member(url, token);
    const answer = await member.#post("initialize", SESSION);
    const id = answer.headers["mcp-session-id"];
    if (typeof id !== "string") throw new Error(`initialize got ${answer.text}`);
    member.#client.sessionId = id;
    return member;
  }

  async ask(method: string, params: object = {}): Promise<Answered> {
    return messageOf(await this.#post(method, params));
  }

  /** The answer to a request with these params, as JSON text. */
  async askText(method: string, params: string): Promise<Answered> {
    const body = `{"jsonrpc":"2.0","id":1,"method":${JSON.stringify(method)},"params":${params}}`;
    return messageOf(await this.#client.post(body, this.#headers));
  }

  /** The names in a list. */
  async names(method: string): Promise<unknown> {
    const { result } = await this.ask(method);
    const [items = []] = Object.values(result ?? {}).filter(Array.isArray);
    return items.map((item: Record<string, unknown>) => item.uri ?? item.uriTemplate ?? item.name);
  }

  listen(): Promise<RawStream> {
    return this.#client.stream(undefined, this.#headers);
  }

  #post(method: string, params: object) {
    return this.#client.post(
      JSON.stringify({ jsonrpc: "2.0", id: 1, method, params }),
      this.#headers,
    );
  }
}
