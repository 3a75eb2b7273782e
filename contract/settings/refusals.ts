import { isSection, type Path, type Section } from "../document.ts";
import { type Fault, fault } from "../faults.ts";

/** A field of ToolHive that is not supported: which values are allowed, and what to do instead of the others. */
export interface Refusal {
  /** Its path; `[]` is every entry of a list, `*` every key of a map. */
  readonly path: string;
  /** The allowed values. Absent: values without effect, such as `[]` or `enabled: false`. */
  readonly allowed?: readonly string[];
  /** The values that it is about, where the schema judges the others. */
  readonly refused?: readonly string[];
  readonly rule: string;
  readonly fix: string;
}

/** What is allowed besides needs a section of its own. */
const strategyType = {
  allowed: ["unauthenticated"],
  refused: ["upstream_inject", "obo"],
  rule: "must not be upstream_inject or obo, which are not supported",
  fix: "use token_exchange or xaa for tokens of each client, or client_credentials, bearer_token or header_injection for one credential of this gateway",
};

/** Every field that is not supported, in the order of the documentation. */
export const REFUSALS: readonly Refusal[] = [
  {
    path: "incomingAuth.authz.type",
    allowed: ["none", "cedar"],
    rule: "must be none or cedar; an external decision point is not supported",
    fix: "write its rules as Cedar policies",
  },
  {
    path: "incomingAuth.authz.primaryUpstreamProvider",
    rule: "is not supported: there is no authorization server, so there are no tokens of its providers",
    fix: "remove it; policies see the claims of the client's own token",
  },
  {
    path: "outgoingAuth.source",
    allowed: ["inline", "discovered"],
    rule: "must be inline or discovered",
    fix: "use inline and list each server under backends, or discovered with discovery.directory",
  },
  {
    path: "outgoingAuth.default.type",
    ...strategyType,
  },
  {
    path: "outgoingAuth.backends.*.type",
    ...strategyType,
  },
  {
    path: "aggregation.tools[].toolConfigRef",
    rule: "is not supported in a file: it names an MCPToolConfig of a cluster",
    fix: "run mcp-fleet import toolhive, which writes its filter and overrides instead",
  },
  {
    path: "compositeTools",
    rule: "is not supported: there are no workflows",
    fix: "remove it; clients call the tools one by one",
  },
  {
    path: "compositeToolRefs",
    rule: "is not supported: there are no workflows",
    fix: "remove it; clients call the tools one by one",
  },
  {
    path: "audit.output",
    allowed: ["file", "stdout"],
    rule: "must be file or stdout; export by OTLP is not supported",
    fix: "use stdout, and have the collector read the logs of the pods",
  },
  {
    path: "optimizer",
    allowed: [],
    rule: "is not supported: the key alone would enable the optimizer",
    fix: "remove the key; clients see every tool",
  },
  { path: "codeMode", rule: "is not supported", fix: "remove it, or set enabled: false" },
];

/** Absent, empty, false or disabled: it would have no effect even if it were supported. */
function isWithoutEffect(value: unknown): boolean {
  if (Array.isArray(value)) return value.length === 0;
  if (isSection(value))
    return value.enabled === false || Object.values(value).every(isWithoutEffect);
  return value === undefined || value === null || value === false || value === "";
}

function isAllowed({ allowed, refused }: Refusal, value: unknown): boolean {
  if (refused) return !refused.some((known) => known === value);
  return allowed ? allowed.some((known) => known === value) : isWithoutEffect(value);
}

function* select(value: unknown, steps: readonly string[], at: Path): Generator<[Path, unknown]> {
  const [step, ...rest] = steps;
  if (value === undefined) return;
  if (step === undefined) {
    yield [at, value];
  } else if (step === "[]") {
    if (!Array.isArray(value)) return;
    for (const [index, entry] of value.entries()) yield* select(entry, rest, [...at, index]);
  } else if (isSection(value)) {
    const keys = step === "*" ? Object.keys(value) : Object.hasOwn(value, step) ? [step] : [];
    for (const key of keys) yield* select(value[key], rest, [...at, key]);
  }
}

/** The faults of a document that uses what is not supported. */
export function refusals(document: Section): Fault[] {
  return REFUSALS.flatMap((refusal) => {
    const steps = refusal.path.replaceAll("[]", ".[]").split(".");
    return [...select(document, steps, [])]
      .filter(([, value]) => !isAllowed(refusal, value))
      .map(([path, value]) => fault(path, value, refusal.rule, refusal.fix));
  });
}
