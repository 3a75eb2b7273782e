import type { ResourceDescription } from "../../policies/index.ts";
import { Engine } from "./engine.ts";

/** What stands in a stack for a value that is not known before the update. */
export const UNKNOWN = "not known before the update";

/** Registers the resources of `stack.json` as they stand there, as a hand-written program would. */
const PROGRAM = `
import { readFileSync } from "node:fs";
import { CustomResource } from "@pulumi/pulumi";
import { RandomPassword } from "@pulumi/random";

const text = readFileSync("stack.json", "utf8");
const unknown = text.includes("${UNKNOWN}") && new RandomPassword("unknown", { length: 3 }).result.length;
const revived = (_, value) => (value === "${UNKNOWN}" ? unknown : value);
for (const { type, name, props, timeouts } of JSON.parse(text, revived)) {
  const customTimeouts = timeouts && {
    create: timeouts.createSeconds + "s",
    update: timeouts.updateSeconds + "s",
    delete: timeouts.deleteSeconds + "s",
  };
  new CustomResource(type, name, props, { customTimeouts });
}
`;

/** A project whose stack is these resources, as manifests in a folder. */
export function stackOf(resources: readonly ResourceDescription[]): Promise<Engine> {
  return Engine.start({
    settings: { runtime: { name: "nodejs", options: { typescript: false } }, main: "main.mjs" },
    files: { "main.mjs": PROGRAM, "stack.json": JSON.stringify(resources) },
    config: { "kubernetes:renderYamlToDirectory": "manifests" },
  });
}
