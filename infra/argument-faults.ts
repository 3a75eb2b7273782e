import { FaultsError } from "@mcp-fleet/contract";
import { InputPropertiesError } from "@pulumi/pulumi";

/** One argument that is wrong. */
export interface ArgumentFault {
  /** Where it stands: `backends[0].url`. */
  readonly path: string;
  readonly value?: unknown;
  /** What has to hold there. */
  readonly rule: string;
  /** What to do about it. */
  readonly fix: string;
}

/** Everything that is wrong with the arguments of one component, gathered before anything is registered. */
export class ArgumentFaults {
  readonly #component: string;
  readonly #faults: ArgumentFault[] = [];

  /** @param component its type and name, for the message. */
  constructor(component: string) {
    this.#component = component;
  }

  add(...faults: readonly ArgumentFault[]): void {
    this.#faults.push(...faults);
  }

  /** What `work` gives; undefined where it finds that a plan or a configuration is impossible, which is then a fault. */
  try<Result>(work: () => Result, inArguments: (input: string) => string): Result | undefined {
    try {
      return work();
    } catch (error) {
      if (!(error instanceof FaultsError)) throw error;
      this.add(...error.faults.map((fault) => ({ ...fault, path: inArguments(fault.path) })));
      return undefined;
    }
  }

  /** @throws {InputPropertiesError} with all faults at once, where there are any. */
  throwAny(): void {
    if (this.#faults.length === 0) return;
    const reasons = this.#faults.map((fault) => ({ path: fault.path, reason: reasonOf(fault) }));
    const many = reasons.length === 1 ? "an argument" : `${reasons.length} arguments`;
    throw new InputPropertiesError({
      message: [
        `${this.#component}: ${many} cannot be.`,
        ...reasons.map(({ path, reason }) => `  ${path}: ${reason}`),
      ].join("\n"),
      errors: reasons.map(({ path, reason }) => ({ propertyPath: path, reason })),
    });
  }
}

function reasonOf({ value, rule, fix }: ArgumentFault): string {
  const said = value === undefined ? "" : `${String(value)}, but `;
  return `${said}${rule}; ${fix}`;
}
