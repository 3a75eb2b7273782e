import { isSection } from "@mcp-fleet/contract";
import { stsUrl } from "@mcp-fleet/contract/settings";
import * as k8s from "@pulumi/kubernetes";
import type { Input } from "@pulumi/pulumi";
import type { BackendArgs } from "../arguments/backend-args.ts";
import type {
  BackendAuthArgs,
  ClientCredentialsArgs,
  OutgoingAuthArgs,
  ServiceAccountTokenArgs,
  XaaArgs,
} from "../arguments/outgoing-auth-args.ts";
import type { SecretKeyArgs } from "../arguments/session-storage-args.ts";
import { present } from "../facts.ts";
import type { KeptFile } from "../pods/kept-file.ts";
import { labelsOf, logicalNameOf, type ProcessSpec } from "./process-spec.ts";
import { SECRET_MODE } from "./storage.ts";

/** Where pods have the secrets of their strategies, a file each. */
const AUTH_PATH = "/etc/mcp-fleet/backend-auth";

const TOKEN_SECONDS = 3600;

type OfBackend = Pick<BackendArgs, "name" | "discoveryAuth">;

/** A strategy, where it stands in the arguments, and how the names of its files begin. */
export interface PlacedAuth {
  readonly argument: string;
  readonly owner: string;
  readonly auth: BackendAuthArgs;
}

/** A secret of a strategy: the field that has its value, and the ways in which it may be given. */
export interface AuthSecret {
  readonly section: string;
  readonly field: string;
  readonly value?: Input<string> | undefined;
  readonly ref?: SecretKeyArgs | undefined;
  /** A file of the pods that somebody else mounts. */
  readonly file?: string | undefined;
  readonly token?: ServiceAccountTokenArgs | undefined;
}

/** Every strategy of a process: of its backends, and of those whose lists it reads as itself. */
export function placedAuths(
  { default: fallback, backends: own = {} }: OutgoingAuthArgs = {},
  backends: readonly OfBackend[] = [],
): PlacedAuth[] {
  return [
    ...(fallback ? [{ argument: "outgoingAuth.default", owner: "default", auth: fallback }] : []),
    ...Object.entries(own).map(([name, auth]) => ({
      argument: `outgoingAuth.backends.${name}`,
      owner: ownerOf(name),
      auth,
    })),
    ...backends.flatMap(({ name, discoveryAuth: auth }, index) => {
      const argument = `backends[${index}].discoveryAuth`;
      return auth ? [{ argument, owner: discoveryOwnerOf(name), auth }] : [];
    }),
  ];
}

const ownerOf = (name: string) => `backend.${name}`;
const discoveryOwnerOf = (name: string) => `discovery.${name}`;

/** Every secret that a strategy may have. */
export function secretsOf({
  headerInjection: header,
  bearerToken: bearer,
  clientCredentials,
  tokenExchange,
  awsSts,
  xaa,
}: BackendAuthArgs): AuthSecret[] {
  const secrets: AuthSecret[] = [];
  if (header) {
    const { headerValue: value, headerValueRef: ref, headerValueFile: file } = header;
    secrets.push({ section: "headerInjection", field: "headerValue", value, ref, file });
  }
  if (bearer) {
    const { token: value, tokenRef: ref, tokenFile: file, serviceAccountToken: token } = bearer;
    secrets.push({ section: "bearerToken", field: "token", value, ref, file, token });
  }
  if (clientCredentials) secrets.push(...clientSecrets("clientCredentials", clientCredentials));
  if (tokenExchange) secrets.push(...clientSecrets("tokenExchange", tokenExchange));
  if (awsSts) {
    const { webIdentityTokenFile: file, serviceAccountToken: token } = awsSts;
    secrets.push({ section: "awsSts", field: "webIdentityToken", file, token });
  }
  if (xaa) secrets.push(...crossAppSecrets(xaa));
  return secrets;
}

function clientSecrets(section: string, client: ClientCredentialsArgs): AuthSecret[] {
  const { clientSecret, clientSecretRef, clientSecretFile } = client;
  const { privateKey, privateKeyRef, privateKeyFile } = client;
  return [
    {
      ...{ section, field: "clientSecret", value: clientSecret },
      ...{ ref: clientSecretRef, file: clientSecretFile },
    },
    {
      ...{ section, field: "privateKey", value: privateKey },
      ...{ ref: privateKeyRef, file: privateKeyFile },
    },
  ];
}

