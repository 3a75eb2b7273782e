/** One line of a part's table. */
export interface Row {
  readonly cells: readonly string[];
  /** What was promised is so. */
  readonly holds: boolean;
}

/** What a part has found out. */
export interface Findings {
  /** What was run, such as the seed and the rounds: enough to run the same again. */
  readonly setup: string;
  readonly columns: readonly string[];
  readonly rows: readonly Row[];
}

/** A file of `parts/`: runs for as long as it takes, and says on the way how far it is. */
export interface PartModule {
  /** @throws what it needs is missing, or it could not be run to its end. */
  run(say: (text: string) => void): Promise<Findings>;
}

export interface Part {
  /** What is proven, in a sentence. */
  readonly about: string;
  /** The environment variables that change it, with what they are by default. */
  readonly settings: Readonly<Record<string, string>>;
  readonly load: () => Promise<PartModule>;
}
