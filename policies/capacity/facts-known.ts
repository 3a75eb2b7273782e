import { annotationOf, suggest } from "@mcp-fleet/contract";
import { withFacts } from "../examples/edit.ts";
import { gatewayStack } from "../examples/gateway.ts";
import { policy } from "../policy.ts";
import { FACT_NAMES, FACTS, type Fact, type FactKind } from "../stack/facts.ts";
import type { Unread } from "../stack/fleet.ts";
import { Unjudgeable } from "../stack/unjudgeable.ts";
import { Workload } from "../stack/workload.ts";

export const factsKnown = policy<Workload | Unread>({
  name: "facts-known",
  level: "mandatory",
  isLocal: true,
  rule: "A workload with the annotation mcp-fleet.dev/role has all annotations that its role needs, each with a known name and a valid value.",
  prevents:
    "An annotation has a typo, or its value is not known before the update: a policy that would have stopped the stack finds nothing to check",
  source: "docs/policies: the annotations that policies read",
  remediation: "Add or correct the annotation of the message, with a plain value.",
  examples: {
    passes: gatewayStack(),
    fails: withFacts(gatewayStack(), "Deployment eng-gateway", { store: "Memory" }),
    says: "the annotation mcp-fleet.dev/store is Memory; set it to sentinel, cluster, redis or memory",
  },
  subjects: ({ workloads, unread }) => [...workloads, ...unread],
  *judge(subject) {
    if (!(subject instanceof Workload)) {
      yield subject.reason;
      return;
    }
    for (const fact of FACT_NAMES) yield* factFaults(subject, fact);
    yield* unknownAnnotations(subject);
  },
});

function* factFaults({ facts, role }: Workload, fact: Fact): Iterable<string> {
  const { neededBy = [] }: FactKind = FACTS[fact];
  try {
    if (facts.has(fact)) facts.check(fact);
    else if (neededBy.includes(role)) facts.text(fact);
  } catch (error) {
    if (!(error instanceof Unjudgeable)) throw error;
    yield error.message;
  }
}

const ANNOTATIONS: readonly string[] = FACT_NAMES.map(annotationOf);

/** Reports unknown annotations with our prefix: a misspelled fact is a missing fact. */
function* unknownAnnotations({ facts }: Workload): Iterable<string> {
  for (const name of facts.annotations.filter((one) => !ANNOTATIONS.includes(one))) {
    const near = suggest(bare(name), ANNOTATIONS.map(bare));
    const meant = ANNOTATIONS.find((known) => bare(known) === near);
    yield `the annotation ${name} is unknown; ${meant === undefined ? "remove it" : `did you mean ${meant}?`}`;
  }
}

const bare = (annotation: string): string => annotation.slice(annotation.indexOf("/") + 1);
