/**
 * A setting of a part as a whole number from 1 on.
 *
 * @throws it is something else.
 */
export function countFrom(name: string, fallback: number): number {
  const text = process.env[name];
  if (text === undefined || text === "") return fallback;
  if (!/^[1-9]\d{0,8}$/.test(text)) {
    throw new Error(`${name}=${text} must be a whole number from 1 to 999999999`);
  }
  return Number(text);
}
