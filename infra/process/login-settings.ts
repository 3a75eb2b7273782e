import type { Input } from "@pulumi/pulumi";
import { IncomingAuthType } from "../arguments/choices.ts";
import type { IncomingAuthArgs } from "../arguments/settings-args.ts";
import { present } from "../facts.ts";
import type { ArgumentFault } from "../faults/argument-faults.ts";
import { LOGIN_CA_PATH, LOGIN_SECRET_PATH } from "./login.ts";

/** How clients authenticate, as the configuration says it: secrets and certificates are files. */
export function loginSettings({ oidc, ...login }: IncomingAuthArgs): object {
  if (oidc === undefined) return login;
  const { clientSecret, clientSecretRef, caBundle, moreIssuers, ...rest } = oidc;
  const caBundlePath = caBundle === undefined ? undefined : LOGIN_CA_PATH;
  const hasSecret = (clientSecret ?? clientSecretRef) !== undefined;
  return {
    ...login,
    oidc: present<unknown>({
      ...rest,
      clientSecretFile: hasSecret ? LOGIN_SECRET_PATH : undefined,
      caBundlePath,
      moreIssuers: moreIssuers?.map((issuer) => present<unknown>({ ...issuer, caBundlePath })),
    }),
  };
}

/** Where tokens are judged: the URLs of the issuers. */
export function loginAddresses({ jwt, oidc }: IncomingAuthArgs): Input<string>[] {
  const issuers = oidc === undefined ? [] : [oidc, ...(oidc.moreIssuers ?? [])];
  const urls = [
    jwt?.jwks,
    oidc?.introspectionUrl,
    ...issuers.flatMap(({ issuer, jwksUrl }) => [issuer, jwksUrl]),
  ];
  return urls.filter((url) => url !== undefined);
}

/** Whether clients need a token. */
export function judgesTokens(login: IncomingAuthArgs | undefined): boolean {
  return login?.type === IncomingAuthType.Jwt || login?.type === IncomingAuthType.Oidc;
}

/** A secret is given once. */
export function loginFaults({ oidc }: Partial<IncomingAuthArgs>): ArgumentFault[] {
  if (oidc?.clientSecret === undefined || oidc.clientSecretRef === undefined) return [];
  const rule = "must be absent if clientSecret is set";
  const fix = "remove it, or remove clientSecret";
  return [{ path: "incomingAuth.oidc.clientSecretRef", rule, fix }];
}
