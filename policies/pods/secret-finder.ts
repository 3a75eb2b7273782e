/** Names that announce a secret, in words with _ between them. */
const SECRET_NAME =
  /password|passwd|passphrase|secret|credential|authorization|api_?key|private_?key|access_?key|requirepass|master_?auth|cli_auth|(?:^|_)(?:pass|pwd|auth_pass|tokens?)(?:_|\d|$)/;

/** Names that end so speak of a secret, and are none. */
const ABOUT_SECRET =
  /(?:^|_)(?:file|files|path|dir|name|names|ref|env|url|uri|endpoint|issuer|audience|type|header|algorithm|mode|ttl|lifetime|seconds|ms|length|size|bytes|limit|count|budget|max|min|enabled|required|prefix)$/;

/** What is replaced by something else: a variable, a command, a template, a gap to be filled. */
const REFERENCE = /\$[({]|\{\{|^%\w+%$|^<[^>]+>$/;
/** In scripts, this too. */
const SHELL_VARIABLE = /^\$\w/;

const NO_SECRET = /^(?:true|false|null|none|nil|undefined|yes|no|~)$/i;
const NUMBER = /^\d+(?:\.\d+)?$/;

const PRIVATE_KEY = /-----BEGIN (?:[A-Z0-9]+ )*PRIVATE KEY-----/;
const URL_PASSWORD = /\b[a-z][a-z0-9+.-]*:\/\/[^\s/:@"']*:([^\s/@"']+)@/gi;

/** `"name": "value"` and `name = 'value'`, in JSON, YAML, TOML or a program. */
const QUOTED = /(?<![\w$-])["']?([A-Za-z_][\w.-]*)["']?\s*[:=]\s*(["'])((?:(?!\2)[^\n\\]|\\.)+)\2/g;
/** `name: value` and `NAME=value`, a line for itself, in YAML, properties or an environment file. */
const PLAIN_LINE =
  /^[ \t]*(?:export[ \t]+|-[ \t]+)?([A-Za-z_][\w.-]*)[ \t]*[:=][ \t]*([^\s"'`(){}[\];,#]+)[ \t]*$/gm;
/** `--name=value` of a command. */
const FLAG = /(?<!\S)--?([A-Za-z][\w-]*)=(["']?)([^\s"']+)\2/g;
/** The directives of Redis and Sentinel that hold a password: the last word of the line. */
const DIRECTIVE =
  /^[ \t]*(?:sentinel[ \t]+)?(requirepass|masterauth|auth-pass[ \t]+\S+|sentinel-pass)[ \t]+(\S+)[ \t]*$/gim;
/** `user name on >password` of an access control list. */
const ACL_PASSWORD = /^[ \t]*user[ \t]+(\S+)[ \t].*?[ \t]>(\S+)/gim;

/** Finds secrets in plain. What it tells are names and kinds, never a value. */
export class SecretFinder {
  readonly #allowedNames: ReadonlySet<string>;
  readonly #mountPaths: readonly string[];

  /** Values at or below a mounted path are paths. */
  constructor(allowedNames: readonly string[], mountPaths: readonly string[] = []) {
    this.#allowedNames = new Set(allowedNames);
    this.#mountPaths = mountPaths;
  }

  /** Whether nobody wants to know of this name. */
  isAllowed(name: string): boolean {
    return this.#allowedNames.has(name);
  }

  /** Whether a name announces a secret. */
  announces(name: string): boolean {
    const words = name
      .replaceAll(/([a-z\d])([A-Z])/g, "$1_$2")
      .replaceAll(/[^A-Za-z\d]+/g, "_")
      .toLowerCase();
    return !this.isAllowed(name) && SECRET_NAME.test(words) && !ABOUT_SECRET.test(words);
  }

  /** What of a value under a name is secret. */
  *inValue(name: string, value: string): Iterable<string> {
    if (this.announces(name) && this.#isLiteral(name, value)) yield "its value";
    else yield* this.inText(value);
  }

  /** What is secret in a text: a file, a script, an argument. */
  *inText(text: string): Iterable<string> {
    if (PRIVATE_KEY.test(text)) yield "a private key";
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

  /** What is secret in a command line: `--password …`, and what its words are by themselves. */
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
