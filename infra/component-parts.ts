import { Resource } from "@pulumi/pulumi";
import type { BackendArgs, HasBackend } from "./arguments/backend-args.ts";
import type { HasConnection, SessionStorageArgs } from "./arguments/session-storage-args.ts";

const isServer = (given: unknown): given is HasBackend =>
  Resource.isInstance(given) && "backend" in given;

const isStore = (given: unknown): given is HasConnection =>
  Resource.isInstance(given) && "connection" in given;

/** An entry of `backends`: of a server, its backend. */
export const backendOf = (given: BackendArgs | HasBackend): BackendArgs =>
  isServer(given) ? given.backend : given;

/** A `sessionStorage`: of a store, the connection that all share. */
export const storageOf = (given: SessionStorageArgs | HasConnection): SessionStorageArgs =>
  isStore(given) ? given.connection : given;
