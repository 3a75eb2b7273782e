import { FaultsError } from "@mcp-fleet/contract";
import { InputPropertiesError } from "@pulumi/pulumi";

/** One invalid argument. */
export interface ArgumentFault {
  /** Its path, such as `backends[0].url`. */
  readonly path: string;
  readonly value?: unknown;
  /** The rule that it breaks, such as `must be at least 2`. */
  readonly rule: string;
  /** How to fix it. */
  readonly fix: string;
}

/** Collects every fault in the arguments of one component before any resource is registered. */
export class ArgumentFaults {
  readonly #component: string;
  readonly #faults: ArgumentFault[] = [];

  /** @param component the component's type and name, for the message. */
  constructor(component: string) {
    this.#component = component;
  }

  add(...faults: readonly ArgumentFault[]): void {
    this.#faults.push(...faults);
  }

  /** Returns the result of `work`; undefined where it throws faults of a plan or a configuration, which are collected. */
  try<Result>(work: () => Result, inArguments: (input: string) => string): Result | undefined {
    try {
      return work();
    } catch (error) {
      if (!(error instanceof FaultsError)) throw error;
      this.add(...error.faults.map((fault) => ({ ...fault, path: inArguments(fault.path) })));
      return undefined;
    }
  }

  /** @throws {InputPropertiesError} with all collected faults, if there are any. */
  throwAny(): void {
    if (this.#faults.length === 0) return;
    const reasons = this.#faults.map((fault) => ({ path: fault.path, reason: reasonOf(fault) }));
    const count = reasons.length === 1 ? "1 argument is" : `${reasons.length} arguments are`;
    throw new InputPropertiesError({
      message: [
        `${this.#component}: ${count} invalid.`,
        ...reasons.map(({ path, reason }) => `  ${path}: ${reason}`),
      ].join("\n"),
      errors: reasons.map(({ path, reason }) => ({ propertyPath: path, reason })),
    });
  }
}

function reasonOf({ value, rule, fix }: ArgumentFault): string {
  const given = value === undefined ? "" : `invalid value ${String(value)}: `;
  return `${given}${rule}; ${fix}`;
}
