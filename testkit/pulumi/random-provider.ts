/** A stand-in for Pulumi's random provider: bytes, ids, passwords and strings that stay until an input changes. */
import { randomBytes, randomInt } from "node:crypto";

import sdk from "@pulumi/random/package.json" with { type: "json" };

import { changes, type Properties } from "./difference.ts";
import {
  type Created,
  type ResourceProvider,
  type Subject,
  serveProvider,
} from "./resource-provider.ts";

const LOWER = "abcdefghijklmnopqrstuvwxyz";
const DIGITS = "0123456789";
const SPECIAL = "!@#$%&*()-_=+[]{}<>:?";

/** The classes of characters that the inputs allow, and how many of each there must be. */
function alphabets(inputs: Properties): { readonly characters: string; readonly min: number }[] {
  const special = inputs.overrideSpecial;
  const classes = [
    { name: "lower", characters: LOWER, min: inputs.minLower },
    { name: "upper", characters: LOWER.toUpperCase(), min: inputs.minUpper },
    { name: "numeric", characters: DIGITS, min: inputs.minNumeric },
    {
      name: "special",
      characters: typeof special === "string" ? special : SPECIAL,
      min: inputs.minSpecial,
    },
  ];
  return classes
    .filter(
      ({ name }) => inputs[name] !== false && !(name === "numeric" && inputs.number === false),
    )
    .map(({ characters, min }) => ({ characters, min: Number(min ?? 0) }));
}

function pick(characters: string, count: number): string[] {
  return Array.from({ length: count }, () => characters.charAt(randomInt(characters.length)));
}

function shuffled(characters: string[]): string {
  const result = [...characters];
  for (let at = result.length - 1; at > 0; at--) {
    const other = randomInt(at + 1);
    const [one = "", two = ""] = [result[at], result[other]];
    [result[at], result[other]] = [two, one];
  }
  return result.join("");
}

function text(inputs: Properties): string {
  const allowed = alphabets(inputs);
  const required = allowed.flatMap(({ characters, min }) => pick(characters, min));
  const all = allowed.map(({ characters }) => characters).join("");
  return shuffled([...required, ...pick(all, Number(inputs.length) - required.length)]);
}

function id(inputs: Properties): Created {
  const bytes = randomBytes(Number(inputs.byteLength));
  const prefix = typeof inputs.prefix === "string" ? inputs.prefix : "";
  const hex = bytes.toString("hex");
  const outputs = {
    hex: `${prefix}${hex}`,
    dec: `${prefix}${BigInt(`0x${hex}`)}`,
    b64Std: `${prefix}${bytes.toString("base64")}`,
    b64Url: `${prefix}${bytes.toString("base64url")}`,
  };
  return { id: bytes.toString("base64url"), outputs };
}

/** By type: what it makes of its inputs. */
const MAKERS: { readonly [type: string]: (inputs: Properties) => Created } = {
  "random:index/randomBytes:RandomBytes": (inputs) => {
    const bytes = randomBytes(Number(inputs.length));
    const base64 = bytes.toString("base64");
    return { id: base64, outputs: { base64, hex: bytes.toString("hex") } };
  },
  "random:index/randomId:RandomId": id,
  // The vendor's has a bcrypt hash too, which nothing here asks for.
  "random:index/randomPassword:RandomPassword": (inputs) => ({
    id: "none",
    outputs: { result: text(inputs) },
  }),
  "random:index/randomString:RandomString": (inputs) => {
    const result = text(inputs);
    return { id: result, outputs: { result } };
  },
};

const NUMBER = { type: "number" };
const BOOLEAN = { type: "boolean" };
const STRING = { type: "string" };
const KEEPERS = { type: "object", additionalProperties: STRING };
const CHARACTERS = {
  length: NUMBER,
  keepers: KEEPERS,
  overrideSpecial: STRING,
  ...{ lower: BOOLEAN, upper: BOOLEAN, numeric: BOOLEAN, special: BOOLEAN },
  ...{ minLower: NUMBER, minUpper: NUMBER, minNumeric: NUMBER, minSpecial: NUMBER },
};

function resource(inputProperties: object, outputs: readonly string[], secret: boolean) {
  const made = Object.fromEntries(outputs.map((name) => [name, { type: "string", secret }]));
  return { inputProperties, properties: { ...inputProperties, ...made } };
}

class RandomProvider implements ResourceProvider {
  readonly replacedBy = [];
  readonly schema = {
    name: "random",
    version: `${sdk.version}+stand-in`,
    resources: {
      "random:index/randomBytes:RandomBytes": resource(
        { length: NUMBER, keepers: KEEPERS },
        ["base64", "hex"],
        true,
      ),
      "random:index/randomId:RandomId": resource(
        { byteLength: NUMBER, keepers: KEEPERS, prefix: STRING },
        ["b64Std", "b64Url", "dec", "hex"],
        false,
      ),
      "random:index/randomPassword:RandomPassword": resource(CHARACTERS, ["result"], true),
      "random:index/randomString:RandomString": resource(CHARACTERS, ["result"], false),
    },
  };

  secretOutputs({ type }: Subject): readonly string[] {
    if (type.endsWith(":RandomPassword")) return ["result"];
    return type.endsWith(":RandomBytes") ? ["base64", "hex"] : [];
  }

  configure(): void {}

  check(_subject: Subject, inputs: Properties): Properties {
    return inputs;
  }

  /** A new value is a new resource. */
  diff(_subject: Subject, old: Properties, inputs: Properties) {
    return { changes: changes(old, inputs), replaces: () => true, deleteBeforeReplace: false };
  }

  async create({ type }: Subject, inputs: Properties): Promise<Created> {
    const make = MAKERS[type];
    if (make === undefined) throw new Error(`this stand-in for the random provider has no ${type}`);
    const { id, outputs } = make(inputs);
    return { id, outputs: { ...inputs, ...outputs } };
  }

  update(): Promise<Properties> {
    throw new Error("a random value is replaced, never updated");
  }

  async read(outputs: Properties): Promise<Properties> {
    return outputs;
  }

  async delete(): Promise<void> {}
}

await serveProvider(new RandomProvider());
