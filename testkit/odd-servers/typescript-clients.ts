import {
  Client as ClientV2,
  StreamableHTTPClientTransport as TransportV2,
} from "@modelcontextprotocol/client";
import { Client as ClientV1 } from "@modelcontextprotocol/sdk/client/index.js";
import { StreamableHTTPClientTransport as TransportV1 } from "@modelcontextprotocol/sdk/client/streamableHttp.js";
import type { Transport } from "@modelcontextprotocol/sdk/shared/transport.js";
import { ListRootsRequestSchema } from "@modelcontextprotocol/sdk/types.js";
import type { OddClient, Target } from "./probe.ts";

const INFO = { name: "client", version: "1" };
/** What editors declare. */
const CAPABILITIES = { roots: {} };
const ROOTS = { roots: [{ uri: "file:///workspace" }] };

/** The client of `@modelcontextprotocol/sdk`, connected. */
export async function openV1({
  url,
  patience,
}: Pick<Target, "url" | "patience">): Promise<OddClient> {
  const client = new ClientV1(INFO, { capabilities: CAPABILITIES });
  client.setRequestHandler(ListRootsRequestSchema, () => ROOTS);
  client.onerror = () => {};
  const transport = new TransportV1(new URL(url));
  // The class declares its callbacks `T | undefined`, the interface `T?`: exact optional types see a difference.
  await client.connect(transport as Transport, { timeout: patience.connect });
  return {
    list: (cursor) =>
      client.listTools(cursor === undefined ? {} : { cursor }, { timeout: patience.list }),
    call: async (name, text) =>
      textOf(
        await client.callTool({ name, arguments: { text } }, undefined, { timeout: patience.call }),
      ),
    async close() {
      await transport.terminateSession().catch(() => {});
      await client.close();
    },
  };
}

/** The client of `@modelcontextprotocol/client`, connected as it does by default. */
export async function openV2({
  url,
  patience,
}: Pick<Target, "url" | "patience">): Promise<OddClient> {
  const client = new ClientV2(INFO, { capabilities: CAPABILITIES });
  client.setRequestHandler("roots/list", () => ROOTS);
  client.onerror = () => {};
  const transport = new TransportV2(new URL(url));
  await client.connect(transport, { timeout: patience.connect });
  return {
    list: (cursor) =>
      client.listTools(cursor === undefined ? {} : { cursor }, { timeout: patience.list }),
    call: async (name, text) =>
      textOf(await client.callTool({ name, arguments: { text } }, { timeout: patience.call })),
    async close() {
      await transport.terminateSession().catch(() => {});
      await client.close();
    },
  };
}

function textOf({ content }: Readonly<Record<string, unknown>>): string {
  const [first] = Array.isArray(content) ? content : [];
  return String(Object(first).text);
}
