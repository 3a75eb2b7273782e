import { annotationOf } from "@mcp-fleet/contract";
import { edited } from "../examples/edit.ts";
import { toolHiveStack } from "../examples/toolhive.ts";
import { policy } from "../policy.ts";
import type { ToolHiveServer } from "../stack/toolhive-server.ts";

/** ToolHive's `defaultCacheCapacity`, which no setting changes. */
const SESSIONS_PER_POD = 1000;

export const sessionCache = policy({
  name: "session-cache",
  level: "mandatory",
  isLocal: true,
  rule: "The pods of a VirtualMCPServer hold the sessions that it declares, with one of them lost.",
  prevents:
    "Session 1,001 of a pod throws another one out of its cache, whose requests in flight fail",
  source:
    "ToolHive: a pod keeps 1,000 sessions, a number that nothing sets, and forgets the one that was not used for the longest time",
  remediation: `Write more spec.replicas: a pod for every ${SESSIONS_PER_POD} sessions, and one to spare.`,
  settings: {
    sparePods: {
      type: "integer",
      default: 1,
      about: "Pods that may be gone. A single pod has none to spare",
    },
  },
  examples: {
    passes: toolHiveStack(),
    fails: edited(toolHiveStack(), "VirtualMCPServer eng", {
      [`metadata.annotations[${annotationOf("sessions")}]`]: "1001",
    }),
    says: "1001 sessions, and 1 of 2 pods hold 1 × 1000 = 1000",
  },
  subjects: ({ toolHiveServers }) =>
    toolHiveServers.filter(({ kind }) => kind === "VirtualMCPServer"),
  *judge(server: ToolHiveServer, _, { sparePods }) {
    const { replicas, facts } = server;
    if (!facts.has("sessions")) return;
    const sessions = facts.number("sessions");
    const left = Math.max(Math.min(1, replicas), replicas - sparePods);
    const room = left * SESSIONS_PER_POD;
    if (sessions <= room) return;
    const enough = Math.ceil(sessions / SESSIONS_PER_POD) + sparePods;
    yield `${sessions} sessions, and ${left} of ${replicas} pods hold ${left} × ${SESSIONS_PER_POD} = ${room}: write spec.replicas: ${enough}`;
  },
});
