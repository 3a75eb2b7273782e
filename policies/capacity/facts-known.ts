import { annotationOf, suggest } from "@mcp-fleet/contract";
import { told } from "../examples/edit.ts";
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
  rule: "A workload that says what it is says all that its role needs, in annotations that are known and can be read.",
  prevents:
    "An annotation has a typing error or depends on the update: a policy that would have stopped the stack finds nothing to judge",
  source: "docs/policies: the annotations that policies read",
  remediation: "Write the annotation that the message names, as a plain value.",
  examples: {
    passes: gatewayStack(),
    fails: told(gatewayStack(), "Deployment eng-gateway", { store: "Memory" }),
    says: "the annotation mcp-fleet.dev/store is Memory: write sentinel, redis or memory",
  },
  subjects: ({ workloads, unread }) => [...workloads, ...unread],
  *judge(subject) {
    if (!(subject instanceof Workload)) {
      yield subject.reason;
      return;
    }
    for (const fact of FACT_NAMES) yield* factFaults(subject, fact);
    yield* strangers(subject);
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

/** What begins as our annotations do and is none: a fact that is spelt wrongly is a fact that is missing. */
function* strangers({ facts }: Workload): Iterable<string> {
  for (const name of facts.annotations.filter((one) => !ANNOTATIONS.includes(one))) {
    const near = suggest(bare(name), ANNOTATIONS.map(bare));
    const meant = ANNOTATIONS.find((known) => bare(known) === near);
    yield `the annotation ${name} says nothing to anybody: ${meant === undefined ? "remove it" : `write ${meant}`}`;
  }
}

const bare = (annotation: string): string => annotation.slice(annotation.indexOf("/") + 1);
