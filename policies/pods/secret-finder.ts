import { knownSecrets } from "./known-secrets.ts";

/** Names of secrets, as words joined with _. */
const SECRET_NAME =
  /password|passwd|passphrase|secret|credential|authorization|api_?key|private_?key|access_?key|requirepass|master_?auth|cli_auth|(?:^|_)(?:pass|pwd|auth_pass|tokens?)(?:_|\d|$)/;

/** Endings of names that are about a secret but not secret themselves. */
const ABOUT_SECRET =
  /(?:^|_)(?:file|files|path|dir|name|names|ref|env|url|uri|endpoint|issuer|audience|type|header|algorithm|mode|ttl|lifetime|seconds|ms|length|size|bytes|limit|count|budget|max|min|enabled|required|prefix)$/;

/** Placeholders: a variable, a command, a template, a gap to be filled in. */
const REFERENCE = /\$[({]|\{\{|^%\w+%$|^<[^>]+>$/;
/** Placeholders in scripts. */
const SHELL_VARIABLE = /^\$\w/;

const NO_SECRET = /^(?:true|false|null|none|nil|undefined|yes|no|~)$/i;
const NUMBER = /^\d+(?:\.\d+)?$/;

const PRIVATE_KEY = /-----BEGIN (?:[A-Z0-9]+ )*PRIVATE KEY-----/;
const URL_PASSWORD = /\b[a-z][a-z0-9+.-]*:\/\/[^\s/:@"']*:([^\s/@"']+)@/gi;

/** `"name": "value"` and `name = 'value'`, in JSON, YAML, TOML or a program. */
const QUOTED = /(?<![\w$-])["']?([A-Za-z_][\w.-]*)["']?\s*[:=]\s*(["'])((?:(?!\2)[^\n\\]|\\.)+)\2/g;
/** `name: value` and `NAME=value` on a line of their own, in YAML, properties or an environment file. */
const PLAIN_LINE =
  /^[ \t]*(?:export[ \t]+|-[ \t]+)?([A-Za-z_][\w.-]*)[ \t]*[:=][ \t]*([^\s"'`(){}[\];,#]+)[ \t]*$/gm;
/** `--name=value` in a command. */
const FLAG = /(?<!\S)--?([A-Za-z][\w-]*)=(["']?)([^\s"']+)\2/g;
/** The directives of Redis and Sentinel whose last word is a password. */
const DIRECTIVE =
  /^[ \t]*(?:sentinel[ \t]+)?(requirepass|masterauth|auth-pass[ \t]+\S+|sentinel-pass)[ \t]+(\S+)[ \t]*$/gim;
/** `user name on >password` in an ACL file. */
const ACL_PASSWORD = /^[ \t]*user[ \t]+(\S+)[ \t].*?[ \t]>(\S+)/gim;

/** Finds secrets in plain text. It returns names and kinds, never a value. */
export class SecretFinder {
  readonly #allowedNames: ReadonlySet<string>;
  readonly #mountPaths: readonly string[];

  /** @param mountPaths values at or below these paths are paths, not secrets. */
  constructor(allowedNames: readonly string[], mountPaths: readonly string[] = []) {
    this.#allowedNames = new Set(allowedNames);
    this.#mountPaths = mountPaths;
  }

  /** Whether the name is in the user's list of allowed names. */
  isAllowed(name: string): boolean {
    return this.#allowedNames.has(name);
  }

  /** Whether a name is that of a secret. */
  announces(name: string): boolean {
    const words = name
      .replaceAll(/([a-z\d])([A-Z])/g, "$1_$2")
      .replaceAll(/[^A-Za-z\d]+/g, "_")
      .toLowerCase();
    return !this.isAllowed(name) && SECRET_NAME.test(words) && !ABOUT_SECRET.test(words);
  }

  /** The secrets in a value with a name. */
  *inValue(name: string, value: string): Iterable<string> {
    if (this.announces(name) && this.#isLiteral(name, value)) yield "its value";
    else yield* this.inText(value);
  }

  /** The secrets in a text: a file, a script or an argument. */
  *inText(text: string): Iterable<string> {
    if (PRIVATE_KEY.test(text)) yield "a private key";
    for (const kind of knownSecrets(text)) yield `a secret (${kind})`;
    for (const [, password = ""] of text.matchAll(URL_PASSWORD)) {
      if (!isReference(password)) yield "a URL with a password";
    }
    for (const pattern of [QUOTED, FLAG]) {
      for (const [, name = "", , value = ""] of text.matchAll(pattern)) {
        yield* this.#named(name, value);
      }
    }
    for (const [, name = "", value = ""] of text.matchAll(PLAIN_LINE)) {
      yield* this.#named(name, value);
    }
    for (const [, directive = "", value = ""] of text.matchAll(DIRECTIVE)) {
      const [name = ""] = directive.split(/\s/);
      yield* this.#named(name, value);
    }
    for (const [, user = "", value = ""] of text.matchAll(ACL_PASSWORD)) {
      if (!this.isAllowed(user) && !isReference(value)) yield `the password of user ${user}`;
    }
  }

  /** The secrets in a command line: the values of flags such as `--password …`, and those in its words. */
  *inWords(words: readonly string[]): Iterable<string> {
    for (const [index, word] of words.entries()) {
      const [, flag = ""] = /^--?([\w-]+)$/.exec(word) ?? [];
      const next = words[index + 1] ?? "";
      if (flag !== "" && !next.startsWith("-")) yield* this.#named(flag, next);
      yield* this.inText(word);
    }
  }

  *#named(name: string, value: string): Iterable<string> {
    if (!this.announces(name) || SHELL_VARIABLE.test(value)) return;
    if (this.#isLiteral(name, value)) yield `the value of ${name}`;
  }

  #isLiteral(name: string, value: string): boolean {
    if (value.trim() === "" || NO_SECRET.test(value) || REFERENCE.test(value)) return false;
    if (NUMBER.test(value) && /tokens$/i.test(name)) return false;
    return !this.#mountPaths.some((path) => value === path || value.startsWith(`${path}/`));
  }
}

const isReference = (text: string): boolean => REFERENCE.test(text) || SHELL_VARIABLE.test(text);