function crossAppSecrets(xaa: XaaArgs): AuthSecret[] {
  return [
    {
      ...{ section: "xaa", field: "idpClientSecret", value: xaa.idpClientSecret },
      ...{ ref: xaa.idpClientSecretRef, file: xaa.idpClientSecretFile },
    },
    {
      ...{ section: "xaa", field: "targetClientSecret", value: xaa.targetClientSecret },
      ...{ ref: xaa.targetClientSecretRef, file: xaa.targetClientSecretFile },
    },
  ];
}

/** The section `outgoingAuth` of a configuration: secrets are files. */
export function outgoingAuthSettings({ default: fallback, backends }: OutgoingAuthArgs): object {
  return present<unknown>({
    default: fallback && strategySettings("default", fallback),
    backends:
      backends &&
      Object.fromEntries(
        Object.entries(backends).map(([name, auth]) => [
          name,
          strategySettings(ownerOf(name), auth),
        ]),
      ),
  });
}

/** The same of the strategy with which the lists of a backend are read. */
export const discoveryAuthSettings = ({ name, discoveryAuth }: OfBackend): object | undefined =>
  discoveryAuth && strategySettings(discoveryOwnerOf(name), discoveryAuth);

function strategySettings(owner: string, auth: BackendAuthArgs): object {
  const secrets = secretsOf(auth);
  return Object.fromEntries(
    Object.entries(auth).map(([section, given]) => {
      const own = secrets.filter((secret) => secret.section === section);
      return [section, isSection(given) ? withFiles(owner, given, own) : given];
    }),
  );
}

function withFiles(owner: string, given: object, secrets: readonly AuthSecret[]): object {
  const kept = new Set(secrets.flatMap(({ field }) => [field, `${field}Ref`]));
  const rest = Object.entries(given).filter(
    ([key]) => !kept.has(key) && key !== "serviceAccountToken",
  );
  const files = secrets
    .filter(({ value, ref, token }) => (value ?? ref ?? token) !== undefined)
    .map((secret) => [`${secret.field}File`, `${AUTH_PATH}/${fileOf(owner, secret)}`] as const);
  return present<unknown>(Object.fromEntries([...rest, ...files]));
}

const fileOf = (owner: string, { field }: AuthSecret): string => `${owner}.${field}`;

/** The volume with all secrets of strategies, those that are given as values in a Secret of its own; undefined where there are none. */
export function authVolume(spec: ProcessSpec): KeptFile | undefined {
  const secrets = placedAuths(spec.process.outgoingAuth, spec.backends).flatMap(({ owner, auth }) =>
    secretsOf(auth).map((secret) => ({ ...secret, path: fileOf(owner, secret) })),
  );
  const values = Object.fromEntries(
    secrets.flatMap(({ path, value }) => (value === undefined ? [] : [[path, value] as const])),
  );
  const own = ownSecret(spec, values);
  const sources: k8s.types.input.core.v1.VolumeProjection[] = [
    ...(own
      ? [
          {
            secret: {
              name: own.metadata.name,
              items: Object.keys(values).map((path) => ({ key: path, path })),
            },
          },
        ]
      : []),
    ...secrets.flatMap(({ path, ref, token }) => [
      ...(ref ? [{ secret: { name: ref.name, items: [{ key: ref.key, path }] } }] : []),
      ...(token ? [{ serviceAccountToken: projected(token, path) }] : []),
    ]),
  ];
  if (sources.length === 0) return undefined;
  const volume = { name: "backend-auth", projected: { sources, defaultMode: SECRET_MODE } };
  return { volume, mountPath: AUTH_PATH };
}

const projected = (
  { audience, expirationSeconds = TOKEN_SECONDS }: ServiceAccountTokenArgs,
  path: string,
) => ({ audience, expirationSeconds, path });

function ownSecret(
  spec: ProcessSpec,
  stringData: Readonly<Record<string, Input<string>>>,
): k8s.core.v1.Secret | undefined {
  if (Object.keys(stringData).length === 0) return undefined;
  return new k8s.core.v1.Secret(
    `${logicalNameOf(spec)}-backend-auth`,
    { metadata: { namespace: spec.namespace, labels: labelsOf(spec) }, stringData },
    { parent: spec.parent },
  );
}

/** Where tokens are got: token endpoints. */
export function tokenAddresses(
  outgoing: OutgoingAuthArgs | undefined,
  backends: readonly OfBackend[],
): Input<string>[] {
  const urls = placedAuths(outgoing, backends).flatMap(({ auth }) => [
    auth.clientCredentials?.tokenUrl,
    auth.tokenExchange?.tokenUrl,
    auth.xaa?.idpTokenUrl,
    auth.xaa?.targetTokenUrl,
    auth.awsSts && (auth.awsSts.stsUrl ?? stsUrl(auth.awsSts.region)),
  ]);
  return urls.filter((url) => url !== undefined);
}
