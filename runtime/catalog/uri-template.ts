/**
 * Whether a URI can come from an RFC 6570 template. Values are not taken out: the backend does that.
 * A variable matches what its operator lets through; `{?x}` and `{&x}` match with and without it.
 */
export class UriTemplate {
  readonly #pattern: RegExp;
  /** Characters that stand in the template as they are: of several that match, the most literal one is meant. */
  readonly literalLength: number;

  constructor(template: string) {
    let pattern = "";
    let literalLength = 0;
    for (const part of template.split(/(\{[^{}]*\})/)) {
      if (part.startsWith("{") && part.endsWith("}")) pattern += expression(part.slice(1, -1));
      else {
        pattern += literal(part);
        literalLength += part.length;
      }
    }
    this.#pattern = new RegExp(`^${pattern}$`);
    this.literalLength = literalLength;
  }

  matches(uri: string): boolean {
    return this.#pattern.test(uri);
  }
}

/** Per operator: what stands before the first value, between values, and which characters a value has. */
const OPERATORS: Readonly<
  Record<string, readonly [first: string, between: string, value: string]>
> = {
  "": ["", ",", "[^/?#,]*"],
  "+": ["", ",", "[^?#]*"],
  "#": ["#", ",", ".*"],
  ".": [".", ".", "[^./?#]*"],
  "/": ["/", "/", "[^/?#]*"],
  ";": [";", ";", "[^;/?#]*"],
  "?": ["?", "&", "[^&#]*"],
  "&": ["&", "&", "[^&#]*"],
};

function expression(body: string): string {
  const symbol = /^[+#./;?&]/.exec(body)?.[0] ?? "";
  const [first, between, value] = OPERATORS[symbol] ?? ["", ",", "[^/?#,]*"];
  const variables = body.slice(symbol.length).split(",");
  const list = variables.some((variable) => variable.endsWith("*"));
  const rest = `(?:${literal(between)}${value})`;
  const times = list ? "*" : `{0,${variables.length - 1}}`;
  const values = `${literal(first)}${value}${rest}${times}`;
  return first === "" ? values : `(?:${values})?`;
}

function literal(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\/-]/g, "\\$&");
}
