import { closeSync, openSync, readSync } from "node:fs";

/** What a program or library says about what it is loaded with. */
export interface Elf {
  /** The path of the loader; undefined for a library. */
  readonly interpreter: string | undefined;
  /** The names of the libraries that it is linked with. */
  readonly needed: readonly string[];
}

/** A stretch of the file, and where it is in memory when it is loaded. */
interface Segment {
  readonly type: number;
  readonly offset: number;
  readonly address: number;
  readonly bytes: number;
}

const SEGMENT = { load: 1, dynamic: 2, interpreter: 3 } as const;
const ENTRY = { needed: 1, strings: 5, stringsBytes: 10 } as const;
const HEADER_BYTES = 64;
const ENTRY_BYTES = 16;

/**
 * Reads a 64-bit little-endian ELF file, as Linux has them on x86-64 and arm64; `ldd` would have to run it, and could not
 * where it is for another architecture.
 *
 * @throws {Error} where the file is no such file.
 */
export function readElf(path: string): Elf {
  const file = openSync(path, "r");
  try {
    const segments = readSegments(file, path);
    const interpreter = segments.find(({ type }) => type === SEGMENT.interpreter);
    return {
      interpreter: interpreter && readText(readBytes(file, interpreter), 0),
      needed: readNeeded(file, segments),
    };
  } finally {
    closeSync(file);
  }
}

function readSegments(file: number, path: string): Segment[] {
  const header = readBytes(file, { offset: 0, bytes: HEADER_BYTES });
  if (header.toString("latin1", 0, 6) !== "\x7fELF\x02\x01")
    throw new Error(`no ELF file: ${path}`);
  const offset = Number(header.readBigUInt64LE(32));
  const segmentBytes = header.readUInt16LE(54);
  const count = header.readUInt16LE(56);
  const table = readBytes(file, { offset, bytes: segmentBytes * count });
  return Array.from({ length: count }, (_, index) => {
    const at = index * segmentBytes;
    return {
      type: table.readUInt32LE(at),
      offset: Number(table.readBigUInt64LE(at + 8)),
      address: Number(table.readBigUInt64LE(at + 16)),
      bytes: Number(table.readBigUInt64LE(at + 32)),
    };
  });
}

function readNeeded(file: number, segments: readonly Segment[]): string[] {
  const dynamic = segments.find(({ type }) => type === SEGMENT.dynamic);
  if (dynamic === undefined) return [];
  const table = readBytes(file, dynamic);
  const valuesOf = (tag: number) => {
    const values: number[] = [];
    for (let at = 0; at < table.length; at += ENTRY_BYTES) {
      if (Number(table.readBigInt64LE(at)) === tag)
        values.push(Number(table.readBigUInt64LE(at + 8)));
    }
    return values;
  };
  const [address = 0] = valuesOf(ENTRY.strings);
  const [bytes = 0] = valuesOf(ENTRY.stringsBytes);
  const strings = readBytes(file, { offset: offsetOf(address, segments), bytes });
  return valuesOf(ENTRY.needed).map((at) => readText(strings, at));
}

/** Where in the file that stands which is at an address in memory. */
function offsetOf(address: number, segments: readonly Segment[]): number {
  const holder = segments.find(
    ({ type, address: first, bytes }) =>
      type === SEGMENT.load && address >= first && address < first + bytes,
  );
  return holder === undefined ? address : address - holder.address + holder.offset;
}

function readBytes(file: number, { offset, bytes }: Pick<Segment, "offset" | "bytes">): Buffer {
  const buffer = Buffer.alloc(bytes);
  readSync(file, buffer, 0, bytes, offset);
  return buffer;
}

/** The text from there to the next zero byte. */
function readText(buffer: Buffer, start: number): string {
  return buffer.toString("utf8", start, buffer.indexOf(0, start));
}
