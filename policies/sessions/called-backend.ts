import type { Fleet, Named } from "../stack/fleet.ts";
import type { ToolHiveServer } from "../stack/toolhive-server.ts";
import type { Workload } from "../stack/workload.ts";

/** A backend of the stack that a gateway or proxy calls by a single address. */
export interface CalledBackend {
  readonly name: string;
  /** The Service that its host names; absent for those of ToolHive. */
  readonly named?: Named;
  readonly workloads: readonly Workload[];
  readonly toolHiveServer?: ToolHiveServer;
}

/** The backends of the stack that a gateway or proxy calls by a single address each; not those outside the stack. */
export function backendsCalledBy(
  { facts, resource }: Workload,
  fleet: Fleet,
): readonly CalledBackend[] {
  const backends = Object.entries(facts.map("backendHosts"));
  return backends.flatMap(([name, host]): CalledBackend[] => {
    const from = [String(host), resource.namespace] as const;
    const named = fleet.serviceAt(...from);
    if (named) return [{ name, named, workloads: fleet.workloadsBehind(named.service) }];
    const toolHiveServer = fleet.toolHiveServerAt(...from);
    return toolHiveServer ? [{ name, toolHiveServer, workloads: [] }] : [];
  });
}
