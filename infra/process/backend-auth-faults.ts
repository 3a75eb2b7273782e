import type { BackendArgs } from "../arguments/backend-args.ts";
import { BackendAuthType, ClientAuthMethod } from "../arguments/choices.ts";
import type { BackendAuthArgs, OutgoingAuthArgs } from "../arguments/outgoing-auth-args.ts";
import type { ArgumentFault } from "../faults/argument-faults.ts";
import { type AuthSecret, placedAuths, secretsOf } from "./backend-auth.ts";

/** What a secret may be given by, in words. */
type Way = readonly [argument: string, given: unknown];

function waysOf({ field, value, ref, file, token }: AuthSecret): Way[] {
  const ofService: Way = ["serviceAccountToken", token];
  // A token of the process's own is given by nothing that has it as a value.
  if (field === "webIdentityToken") return [[`${field}File`, file], ofService];
  return [
    [field, value],
    [`${field}Ref`, ref],
    [`${field}File`, file],
    ...(field === "token" ? [ofService] : []),
  ];
}

/** The faults of secrets of strategies: each is given once, and what a type does not go without is given. */
export function backendAuthFaults(
  outgoing: OutgoingAuthArgs | undefined,
  backends: readonly Pick<BackendArgs, "name" | "discoveryAuth">[],
  pathOf: (argument: string) => string,
): ArgumentFault[] {
  return placedAuths(outgoing, backends).flatMap(({ argument, auth }) =>
    secretsOf(auth).flatMap((secret) => {
      const at = (name: string) => pathOf(`${argument}.${secret.section}.${name}`);
      const ways = waysOf(secret);
      const [first, ...others] = ways.filter(([, given]) => given !== undefined);
      if (first === undefined) {
        if (!isNeeded(auth, secret)) return [];
        const rule = `one of ${ways.map(([name]) => name).join(", ")} is required`;
        return [{ path: at(secret.field), rule, fix: "add one" }];
      }
      return others.map(([name]) => ({
        path: at(name),
        rule: `must be absent if ${first[0]} is set`,
        fix: `remove it, or remove ${first[0]}`,
      }));
    }),
  );
}

function isNeeded(auth: BackendAuthArgs, { section, field }: AuthSecret): boolean {
  if (field === "headerValue" || field === "token") return true;
  if (section === "awsSts" || section === "xaa") return false;
  const client = section === "tokenExchange" ? auth.tokenExchange : auth.clientCredentials;
  const signs = client?.clientAuth === ClientAuthMethod.PrivateKeyJwt;
  if (field === "privateKey") return signs;
  return !signs && auth.type === BackendAuthType.ClientCredentials;
}

/** The argument of a field of a strategy: the file of a secret stands for what was given. */
export function authArgument(path: string): string {
  return path.replace(
    /^((?:outgoingAuth|backends\[\d+\]\.discoveryAuth)\..*\.(?:headerValue|token|webIdentityToken|clientSecret|idpClientSecret|targetClientSecret|privateKey))File$/,
    "$1",
  );
}
