import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  Client as ClientV2,
  StreamableHTTPClientTransport as TransportV2,
} from "@modelcontextprotocol/client";
import { Client as ClientV1 } from "@modelcontextprotocol/sdk/client/index.js";
import { StdioClientTransport } from "@modelcontextprotocol/sdk/client/stdio.js";
import { StreamableHTTPClientTransport as TransportV1 } from "@modelcontextprotocol/sdk/client/streamableHttp.js";
import type { Transport } from "@modelcontextprotocol/sdk/shared/transport.js";
import {
  CreateMessageRequestSchema,
  ElicitRequestSchema,
  ListRootsRequestSchema,
} from "@modelcontextprotocol/sdk/types.js";

const mcpRemote = join(import.meta.dirname, "../../node_modules/.bin/mcp-remote");

const clientInfo = { name: "client-under-test", version: "1.0.0" };
const capabilities = { sampling: {}, elicitation: { form: {} }, roots: { listChanged: true } };

/** What the user of a client under test answers to a form, by the form's message. */
export type FillForm = (
  message: string,
) => Record<string, string> | Promise<Record<string, string>>;

export interface ConnectOptions {
  /** Stands in for the network: who sees, or moves, requests. */
  readonly fetch?: typeof globalThis.fetch;
  readonly fillForm?: FillForm;
}

export interface CallOptions {
  readonly onprogress?: (progress: { progress: number; total?: number | undefined }) => void;
  readonly signal?: AbortSignal;
}

/** One connected client of an official SDK, with what it heard and what it was asked. */
export interface SdkClient {
  readonly client: ClientV1 | ClientV2;
  /** The notifications that came, in order; not those of progress. */
  readonly heard: readonly { method: string; params?: unknown }[];
  /** The methods of the requests that came, in order. */
  readonly asked: readonly string[];
  readonly sessionId: string;
  /** Calls a tool; answers the texts of its result, a line each. */
  call(name: string, values?: Record<string, unknown>, options?: CallOptions): Promise<string>;
  /** Ends the session with a DELETE, and the client. */
  end(): Promise<void>;
}

const model = {
  model: "test-model",
  role: "assistant" as const,
  content: { type: "text" as const, text: "the model's answer" },
};
const roots = { roots: [{ uri: "file:///workspace", name: "the root" }] };
const fillNothing: FillForm = () => ({ name: "Ada" });

/** Connects the client of `@modelcontextprotocol/sdk`. */
export async function connectV1(url: string, options: ConnectOptions = {}): Promise<SdkClient> {
  const { fillForm = fillNothing, fetch } = options;
  const client = new ClientV1(clientInfo, { capabilities });
  const asked: string[] = [];
  client.setRequestHandler(CreateMessageRequestSchema, ({ method }) => {
    asked.push(method);
    return model;
  });
  client.setRequestHandler(ElicitRequestSchema, async ({ method, params }) => {
    asked.push(method);
    return { action: "accept", content: await fillForm(params.message) };
  });
  client.setRequestHandler(ListRootsRequestSchema, ({ method }) => {
    asked.push(method);
    return roots;
  });
  const heard = hear(client);
  const transport = new TransportV1(new URL(url), fetch === undefined ? {} : { fetch });
  // The class declares its callbacks `T | undefined`, the interface `T?`: exact optional types see a difference.
  await client.connect(transport as Transport);
  return {
    client,
    heard,
    asked,
    sessionId: transport.sessionId ?? "",
    call: async (name, values = {}, more = {}) =>
      texts(await client.callTool({ name, arguments: values }, undefined, more)),
    async end() {
      await transport.terminateSession();
      await client.close();
    },
  };
}

/** Connects the client of `@modelcontextprotocol/client`; `auto` looks for a server of the modern era first. */
export async function connectV2(
  url: string,
  mode: "legacy" | "auto",
  options: ConnectOptions = {},
): Promise<SdkClient> {
  const { fillForm = fillNothing, fetch } = options;
  const client = new ClientV2(clientInfo, { capabilities, versionNegotiation: { mode } });
  const asked: string[] = [];
  client.setRequestHandler("sampling/createMessage", ({ method }) => {
    asked.push(method);
    return model;
  });
  client.setRequestHandler("elicitation/create", async ({ method, params }) => {
    asked.push(method);
    return { action: "accept", content: await fillForm(params.message) };
  });
  client.setRequestHandler("roots/list", ({ method }) => {
    asked.push(method);
    return roots;
  });
  const heard = hear(client);
  const transport = new TransportV2(new URL(url), fetch === undefined ? {} : { fetch });
  await client.connect(transport);
  return {
    client,
    heard,
    asked,
    sessionId: transport.sessionId ?? "",
    call: async (name, values = {}, more = {}) =>
      texts(await client.callTool({ name, arguments: values }, more)),
    async end() {
      await transport.terminateSession();
      await client.close();
    },
  };
}

/** Connects the first SDK's client over stdio to `mcp-remote`, which speaks HTTP to `url`. */
export async function connectMcpRemote(
  url: string,
): Promise<Pick<SdkClient, "client" | "call" | "end">> {
  const folder = await mkdtemp(join(tmpdir(), "mcp-remote-"));
  const client = new ClientV1(clientInfo);
  const transport = new StdioClientTransport({
    command: process.execPath,
    args: [mcpRemote, url, "--allow-http", "--transport", "http-only"],
    env: { HOME: folder, MCP_REMOTE_CONFIG_DIR: folder },
    stderr: "ignore",
  });
  await client.connect(transport);
  return {
    client,
    call: async (name, values = {}) => texts(await client.callTool({ name, arguments: values })),
    async end() {
      await client.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

function hear(client: ClientV1 | ClientV2): { method: string; params?: unknown }[] {
  const heard: { method: string; params?: unknown }[] = [];
  client.fallbackNotificationHandler = async (notification) => {
    heard.push(notification);
  };
  return heard;
}

function texts({ content, isError }: Record<string, unknown>): string {
  const blocks = Array.isArray(content) ? content : [];
  const text = blocks.flatMap((block) => (block.type === "text" ? [block.text] : [])).join("\n");
  return isError === true ? `error: ${text}` : text;
}
