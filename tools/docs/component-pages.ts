import { COMPONENTS } from "../../infra/components.ts";
import { sourceOf } from "./argument-source.ts";
import {
  type Argument,
  type ArgumentType,
  argumentTypes,
  componentAbout,
  componentOutputs,
} from "./component-arguments.ts";
import { DECIDED, decidedTable } from "./decided-settings.ts";
import { code, type GeneratedTable, markdown } from "./generated-table.ts";
import { restartTable } from "./restarts.ts";

/** What is generated of the page of each component; the rest of it is written by hand. */
export const COMPONENT_TABLES: readonly GeneratedTable[] = Object.keys(COMPONENTS).flatMap(
  (component) => {
    const file = componentPage(component);
    return [
      { file, name: "about", table: () => componentAbout(component) },
      { file, name: "arguments", table: () => argumentTables(component) },
      { file, name: "restarts", table: () => restartTable(component) },
      ...(component in DECIDED
        ? [{ file, name: "decided settings", table: () => decidedTable(component) }]
        : []),
      { file, name: "outputs", table: () => outputTable(component) },
    ];
  },
);

/** The page of a component, in docs/. */
export function componentPage(component: string): string {
  const words = component.replaceAll(/(?<=[a-z])[A-Z]/g, (letter) => `-${letter}`);
  return `components/${words.toLowerCase()}.md`;
}

/** Only TypeScript has functions: the schema does not know them. */
const FUNCTIONS = /Transforms$/;

const HEAD = ["Argument", "Type", "Default", "Unit", "Description", "Source of the default"];

/** A table for the arguments of a component, and one for each type within them. */
function argumentTables(component: string): string {
  return argumentTypes(component)
    .filter(({ name }) => !FUNCTIONS.test(name))
    .map((type) => `${heading(type)}${table(component, type)}`)
    .join("\n\n");
}

function heading({ name, paths }: ArgumentType): string {
  if (paths.length === 0) return "";
  return `### ${name}\n\n${paths.map(code).join(", ")}\n\n`;
}

function table(component: string, type: ArgumentType): string {
  const rows = type.arguments.map((argument) => {
    const { text, unit } = sourceOf(component, argument);
    const { name, about } = argument;
    return [code(name), typeCell(argument), defaultCell(argument), unit, about, text];
  });
  return markdown(HEAD, rows);
}

function typeCell({ type, members, isInput }: Argument): string {
  if (members === undefined) return `${type}${isInput ? " or output" : ""}`;
  if (FUNCTIONS.test(members)) return "functions";
  return type.replace(members, `[${members}](#${members.toLowerCase()})`);
}

function defaultCell({ fallback, isRequired, members, about }: Argument): string {
  if (isRequired) return "required";
  if (fallback === undefined) return members && !isConditional(about) ? "see there" : "–";
  return /\s/.test(fallback) || fallback === "none" ? fallback : code(fallback);
}

/** Whether an argument is required in some cases, which its comment describes. */
export const isConditional = (about: string) => /\brequired\b/i.test(about);

function outputTable(component: string): string {
  const rows = componentOutputs(component).map(({ name, type, about }) => [
    code(name),
    type,
    about,
  ]);
  return markdown(["Output", "Type", "Description"], rows);
}
