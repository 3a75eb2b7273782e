import type { Logger } from "pino";
import type { Metrics } from "../telemetry/metrics.ts";

/** What the log says of a defect. */
export const DEFECT = "a defect: something failed that nobody handles";

/**
 * A promise whose failure nobody handles is a defect, and no reason to end every session of the process: it is logged
 * with its stack and counted, and the process lives. Returns what stops it.
 */
export function surviveDefects({ defects }: Pick<Metrics, "defects">, log: Logger): () => void {
  const note = (error: unknown) => {
    defects.inc();
    log.error({ error }, DEFECT);
  };
  process.on("unhandledRejection", note);
  return () => process.off("unhandledRejection", note);
}
