import { edited } from "../examples/edit.ts";
import { toolHiveStack } from "../examples/toolhive.ts";
import { policy } from "../policy.ts";
import type { ToolHiveServer } from "../stack/toolhive-server.ts";

export const stdioAlone = policy<ToolHiveServer>({
  name: "stdio-alone",
  level: "mandatory",
  isLocal: true,
  rule: "A stdio server has one pod, and one session unless it is stateless.",
  prevents:
    "The operator runs one pod where the stack declares three; or 50 users share one process, and one sees what another opened",
  source:
    "ToolHive caps spec.replicas of stdio at 1, sets the condition StdioReplicaCapped, and ignores backendReplicas; all sessions of a stdio server share one process",
  remediation:
    "Use transport: streamable-http, or one pod. If the server is stateless, annotate it with mcp-fleet.dev/stateful: false.",
  examples: {
    passes: toolHiveStack(),
    fails: edited(toolHiveStack(), "MCPServer github", { "spec.transport": "stdio" }),
    says: "spec.replicas is 2, but transport stdio has a single process",
  },
  subjects: ({ toolHiveServers }) => toolHiveServers.filter(({ kind }) => kind === "MCPServer"),
  *judge(server) {
    if (server.transport !== "stdio") return;
    const { replicas, backendReplicas, facts } = server;
    for (const [name, pods] of Object.entries({ replicas, backendReplicas })) {
      if (pods <= 1) continue;
      yield `spec.${name} is ${pods}, but transport stdio has a single process; set spec.${name}: 1, or transport: streamable-http`;
    }
    const sessions = facts.numberOr("sessions", 1);
    const isStateful = !facts.has("stateful") || facts.flag("stateful");
    if (sessions > 1 && isStateful) {
      yield `${sessions} sessions share the state of its single stdio process; set transport: streamable-http, or the annotation mcp-fleet.dev/stateful: "false" if it is stateless`;
    }
  },
});
