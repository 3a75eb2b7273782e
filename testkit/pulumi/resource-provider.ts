import plugins from "@pulumi/pulumi/proto/plugin_pb.js";
import service from "@pulumi/pulumi/proto/provider_grpc_pb.js";
import type {
  CheckRequest,
  ConfigureRequest,
  CreateRequest,
  DeleteRequest,
  DiffRequest,
  ReadRequest,
  UpdateRequest,
} from "@pulumi/pulumi/proto/provider_pb.js";
import messages from "@pulumi/pulumi/proto/provider_pb.js";
import emptyMessages from "google-protobuf/google/protobuf/empty_pb.js";
import type { JavaScriptValue, Struct } from "google-protobuf/google/protobuf/struct_pb.js";
import structs from "google-protobuf/google/protobuf/struct_pb.js";

import { type Change, changes, type Properties, pathText } from "./difference.ts";
import { NotReady } from "./not-ready.ts";
import { Failure, servePlugin, unary } from "./plugin.ts";

/** How the engine marks a secret. */
const SECRET = {
  "4dabf18193072939515e22adb298388d": "1b47061264138c4ac30d75fd1eb44270",
} as const;

/** The resource that a call is about. */
export interface Subject {
  /** As in the URN: `kubernetes:apps/v1:Deployment`. */
  readonly type: string;
  readonly name: string;
}

/** What comes of changed inputs: no changes, an update, or a replacement. */
export interface Difference {
  readonly changes: readonly Change[];
  readonly replaces: (change: Change) => boolean;
  readonly deleteBeforeReplace: boolean;
}

export interface Created {
  readonly id: string;
  readonly outputs: Properties;
}

/** A provider of custom resources, in plain values: secrets are marked by the engine, as they were in the inputs. */
export interface ResourceProvider {
  readonly schema: { readonly name: string; readonly version: string };
  /** The provider's own arguments that cannot change without every resource being replaced. */
  readonly replacedBy: readonly string[];
  /** Outputs that are secret whatever the inputs were. */
  secretOutputs(subject: Subject): readonly string[];
  configure(settings: Properties): void;
  /** The inputs with what the provider adds; `old` are those of the last time. `seed` is for a random part. */
  check(subject: Subject, inputs: Properties, old: Properties, seed: Uint8Array): Properties;
  diff(subject: Subject, old: Properties, inputs: Properties): Difference;
  create(subject: Subject, inputs: Properties, timeoutSeconds: number): Promise<Created>;
  update(
    subject: Subject,
    inputs: Properties,
    old: Properties,
    timeoutSeconds: number,
  ): Promise<Properties>;
  /** What is there now, or undefined. */
  read(outputs: Properties): Promise<Properties | undefined>;
  delete(outputs: Properties, timeoutSeconds: number): Promise<void>;
}

function plain(struct: Struct | undefined): Properties {
  return struct?.toJavaScript() ?? {};
}

function wire(properties: Properties): Struct {
  return structs.Struct.fromJavaScript(properties);
}

function subjectOf(request: { getUrn(): string }): Subject {
  const [, , types = "", name = ""] = request.getUrn().split("::");
  return { type: types.slice(types.lastIndexOf("$") + 1), name };
}

/** Tells the engine of a resource that is there, but not ready. */
async function reported<Value>(work: Promise<Value>): Promise<Value> {
  return await work.catch((error: unknown) => {
    if (!(error instanceof NotReady)) throw error;
    const report = new messages.ErrorResourceInitFailed()
      .setId(error.id)
      .setProperties(wire(error.outputs))
      .setReasonsList([error.message]);
    const type = "pulumirpc.ErrorResourceInitFailed";
    throw new Failure(error.message, type, report.serializeBinary());
  });
}

