export { RISK_NAMES, RISKS, type Risk } from "./accepted-risks.ts";
export { ANNOTATION_PREFIX, annotationOf, nofileAnnotationsOf } from "./annotations.ts";
export { brief, MESSAGE_CHARACTERS } from "./brief.ts";
export {
  isSection,
  type Path,
  printPath,
  type Section,
  valueAt,
  withoutNulls,
  withValue,
} from "./document.ts";
export { ConfigError, type Fault, FaultsError, fault, printFault, suggest } from "./faults.ts";
export { bytes, DURATION, formatBytes, formatSeconds, SIZE, seconds } from "./units.ts";
