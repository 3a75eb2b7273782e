import type { Engine } from "../../infra/redis/engine.ts";
import { hasEngine, STORE_ENGINE, TLS_ENGINE } from "../processes/store-engine.ts";

/** Why pods with this engine cannot be run here; undefined where they can. */
function hindrance(engine: Engine): string | undefined {
  // Elsewhere 127.0.0.1 is the only loopback address, and pods need one each.
  if (process.platform !== "linux") return "needs the loopback addresses of Linux";
  const folder = `.tools/${engine.toLowerCase()}`;
  return hasEngine(engine) ? undefined : `there is no server in ${folder}`;
}

/** The engine to test with, or none; says by name what is left out, and why. */
function tested(engine: Engine): readonly Engine[] {
  const reason = hindrance(engine);
  if (reason === undefined) return [engine];
  console.log(`skipped: the pods of ${engine}: ${reason}`);
  return [];
}

export const testedEngines = (): readonly Engine[] => tested(STORE_ENGINE);

/** Those whose program speaks TLS. */
export const testedTlsEngines = (): readonly Engine[] => tested(TLS_ENGINE);
