/** Rows as aligned columns, the first row being their titles. Longer cells are cut to `widest` characters. */
export function table(rows: readonly (readonly string[])[], widest: number): string {
  const cells = rows.map((row) => row.map((cell) => cut(oneLine(cell), widest)));
  const columns = cells[0]?.length ?? 0;
  const widths = Array.from({ length: columns }, (_, column) =>
    Math.max(...cells.map((row) => row[column]?.length ?? 0)),
  );
  const line = (row: readonly string[]) =>
    row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join("  ");
  const rule = widths.map((width) => "-".repeat(width));
  const [titles = [], ...body] = cells;
  return [titles, rule, ...body].map((row) => `  ${line(row).trimEnd()}`).join("\n");
}

function oneLine(text: string): string {
  return text.replace(/\s+/g, " ").trim();
}

function cut(text: string, widest: number): string {
  return text.length <= widest ? text : `${text.slice(0, widest - 3)}...`;
}
