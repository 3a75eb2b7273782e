import type { ByteBudget } from "../../async/byte-budget.ts";

/** What may be held of messages that have to be whole before they can be understood. */
export interface MessageLimits {
  /** Of one message. */
  readonly maxBytes: number;
  /** Of all of them together. */
  readonly budget: ByteBudget;
  /** Whose share of it they are part of. Absent: nobody's. */
  readonly holder?: string;
}
