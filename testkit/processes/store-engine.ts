import { existsSync } from "node:fs";
import { delimiter, join } from "node:path";

import { Engine } from "../../infra/redis/engine.ts";

const TOOLS = join(import.meta.dirname, "../../.tools");

/** The setting that chooses the engine of everything that needs a store. */
const SETTING = "FLEET_STORE_ENGINE";

const FOLDERS: Readonly<Record<Engine, string>> = {
  Redis: join(TOOLS, "redis"),
  Valkey: join(TOOLS, "valkey"),
};

/** In front of PATH, the programs of all engines. */
export const ENGINE_PATH = Object.values(FOLDERS).join(delimiter);

/** The server, which with `--sentinel` is a Sentinel. */
export function serverProgram(engine: Engine): string {
  return join(FOLDERS[engine], engine === Engine.Valkey ? "valkey-server" : "redis-server");
}

export function hasEngine(engine: Engine): boolean {
  return existsSync(serverProgram(engine));
}

/** The engine of tests with TLS: the package of Valkey is built without it. */
export const TLS_ENGINE: Engine = Engine.Redis;

/** The engine to test with: Valkey, the default of the components, and where there is none, Redis. */
export const STORE_ENGINE: Engine = chosen(process.env[SETTING] ?? "");

if (process.env.FLEET_REQUIRE_ALL === "1") {
  for (const engine of [STORE_ENGINE, TLS_ENGINE]) {
    if (!hasEngine(engine)) {
      throw new Error(
        `there is no ${engine} to test with: run make .tools/${engine.toLowerCase()}`,
      );
    }
  }
}

function chosen(named: string): Engine {
  if (named !== "") {
    const engine = Object.values(Engine).find((one) => one === named);
    if (engine !== undefined) return engine;
    throw new Error(`${SETTING}=${named} must be one of ${Object.values(Engine).join(", ")}`);
  }
  const isRequired = process.env.FLEET_REQUIRE_ALL === "1";
  return isRequired || hasEngine(Engine.Valkey) ? Engine.Valkey : Engine.Redis;
}
