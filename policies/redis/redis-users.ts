import type { Fields } from "../stack/fields.ts";
import type { Fleet } from "../stack/fleet.ts";
import { Unjudgeable } from "../stack/unjudgeable.ts";
import type { Workload } from "../stack/workload.ts";
import { mountedFiles } from "./mounted-files.ts";

const FILE = "users.acl";

/** The names of the Secrets that pods mount. */
export function mountedSecrets({ podSpec }: Workload): readonly string[] {
  const volumes = podSpec.at("volumes").items();
  const projected = volumes.flatMap((volume) => volume.at("projected.sources").items());
  return [
    ...volumes.map((volume) => volume.at("secret.secretName")),
    ...projected.map((source) => source.at("secret.name")),
  ].flatMap((name) => name.text() ?? []);
}

/**
 * The ACL file that pods mount. Undefined where it cannot be read: it is not in the stack, or is made from
 * passwords that the update generates.
 */
export function usersFile(
  workload: Workload,
  fleet: Fleet,
  path: string = FILE,
): string | undefined {
  const name = path.split("/").at(-1) ?? FILE;
  const plain = mountedFiles(fleet, workload.resource).find((file) => file.name === name);
  if (plain) return plain.text;
  const mounted = mountedSecrets(workload);
  const secrets = fleet
    .beside(workload, "Secret")
    .filter((secret) => mounted.includes(secret.name));
  for (const { fields } of secrets) {
    const text = known(() => textIn(fields, name));
    if (text !== undefined) return text;
  }
  return undefined;
}

/** Whether everyone can log in as the default user, as Redis allows where the ACL file does not mention it. */
export function isOpen(users: string): boolean {
  const lines = users.split("\n").map((line) => line.trim().split(/\s+/));
  const rules = lines.findLast(([word, name]) => word === "user" && name === "default");
  if (rules === undefined) return true;
  let isOn = false;
  let needsNone = false;
  for (const rule of rules.slice(2)) {
    if (rule === "on") isOn = true;
    else if (rule === "nopass") needsNone = true;
    else if (rule === "off") isOn = false;
    else if (rule === "resetpass" || /^[>#]/.test(rule)) needsNone = false;
    else if (rule === "reset") [isOn, needsNone] = [false, false];
  }
  return isOn && needsNone;
}

function textIn(fields: Fields, name: string): string | undefined {
  const text = fields.at("stringData").member(name).text();
  if (text !== undefined) return text;
  const encoded = fields.at("data").member(name).text();
  return encoded === undefined ? undefined : Buffer.from(encoded, "base64").toString();
}

function known<Answer>(read: () => Answer): Answer | undefined {
  try {
    return read();
  } catch (error) {
    if (error instanceof Unjudgeable) return undefined;
    throw error;
  }
}
