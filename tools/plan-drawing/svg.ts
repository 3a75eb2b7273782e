/** Markup whose text is escaped already. */
export type Markup = string;

type Attributes = Readonly<Record<string, string | number>>;

/** An element with what is in it. */
export function element(name: string, attributes: Attributes, ...inside: Markup[]): Markup {
  const said = Object.entries(attributes).map(([key, value]) => ` ${key}="${escaped(`${value}`)}"`);
  const open = `<${name}${said.join("")}`;
  return inside.length === 0 ? `${open}/>` : `${open}>${inside.join("")}</${name}>`;
}

/** A place, and how large what stands there is. */
export interface Box {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

/** A rectangle with round corners; the style sheet says its colors by its class. */
export function rectangle({ x, y, width, height }: Box, className: string, radius = 8): Markup {
  return element("rect", { class: className, x, y, width, height, rx: radius });
}

/** A line of text whose start, middle or end stands at x. */
export function text(
  [x, y]: readonly [x: number, y: number],
  className: string,
  words: string,
  anchor: "start" | "middle" | "end" = "start",
): Markup {
  return element("text", { class: className, x, y, "text-anchor": anchor }, escaped(words));
}

/** A line through points. */
export function line(className: string, ...points: (readonly [x: number, y: number])[]): Markup {
  const d = points.map(([x, y], index) => `${index === 0 ? "M" : "L"}${x} ${y}`).join(" ");
  return element("path", { class: className, d });
}

const NAMED = new Map([
  ["&", "&amp;"],
  ["<", "&lt;"],
  [">", "&gt;"],
  ['"', "&quot;"],
  ["'", "&apos;"],
]);

/** Text as markup may hold it: nothing of it is read as markup, and no character is one that XML forbids. */
export function escaped(words: string): Markup {
  return words
    .toWellFormed()
    .replaceAll(/[\p{Cc}\uFFFE\uFFFF]/gu, "\uFFFD")
    .replaceAll(/[&<>"']/g, (mark) => NAMED.get(mark) ?? mark);
}

/** Text of at most so many characters, the last of which says that there were more. */
export function shortened(words: string, maxLength: number): string {
  const characters = [...words];
  return characters.length > maxLength ? `${characters.slice(0, maxLength - 1).join("")}…` : words;
}
