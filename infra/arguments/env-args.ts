import type { Input } from "@pulumi/pulumi";
import type { SecretKeyArgs } from "./session-storage-args.ts";

/** An environment variable of a container. */
export interface EnvArgs {
  /** The name of the variable. */
  name: string;
  /** The value of the variable. Use secrets for secret values. */
  value: Input<string>;
}

/** An environment variable of a container with a value from a Secret. */
export interface SecretEnvArgs extends SecretKeyArgs {
  /** The name of the variable. */
  targetEnvName: string;
}
