import { edited } from "../examples/edit.ts";
import { toolHiveStack } from "../examples/toolhive.ts";
import { policy } from "../policy.ts";
import type { Fields } from "../stack/fields.ts";
import type { Fleet } from "../stack/fleet.ts";
import type { ToolHiveServer } from "../stack/toolhive-server.ts";
import { Workflow } from "./workflow.ts";
import { PARALLEL, type WorkflowStep } from "./workflow-step.ts";

const PREFIX_FORMAT = "{workload}_";

export const fanOut = policy({
  name: "fan-out",
  level: "mandatory",
  rule: "A ToolHive workflow makes no more concurrent calls to a server of the stack than its pods can serve.",
  prevents:
    "One call of a workflow turns into 50 at a server with one process: all of them time out, and so do everyone else's",
  source:
    "ToolHive's workflow engine: maxParallel items of a forEach run concurrently, 10 by default and 50 at most, and 10 steps of a level; stdio has one process, whatever backendReplicas is",
  remediation:
    "Lower maxParallel, raise backendReplicas, or set callsPerReplica to what a pod of the server was measured to serve.",
  settings: {
    callsPerReplica: {
      type: "integer",
      default: PARALLEL,
      description:
        "Concurrent calls that a pod of a server can serve. The default is an assumption: what ToolHive's engine sends by default",
    },
    workflowsAtATime: {
      type: "integer",
      default: 1,
      description: "Workflows that run concurrently, of all users together",
    },
  },
  examples: {
    passes: toolHiveStack(),
    fails: edited(toolHiveStack(), "VirtualMCPServer eng", {
      "spec.config.compositeTools[0].steps[1].maxParallel": 50,
    }),
    says: "50 concurrent calls to MCPServer github, but its 1 process serves 1 × 10 = 10",
  },
  subjects: ({ toolHiveServers }) =>
    toolHiveServers.filter(({ kind }) => kind === "VirtualMCPServer"),
  *judge(gateway: ToolHiveServer, fleet, { callsPerReplica, workflowsAtATime }) {
    const servers = serversOf(gateway, fleet);
    for (const workflow of Workflow.runBy(gateway.resource, fleet)) {
      for (const [server, calls] of maxCalls(workflow, servers, prefixFormat(gateway))) {
        const sent = calls * workflowsAtATime;
        const processes = server.transport === "stdio" ? 1 : server.backendReplicas;
        const served = processes * callsPerReplica;
        if (sent <= served) continue;
        const times = workflowsAtATime > 1 ? ` (${calls} × ${workflowsAtATime} workflows)` : "";
        const serve = processes === 1 ? "process serves" : "processes serve";
        const max = Math.floor(served / workflowsAtATime);
        const more = server.transport === "stdio" ? "" : ", or raise backendReplicas";
        yield `workflow ${workflow.name}: ${sent} concurrent calls${times} to ${server.resource.title}, but its ${processes} ${serve} ${processes} × ${callsPerReplica} = ${served}; lower maxParallel so that at most ${max} run concurrently${more}`;
      }
    }
  },
});

/** The MCP servers behind a gateway: those of its group. */
function serversOf({ resource, spec }: ToolHiveServer, fleet: Fleet): ToolHiveServer[] {
  const group = groupOf(spec) ?? groupOf(spec.at("config"));
  if (group === undefined) return [];
  return fleet.toolHiveServers.filter(
    (one) =>
      one.kind === "MCPServer" &&
      one.resource.namespace === resource.namespace &&
      groupOf(one.spec) === group,
  );
}

function groupOf(spec: Fields): string | undefined {
  const group = spec.at("groupRef");
  return group.text() ?? group.at("name").text();
}

const prefixFormat = ({ spec }: ToolHiveServer): string =>
  spec.at("config.aggregation.conflictResolutionConfig.prefixFormat").text() ?? PREFIX_FORMAT;

/** The maximum number of concurrent calls to each server, over all levels of the workflow. */
function maxCalls(
  workflow: Workflow,
  servers: readonly ToolHiveServer[],
  format: string,
): ReadonlyMap<ToolHiveServer, number> {
  const max = new Map<ToolHiveServer, number>();
  for (const level of workflow.levels) {
    for (const server of servers) {
      const own = level.filter(({ tool }) => owner(tool, servers, format) === server);
      const calls = atATime(own);
      if (calls > (max.get(server) ?? 0)) max.set(server, calls);
    }
  }
  return max;
}

/** If there are more steps than run concurrently, assumes that those with the most calls do. */
function atATime(steps: readonly WorkflowStep[]): number {
  const calls = steps.map(({ loop }) => (loop ? Math.min(loop.parallel, loop.items) : 1));
  const largest = calls.sort((one, other) => other - one).slice(0, PARALLEL);
  return largest.reduce((sum, one) => sum + one, 0);
}

/** The server of a tool, by the gateway's prefix (`github_search`) or by its name (`github.search`). */
function owner(
  tool: string | undefined,
  servers: readonly ToolHiveServer[],
  format: string,
): ToolHiveServer | undefined {
  if (tool === undefined) return undefined;
  const candidates = servers.filter(({ resource: { name } }) =>
    [format.replace("{workload}", name), `${name}.`].some(
      (prefix) => prefix !== "" && tool.startsWith(prefix),
    ),
  );
  return candidates.sort((one, other) => other.resource.name.length - one.resource.name.length)[0];
}
