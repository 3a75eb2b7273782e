import type { Fields } from "../stack/fields.ts";

/** The words of a container's command and arguments. */
export function commandOf(container: Fields): string[] {
  return [...wordsAt(container, "command"), ...wordsAt(container, "args")];
}

/** A list of strings at a path. */
export function wordsAt(fields: Fields, path: string): string[] {
  return fields
    .at(path)
    .items()
    .flatMap((word) => word.text() ?? []);
}

/** The plain values of a container's environment. */
export function environmentOf(container: Fields): Readonly<Record<string, string>> {
  const variables = container.at("env").items();
  return Object.fromEntries(
    variables.map((one) => [one.at("name").text() ?? "", one.at("value").text() ?? ""]),
  );
}
