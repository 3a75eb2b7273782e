import { readFileSync } from "node:fs";
import { join } from "node:path";

/**
 * The text of a program in the folder `programs`, whose types `tsc` checks. What it imports from there, it imports
 * from an engine's folder, too: both are three levels below the repository's root.
 */
const program = (name: string) =>
  readFileSync(join(import.meta.dirname, "programs", `${name}.ts`), "utf8");

/** The program of the README, with its manifests in the folder `manifests` and its sessions in the configuration. */
export const FLEET_PROGRAM = program("fleet");

/** One of each component with everything switched on. */
export const EVERYTHING_PROGRAM = program("everything");

/** A store, a server and a gateway, which `test:renamed` gives other names in Pulumi and aliases. */
export const RENAMED_PROGRAM = program("renamed");

/** A store and a server, and with `test:reads` a gateway that knows them by the outputs of the stack only. */
export const REFERENCED_PROGRAM = program("referenced");

/** As many gateways as `test:gateways` says over four servers each, and one store. */
export const LARGE_PROGRAM = program("large");
