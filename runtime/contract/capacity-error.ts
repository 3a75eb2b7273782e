/** Why a plan is impossible, one fault per line to change. */
export interface CapacityFault {
  /** The input that is wrong or too small. */
  readonly input: string;
  readonly value: unknown;
  /** What has to hold. */
  readonly rule: string;
  /** What to change. */
  readonly fix: string;
}

/** What was asked for cannot be planned; the message says what to change. */
export class CapacityError extends Error {
  override readonly name = "CapacityError";
  readonly faults: readonly CapacityFault[];

  constructor(faults: readonly CapacityFault[]) {
    const title =
      faults.length === 1 ? "There is no such plan." : `No such plan: ${faults.length} faults.`;
    super([title, ...faults.map(print)].join("\n\n"));
    this.faults = faults;
  }
}

function print({ input, value, rule, fix }: CapacityFault): string {
  return `${input}\n  value  ${value}\n  rule   ${rule}\n  fix    ${fix}`;
}
