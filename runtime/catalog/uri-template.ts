/** What RFC 9110 asks of servers to take at least: a longer URI is made by no template. */
const MAX_URI_LENGTH = 8_000;

/** Longer templates, and those with more variables, are listed but match no URI. */
const MAX_VARIABLES = 32;

/** Comparing so many characters takes as long as going through one character of a URI. */
const LITERAL_PER_STEP = 16;

/**
 * Whether a URI can come from an RFC 6570 template. Values are not taken out: the backend does that.
 * A variable matches what its operator lets through; `{?x}` and `{&x}` match with and without it.
 */
export class UriTemplate {
  readonly #steps: readonly Step[];
  /** What every URI of the template begins with: most templates are ruled out by it alone. */
  readonly #prefix: string;
  /** Characters that stand in the template as they are: of several that match, the most literal one is meant. */
  readonly literalLength: number;
  /** How often a URI is gone through at most to match it. */
  readonly cost: number;

  constructor(template: string) {
    const steps: Step[] = [];
    const parts = template.length > MAX_URI_LENGTH ? [] : template.split(/(\{[^{}]*\})/);
    let literalLength = 0;
    let variables = 0;
    for (const part of parts) {
      if (part.startsWith("{") && part.endsWith("}")) {
        steps.push(expression(part.slice(1, -1)));
        variables += part.split(",").length;
      } else {
        steps.push(literal(part));
        literalLength += part.length;
      }
    }
    this.#steps = variables > MAX_VARIABLES ? [] : steps;
    this.#prefix = parts[0] ?? "";
    this.literalLength = literalLength;
    this.cost = 1 + variables + literalLength / LITERAL_PER_STEP;
  }

  /** Whether a URI may come from it: quick, and right where the answer is no. */
  mayMatch(uri: string): boolean {
    const isPossible = this.#steps.length > 0 && uri.length <= MAX_URI_LENGTH;
    return isPossible && uri.startsWith(this.#prefix);
  }

  matches(uri: string): boolean {
    if (!this.mayMatch(uri)) return false;
    let reached: Reached = new Uint8Array(uri.length + 1);
    reached[0] = 1;
    for (const step of this.#steps) {
      reached = step(uri, reached);
      if (!reached.includes(1)) return false;
    }
    return reached[uri.length] === 1;
  }
}

/** For each position in a URI, 1 where the template's parts so far can end. */
type Reached = Uint8Array;

/**
 * Where one more part can end. All ends at once, not one after the other as a regular expression tries them:
 * clients choose the URI, and the time must grow with its length only.
 */
type Step = (uri: string, from: Reached) => Reached;

interface Operator {
  /** Stands before the first value. */
  readonly first: string;
  /** One character, stands between values. */
  readonly between: string;
  /** The characters that no value has. */
  readonly excluded: string;
}

const SIMPLE: Operator = { first: "", between: ",", excluded: "/?#," };

const OPERATORS: ReadonlyMap<string, Operator> = new Map([
  ["+", { first: "", between: ",", excluded: "?#" }],
  ["#", { first: "#", between: ",", excluded: "" }],
  [".", { first: ".", between: ".", excluded: "./?#" }],
  ["/", { first: "/", between: "/", excluded: "/?#" }],
  [";", { first: ";", between: ";", excluded: ";/?#" }],
  ["?", { first: "?", between: "&", excluded: "&#" }],
  ["&", { first: "&", between: "&", excluded: "&#" }],
]);

function expression(body: string): Step {
  const named = OPERATORS.get(body.charAt(0));
  const { first, between, excluded } = named ?? SIMPLE;
  const variables = body.slice(named === undefined ? 0 : 1).split(",");
  const isList = variables.some((variable) => variable.endsWith("*"));
  const value = run(isList ? excluded.replace(between, "") : excluded);
  const before = literal(first);
  const separator = literal(between);
  return (uri, from) => {
    let reached = value(uri, before(uri, from));
    let all = first === "" ? reached : either(from, reached);
    for (const _more of isList ? [] : variables.slice(1)) {
      reached = value(uri, separator(uri, reached));
      all = either(all, reached);
    }
    return all;
  };
}

function literal(text: string): Step {
  return (uri, from) => {
    const reached = new Uint8Array(from.length);
    for (let start = from.indexOf(1); start !== -1; start = from.indexOf(1, start + 1)) {
      if (uri.startsWith(text, start)) reached[start + text.length] = 1;
    }
    return reached;
  };
}

/** Any number of characters that are not excluded. */
function run(excluded: string): Step {
  const codes = [...excluded].map((character) => character.charCodeAt(0));
  return (uri, from) => {
    const reached = from.slice();
    for (let end = 1; end < reached.length; end += 1) {
      if (reached[end - 1] === 1 && !codes.includes(uri.charCodeAt(end - 1))) reached[end] = 1;
    }
    return reached;
  };
}

function either(one: Reached, other: Reached): Reached {
  return one.map((mark, position) => mark | (other[position] ?? 0));
}
