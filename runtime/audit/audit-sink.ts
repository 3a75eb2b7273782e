/** Where lines go. */
export interface AuditSink {
  /** What operators know it by. */
  readonly name: string;
  /** Writes all of it. What of it was written before a failure is not written again by a repetition. */
  write(lines: Buffer): Promise<void>;
  close(): Promise<void>;
}

/** Standard output: waits while nobody reads it. */
export class StandardOutput implements AuditSink {
  readonly name = "standard output";

  write(lines: Buffer): Promise<void> {
    return new Promise((resolve, reject) => {
      process.stdout.write(lines, (error) => (error ? reject(error) : resolve()));
    });
  }

  async close(): Promise<void> {}
}
