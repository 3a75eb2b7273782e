import type { Configuration } from "@mcp-fleet/contract/settings";
import { onTestFinished } from "vitest";
import { RawClient } from "../clients/raw-client.ts";
import type { SseServer } from "../servers/sse-server.ts";
import { type RunningRole, startGateway, startProxy } from "./gateway.ts";

export type SseRole = "gateway" | "proxy";

export interface SseFleetOptions {
  /** The backend's own settings. */
  readonly backend?: Partial<Configuration["backends"][number]>;
  readonly role?: SseRole;
  /** The port of the Redis that processes share. Default: memory of its own. */
  readonly redisPort?: number;
  /** Default: 10 s, also on a busy machine more than a server needs. */
  readonly initializeTimeout?: string;
  /** The limit of open files. Default: it is unknown. */
  readonly openFiles?: number;
}

/** A process in front of a server that speaks HTTP+SSE, until the end of the test. */
export async function startBefore(
  server: Pick<SseServer, "url">,
  {
    backend,
    role = "proxy",
    redisPort,
    initializeTimeout = "10s",
    openFiles,
  }: SseFleetOptions = {},
): Promise<RunningRole> {
  const configuration: Configuration = {
    aggregation: { conflictResolutionConfig: { prefixFormat: "" } },
    backends: [{ name: "older", url: server.url, transport: "sse", ...backend }],
    operational: { failureHandling: { healthCheckInterval: "1s" } },
    limits: { initializeTimeout, podLossAfter: "200ms" },
    ...(redisPort !== undefined && {
      sessionStorage: { provider: "redis", address: `127.0.0.1:${redisPort}` },
    }),
  };
  const start = role === "proxy" ? startProxy : startGateway;
  const running = await start(configuration, openFiles === undefined ? {} : { openFiles });
  onTestFinished(() => running.close());
  return running;
}

/**
 * A client whose session is open.
 *
 * @throws what initialize is answered with.
 */
export async function openAt(role: RunningRole, capabilities: object = {}): Promise<RawClient> {
  const client = new RawClient(role.url);
  const answer = await client.initialize({ protocolVersion: "2025-06-18", capabilities });
  if (answer.status !== 200) throw new Error(answer.text);
  return client;
}

export function callWith(
  name: string,
  id: number | string = 1,
  input: object = {},
  meta: object = {},
): string {
  const params = { name, arguments: input, _meta: meta };
  return JSON.stringify({ jsonrpc: "2.0", id, method: "tools/call", params });
}
