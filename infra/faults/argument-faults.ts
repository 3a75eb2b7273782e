import { FaultsError } from "@mcp-fleet/contract";
import { InputPropertiesError } from "@pulumi/pulumi";
import { isWithin, without } from "./argument-path.ts";

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
  /** The paths of arguments that are judged already. */
  #settled: readonly string[] = [];

  /** @param component the component's type and name, for the message. */
  constructor(component: string) {
    this.#component = component;
  }

  add(...faults: readonly ArgumentFault[]): void {
    const isNew = ({ path }: ArgumentFault) => !this.#settled.some((one) => isWithin(one, path));
    this.#faults.push(...faults.filter(isNew));
  }

  /**
   * The arguments without those that are invalid so far, so that the others can be judged too. What follows from an
   * invalid one is not reported any more.
   *
   * @param least stands for the required ones among them.
   */
  sound<Args extends object>(args: Args, least: Partial<Args> = {}): Args {
    this.#settled = this.#faults.map(({ path }) => path);
    const sound = this.#settled.reduce(without, { ...least, ...args });
    const isMissing = ([name]: [string, unknown]) => Reflect.get(sound, name) === undefined;
    return Object.assign(sound, Object.fromEntries(Object.entries(least).filter(isMissing)));
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

  /**
   * Returns the result of `work` on valid arguments. Where it throws faults, they are collected, and it runs once more
   * without these arguments, so that what does not depend on them is judged too.
   */
  judge<Args extends object, Result>(
    args: Args,
    least: Partial<Args>,
    work: (sound: Args) => Result,
    inArguments: (input: string) => string,
  ): Result | undefined {
    const attempt = () => this.try(() => work(this.sound(args, least)), inArguments);
    return attempt() ?? attempt();
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
