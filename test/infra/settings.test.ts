import { fieldsWithin, LEAVES, type Leaf } from "@mcp-fleet/contract/settings";
import { describe, expect, test } from "vitest";
import * as z from "zod";
import { settingName } from "../../tools/docs/argument-source.ts";
import { argumentTypes } from "../../tools/docs/component-arguments.ts";
import { DECIDED, decidedBy } from "../../tools/docs/decided-settings.ts";

/** Fields of ToolHive's file that have no effect here, and the section of the plan, which no process reads. */
const OF_NO_EFFECT = /^Not supported|No effect|Gateways and proxies ignore it/;

const isRead = ({ schema }: Leaf) =>
  !OF_NO_EFFECT.test(z.toJSONSchema(schema, { io: "input" }).description ?? "");

/** Every setting by its path: `limits.views`, `backends[].url`. */
const SETTINGS = LEAVES.filter(isRead)
  .flatMap((leaf) => {
    const within = fieldsWithin(leaf).filter(isRead);
    return within.length > 0 ? within : [leaf];
  })
  .map(({ path }) => path.join("."));

describe.each(Object.keys(DECIDED))("every setting of the processes of %s", (component) => {
  const said = new Set(
    argumentTypes(component).flatMap(({ paths, arguments: all }) =>
      all.flatMap(({ name, path }) =>
        [path, ...paths.map((at) => `${at}.${name}`)].map((at) => settingName(component, at)),
      ),
    ),
  );
  const isSaid = (setting: string) => said.has(setting);
  /** Of a type that several arguments have, the members are named where its page has it first. */
  const isOfType = (setting: string) => {
    const steps = setting.split(".");
    const sections = steps.map((_, at) => steps.slice(0, at).join(".").replace(/\[\]$/, ""));
    const hasOwn = (section: string) =>
      [...said].some((path) => path?.startsWith(`${section}.`) || path?.startsWith(`${section}[]`));
    return sections.some((section) => said.has(section) && !hasOwn(section));
  };

  test("is an argument, or decided by something that its page names", () => {
    expect(SETTINGS.length).toBeGreaterThan(80);
    const forgotten = SETTINGS.filter(
      (setting) =>
        !isSaid(setting) && !isOfType(setting) && decidedBy(component, setting) === undefined,
    );
    expect(forgotten, "add an argument, or a line in tools/docs/decided-settings.ts").toEqual([]);
  });

  test("is decided in one place: what its page says to be decided is a setting, and no argument", () => {
    const paths = (DECIDED[component] ?? []).map(([path]) => path);
    const below = (path: string) =>
      SETTINGS.filter((setting) => decidedBy(component, setting) && setting.startsWith(path));
    expect(paths.filter((path) => below(path).length === 0)).toEqual([]);
    expect(paths.flatMap(below).filter(isSaid)).toEqual([]);
  });
});
