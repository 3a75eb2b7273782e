import { annotationOf } from "@mcp-fleet/contract";
import { CONSTANTS } from "@mcp-fleet/contract/capacity";
import { NODE_NOFILE } from "../capacity/node-nofile.ts";
import { edited } from "../examples/edit.ts";
import { toolHiveStack } from "../examples/toolhive.ts";
import { policy } from "../policy.ts";
import type { Fleet } from "../stack/fleet.ts";
import type { Resource } from "../stack/resource.ts";
import type { ToolHiveServer } from "../stack/toolhive-server.ts";
import { SESSIONS_PER_POD } from "./session-cache.ts";

/** What a gateway offers the tools of, beside those in its own configuration. */
const BACKENDS = ["MCPServer", "MCPRemoteProxy", "MCPServerEntry"];

export const toolHiveDescriptors = policy({
  name: "toolhive-descriptors",
  level: "mandatory",
  rule: "A pod of a VirtualMCPServer needs no more open files than nodes allow.",
  prevents:
    "connect() fails with EMFILE, and backends seem to be down, although every one of them answers",
  source:
    "ToolHive's scalability document: one descriptor for each open backend connection, sessions × backends, beside those of clients",
  remediation:
    "Raise spec.replicas, split the group, or raise the limit of the nodes and the setting nodeNofile.",
  settings: {
    nodeNofile: NODE_NOFILE,
  },
  examples: {
    passes: toolHiveStack(),
    fails: edited(toolHiveStack(), "VirtualMCPServer eng", {
      [`metadata.annotations[${annotationOf("sessions")}]`]: "1000",
      "spec.config.backends": Array.from({ length: 1100 }, (_, index) => ({
        name: `b${index}`,
        url: `http://b${index}:8080/mcp`,
      })),
    }),
    says: "1000 sessions × 1101 backends",
  },
  subjects: ({ toolHiveServers }) =>
    toolHiveServers.filter(({ kind }) => kind === "VirtualMCPServer"),
  *judge(server, fleet, { nodeNofile }) {
    const { facts, replicas } = server;
    if (!facts.has("sessions")) return;
    const pods = Math.max(1, replicas - 1);
    const sessions = Math.min(SESSIONS_PER_POD, Math.ceil(facts.number("sessions") / pods));
    const backends = backendsOf(server, fleet);
    const need = sessions * backends + sessions + CONSTANTS.processDescriptors.value;
    if (need <= nodeNofile) return;
    yield `a pod needs ${sessions} sessions × ${backends} backends + ${sessions} clients + ${CONSTANTS.processDescriptors.value} = ${need} open files, but nodes allow ${nodeNofile}; raise spec.replicas or that limit`;
  },
});

/** Those of its group, and those that it names. */
function backendsOf({ spec, resource }: ToolHiveServer, fleet: Fleet): number {
  const group = spec.at("groupRef.name").text();
  const isOfGroup = ({ fields, namespace }: Resource) =>
    namespace === resource.namespace && fields.at("spec.groupRef.name").text() === group;
  const members = BACKENDS.flatMap((kind) => fleet.ofKind(kind)).filter(isOfGroup);
  return members.length + spec.at("config.backends").items().length;
}
