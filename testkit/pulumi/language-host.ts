/**
 * A stand-in for Pulumi's Node.js language host: it starts the runners that @pulumi/pulumi itself ships. Enough for
 * programs, component packages and policy packs; npm only, no debugger, no code generation.
 */
import { type ChildProcess, execFileSync, type SpawnOptions, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, readFileSync } from "node:fs";
import { delimiter, dirname, join, relative } from "node:path";

import type { handleServerStreamingCall, ServerWritableStream } from "@grpc/grpc-js";
import language from "@pulumi/pulumi/proto/language_grpc_pb.js";
import type {
  InstallDependenciesRequest,
  ProgramInfo,
  RunPluginRequest,
  RunRequest,
} from "@pulumi/pulumi/proto/language_pb.js";
import messages from "@pulumi/pulumi/proto/language_pb.js";
import plugins from "@pulumi/pulumi/proto/plugin_pb.js";
import emptyMessages from "google-protobuf/google/protobuf/empty_pb.js";

import { servePlugin, unary } from "./plugin.ts";

/** The exit code of a program that has already told the user what is wrong. */
const TOLD = 32;
const ENGINE = process.argv.at(-1) ?? "";

type Runner = "run" | "run-plugin" | "run-policy-pack";

/** The runner of the @pulumi/pulumi that is installed in the folder, or in the nearest one above. */
function runnerFor(folder: string, name: Runner): string {
  const path = join(folder, "node_modules/@pulumi/pulumi/cmd", name);
  if (existsSync(path)) return path;
  if (dirname(folder) === folder) throw new Error("@pulumi/pulumi is not installed: npm install");
  return runnerFor(dirname(folder), name);
}

/** Without this, Node strips the types by itself and a program with type errors runs. */
function typeChecked(info: ProgramInfo): string {
  const option = info.getOptions()?.getFieldsMap().get("typescript");
  return String(option?.getBoolValue() ?? true);
}

function infoOf(request: { getInfo(): ProgramInfo | undefined }): ProgramInfo {
  const info = request.getInfo();
  if (info === undefined) throw new Error("the engine has not said where the program is");
  return info;
}

function startNode(args: readonly string[], options: SpawnOptions): ChildProcess {
  return spawn(process.execPath, args, options);
}

async function exitCodeOf(child: ChildProcess): Promise<number> {
  const [code] = await once(child, "close");
  return typeof code === "number" ? code : 1;
}

function runArguments(request: RunRequest, info: ProgramInfo): string[] {
  const parallel = request.getParallel();
  return [
    runnerFor(info.getProgramDirectory(), "run"),
    ...["--monitor", request.getMonitorAddress(), "--engine", ENGINE],
    ...["--organization", request.getOrganization(), "--project", request.getProject()],
    ...["--stack", request.getStack(), "--root-directory", info.getRootDirectory()],
    ...["--pwd", request.getPwd()],
    ...(request.getDryrun() ? ["--dry-run"] : []),
    ...(parallel > 0 ? ["--parallel", String(parallel)] : []),
    info.getEntryPoint(),
    ...request.getArgsList(),
  ];
}

/** Runs a program; what it prints is the plugin's own output, which the CLI shows. */
async function run(request: RunRequest) {
  const info = infoOf(request);
  const child = startNode(runArguments(request, info), {
    cwd: request.getPwd(),
    stdio: ["ignore", "inherit", "inherit"],
    env: {
      ...process.env,
      PULUMI_CONFIG: JSON.stringify(Object.fromEntries(request.getConfigMap().getEntryList())),
      PULUMI_CONFIG_SECRET_KEYS: JSON.stringify(request.getConfigsecretkeysList()),
      PULUMI_NODEJS_TYPESCRIPT: typeChecked(info),
    },
  });
  const code = await exitCodeOf(child);
  const answer = new messages.RunResponse();
  if (code === TOLD) answer.setBail(true);
  else if (code !== 0) answer.setError(`program exited with code ${code}`);
  return answer;
}

