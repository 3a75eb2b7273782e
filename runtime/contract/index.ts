export { type Configuration, configuration, jsonSchema } from "./configuration.ts";
export { type Decoded, decode, encode, variableName } from "./environment.ts";
export { ConfigError, type Fault } from "./faults.ts";
export { REFUSALS, type Refusal } from "./refusals.ts";
export type { BackendSettings, Settings } from "./settings.ts";
export { bytes, formatBytes, formatSeconds, seconds } from "./units.ts";
export { validate } from "./validation.ts";
