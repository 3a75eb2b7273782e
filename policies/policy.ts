import { type Setting, type Settings, type Values, valuesOf } from "./setting.ts";
import type { Fleet } from "./stack/fleet.ts";
import type { Resource, ResourceDescription } from "./stack/resource.ts";
import { Unjudgeable } from "./stack/unjudgeable.ts";

/** What is wrong with one resource. */
export interface Violation {
  readonly resource: Resource;
  /** The values, the rule that they break, and what to write. Never a secret. */
  readonly message: string;
}

/** Stacks that show what a policy is about; the tests run them, and its page prints the one that fails. */
export interface Examples {
  readonly passes: readonly ResourceDescription[];
  readonly fails: readonly ResourceDescription[];
  /** A part of the message of the one that fails. */
  readonly says: string;
}

/** What everybody may know of a policy. */
export interface PolicyText {
  /** Stable: configuration names it. */
  readonly name: string;
  /** Of its violations; `--policy-pack-config` may say otherwise. */
  readonly level: "mandatory" | "advisory";
  /** Why it is not mandatory; for those that are not. */
  readonly advisoryBecause?: string;
  /** One sentence: what holds in a stack that passes. */
  readonly rule: string;
  /** The incident that it prevents. */
  readonly prevents: string;
  /** Where the rule comes from. */
  readonly source: string;
  /** What to do about a violation. */
  readonly remediation: string;
  readonly examples: Examples;
}

/** A policy, ready to judge a stack. */
export interface Policy extends PolicyText {
  readonly settings: Settings;
  /** Whether one resource is enough to judge: then it is stopped before it is made, in an update too. */
  readonly isLocal: boolean;
  /** What of the stack is judged. */
  subjectsOf(fleet: Fleet): readonly Resource[];
  /** What the stack does wrong; nothing where all is well. */
  check(fleet: Fleet, configured?: object): Violation[];
}

/** What a policy is made from. */
interface PolicyDefinition<Subject extends Judged, Of extends Settings> extends PolicyText {
  readonly settings?: Of;
  /** Default: all of the stack is looked at. */
  readonly isLocal?: boolean;
  /** What is judged, one by one. */
  subjects(fleet: Fleet): readonly Subject[];
  /** What is wrong with one of them: a message each. What cannot be read may be left to throw. */
  judge(subject: Subject, fleet: Fleet, settings: Values<Of>): Iterable<string>;
}

interface Judged {
  readonly resource: Resource;
}

/** Makes a policy fail closed: a subject that cannot be judged is a violation, and the others are judged all the same. */
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
