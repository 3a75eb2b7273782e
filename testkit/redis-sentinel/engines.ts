import { execFileSync } from "node:child_process";

import { Engine } from "../../infra/redis/engine.ts";
import { hasRedis } from "../processes/redis.ts";

/** Why pods with this engine cannot be run here; undefined where they can. */
function hindrance(engine: Engine): string | undefined {
  // Elsewhere 127.0.0.1 is the only loopback address, and pods need one each.
  if (process.platform !== "linux") return "needs the loopback addresses of Linux";
  if (engine === Engine.Redis) {
    return hasRedis ? undefined : "there is no redis-server in .tools/redis";
  }
  return isOnPath("valkey-server") ? undefined : "there is no valkey-server on PATH";
}

/** The engines to test with; says by name which are left out, and why. */
export function testedEngines(): readonly Engine[] {
  return Object.values(Engine).filter((engine) => {
    const reason = hindrance(engine);
    if (reason !== undefined) console.log(`skipped: the pods of ${engine}: ${reason}`);
    return reason === undefined;
  });
}

function isOnPath(program: string): boolean {
  try {
    execFileSync(program, ["--version"], { stdio: "ignore" });
    return true;
  } catch {
    return false;
  }
}
