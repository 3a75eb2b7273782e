export {
  addressText,
  type BackendAddress,
  type BackendSettings,
  connectionsPerPod,
} from "./backend.ts";
export { type Plan, plan } from "./capacity.ts";
export { CapacityError, type CapacityFault } from "./capacity-error.ts";
export { type Configuration, configuration, jsonSchema } from "./configuration.ts";
export { type Decoded, decode, encode, variableName } from "./environment.ts";
export { ConfigError, type Fault } from "./faults.ts";
export type { Figure, Term, Unit } from "./figure.ts";
export { type Grace, grace, RETRY_AFTER_SECONDS, TIMES } from "./grace.ts";
export { CONSTANTS, type Constant } from "./measurements.ts";
export {
  fitNofile,
  type Lowered,
  type NofileFit,
  processBudget,
  sessionsSetting,
} from "./nofile.ts";
export {
  INPUT_NAMES,
  INPUTS,
  type Input,
  type InputName,
  type PlanInputs,
  printInput,
  STORES,
  type Store,
} from "./plan-inputs.ts";
export { REFUSALS, type Refusal } from "./refusals.ts";
export type { RedisSettings, RedisTlsSettings, SessionStorageSettings } from "./session-storage.ts";
export type { JwtSettings, Role, Settings } from "./settings.ts";
export type { StoreSize } from "./store-size.ts";
export { bytes, formatBytes, formatSeconds, seconds } from "./units.ts";
export { validate } from "./validation.ts";
