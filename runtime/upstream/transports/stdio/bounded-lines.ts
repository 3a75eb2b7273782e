const NEWLINE = 10;

/**
 * The lines of a stream of bytes, without their ends. What comes after the last end is no line.
 *
 * @param maxBytes what a line may have: longer ones are cut there, or are an error.
 * @throws one is longer, unless they are cut.
 */
export async function* boundedLines(
  stream: AsyncIterable<Buffer>,
  maxBytes: number,
  onLong: "throw" | "cut",
): AsyncGenerator<string> {
  let begun: Buffer[] = [];
  let length = 0;
  for await (const chunk of stream) {
    let from = 0;
    for (;;) {
      const end = chunk.indexOf(NEWLINE, from);
      const piece = chunk.subarray(from, end === -1 ? chunk.length : end);
      if (length + piece.length > maxBytes && onLong === "throw") {
        throw new Error(`it wrote a line of more than ${maxBytes} bytes`);
      }
      const kept = piece.subarray(0, Math.max(0, maxBytes - length));
      if (kept.length > 0) begun.push(kept);
      length += kept.length;
      if (end === -1) break;
      yield Buffer.concat(begun, length).toString("utf8");
      begun = [];
      length = 0;
      from = end + 1;
    }
  }
}
