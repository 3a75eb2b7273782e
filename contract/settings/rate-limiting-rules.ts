import { isSection, type Path, type Section, valueAt } from "../document.ts";
import { type Fault, fault } from "../faults.ts";

const SECTION: Path = ["rateLimiting"];

/** Who is anonymous is everybody; a limit has one name, and each tool, backend and class one entry. */
export function rateLimitingRules(document: Section): Fault[] {
  return [...perUserNeedsLogin(document), ...oneName(document), ...unique(document)];
}

/** Every section that may have a limit per user, with its path. */
function pairs(document: Section): [Path, Section][] {
  const lists = ["tools", "backends", "classes"].flatMap((list) => {
    const entries = valueAt(document, [...SECTION, list]);
    return (Array.isArray(entries) ? entries : []).map((entry: unknown, index): [Path, unknown] => [
      [...SECTION, list, index],
      entry,
    ]);
  });
  const single = [SECTION, [...SECTION, "initialize"], [...SECTION, "bytes"]].map(
    (path): [Path, unknown] => [path, valueAt(document, path)],
  );
  return [...single, ...lists].flatMap(([path, value]): [Path, Section][] =>
    isSection(value) ? [[path, value]] : [],
  );
}

function perUserNeedsLogin(document: Section): Fault[] {
  const type = valueAt(document, ["incomingAuth", "type"]);
  if (type === "jwt" || type === "oidc") return [];
  const rule =
    "must be absent unless incomingAuth.type is jwt or oidc: who is anonymous is everybody";
  const faults = pairs(document)
    .filter(([, pair]) => pair.perUser !== undefined)
    .map(([path, pair]) =>
      fault([...path, "perUser"], pair.perUser, rule, "set incomingAuth, or use perSession"),
    );
  const classes = valueAt(document, [...SECTION, "classes"]);
  if (!Array.isArray(classes) || classes.length === 0) return faults;
  const fix = "set incomingAuth, or remove it";
  return [...faults, fault([...SECTION, "classes"], classes, rule, fix)];
}

function oneName(document: Section): Fault[] {
  return pairs(document)
    .filter(([, pair]) => pair.global !== undefined && pair.shared !== undefined)
    .map(([path, pair]) => {
      const rule = "must be absent if global is set, whose older name in ToolHive it is";
      return fault([...path, "shared"], pair.shared, rule, "remove one of the two");
    });
}

function unique(document: Section): Fault[] {
  return ["tools", "backends", "classes"].flatMap((list) => {
    const entries = valueAt(document, [...SECTION, list]);
    const names = (Array.isArray(entries) ? entries : []).map((entry: unknown) =>
      valueAt(entry, ["name"]),
    );
    return names.flatMap((name, index) =>
      typeof name === "string" && names.indexOf(name) < index
        ? [
            fault(
              [...SECTION, list, index, "name"],
              name,
              "must be unique",
              "put its limits into one entry",
            ),
          ]
        : [],
    );
  });
}
