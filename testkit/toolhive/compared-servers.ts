import { McpServer, ResourceTemplate } from "@modelcontextprotocol/sdk/server/mcp.js";
import * as z from "zod";
import { SdkServer } from "../servers/sdk-server.ts";

/** The backends' names, in the order of the configuration. */
export const NAMES = ["a", "b", "c"] as const;
export type Name = (typeof NAMES)[number];

/** Something that a server gets while clients are connected. */
type Addition = (server: McpServer) => { remove(): void };

const said = (text: string) => ({ content: [{ type: "text" as const, text }] });

/** Servers on the official SDK behind both gateways. All have `search` and `note://same`; b and c have `shared`. */
export class ComparedServers {
  readonly #servers: Readonly<Record<Name, SdkServer>>;
  /** By name of the server: what sessions that open get, too. */
  readonly #additions: Readonly<Record<Name, Addition[]>>;

  private constructor(servers: Record<Name, SdkServer>, additions: Record<Name, Addition[]>) {
    this.#servers = servers;
    this.#additions = additions;
  }

  static async start(): Promise<ComparedServers> {
    const additions: Record<Name, Addition[]> = { a: [], b: [], c: [] };
    const start = (name: Name) =>
      SdkServer.start({
        build: () => {
          const server = serverOf(name);
          for (const add of additions[name]) add(server);
          return server;
        },
      });
    const [a, b, c] = await Promise.all([start("a"), start("b"), start("c")]);
    return new ComparedServers({ a, b, c }, additions);
  }

  /** As both configurations have them. */
  get backends(): readonly { name: Name; url: string; transport: "streamable-http" }[] {
    return NAMES.map((name) => ({
      name,
      url: this.#servers[name].url,
      transport: "streamable-http",
    }));
  }

  /** A server gets something, in all of its sessions; the function that is returned takes it away again. */
  add(name: Name, addition: Addition): () => void {
    this.#additions[name].push(addition);
    const added = this.#servers[name].servers.map((server) => addition(server));
    return () => {
      this.#additions[name].splice(this.#additions[name].indexOf(addition), 1);
      for (const one of added) one.remove();
    };
  }

  async stop(): Promise<void> {
    await Promise.all(Object.values(this.#servers).map((server) => server.close()));
  }
}

/** Later additions. */
export const ADDITIONS = {
  tool: (server: McpServer) =>
    server.registerTool("late", { description: "It came later." }, async () => said("late")),
  prompt: (server: McpServer) =>
    server.registerPrompt("late", { description: "It came later." }, async () => ({
      messages: [{ role: "user" as const, content: { type: "text" as const, text: "late" } }],
    })),
  resource: (server: McpServer) =>
    server.registerResource("late", "note://late", {}, async ({ href }) => ({
      contents: [{ uri: href, text: "late" }],
    })),
} as const satisfies Record<string, Addition>;

function serverOf(own: Name): McpServer {
  const server = new McpServer(
    { name: own, version: "1.0.0" },
    { instructions: `How to use ${own}.`, capabilities: { logging: {} } },
  );
  addTools(server, own);
  addPrompts(server, own);
  addResources(server, own);
  return server;
}

function addTools(server: McpServer, own: Name): void {
  const query = { query: z.string().describe("What to look for."), limit: z.number().optional() };
  server.registerTool(
    "search",
    {
      title: "Search",
      description: `Searches ${own}.`,
      inputSchema: query,
      annotations: { title: "Search it", readOnlyHint: true, openWorldHint: false },
      _meta: { "example.com/cost": 3 },
    },
    async (input) => said(`${own} found ${input.query}`),
  );
  server.registerTool(
    `${own}_count`,
    { description: "Counts.", inputSchema: {}, outputSchema: { count: z.number() } },
    async () => ({ ...said('{"count":3}'), structuredContent: { count: 3 } }),
  );
  server.registerTool(
    "wipe",
    {
      description: "Wipes it.",
      annotations: { destructiveHint: true, idempotentHint: true, readOnlyHint: false },
    },
    async () => ({ ...said(`${own} failed`), isError: true, _meta: { "example.com/try": 1 } }),
  );
  if (own !== "a") server.registerTool("shared", {}, async () => said(`shared by ${own}`));
  if (own === "b") {
    server.registerTool("media", { description: "Of every kind." }, async () => ({
      content: [
        { type: "image", data: "AAAA", mimeType: "image/png" },
        { type: "audio", data: "AAAA", mimeType: "audio/wav" },
        { type: "resource_link", uri: "note://b/1", name: "one", mimeType: "text/plain" },
        { type: "resource", resource: { uri: "note://b/2", text: "two", mimeType: "text/plain" } },
        { type: "text", text: "x", annotations: { audience: ["user"], priority: 0.5 } },
      ],
    }));
    server.registerTool("throws", { description: "Throws." }, async () => {
      throw new Error("it went wrong");
    });
  }
}

function addPrompts(server: McpServer, own: Name): void {
  const of = z.string().describe("Whom to greet.");
  server.registerPrompt(
    "greet",
    { title: "Greet", description: `Greets from ${own}.`, argsSchema: { of } },
    async (input) => ({
      description: "A greeting.",
      messages: [{ role: "user", content: { type: "text", text: `${own} greets ${input.of}` } }],
    }),
  );
}

function addResources(server: McpServer, own: Name): void {
  const contentsOf = (uri: string, text: string) => ({
    contents: [{ uri, text, mimeType: "text/plain" }],
  });
  for (const [name, uri] of [
    ["one", `note://${own}/1`],
    ["same", "note://same"],
  ] as const) {
    const about = { title: "A note", description: `Note of ${own}.`, mimeType: "text/plain" };
    server.registerResource(name, uri, about, async ({ href }) => contentsOf(href, own));
  }
  const blob = { contents: [{ uri: `note://${own}/blob`, blob: "AAAA" }] };
  server.registerResource("blob", `note://${own}/blob`, {}, async () => blob);
  const template = new ResourceTemplate(`note://${own}/by/{id}`, { list: undefined });
  const about = { description: "A note by its id.", mimeType: "text/plain" };
  server.registerResource("by id", template, about, async ({ href }) => contentsOf(href, own));
}
