/** The fields of a protobuf message by their numbers, each value as it stands there: bytes, or a number. */
export type Fields = ReadonlyMap<number, readonly (Buffer | bigint)[]>;

/** Reads a protobuf message without its schema. */
export function fieldsOf(message: Buffer): Fields {
  const fields = new Map<number, (Buffer | bigint)[]>();
  let position = 0;
  const varint = () => {
    let value = 0n;
    for (let shift = 0n; ; shift += 7n) {
      const byte = message.readUInt8(position);
      position += 1;
      value |= BigInt(byte & 0x7f) << shift;
      if (byte < 0x80) return value;
    }
  };
  const bytes = (length: number) => {
    const taken = message.subarray(position, position + length);
    position += length;
    return taken;
  };
  while (position < message.length) {
    const key = Number(varint());
    const wire = key & 7;
    const value = wire === 0 ? varint() : bytes(wire === 1 ? 8 : wire === 5 ? 4 : Number(varint()));
    fields.set(key >> 3, [...(fields.get(key >> 3) ?? []), value]);
  }
  return fields;
}

/** The messages in a field. */
export function messagesIn(fields: Fields, number: number): Fields[] {
  return bytesIn(fields, number).map(fieldsOf);
}

export function bytesIn(fields: Fields, number: number): Buffer[] {
  return (fields.get(number) ?? []).filter((value) => Buffer.isBuffer(value));
}

export function textIn(fields: Fields, number: number): string {
  return bytesIn(fields, number)[0]?.toString() ?? "";
}

export function hexIn(fields: Fields, number: number): string {
  return bytesIn(fields, number)[0]?.toString("hex") ?? "";
}

export function numberIn(fields: Fields, number: number): number {
  const [value = 0n] = fields.get(number) ?? [];
  return Buffer.isBuffer(value) ? value.readDoubleLE() : Number(value);
}