/** Serves the provider to the engine that has started this process. */
export function serveProvider(provider: ResourceProvider): Promise<void> {
  const outputs = (subject: Subject, properties: Properties): Struct => {
    const secret = provider.secretOutputs(subject);
    const marked = Object.entries(properties).map(([name, value]): [string, JavaScriptValue] =>
      secret.includes(name) ? [name, { ...SECRET, value }] : [name, value],
    );
    return wire(Object.fromEntries(marked));
  };
  const answerDiff = (difference: Difference) => {
    const { DiffChanges } = messages.DiffResponse;
    const answer = new messages.DiffResponse()
      .setChanges(difference.changes.length > 0 ? DiffChanges.DIFF_SOME : DiffChanges.DIFF_NONE)
      .setHasdetaileddiff(true)
      .setDeletebeforereplace(difference.deleteBeforeReplace);
    for (const change of difference.changes) {
      const path = pathText(change.path);
      const replaces = difference.replaces(change);
      answer.addDiffs(String(change.path[0]));
      if (replaces) answer.addReplaces(path);
      answer.getDetaileddiffMap().set(path, propertyDiff(change, replaces));
    }
    return answer;
  };

  return servePlugin(service.ResourceProviderService, {
    getPluginInfo: unary(() => new plugins.PluginInfo().setVersion(provider.schema.version)),
    cancel: unary(() => new emptyMessages.Empty()),
    getSchema: unary(() =>
      new messages.GetSchemaResponse().setSchema(JSON.stringify(provider.schema)),
    ),
    checkConfig: unary((request: CheckRequest) =>
      new messages.CheckResponse().setInputs(request.getNews()),
    ),
    diffConfig: unary((request: DiffRequest) =>
      answerDiff({
        changes: changes(plain(request.getOldInputs()), plain(request.getNews())),
        replaces: ({ path }) => provider.replacedBy.includes(String(path[0])),
        deleteBeforeReplace: false,
      }),
    ),
    configure: unary((request: ConfigureRequest) => {
      provider.configure(plain(request.getArgs()));
      return new messages.ConfigureResponse().setSupportspreview(true);
    }),
    check: unary((request: CheckRequest) => {
      const [inputs, old] = [plain(request.getNews()), plain(request.getOlds())];
      const seed = request.getRandomseed_asU8();
      const checked = provider.check(subjectOf(request), inputs, old, seed);
      return new messages.CheckResponse().setInputs(wire(checked));
    }),
    diff: unary((request: DiffRequest) => {
      const [old, inputs] = [plain(request.getOldInputs()), plain(request.getNews())];
      return answerDiff(provider.diff(subjectOf(request), old, inputs));
    }),
    create: unary(async (request: CreateRequest) => {
      const [subject, inputs] = [subjectOf(request), plain(request.getProperties())];
      // What a preview does not know yet, the engine fills in as unknown.
      if (request.getPreview()) return new messages.CreateResponse().setProperties(wire(inputs));
      const created = await reported(provider.create(subject, inputs, request.getTimeout()));
      return new messages.CreateResponse()
        .setId(created.id)
        .setProperties(outputs(subject, created.outputs));
    }),
    update: unary(async (request: UpdateRequest) => {
      const [subject, inputs] = [subjectOf(request), plain(request.getNews())];
      if (request.getPreview()) return new messages.UpdateResponse().setProperties(wire(inputs));
      const old = plain(request.getOlds());
      const updated = await reported(provider.update(subject, inputs, old, request.getTimeout()));
      return new messages.UpdateResponse().setProperties(outputs(subject, updated));
    }),
    read: unary(async (request: ReadRequest) => {
      const properties = await provider.read(plain(request.getProperties()));
      if (properties === undefined) return new messages.ReadResponse();
      return new messages.ReadResponse()
        .setId(request.getId())
        .setInputs(request.getInputs())
        .setProperties(outputs(subjectOf(request), properties));
    }),
    delete: unary(async (request: DeleteRequest) => {
      await provider.delete(plain(request.getProperties()), request.getTimeout());
      return new emptyMessages.Empty();
    }),
  });
}

function propertyDiff(change: Change, replaces: boolean) {
  const { Kind } = messages.PropertyDiff;
  const kinds = {
    add: [Kind.ADD, Kind.ADD_REPLACE],
    delete: [Kind.DELETE, Kind.DELETE_REPLACE],
    update: [Kind.UPDATE, Kind.UPDATE_REPLACE],
  } as const;
  const [kind, replacing] = kinds[change.kind];
  return new messages.PropertyDiff().setKind(replaces ? replacing : kind).setInputdiff(true);
}
