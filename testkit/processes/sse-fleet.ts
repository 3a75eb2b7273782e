import type { Configuration, Role } from "@mcp-fleet/contract/settings";
import { RawClient } from "../clients/raw-client.ts";
import { SdkServer } from "../servers/sdk-server.ts";
import { buildServer } from "../servers/sdk-tools.ts";
import { type RunningRole, startRoles } from "./gateway.ts";

export interface SseFleetOptions {
  /** The backend's own settings. */
  readonly backend?: Partial<Configuration["backends"][number]>;
  readonly role?: Role;
  /** The port of the Redis that processes share. Default: memory of its own. */
  readonly redisPort?: number;
  /** Default: 10 s, also on a busy machine more than a server needs. */
  readonly initializeTimeout?: string;
  /** The limit of open files. Default: it is unknown. */
  readonly openFiles?: number;
}

/** The server of the official SDK, as it speaks HTTP+SSE. */
export function startSseServer(): Promise<SdkServer> {
  return SdkServer.start({ build: buildServer, transport: "sse" });
}

/** A process in front of a server that speaks HTTP+SSE, until the end of the test. */
export async function startBefore(
  server: Pick<SdkServer, "url">,
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
  const [running] = await startRoles(configuration, {
    role,
    ...(openFiles !== undefined && { openFiles }),
  });
  return running;
}

/**
 * A client whose session is open.
 *
 * @throws what initialize is answered with.
 */
export function openAt({ url }: RunningRole, capabilities: object = {}): Promise<RawClient> {
  return RawClient.open(url, "2025-06-18", capabilities);
}
