import * as k8s from "@pulumi/kubernetes";
import type { Output } from "@pulumi/pulumi";
import { present } from "../facts.ts";
import { nodeSecret, sentinelSecret } from "./acl.ts";
import { DEFAULT_ENGINE } from "./images.ts";
import { KEY_PREFIX, keySpace } from "./key-space.ts";
import { known, type PasswordOutputs } from "./passwords.ts";
import { MASTER_NAME } from "./pods.ts";
import { LIMITS_FILE, limitsFile, redisConf } from "./redis-conf.ts";
import {
  labelsOf,
  limitsName,
  partName,
  REPLICAS,
  type RedisPart,
  type RedisSpec,
  secretsName,
} from "./redis-spec.ts";
import { scriptFiles } from "./scripts.ts";
import { sentinelConf } from "./sentinel-conf.ts";

/** The exporter's password, in the Secret of the servers. */
export const EXPORTER_PASSWORD = "exporter-password";

/** The ConfigMaps that servers and Sentinels mount. */
export interface RedisFiles {
  readonly scripts: k8s.core.v1.ConfigMap;
  readonly configuration: Readonly<Record<RedisPart, k8s.core.v1.ConfigMap>>;
}

/**
 * Creates them. What is only read at the start has a generated name: changed content is a new object, so pods roll out
 * one by one. Secrets and limits keep their names, and reload.sh applies what changes in them.
 */
export function redisFiles(spec: RedisSpec, passwords: PasswordOutputs): RedisFiles {
  const { size, args } = spec;
  const { engine = DEFAULT_ENGINE, persistence, eviction } = args;
  const users = known(passwords);
  const space = { keyPrefix: KEY_PREFIX, engine, users: (args.users ?? []).map(keySpace) };
  secret(
    spec,
    "redis",
    users.apply((plain) => ({
      ...nodeSecret({ ...space, passwords: plain }),
      ...present({ [EXPORTER_PASSWORD]: plain.exporter }),
    })),
  );
  secret(
    spec,
    "sentinel",
    users.apply((plain) => sentinelSecret(plain, engine)),
  );
  limits(spec);
  return {
    scripts: configMap(spec, "redis", "scripts", scriptFiles()),
    configuration: {
      redis: configMap(spec, "redis", "configuration", {
        "redis.conf": redisConf({
          replicas: REPLICAS - 1,
          maxMemoryBytes: size.maxMemoryBytes,
          ...(persistence && { persistence }),
          ...(eviction && { eviction }),
        }),
      }),
      sentinel: configMap(spec, "sentinel", "configuration", {
        "sentinel.conf": sentinelConf({ masterName: MASTER_NAME }),
      }),
    },
  };
}

function configMap(
  spec: RedisSpec,
  part: RedisPart,
  what: string,
  data: Record<string, string>,
): k8s.core.v1.ConfigMap {
  return new k8s.core.v1.ConfigMap(
    `${partName(spec.logicalName, part)}-${what}`,
    { metadata: { namespace: spec.namespace, labels: labelsOf(spec, part) }, data },
    { parent: spec.parent },
  );
}

function limits(spec: RedisSpec): k8s.core.v1.ConfigMap {
  const { maxClients } = spec.size;
  const name = limitsName(spec.instance);
  return new k8s.core.v1.ConfigMap(
    limitsName(spec.logicalName),
    {
      metadata: { name, namespace: spec.namespace, labels: labelsOf(spec, "redis") },
      data: { [LIMITS_FILE]: limitsFile({ maxClients }) },
    },
    { parent: spec.parent },
  );
}

function secret(
  spec: RedisSpec,
  part: RedisPart,
  stringData: Output<Record<string, string>>,
): k8s.core.v1.Secret {
  const name = secretsName(spec.instance, part);
  return new k8s.core.v1.Secret(
    secretsName(spec.logicalName, part),
    { metadata: { name, namespace: spec.namespace, labels: labelsOf(spec, part) }, stringData },
    { parent: spec.parent },
  );
}
