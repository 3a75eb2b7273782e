import { ConfigError, fault } from "@mcp-fleet/contract";
import type { SecretSource } from "@mcp-fleet/contract/settings";
import type { Logger } from "pino";
import { WatchedFile } from "../platform/watched-file.ts";

/** A secret as it is now. */
export interface Secret {
  readonly text: string;
  /** Reads its file at once, without waiting for the news that it has changed. */
  refresh(): void;
}

/** What a secret has to be, and how to say so. */
export interface SecretShape {
  readonly fits: (text: string) => boolean;
  readonly rule: string;
  readonly fix: string;
}

/** It says something. */
export const ANY_SECRET: SecretShape = {
  fits: (text) => text !== "",
  rule: "must not be empty",
  fix: "give it a value",
};

/** The secrets of a process, and the files that they come from. One file is watched once, however many read it. */
export class Secrets {
  readonly #environment: Readonly<Record<string, string | undefined>>;
  readonly #log: Logger;
  readonly #files = new Map<string, WatchedFile>();

  constructor(environment: Readonly<Record<string, string | undefined>>, log: Logger) {
    this.#environment = environment;
    this.#log = log;
  }

  /** @throws {ConfigError} where it cannot be read, or is not of this shape. Shows no secret. */
  open(source: SecretSource, shape: SecretShape = ANY_SECRET): Secret {
    if (source.kind === "file") return this.#fromFile(source.path, shape);
    if (source.kind === "value") return fixed(source.value);
    const { name } = source;
    const text = this.#environment[name]?.trim();
    if (text !== undefined && shape.fits(text)) return fixed(text);
    const rule =
      text === undefined ? "must be set: a backend's credential is read from it" : shape.rule;
    throw new ConfigError([fault([name], undefined, rule, shape.fix)]);
  }

  close(): void {
    for (const file of this.#files.values()) file.close();
  }

  /** What does not fit is not taken over: the secret stays as it was, and the log says so. */
  #fromFile(path: string, { fits, rule, fix }: SecretShape): Secret {
    const file = this.#files.get(path) ?? new WatchedFile(path, this.#log);
    this.#files.set(path, file);
    const read = (text: string) => {
      const secret = text.trim();
      if (fits(secret)) return secret;
      throw new ConfigError([fault([path], undefined, rule, fix)]);
    };
    let text = read(file.text);
    file.onChange((changed) => {
      text = read(changed);
    });
    return {
      get text() {
        return text;
      },
      refresh: () => file.refresh(),
    };
  }
}

function fixed(text: string): Secret {
  return { text, refresh: () => {} };
}
