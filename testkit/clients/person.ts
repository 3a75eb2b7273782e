import type { Issuer } from "../servers/issuer.ts";
import { RawClient } from "./raw-client.ts";

type Claims = Parameters<Issuer["token"]>[0];

/** A client with a token of an issuer: what it sends, and as whom. */
export class Person {
  readonly token: string;
  sessionId: string | undefined;
  readonly #url: string;

  private constructor(url: string, token: string) {
    this.#url = url;
    this.token = token;
  }

  /** Opens a session as `sub`. */
  static async open(
    url: string,
    issuer: Issuer,
    sub: string,
    capabilities: object = {},
    claims: Claims = {},
  ): Promise<Person> {
    const person = new Person(url, await issuer.token({ sub, ...claims }));
    const clientInfo = { name: sub, version: "1" };
    const params = { protocolVersion: "2025-11-25", capabilities, clientInfo };
    const { headers } = await person.ask("initialize", params);
    person.sessionId = String(headers["mcp-session-id"]);
    return person;
  }

  /** The same session at another process. */
  at(url: string): Person {
    const twin = new Person(url, this.token);
    twin.sessionId = this.sessionId;
    return twin;
  }

  async ask(method: string, params: object = {}) {
    const client = new RawClient(this.#url);
    client.sessionId = this.sessionId;
    const body = JSON.stringify({ jsonrpc: "2.0", id: 1, method, params });
    return await client.post(body, { authorization: `Bearer ${this.token}` });
  }

  call(name: string, args: object) {
    return this.ask("tools/call", { name, arguments: args });
  }
}
