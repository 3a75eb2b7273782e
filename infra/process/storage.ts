import { variableName } from "@mcp-fleet/contract/settings";
import * as k8s from "@pulumi/kubernetes";
import { type Input, output } from "@pulumi/pulumi";
import type {
  ConfigMapKeyArgs,
  SecretKeyArgs,
  SessionStorageArgs,
} from "../arguments/session-storage-args.ts";
import { present } from "../facts.ts";
import type { KeptFile } from "../pods/kept-file.ts";
import { labelsOf, logicalNameOf, type ProcessSpec } from "./process-spec.ts";

/** The mount path of the store's password and CA certificates. */
export const STORAGE_PATH = "/etc/mcp-fleet/storage";

/** The mount path of a password in a Secret of the user. */
const PASSWORD_PATH = "/etc/mcp-fleet/storage-password";

/** The mount path of CA certificates in a Secret or ConfigMap of the user. */
const CA_PATH = "/etc/mcp-fleet/storage-ca";

/** Secrets are readable for the container's user and group only. */
export const SECRET_MODE = 0o440;

const PASSWORD_FILE = "password";
const SENTINEL_PASSWORD_FILE = "sentinel-password";
const CA_FILE = "ca.crt";

const CA_VOLUME = "storage-ca";

/** The mount paths of a client certificate and its key in Secrets of the user. */
const CERT_PATH = "/etc/mcp-fleet/storage-cert";
const KEY_PATH = "/etc/mcp-fleet/storage-key";
const CERT_FILE = "tls.crt";
const KEY_FILE = "tls.key";

/** Where the Secret has the address of a store with a name. */
const ADDRESS = "address";
const SENTINEL_ADDRESSES = "sentinel-addresses";
const CLUSTER_ADDRESSES = "cluster-addresses";

/** The prefix of the keys. The default contains the name of the component, so that several can share a store. */
export function keyPrefixOf({ keyPrefix }: SessionStorageArgs, instance: string): string {
  return keyPrefix ?? `mcp-fleet:${instance}:`;
}

/** The section `sessionStorage` of a configuration. */
export function storageSettings(
  storage: SessionStorageArgs,
  instance: string,
  hasAddress = true,
): Record<string, unknown> {
  const { address, sentinel, cluster, db, username, password, passwordRef } = storage;
  const tls = tlsSettings(storage);
  const hasPassword = password !== undefined || passwordRef !== undefined;
  const passwordFile = hasPassword
    ? `${passwordRef === undefined ? STORAGE_PATH : PASSWORD_PATH}/${PASSWORD_FILE}`
    : undefined;
  return present<unknown>({
    provider: "redis",
    address: hasAddress ? address : undefined,
    db,
    keyPrefix: keyPrefixOf(storage, instance),
    recordFormat: storage.recordFormat,
    username,
    passwordFile,
    tls,
    sentinel:
      sentinel &&
      present<unknown>({
        masterName: sentinel.masterName,
        addrs: hasAddress ? sentinel.addresses : undefined,
        username: sentinel.username,
        passwordFile:
          sentinel.password === undefined
            ? sentinel.username && passwordFile
            : `${STORAGE_PATH}/${SENTINEL_PASSWORD_FILE}`,
        tls,
      }),
    cluster:
      cluster &&
      present<unknown>({
        addrs: hasAddress ? cluster.addresses : undefined,
        natMap: cluster.natMap,
        shards: cluster.shards,
      }),
  });
}

/**
 * The same as it stands in the file. The address of a store with a name may be known only after the update: it is in a
 * Secret, so that the rest of the file can be judged before.
 */
export const fileSettings = (storage: SessionStorageArgs, instance: string) =>
  storageSettings(storage, instance, storage.name === undefined);

