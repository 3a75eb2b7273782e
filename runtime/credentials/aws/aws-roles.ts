import { Environment, type ParseResult } from "@marcbachmann/cel-js";
import { brief, ConfigError, type Fault, fault } from "@mcp-fleet/contract";
import type { AwsStsSettings } from "@mcp-fleet/contract/settings";

/** What a token says of its subject. */
export type Claims = Readonly<Record<string, unknown>>;

interface Role {
  readonly arn: string;
  readonly fits: (claims: Claims) => boolean;
}

/** Which role of AWS is assumed for whom. */
export class AwsRoles {
  readonly #roles: readonly Role[];
  readonly #fallback: string | undefined;

  /** @throws {ConfigError} with the expressions that cannot be used. */
  constructor({ roles, roleClaim, fallbackRoleArn }: AwsStsSettings, backend: string) {
    const environment = new Environment().registerVariable("claims", "map<string, dyn>");
    const faults: Fault[] = [];
    this.#fallback = fallbackRoleArn;
    this.#roles = roles.map(({ claim, matcher, roleArn }) => {
      if (matcher === undefined) {
        return { arn: roleArn, fits: (claims) => holds(claims[roleClaim], claim) };
      }
      const expression = parsed(environment, matcher);
      if (typeof expression === "string") {
        const rule = `of the backend ${backend} must be a condition in CEL over claims`;
        faults.push(fault(["awsSts", "roleMappings", "matcher"], matcher, rule, expression));
        return { arn: roleArn, fits: () => false };
      }
      return { arn: roleArn, fits: (claims) => isTrue(expression, claims) };
    });
    if (faults.length > 0) throw new ConfigError(faults);
  }

  /** The role of a client; undefined where there is none for it. */
  roleFor(claims: Claims): string | undefined {
    return this.#roles.find(({ fits }) => fits(claims))?.arn ?? this.#fallback;
  }
}

/** The expression, or why it is none. */
function parsed(environment: Environment, matcher: string): ParseResult | string {
  try {
    const expression = environment.parse(matcher);
    const { valid, type, error } = expression.check();
    if (!valid) return brief(error?.message ?? "correct it");
    return type === "bool" || type === "dyn" ? expression : `let it be true or false, not ${type}`;
  } catch (error) {
    return brief(error instanceof Error ? error.message : String(error));
  }
}

/** What asks for a claim that a client does not have is not true of it. */
function isTrue(expression: ParseResult, claims: Claims): boolean {
  try {
    return expression({ claims }) === true;
  } catch {
    return false;
  }
}

function holds(value: unknown, wanted: string | undefined): boolean {
  return Array.isArray(value) ? value.includes(wanted) : value === wanted;
}
