import { Engine } from "./engine.ts";

/** Permissively licensed, and its Sentinel can hand over a master without losing a write. */
export const DEFAULT_ENGINE: Engine = Engine.Valkey;

/** The default images. Pin your own by digest. */
export const DEFAULT_IMAGES: Readonly<Record<Engine, string>> = {
  Valkey: "docker.io/valkey/valkey:9.1.2",
  Redis: "docker.io/library/redis:7.2.11",
};

export const DEFAULT_EXPORTER = "docker.io/oliver006/redis_exporter:v1.90.0";
