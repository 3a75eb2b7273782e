import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { ChannelCredentials, type requestCallback } from "@grpc/grpc-js";
import analyzer from "@pulumi/pulumi/proto/analyzer_grpc_pb.js";
import type { AnalyzeDiagnostic, AnalyzeResponse } from "@pulumi/pulumi/proto/analyzer_pb.js";
import messages from "@pulumi/pulumi/proto/analyzer_pb.js";
import structs from "google-protobuf/google/protobuf/struct_pb.js";
import type { ResourceDescription } from "../../policies/index.ts";

/** The pack as `make build` makes it. */
export const PACK = join(import.meta.dirname, "../../policies");

const PROGRAM = join(PACK, "dist/main.cjs");

/** What the pack says of a resource, or of the whole stack. */
export interface Diagnostic {
  readonly policy: string;
  readonly level: "advisory" | "mandatory";
  readonly message: string;
  /** The resource; empty where the engine knows it from its question. */
  readonly urn: string;
}

/** The policy pack as a process of its own, asked as the engine asks it: each resource first, then the stack. */
export class PolicyPack {
  readonly #child: ChildProcess;
  readonly #client: InstanceType<typeof analyzer.AnalyzerClient>;

  private constructor(child: ChildProcess, port: string) {
    this.#child = child;
    this.#client = new analyzer.AnalyzerClient(
      `127.0.0.1:${port}`,
      ChannelCredentials.createInsecure(),
    );
  }

  /** Resolves when it can be asked. @throws where it is not built, or ends at once. */
  static async start(): Promise<PolicyPack> {
    if (!existsSync(PROGRAM)) throw new Error("there is no policy pack to test: run make build");
    const stdio = ["ignore", "pipe", "inherit"] as const;
    const child = spawn(process.execPath, [PROGRAM], { cwd: PACK, stdio: [...stdio] });
    const { stdout } = child;
    if (stdout === null) throw new Error("no standard output to read");
    const ended = once(child, "exit").then(([code]) => {
      throw new Error(`the policy pack ended with ${code}`);
    });
    const [port] = await Promise.race([once(createInterface({ input: stdout }), "line"), ended]);
    ended.catch(() => {});
    return new PolicyPack(child, String(port));
  }

  /** Everything that it says of a stack. */
  async judge(stack: readonly ResourceDescription[]): Promise<readonly Diagnostic[]> {
    const ofResources = stack.map((resource) =>
      ask((callback) => this.#client.analyze(requestFor(resource), callback)),
    );
    const whole = new messages.AnalyzeStackRequest().setResourcesList(stack.map(memberFor));
    const ofStack = ask((callback) => this.#client.analyzeStack(whole, callback));
    const answers = await Promise.all([...ofResources, ofStack]);
    return answers.flatMap((answer) => answer.getDiagnosticsList().map(diagnosticOf));
  }

  async stop(): Promise<void> {
    this.#client.close();
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    this.#child.kill("SIGKILL");
    await once(this.#child, "exit");
  }
}

function ask(send: (callback: requestCallback<AnalyzeResponse>) => void): Promise<AnalyzeResponse> {
  const { promise, resolve, reject } = Promise.withResolvers<AnalyzeResponse>();
  send((error, answer) => (answer === undefined ? reject(error) : resolve(answer)));
  return promise;
}

function requestFor(resource: ResourceDescription) {
  const { type, urn, name } = resource;
  return new messages.AnalyzeRequest()
    .setType(type)
    .setUrn(urn)
    .setName(name)
    .setProperties(propertiesOf(resource))
    .setOptions(optionsOf(resource));
}

function memberFor(resource: ResourceDescription) {
  const { type, urn, name } = resource;
  return new messages.AnalyzerResource()
    .setType(type)
    .setUrn(urn)
    .setName(name)
    .setProperties(propertiesOf(resource))
    .setOptions(optionsOf(resource));
}

/** As JSON carries them: what is undefined is not there. */
function propertiesOf({ props }: ResourceDescription) {
  return structs.Struct.fromJavaScript(JSON.parse(JSON.stringify(props)));
}

function optionsOf({ timeouts }: ResourceDescription) {
  const options = new messages.AnalyzerResourceOptions();
  if (timeouts === undefined) return options;
  const { createSeconds, updateSeconds, deleteSeconds } = timeouts;
  const given = new messages.AnalyzerResourceOptions.CustomTimeouts()
    .setCreate(createSeconds)
    .setUpdate(updateSeconds)
    .setDelete(deleteSeconds);
  return options.setCustomtimeouts(given);
}

function diagnosticOf(diagnostic: AnalyzeDiagnostic): Diagnostic {
  const isMandatory = diagnostic.getEnforcementlevel() === messages.EnforcementLevel.MANDATORY;
  return {
    policy: diagnostic.getPolicyname(),
    level: isMandatory ? "mandatory" : "advisory",
    message: diagnostic.getMessage(),
    urn: diagnostic.getUrn(),
  };
}
