/** What `node:timers/promises` has, by the timers of this process that a test may have stopped. */
export function setTimeout<Value>(
  milliseconds?: number,
  value?: Value,
): Promise<Value | undefined> {
  return new Promise((resolve) => {
    globalThis.setTimeout(() => resolve(value), milliseconds);
  });
}
