import { edited } from "../examples/edit.ts";
import { toolHiveStack } from "../examples/toolhive.ts";
import { policy } from "../policy.ts";
import type { ToolHiveServer } from "../stack/toolhive-server.ts";

export const stdioAlone = policy<ToolHiveServer>({
  name: "stdio-alone",
  level: "mandatory",
  isLocal: true,
  rule: "A server that speaks stdio has one pod, and one session unless it keeps nothing of a session.",
  prevents:
    "The operator lets one pod run where the stack says three; or 50 users share one process, and one sees what another opened",
  source:
    "ToolHive caps spec.replicas of stdio at 1, sets the condition StdioReplicaCapped, and does not look at backendReplicas; every session of a stdio server speaks to the same process",
  remediation:
    "Give the server transport: streamable-http, or one pod. Where it keeps nothing of a session, annotate it with mcp-fleet.dev/stateful: false.",
  examples: {
    passes: toolHiveStack(),
    fails: edited(toolHiveStack(), "MCPServer github", { "spec.transport": "stdio" }),
    says: "transport stdio, and spec.replicas is 2",
  },
  subjects: ({ toolHiveServers }) => toolHiveServers.filter(({ kind }) => kind === "MCPServer"),
  *judge(server) {
    if (server.transport !== "stdio") return;
    const { replicas, backendReplicas, facts } = server;
    for (const [name, pods] of Object.entries({ replicas, backendReplicas })) {
      if (pods <= 1) continue;
      yield `transport stdio, and spec.${name} is ${pods}, but one process speaks through one pipe: write spec.${name}: 1, or transport: streamable-http`;
    }
    const sessions = facts.numberOr("sessions", 1);
    const isStateful = !facts.has("stateful") || facts.flag("stateful");
    if (sessions > 1 && isStateful) {
      yield `transport stdio, and ${sessions} sessions share its one process with all that it keeps of them: write transport: streamable-http, or the annotation mcp-fleet.dev/stateful: "false" where it keeps nothing`;
    }
  },
});
