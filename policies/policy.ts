import { type Setting, type Settings, type Values, valuesOf } from "./setting.ts";
import type { Fleet } from "./stack/fleet.ts";
import type { Resource, ResourceDescription } from "./stack/resource.ts";
import { Unjudgeable } from "./stack/unjudgeable.ts";

/** A violation of a policy by one resource. */
export interface Violation {
  readonly resource: Resource;
  /** The values, the rule that they violate, and the fix. Never contains secrets. */
  readonly message: string;
}

/** Example stacks of a policy. Tests run them, and its page shows the one that fails. */
export interface Examples {
  readonly passes: readonly ResourceDescription[];
  readonly fails: readonly ResourceDescription[];
  /** A part of the violation message of the failing stack. */
  readonly says: string;
}

/** The texts of a policy. */
export interface PolicyText {
  /** Stable, because users configure policies by name. */
  readonly name: string;
  /** The default enforcement level; `--policy-pack-config` may change it. */
  readonly level: "mandatory" | "advisory";
  /** Why it is not mandatory; for advisory policies. */
  readonly advisoryBecause?: string;
  /** One sentence: what is true of a stack that passes. */
  readonly rule: string;
  /** The incident that it prevents. */
  readonly prevents: string;
  /** Where the rule comes from. */
  readonly source: string;
  /** How to fix a violation. */
  readonly remediation: string;
  readonly examples: Examples;
}

/** A policy, ready to check a stack. */
export interface Policy extends PolicyText {
  readonly settings: Settings;
  /** Whether one resource is enough to check it: then it is stopped before it is created, also in an update. */
  readonly isLocal: boolean;
  /** The resources that the policy checks. */
  subjectsOf(fleet: Fleet): readonly Resource[];
  /** The violations of a stack; none if it passes. */
  check(fleet: Fleet, configured?: object): Violation[];
}

/** The definition of a policy. */
interface PolicyDefinition<Subject extends Judged, Of extends Settings> extends PolicyText {
  readonly settings?: Of;
  /** Default: false, the whole stack is needed. */
  readonly isLocal?: boolean;
  /** The subjects, which are checked one by one. */
  subjects(fleet: Fleet): readonly Subject[];
  /** Yields a message for each violation of one subject. Values that cannot be read may throw `Unjudgeable`. */
  judge(subject: Subject, fleet: Fleet, settings: Values<Of>): Iterable<string>;
}

interface Judged {
  readonly resource: Resource;
}

/** Makes a policy that fails closed: a subject that cannot be checked is a violation, and the others are still checked. */
export function policy<Subject extends Judged, const Of extends Settings = Record<never, Setting>>(
  definition: PolicyDefinition<Subject, Of>,
): Policy {
  const { subjects, judge, settings, isLocal = false, ...text } = definition;
  return {
    ...text,
    settings: settings ?? {},
    isLocal,
    subjectsOf: (fleet) => subjects(fleet).map(({ resource }) => resource),
    check(fleet, configured = {}) {
      const values = valuesOf<Of>(settings ?? ({} as Of), configured);
      return subjects(fleet).flatMap((subject) => {
        const { resource } = subject;
        const messages = messagesOf(() => judge(subject, fleet, values));
        return messages.map((message) => ({ resource, message: `${resource.title}: ${message}` }));
      });
    },
  };
}

function messagesOf(judge: () => Iterable<string>): string[] {
  const messages: string[] = [];
  try {
    for (const message of judge()) messages.push(message);
  } catch (error) {
    if (!(error instanceof Unjudgeable)) throw error;
    messages.push(error.message);
  }
  return messages;
}
