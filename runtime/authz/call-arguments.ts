import { isObject } from "../wire/message.ts";

/** The arguments of a call, as policies read them: a server may take a list for arguments, too. */
export function callArguments(args: unknown): Readonly<Record<string, unknown>> {
  if (isObject(args)) return args;
  return Array.isArray(args) ? { ...args } : {};
}
