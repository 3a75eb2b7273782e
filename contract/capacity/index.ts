export { CapacityError, planFault } from "./capacity-error.ts";
export { completed } from "./complete-inputs.ts";
export { CONSTANTS, type Constant } from "./constants.ts";
export type { Figure, Unit } from "./figure.ts";
export { amountText, figureText } from "./figure-text.ts";
export { planOf } from "./fleet-file.ts";
export { type Grace, grace, TIMES } from "./grace.ts";
export { readInput } from "./input-field.ts";
export { load } from "./load.ts";
export {
  fitNofile,
  type Lowered,
  type NofileFit,
  processBudget,
  sessionsSetting,
} from "./nofile-fit.ts";
export { type FleetInputs, type Plan, type PlannedServer, plan, proxyInputs } from "./plan.ts";
export {
  type CompleteInputs,
  CREDENTIAL_BYTES,
  INPUT_NAMES,
  INPUTS,
  type Input,
  type InputName,
  inputKey,
  type PlanInputs,
  printInput,
  SESSION_CATALOG_BYTES,
  STORAGE_SESSIONS,
  STORES,
  type Store,
} from "./plan-inputs.ts";
export { plannedBackends } from "./planned-backends.ts";
export { cachedListBytes } from "./pod-size.ts";
export { type ProcessPlan, processPlan } from "./process-plan.ts";
export { serverTargetCpu } from "./scaling.ts";
export {
  type CompleteServerLoad,
  completedServer,
  keepsStream,
  pushes,
  SERVER_INPUT_NAMES,
  SERVER_INPUTS,
  type ServerInputName,
  type ServerLoad,
  sessionLists,
} from "./server-load.ts";
export { type ServerPlan, serverPlan } from "./server-plan.ts";
export { type StoreLoad, type StoreSize, storeContainer, storeSize } from "./store-size.ts";
