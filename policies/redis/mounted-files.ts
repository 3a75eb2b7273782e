import type { Fleet } from "../stack/fleet.ts";
import { mountedConfigMaps } from "../stack/mounted-config-maps.ts";
import type { Resource } from "../stack/resource.ts";

/** A file that pods read from a ConfigMap of the stack. */
export interface MountedFile {
  readonly name: string;
  /** Its place for messages: `ConfigMap sessions-redis, redis.conf`. */
  readonly place: string;
  /** May contain misplaced secrets, so it never appears in messages. */
  readonly text: string;
}

/** The files that a workload's pods read from ConfigMaps of the stack. */
export function mountedFiles(fleet: Fleet, workload: Resource): MountedFile[] {
  const names = mountedConfigMaps(workload.fields.at("spec.template.spec"));
  return fleet
    .ofKind("ConfigMap")
    .filter(({ namespace, name }) => namespace === workload.namespace && names.has(name))
    .flatMap((configMap) =>
      Object.entries(configMap.fields.at("data").texts()).map(([name, text]) => ({
        name,
        place: `${configMap.title}, ${name}`,
        text,
      })),
    );
}

/** A text together with the files that it names, the files that these name, and so on. */
export function withNamedFiles(text: string, files: readonly MountedFile[]): string[] {
  const texts = [text];
  const rest = new Set(files);
  for (const current of texts) {
    for (const file of rest) {
      if (!current.includes(file.name)) continue;
      rest.delete(file);
      texts.push(file.text);
    }
  }
  return texts;
}

/** A script without its comments. */
export const withoutComments = (script: string): string => script.replaceAll(/^\s*#.*$/gm, "");
