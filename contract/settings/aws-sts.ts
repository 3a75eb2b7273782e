import * as z from "zod";
import { count, matching, text, url } from "./fields.ts";
import type { SecretSource } from "./secret-source.ts";
import { subjectProviderName } from "./token-request.ts";

/** Which clients a role of AWS is for. */
export interface AwsRoleMapping {
  /** A value of the claim `roleClaim`. */
  readonly claim?: string;
  /** An expression in CEL over `claims`. */
  readonly matcher?: string;
  readonly roleArn: string;
}

/** How requests are signed with credentials of AWS that a token is exchanged for. */
export interface AwsStsSettings {
  readonly region: string;
  /** The service that signatures are for. */
  readonly service: string;
  readonly stsUrl: string;
  /** The first one that a client fits decides. */
  readonly roles: readonly AwsRoleMapping[];
  readonly fallbackRoleArn?: string;
  readonly roleClaim: string;
  readonly sessionSeconds: number;
  readonly sessionNameClaim: string;
  /** The gateway's own token. Absent: that of the client. */
  readonly webIdentityToken?: SecretSource;
}

const roleArn = (description: string) =>
  matching(
    description,
    /^arn:aws[a-z-]*:iam::\d{12}:role\/\S+$/,
    "must be the ARN of an IAM role",
    "write it as arn:aws:iam::123456789012:role/name",
  );

const roleMapping = z.strictObject({
  claim: text(
    "The role is for clients whose roleClaim is this value, or a list with it. Either claim or matcher is required.",
  ).optional(),
  matcher: text(
    "The role is for clients whose claims fit this expression in CEL, such as claims.dept == 'ops' && 'admins' in claims.groups.",
  ).optional(),
  roleArn: roleArn("The role."),
  priority: z
    .int()
    .optional()
    .describe(
      "Of the roles that a client fits, the one with the lowest number is assumed. Absent: after those with one, in the order of the list.",
    ),
});

/** ToolHive's `awsSts`, and ours on top. */
export const awsSts = z.strictObject({
  region: matching(
    "The region of the AWS security token service and of the server.",
    /^[a-z]{2,4}(?:-[a-z]+)+-\d+$/,
    "must be a region of AWS",
    "write it as us-east-1",
  ),
  service: matching(
    "The service that the signatures are for.",
    /^[a-z0-9-]+$/,
    "must be the name of a service in signatures: lowercase letters, digits and dashes",
    "use aws-mcp, bedrock-agentcore, execute-api or lambda",
  ).default("aws-mcp"),
  fallbackRoleArn: roleArn("The role of clients that no entry of roleMappings fits.").optional(),
  roleMappings: z
    .array(roleMapping)
    .default([])
    .describe("Which role which clients get. roleMappings or fallbackRoleArn is required."),
  roleClaim: text("The claim of the token that roleMappings[].claim is looked for in.").default(
    "groups",
  ),
  sessionDuration: count("How long credentials are good, in seconds.", 900, 43_200).default(3600),
  sessionNameClaim: text(
    "The claim that names the session, as CloudTrail shows it: 2 to 64 letters, digits and any of + = , . @ - _. Clients whose claim is not such a name get no credentials.",
  ).default("sub"),
  subjectProviderName,
  webIdentityTokenFile: text(
    "A file with a token of the gateway's own, such as the projected service account token of IRSA, read again whenever it changes. The credentials are then the same for all clients, and the session is called mcp-fleet. Absent: each client's token is exchanged.",
  ).optional(),
  stsUrl: url(
    "The URL of the security token service, such as a VPC endpoint. Absent: that of the region.",
  ).optional(),
  insecureAllowHttp: z
    .boolean()
    .default(false)
    .describe(
      "Allows stsUrl to be http on another host than this one. Tokens and credentials can then be read on the way.",
    ),
});

/** The security token service of a region. */
export function stsUrl(region: string): string {
  const domain = region.startsWith("cn-") ? "amazonaws.com.cn" : "amazonaws.com";
  return `https://sts.${region}.${domain}/`;
}

/** The settings of a valid section. */
export function awsStsOf(parsed: z.output<typeof awsSts>): AwsStsSettings {
  const { region, service, fallbackRoleArn, roleClaim, sessionDuration, sessionNameClaim } = parsed;
  const { webIdentityTokenFile: path, roleMappings } = parsed;
  const rank = ({ priority = Number.MAX_SAFE_INTEGER }: (typeof roleMappings)[number]) => priority;
  const roles = roleMappings.toSorted((one, other) => rank(one) - rank(other));
  return {
    region,
    service,
    stsUrl: parsed.stsUrl ?? stsUrl(region),
    roles: roles.map((role) => ({
      ...(role.claim !== undefined && { claim: role.claim }),
      ...(role.matcher !== undefined && { matcher: role.matcher }),
      roleArn: role.roleArn,
    })),
    ...(fallbackRoleArn !== undefined && { fallbackRoleArn }),
    roleClaim,
    sessionSeconds: sessionDuration,
    sessionNameClaim,
    ...(path !== undefined && { webIdentityToken: { kind: "file", path } }),
  };
}
