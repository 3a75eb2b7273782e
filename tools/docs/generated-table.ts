/** A table of a page that the code knows better than an author would. */
export interface GeneratedTable {
  /** The page, in docs/. */
  readonly file: string;
  /** The name in the page's `BEGIN generated` mark. */
  readonly name: string;
  readonly table: () => string;
}

/** A Markdown table, its columns aligned as the formatter of the repository wants them. */
export function markdown(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const lines = [head, ...rows].map((cells) => cells.map((cell) => cell.replaceAll("|", "\\|")));
  const widths = head.map((_, column) =>
    Math.max(3, ...lines.map((cells) => cells[column]?.length ?? 0)),
  );
  const print = (cells: readonly string[]) =>
    `| ${cells.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join(" | ")} |`;
  const [first = [], ...others] = lines;
  return [first, widths.map((width) => "-".repeat(width)), ...others].map(print).join("\n");
}

/** Text as a program has it. */
export const code = (text: string) => `\`${text}\``;