/** run-plugin takes the folder, then the engine; run-policy-pack the other way round. */
function pluginArguments(request: RunPluginRequest, folder: string): string[] {
  const args = request.getArgsList();
  return request.getKind() === "analyzer"
    ? [runnerFor(folder, "run-policy-pack"), ...args, folder]
    : [runnerFor(folder, "run-plugin"), folder, ...args];
}

/** Runs a package of components or a policy pack, and streams what it prints and how it ends. */
const runPlugin: handleServerStreamingCall<
  RunPluginRequest,
  InstanceType<typeof messages.RunPluginResponse>
> = (call) => {
  streamed(call, async () => {
    const { request } = call;
    const folder = infoOf(request).getProgramDirectory();
    const child = startNode(pluginArguments(request, folder), {
      cwd: request.getKind() === "analyzer" ? folder : request.getPwd(),
      env: Object.fromEntries(request.getEnvList().map(splitVariable)),
    });
    call.on("cancelled", () => child.kill());
    forward(child, (name, chunk) => {
      const part = new messages.RunPluginResponse();
      call.write(name === "stdout" ? part.setStdout(chunk) : part.setStderr(chunk));
    });
    call.write(new messages.RunPluginResponse().setExitcode(await exitCodeOf(child)));
  });
};

const installDependencies: handleServerStreamingCall<
  InstallDependenciesRequest,
  InstanceType<typeof messages.InstallDependenciesResponse>
> = (call) => {
  streamed(call, async () => {
    const child = spawn("npm", ["install", "--loglevel=error"], {
      cwd: workspaceRootOf(infoOf(call.request).getProgramDirectory()),
      env: { ...process.env, PATH: [dirname(process.execPath), process.env.PATH].join(delimiter) },
    });
    forward(child, (name, chunk) => {
      const part = new messages.InstallDependenciesResponse();
      call.write(name === "stdout" ? part.setStdout(chunk) : part.setStderr(chunk));
    });
    const code = await exitCodeOf(child);
    if (code !== 0) throw new Error(`npm install exited with code ${code}`);
  });
};

/** Where npm installs everything that a folder needs, also what builds it: the root of its workspaces, or the folder. */
function workspaceRootOf(folder: string): string {
  for (let root = dirname(folder); root !== dirname(root); root = dirname(root)) {
    const file = join(root, "package.json");
    const { workspaces = [] } = existsSync(file) ? JSON.parse(readFileSync(file, "utf8")) : {};
    if (workspaces.includes(relative(root, folder))) return root;
  }
  return folder;
}

function streamed<Request, Answer>(
  call: ServerWritableStream<Request, Answer>,
  work: () => Promise<void>,
): void {
  work().then(
    () => call.end(),
    (error: unknown) => call.destroy(error instanceof Error ? error : new Error(String(error))),
  );
}

function forward(
  child: ChildProcess,
  send: (name: "stdout" | "stderr", chunk: Buffer) => void,
): void {
  child.stdout?.on("data", (chunk: Buffer) => send("stdout", chunk));
  child.stderr?.on("data", (chunk: Buffer) => send("stderr", chunk));
}

function splitVariable(variable: string): [string, string] {
  const at = variable.indexOf("=");
  return [variable.slice(0, at), variable.slice(at + 1)];
}

function nodeVersion(): string {
  return execFileSync(process.execPath, ["--version"], { encoding: "utf8" }).trim();
}

await servePlugin(language.LanguageRuntimeService, {
  handshake: unary(() => new messages.LanguageHandshakeResponse()),
  getPluginInfo: unary(() => new plugins.PluginInfo().setVersion("0.0.1-stand-in")),
  // None: the engine finds a provider on PATH when the program first asks for it.
  getRequiredPackages: unary(() => new messages.GetRequiredPackagesResponse()),
  getRequiredPlugins: unary(() => new messages.GetRequiredPluginsResponse()),
  getProgramDependencies: unary(() => new messages.GetProgramDependenciesResponse()),
  runtimeOptionsPrompts: unary(() => new messages.RuntimeOptionsResponse()),
  about: unary(() =>
    new messages.AboutResponse().setExecutable(process.execPath).setVersion(nodeVersion()),
  ),
  run: unary(run),
  runPlugin,
  installDependencies,
  cancel: unary(() => new emptyMessages.Empty()),
});
