import type { Configuration, Role } from "@mcp-fleet/contract/settings";
import { onTestFinished } from "vitest";
import { MemoryStore } from "../../runtime/store/memory/memory-store.ts";
import { RawClient } from "../clients/raw-client.ts";
import { ScriptedBackend } from "../servers/scripted-backend.ts";
import { textResult } from "../servers/scripted-exchange.ts";
import { countOperations } from "./counted-store.ts";
import { type RunningRole, startRoles } from "./gateway.ts";

export interface PodFleetOptions {
  readonly role?: Role;
  readonly pods?: number;
  readonly processes?: number;
  readonly backend?: Partial<Configuration["backends"][number]>;
  readonly limits?: Configuration["limits"];
  /** Default: quick health checks. */
  readonly operational?: Configuration["operational"];
  readonly adminToken?: string;
}

/** Pods of one backend, in this process, behind roles over one memory store. A call's answer is the name of its pod. */
export interface PodFleet {
  readonly pods: readonly ScriptedBackend[];
  /** The names of the pods, as roles call them. */
  readonly names: readonly string[];
  readonly processes: readonly RunningRole[];
  readonly store: MemoryStore;
  /** What the processes have asked of it, in order. */
  readonly operations: readonly string[];
  /** A client of a process whose session is open. */
  open(process?: number): Promise<RawClient>;
  /** The same session at another process. */
  at(client: RawClient, process: number): RawClient;
}

/** A pod that refuses is gone at the next check; one on a busy machine is not taken for dead. */
const QUICK = { failureHandling: { healthCheckInterval: "1s", unhealthyThreshold: 3 } };

export async function startPods(options: PodFleetOptions = {}): Promise<PodFleet> {
  const { role = "proxy", pods: count = 3, processes: many = 1, adminToken } = options;
  const pods = await Promise.all(Array.from({ length: count }, () => startPod()));
  const names = pods.map(({ url }) => new URL(url).host);
  const urls = pods.map(({ url }) => url);
  const configuration: Configuration = {
    aggregation: { conflictResolutionConfig: { prefixFormat: "" } },
    backends: [{ name: "scripted", urls, routing: "session", ...options.backend }],
    operational: options.operational ?? QUICK,
    limits: { podLossAfter: "1s", ...options.limits },
  };
  const store = new MemoryStore();
  const { store: counted, operations } = countOperations(store);
  const processes = await startRoles(configuration, {
    role,
    count: many,
    store: counted,
    ...(adminToken && { adminToken }),
  });
  const urlOf = (process: number) => processes[process]?.url ?? "";
  return {
    pods,
    names,
    processes,
    store,
    operations,
    open: (process = 0) => RawClient.open(urlOf(process)),
    at: (client, process) => client.at(urlOf(process)),
  };
}

async function startPod(): Promise<ScriptedBackend> {
  const pod = await ScriptedBackend.start();
  onTestFinished(() => pod.stop().catch(() => {}));
  const name = new URL(pod.url).host;
  pod.on("tools/call", (exchange) => {
    const { sessionId } = exchange.received;
    if (pod.sessions.has(sessionId ?? "")) exchange.result(textResult(name));
    else exchange.status(404);
  });
  return pod;
}
