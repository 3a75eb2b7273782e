import { nofileAnnotationsOf } from "@mcp-fleet/contract";
import { figureText, INPUTS } from "@mcp-fleet/contract/capacity";
import * as z from "zod";
import { edited } from "../examples/edit.ts";
import { gatewayStack } from "../examples/gateway.ts";
import { policy } from "../policy.ts";
import type { Fields } from "../stack/fields.ts";
import { Unjudgeable } from "../stack/unjudgeable.ts";
import type { Workload } from "../stack/workload.ts";
import { processPlanOf } from "./recomputed.ts";

/** What its annotation holds, as JSON. */
const adjusted = z
  .string()
  .transform((text, context) => {
    try {
      return JSON.parse(text);
    } catch {
      context.addIssue("it is not JSON");
      return z.NEVER;
    }
  })
  .pipe(z.array(z.object({ type: z.string(), soft: z.int(), hard: z.int() })));

export const nofileCeiling = policy({
  name: "nofile-ceiling",
  level: "mandatory",
  isLocal: true,
  rule: "Pods need no more open files than nodes give them, and than is declared or asked for.",
  prevents:
    "Pods take sessions until connect() fails with EMFILE: streams break, and backends look as if they were down",
  source:
    "The plan of docs/capacity.md; Kubernetes has no field for the limit, so that the runtime of the nodes decides it",
  remediation:
    "Raise the limit of the nodes and nofileCeiling with it, ask for it with nofile.mode NriAnnotation, or let pods hold fewer sessions each.",
  settings: {
    nodeNofile: {
      type: "integer",
      default: INPUTS.nofile.default,
      about:
        "The hard limit of open files that the nodes give a container; the default is that of containerd 2 under systemd",
    },
  },
  examples: {
    passes: gatewayStack(),
    fails: edited(gatewayStack(), "Deployment eng-gateway", {
      "spec.template.metadata.annotations[ulimits.noderesource.dev/container.gateway]":
        '[{"type":"RLIMIT_NOFILE","soft":1024,"hard":1024}]',
    }),
    says: "asks for 1,024 open files",
  },
  subjects: ({ processes }) => processes,
  *judge(workload, _, { nodeNofile }) {
    const { requiredNofile } = processPlanOf(workload);
    const { value } = requiredNofile;
    const need = `a pod needs ${figureText(requiredNofile)}`;
    if (value > nodeNofile) {
      yield `${need}, and nodes give ${count(nodeNofile)}: lower sessionsPerReplica or upstreamConnections, or raise the limit of the nodes and the setting nodeNofile`;
    }
    const declared = workload.facts.numberOr("nofileCeiling", nodeNofile);
    if (declared < value) {
      yield `${need}, and the annotation mcp-fleet.dev/nofile-ceiling says ${count(declared)}: write ${value} or more`;
    }
    for (const [key, limit] of askedLimits(workload)) {
      if (limit >= value) continue;
      yield `${need}, and the annotation ${key} asks for ${count(limit)} open files: write ${value} as its soft and hard limit`;
    }
  },
});

/** What pods ask the ulimit-adjuster for, by annotation. */
function askedLimits(workload: Workload): [key: string, limit: number][] {
  const annotations = workload.template.at("metadata.annotations");
  const container = workload.container.at("name").text() ?? workload.role;
  return nofileAnnotationsOf(container)
    .filter((key) => annotations.names().includes(key))
    .map((key) => [key, limitOf(annotations.member(key))]);
}

/** The lower one of soft and hard limit: Node raises the first to the second, other programs do not. */
function limitOf(annotation: Fields): number {
  const limits = adjusted.safeParse(annotation.text()).data ?? [];
  const nofile = limits.find(({ type }) => type === "RLIMIT_NOFILE");
  if (nofile) return Math.min(nofile.soft, nofile.hard);
  throw new Unjudgeable(
    `${annotation.path} asks for no open files: write [{"type":"RLIMIT_NOFILE","soft":65536,"hard":65536}] with your limit`,
  );
}

const count = (value: number): string => value.toLocaleString("en-US");
