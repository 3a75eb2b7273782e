import { FleetError } from "../../wire/fleet-error.ts";

export interface DescriptorsParts {
  readonly backend: string;
  /** Counts one more descriptor. Returns what gives it back; undefined where there is no room. */
  readonly acquireStream: () => (() => void) | undefined;
}

/**
 * Takes so many descriptors, all or none. Returns what gives them back.
 *
 * @param what they are for, as a message names it.
 * @throws AT_CAPACITY.
 */
export function acquireDescriptors(
  { backend, acquireStream }: DescriptorsParts,
  count: number,
  what: string,
): () => void {
  const acquired: (() => void)[] = [];
  const release = () => {
    for (const one of acquired) one();
  };
  for (let taken = 0; taken < count; taken += 1) {
    const one = acquireStream();
    if (one === undefined) {
      release();
      const message = `this process has no room for another ${what} of the backend ${backend}: its open files are in use`;
      throw new FleetError("AT_CAPACITY", { message, data: { backend } });
    }
    acquired.push(one);
  }
  return release;
}
