export { ANNOTATION_PREFIX, annotationOf, nofileAnnotationsOf } from "./annotations.ts";
export {
  addressText,
  type BackendAddress,
  type BackendSettings,
  connectionsPerPod,
} from "./backend.ts";
export {
  type FleetInputs,
  type Plan,
  type PlannedServer,
  plan,
  proxyInputs,
} from "./capacity.ts";
export { CapacityError, type CapacityFault } from "./capacity-error.ts";
export { completed } from "./complete-inputs.ts";
export { type Configuration, configuration, jsonSchema } from "./configuration.ts";
export { type Decoded, decode, encode, variableName } from "./environment.ts";
export { ConfigError, type Fault, suggest } from "./faults.ts";
export type { Figure, Term, Unit } from "./figure.ts";
export { amountText, figureText } from "./figure-text.ts";
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
  type CompleteInputs,
  INPUT_NAMES,
  INPUTS,
  type Input,
  type InputName,
  type PlanInputs,
  printInput,
  STORAGE_SESSIONS,
  STORES,
  type Store,
} from "./plan-inputs.ts";
export { type ProcessPlan, processPlan } from "./process-plan.ts";
export { REFUSALS, type Refusal } from "./refusals.ts";
export type { Autoscaling } from "./scaling.ts";
export {
  type CompleteServerLoad,
  completedServer,
  SERVER_INPUT_NAMES,
  SERVER_INPUTS,
  type ServerInputName,
  type ServerLoad,
} from "./server-load.ts";
export { type ServerPlan, serverPlan } from "./server-plan.ts";
export {
  keysBeginWith,
  PROXY_KEYS,
  type RedisSettings,
  type RedisTlsSettings,
  type SessionStorageSettings,
} from "./session-storage.ts";
export type { JwtSettings, Role, Settings } from "./settings.ts";
export { type StoreLoad, type StoreSize, storeContainer, storeSize } from "./store-size.ts";
export { CALL_TIMEOUT } from "./toolhive.ts";
export { bytes, DURATION, formatBytes, formatSeconds, SIZE, seconds } from "./units.ts";
export { validate } from "./validation.ts";
