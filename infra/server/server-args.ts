import type { SessionStorageArgs } from "../arguments/session-storage-args.ts";
import { storageOf } from "../component-parts.ts";
import type { McpServerArgs } from "../mcp-server-args.ts";

/** The arguments of a server, with the connection of the store that is passed for it. */
export interface ServerArgs extends Omit<McpServerArgs, "sessionStorage"> {
  sessionStorage?: SessionStorageArgs;
}

/** In the order in which they are given. Whatever else is passed, which programs in other languages may do, stays as it is. */
export function serverArgs(given: McpServerArgs): ServerArgs {
  const { sessionStorage } = { ...given };
  return Object.assign(
    { ...given },
    { ...(sessionStorage !== undefined && { sessionStorage: storageOf(sessionStorage) }) },
  );
}