/** The variables with the address of a store that has a name. */
export function addressVariables(
  { name, address, sentinel, cluster }: SessionStorageArgs,
  secret: k8s.core.v1.Secret,
): k8s.types.input.core.v1.EnvVar[] {
  if (name === undefined) return [];
  const variable = (path: readonly string[], key: string) => ({
    name: variableName(["sessionStorage", ...path]),
    valueFrom: { secretKeyRef: { name: secret.metadata.name, key } },
  });
  return [
    ...(address === undefined ? [] : [variable(["address"], ADDRESS)]),
    ...(sentinel === undefined ? [] : [variable(["sentinel", "addrs"], SENTINEL_ADDRESSES)]),
    ...(cluster === undefined ? [] : [variable(["cluster", "addrs"], CLUSTER_ADDRESSES)]),
  ];
}

function addressFiles({
  name,
  address,
  sentinel,
  cluster,
}: SessionStorageArgs): Record<string, Input<string> | undefined> {
  if (name === undefined) return {};
  const list = (addresses: Input<string>[]) =>
    output(addresses).apply((all) => JSON.stringify(all));
  return {
    [ADDRESS]: address,
    [SENTINEL_ADDRESSES]: sentinel && list(sentinel.addresses),
    [CLUSTER_ADDRESSES]: cluster && list(cluster.addresses),
  };
}

function tlsSettings({ tls }: SessionStorageArgs): Record<string, unknown> | undefined {
  if (tls === undefined) return undefined;
  const { ca, caRef, caConfigMapRef, servername } = tls;
  const own = ca === undefined ? undefined : `${STORAGE_PATH}/${CA_FILE}`;
  const caFile = (caRef ?? caConfigMapRef) === undefined ? own : `${CA_PATH}/${CA_FILE}`;
  const certFile = tls.certRef && `${CERT_PATH}/${CERT_FILE}`;
  const keyFile = tls.keyRef && `${KEY_PATH}/${KEY_FILE}`;
  return present<unknown>({ caFile, servername, certFile, keyFile });
}

/** The Secret with the store's passwords and CA certificates; undefined where there are none, or the user has a Secret. */
export function storageSecret(spec: ProcessSpec): k8s.core.v1.Secret | undefined {
  const files = present<Input<string>>({
    [PASSWORD_FILE]: spec.storage?.password,
    [SENTINEL_PASSWORD_FILE]: spec.storage?.sentinel?.password,
    [CA_FILE]: spec.storage?.tls?.ca,
    ...(spec.storage && addressFiles(spec.storage)),
  });
  if (Object.keys(files).length === 0) return undefined;
  return new k8s.core.v1.Secret(
    `${logicalNameOf(spec)}-storage`,
    {
      metadata: { namespace: spec.namespace, labels: labelsOf(spec) },
      stringData: files,
    },
    { parent: spec.parent },
  );
}

/** The volumes of the user's own Secrets and ConfigMaps, each with its mount path. */
export function keptFiles({ passwordRef, tls }: SessionStorageArgs): KeptFile[] {
  const kept: (KeptFile | undefined)[] = [
    passwordRef && keptSecret("storage-password", PASSWORD_PATH, PASSWORD_FILE, passwordRef),
    tls?.caRef && keptSecret(CA_VOLUME, CA_PATH, CA_FILE, tls.caRef),
    tls?.caConfigMapRef && keptConfigMap(CA_VOLUME, CA_PATH, CA_FILE, tls.caConfigMapRef),
    tls?.certRef && keptSecret("storage-cert", CERT_PATH, CERT_FILE, tls.certRef),
    tls?.keyRef && keptSecret("storage-key", KEY_PATH, KEY_FILE, tls.keyRef),
  ];
  return kept.filter((file) => file !== undefined);
}

function keptSecret(
  name: string,
  mountPath: string,
  path: string,
  { name: secretName, key }: SecretKeyArgs,
): KeptFile {
  const secret = { secretName, items: [{ key, path }], defaultMode: SECRET_MODE };
  return { volume: { name, secret }, mountPath };
}

function keptConfigMap(
  volume: string,
  mountPath: string,
  path: string,
  { name, key }: ConfigMapKeyArgs,
): KeptFile {
  return { volume: { name: volume, configMap: { name, items: [{ key, path }] } }, mountPath };
}
