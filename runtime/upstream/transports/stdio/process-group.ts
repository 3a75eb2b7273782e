import { readdirSync, readFileSync } from "node:fs";

/** A variable in the environment of a program and of all that it starts, by which those that left its group are found. No setting has such a name. */
export const MARK = "STDIO_PROGRAM_OF_MCP_FLEET";

/** Linux has pages of 4 KiB on x64 and arm64. */
const PAGE_BYTES = 4096;

/** Where fields are in /proc/PID/stat, counted behind the name, which may have spaces. */
const GROUP_FIELD = 2;
const RSS_FIELD = 21;

/** Sends a signal to everything in a group; nothing where it is gone. */
export function signalGroup(group: number, signal: NodeJS.Signals): void {
  signalTo(-group, signal);
}

/** Kills what a program started and what has left its group since, by the mark in its environment. Linux alone shows it. */
export function killMarked(mark: string): void {
  const text = Buffer.from(`${MARK}=${mark}`);
  for (const pid of processes()) {
    if (pid !== process.pid && read(pid, "environ")?.includes(text)) signalTo(pid, "SIGKILL");
  }
}

/** What a group takes of the machine; zeros where the system does not show it. */
export interface GroupUse {
  readonly rssBytes: number;
  readonly processes: number;
  readonly descriptors: number;
}

/** What a group has in memory, in bytes; 0 where the system does not show it. */
export function groupRssBytes(group: number): number {
  return rssBytesOf(membersOf(group));
}

export function groupUse(group: number): GroupUse {
  const members = membersOf(group);
  return {
    rssBytes: rssBytesOf(members),
    processes: members.length,
    descriptors: members.reduce((sum, { pid }) => sum + descriptorsOf(pid), 0),
  };
}

interface Member {
  readonly pid: number;
  readonly pages: number;
}

function rssBytesOf(members: readonly Member[]): number {
  return members.reduce((sum, { pages }) => sum + pages, 0) * PAGE_BYTES;
}

function membersOf(group: number): Member[] {
  return processes().flatMap((pid) => {
    const stat = read(pid, "stat")?.toString("latin1") ?? "";
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    if (Number(fields[GROUP_FIELD]) !== group) return [];
    return [{ pid, pages: Number(fields[RSS_FIELD]) }];
  });
}

function descriptorsOf(pid: number): number {
  try {
    return readdirSync(`/proc/${pid}/fd`).length;
  } catch {
    return 0;
  }
}

function processes(): number[] {
  try {
    return readdirSync("/proc").map(Number).filter(Number.isInteger);
  } catch {
    return [];
  }
}

/** It may have ended meanwhile, or be somebody else's. */
function read(pid: number, file: string): Buffer | undefined {
  try {
    return readFileSync(`/proc/${pid}/${file}`);
  } catch {
    return undefined;
  }
}

function signalTo(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch {
    // It has ended.
  }
}
