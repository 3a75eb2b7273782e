import { bytes } from "../units.ts";
import { count, size, text } from "./fields.ts";

/** How many backends a process has room for where a folder says which there are. */
export const MAX_BACKENDS = { default: 32, min: 1, max: 1000 } as const;

/** The part of `discovery` that gateways read: a folder of backends that come and go. */
export const discoveryDirectory = {
  directory: text(
    "A folder with further backends, which come and go while the gateway runs: one YAML file for each, with the fields of an entry of backends (docs/live-configuration.md). Names that begin with a dot, and those that do not end in .yaml, .yml or .json, are passed over.",
  ).optional(),
  maxBackends: count(
    "The maximum number of backends where discovery.directory is set, those under backends included: descriptors and memory are planned for that many. Further ones are left out, and /status says so.",
    MAX_BACKENDS.min,
    MAX_BACKENDS.max,
  ).default(MAX_BACKENDS.default),
  fileBytes: size("The maximum size of a file of discovery.directory.", {
    min: 1,
    max: bytes("1Mi"),
  }).prefault("64Ki"),
};

/** Where further backends come from. */
export interface DiscoverySettings {
  readonly directory: string;
  readonly maxBackends: number;
  readonly fileBytes: number;
}
