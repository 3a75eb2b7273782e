import { randomBytes, randomUUID } from "node:crypto";

/** Chance, as the runtime has it. */
export interface Random {
  /** Unguessable: what ids and keys are made of. */
  bytes(length: number): Buffer;
  uuid(): string;
  /** From 0 up to, but not including, 1: what spreads retries. Can be guessed. */
  fraction(): number;
}

/** The system's. */
export const SYSTEM_RANDOM: Random = {
  bytes: (length) => randomBytes(length),
  uuid: () => randomUUID(),
  fraction: () => Math.random(),
};

/** The chance of this process. */
export let random: Random = SYSTEM_RANDOM;

/** Gives this process another chance from now on. */
export function useRandom(other: Random): void {
  random = other;
}
