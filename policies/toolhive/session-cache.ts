import { annotationOf } from "@mcp-fleet/contract";
import { edited } from "../examples/edit.ts";
import { toolHiveStack } from "../examples/toolhive.ts";
import { policy } from "../policy.ts";
import type { ToolHiveServer } from "../stack/toolhive-server.ts";

/** ToolHive's `defaultCacheCapacity`, which cannot be configured. */
export const SESSIONS_PER_POD = 1000;

export const sessionCache = policy({
  name: "session-cache",
  level: "mandatory",
  isLocal: true,
  rule: "The pods of a VirtualMCPServer hold the declared sessions, even with one pod lost.",
  prevents:
    "Session 1,001 of a pod evicts another one from its cache, whose requests in flight fail",
  source:
    "ToolHive: a pod caches 1,000 sessions, which cannot be configured, and evicts the least recently used one",
  remediation: `Raise spec.replicas: one pod for every ${SESSIONS_PER_POD} sessions, plus a spare one.`,
  settings: {
    sparePods: {
      type: "integer",
      default: 1,
      description: "Pods that may be lost. A single pod has no spare",
    },
  },
  examples: {
    passes: toolHiveStack(),
    fails: edited(toolHiveStack(), "VirtualMCPServer eng", {
      [`metadata.annotations[${annotationOf("sessions")}]`]: "1001",
    }),
    says: "1001 sessions, but 1 of 2 pods can hold only 1 × 1000 = 1000",
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
    yield `${sessions} sessions, but ${left} of ${replicas} pods can hold only ${left} × ${SESSIONS_PER_POD} = ${room}; set spec.replicas: ${enough}`;
  },
});
