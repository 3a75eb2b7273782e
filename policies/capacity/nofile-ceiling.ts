import { nofileAnnotationsOf } from "@mcp-fleet/contract";
import { figureText } from "@mcp-fleet/contract/capacity";
import * as z from "zod";
import { edited } from "../examples/edit.ts";
import { gatewayStack } from "../examples/gateway.ts";
import { policy } from "../policy.ts";
import type { Fields } from "../stack/fields.ts";
import { Unjudgeable } from "../stack/unjudgeable.ts";
import type { Workload } from "../stack/workload.ts";
import { NODE_NOFILE } from "./node-nofile.ts";
import { processPlanOf } from "./recomputed.ts";

/** The value of the ulimit-adjuster's annotation, as JSON. */
const adjusted = z
  .string()
  .transform((text, context) => {
    try {
      return JSON.parse(text);
    } catch {
      context.addIssue("must be JSON");
      return z.NEVER;
    }
  })
  .pipe(z.array(z.object({ type: z.string(), soft: z.int(), hard: z.int() })));

export const nofileCeiling = policy({
  name: "nofile-ceiling",
  level: "mandatory",
  isLocal: true,
  rule: "Pods need no more open files than nodes allow, and than their annotations declare or request.",
  prevents:
    "Pods accept sessions until connect() fails with EMFILE: streams break, and backends seem to be down",
  source:
    "The plan of docs/capacity.md; Kubernetes has no field for the limit, so the container runtime of the nodes determines it",
  remediation:
    "Raise the limit of the nodes and nofileCeiling with it, request it with nofile.mode NriAnnotation, or lower the sessions per pod.",
  settings: {
    nodeNofile: NODE_NOFILE,
  },
  examples: {
    passes: gatewayStack(),
    fails: edited(gatewayStack(), "Deployment eng-gateway", {
      "spec.template.metadata.annotations[ulimits.noderesource.dev/container.gateway]":
        '[{"type":"RLIMIT_NOFILE","soft":1024,"hard":1024}]',
    }),
    says: "requests 1,024 open files",
  },
  subjects: ({ processes }) => processes,
  *judge(workload, _, { nodeNofile }) {
    const { requiredNofile } = processPlanOf(workload);
    const { value } = requiredNofile;
    const need = `a pod needs ${figureText(requiredNofile)}`;
    if (value > nodeNofile) {
      yield `${need}, but nodes allow ${count(nodeNofile)}; lower sessionsPerReplica or upstreamConnections, or raise the limit of the nodes and the setting nodeNofile`;
    }
    const declared = workload.facts.numberOr("nofileCeiling", nodeNofile);
    if (declared < value) {
      yield `${need}, but the annotation mcp-fleet.dev/nofile-ceiling is ${count(declared)}; set it to ${value} or more`;
    }
    for (const [key, limit] of requestedLimits(workload)) {
      if (limit >= value) continue;
      yield `${need}, but the annotation ${key} requests ${count(limit)} open files; set its soft and hard limit to ${value}`;
    }
  },
});

/** The limits that pods request from the ulimit-adjuster, by annotation. */
function requestedLimits(workload: Workload): [key: string, limit: number][] {
  const annotations = workload.template.at("metadata.annotations");
  const container = workload.container.at("name").text() ?? workload.role;
  return nofileAnnotationsOf(container)
    .filter((key) => annotations.names().includes(key))
    .map((key) => [key, limitOf(annotations.member(key))]);
}

/** The lower one of the soft and the hard limit: Node raises the first to the second, other programs do not. */
function limitOf(annotation: Fields): number {
  const limits = adjusted.safeParse(annotation.text()).data ?? [];
  const nofile = limits.find(({ type }) => type === "RLIMIT_NOFILE");
  if (nofile) return Math.min(nofile.soft, nofile.hard);
  throw new Unjudgeable(
    `${annotation.path} does not request open files; write [{"type":"RLIMIT_NOFILE","soft":65536,"hard":65536}] with your limit`,
  );
}

const count = (value: number): string => value.toLocaleString("en-US");
