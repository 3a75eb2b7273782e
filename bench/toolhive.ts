import { accessSync, constants } from "node:fs";
import { delimiter, join } from "node:path";

/** Where a proxy of ToolHive's would be: alone, or as what `thv run` starts. */
const COMMANDS = ["thv-proxyrunner", "thv"];

/** What a call costs at 16 in flight. */
export interface Reference {
  readonly cpuMsPerCall: number;
  readonly requestsPerCall: number;
  readonly storeCommandsPerCall: number;
}

/**
 * ToolHive 0.47.0 over Redis 7.0, measured once elsewhere: two cores, loopback, an echoing backend that cost 0.024 ms
 * of CPU per call. No run of the bench measures it.
 */
export const TOOLHIVE = {
  /** 3 GETEX per call. */
  proxy: { cpuMsPerCall: 0.28, requestsPerCall: 1, storeCommandsPerCall: 3 },
  /** `vmcp` before two proxies with a backend each, all three processes: 19 GETEX, 1 SET and 1 DEL per call. */
  fleet: { cpuMsPerCall: 5.8, requestsPerCall: 7, storeCommandsPerCall: 21 },
} as const satisfies Record<string, Reference>;

/** Whether one of ToolHive's commands could be started. */
export function isToolhiveOnPath(): boolean {
  const folders = (process.env.PATH ?? "").split(delimiter);
  return folders.some((folder) => COMMANDS.some((command) => isExecutable(join(folder, command))));
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
