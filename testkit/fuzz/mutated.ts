import fc from "fast-check";

/** Pieces that parsers trip over. */
const PIECES = [
  "\r",
  "\n",
  "\r\n\r\n",
  "\0",
  ":",
  ",",
  "{",
  "}",
  "[",
  '"',
  "\\",
  "\\ud800",
  "é",
  "9",
];

/** One change of a text: what is taken out, and what comes in its place. */
const CHANGE = fc.record({
  /** As a share of the length. */
  at: fc.double({ min: 0, max: 1, noNaN: true }),
  removed: fc.nat({ max: 8 }),
  put: fc.oneof(fc.constantFrom(...PIECES), fc.string({ maxLength: 8, unit: "binary" })),
});

/** A text with up to so many changes, which may be none. */
export function mutated(text: fc.Arbitrary<string>, maxChanges = 3): fc.Arbitrary<string> {
  return fc.tuple(text, fc.array(CHANGE, { maxLength: maxChanges })).map(([original, changes]) => {
    let changed = original;
    for (const { at, removed, put } of changes) {
      const start = Math.floor(at * changed.length);
      changed = changed.slice(0, start) + put + changed.slice(start + removed);
    }
    return changed;
  });
}
