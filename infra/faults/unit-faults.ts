import { DURATION, SIZE } from "@mcp-fleet/contract";
import { isCpu } from "../process/quantity.ts";
import type { ArgumentFault } from "./argument-faults.ts";

type Place = readonly [path: string, value: string | undefined];

export function durationFaults([path, value]: Place): ArgumentFault[] {
  if (value === undefined || DURATION.test(value)) return [];
  return [
    { path, value, rule: "must be a duration such as 30s", fix: "write it as 30s, 5m or 1h30m" },
  ];
}

export function sizeFaults([path, value]: Place): ArgumentFault[] {
  if (value === undefined || SIZE.test(value)) return [];
  return [{ path, value, rule: "must be a size such as 512Mi", fix: "write it as 512Mi or 2Gi" }];
}

export function cpuFaults([path, value]: Place): ArgumentFault[] {
  if (value === undefined || isCpu(value)) return [];
  return [
    { path, value, rule: "must be an amount of CPU such as 250m", fix: "write it as 250m or 2" },
  ];
}

type Count = readonly [path: string, value: number | undefined];

/** Numbers that must be whole. */
export function wholeFaults([path, value]: Count, min = 1): ArgumentFault[] {
  if (value === undefined || (Number.isInteger(value) && value >= min)) return [];
  return [
    { path, value, rule: `must be a whole number from ${min}`, fix: `set it to ${min} or more` },
  ];
}
