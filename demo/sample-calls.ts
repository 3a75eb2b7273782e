import { join } from "node:path";

import type { Client } from "@modelcontextprotocol/client";

import type { McpServers } from "../testkit/servers/mcp-servers.ts";

export interface SampleCall {
  readonly server: string;
  readonly tool: string;
  readonly args: Readonly<Record<string, unknown>>;
}

/** A call as the client saw it. */
export interface Called {
  readonly answer: string;
  readonly milliseconds: number;
}

/** One call of each server, by the tool's name in the merged list. */
export function sampleCalls({ folder }: McpServers): readonly SampleCall[] {
  const entity = { name: "demo", entityType: "visitor", observations: ["called three servers"] };
  return [
    { server: "everything", tool: "everything_echo", args: { message: "hello" } },
    {
      server: "filesystem",
      tool: "filesystem_read_text_file",
      args: { path: join(folder, "hello.txt") },
    },
    { server: "memory", tool: "memory_create_entities", args: { entities: [entity] } },
  ];
}

/**
 * One after the other.
 *
 * @throws a server answered with an error, or not with text.
 */
export async function callAll(
  client: Client,
  calls: readonly SampleCall[],
  signal: AbortSignal,
): Promise<Called[]> {
  const called: Called[] = [];
  for (const { tool, args } of calls) {
    const startMs = performance.now();
    const result = await client.callTool({ name: tool, arguments: args }, { signal });
    const milliseconds = performance.now() - startMs;
    const [first] = result.content;
    const answer = first?.type === "text" ? first.text : "";
    if (result.isError || answer === "") throw new Error(`${tool} failed: ${answer || "no text"}`);
    called.push({ answer, milliseconds });
  }
  return called;
}
