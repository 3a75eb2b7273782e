import {
  type handleUnaryCall,
  Metadata,
  Server,
  ServerCredentials,
  type ServiceDefinition,
  type StatusObject,
  status,
  type UntypedServiceImplementation,
} from "@grpc/grpc-js";
import statusMessages from "@pulumi/pulumi/proto/status_pb.js";
import anyMessages from "google-protobuf/google/protobuf/any_pb.js";

/** How often a plugin looks whether the engine that started it is still there. */
const PARENT_CHECK_MS = 1_000;

/** Serves a plugin as the engine expects one: on a port of its own, which is the first line that it prints. */
export async function servePlugin(
  service: ServiceDefinition,
  implementation: UntypedServiceImplementation,
): Promise<void> {
  const server = new Server({ "grpc.max_receive_message_length": -1 });
  server.addService(service, implementation);
  process.stdout.write(`${await portOf(server)}\n`);
  endWithParent();
}

/** One call and its answer. What it throws is the error that the engine shows. */
export function unary<Request, Answer>(
  answer: (request: Request) => Answer | Promise<Answer>,
): handleUnaryCall<Request, Answer> {
  return (call, callback) => {
    Promise.resolve(call.request)
      .then(answer)
      .then(
        (value) => callback(null, value),
        (error: unknown) => callback(error instanceof Failure ? error.status : statusOf(error)),
      );
  };
}

/** An error that tells the engine more than its message. */
export class Failure extends Error {
  override readonly name = "Failure";
  readonly status: Partial<StatusObject>;

  /** `details` are the bytes of a message of the type `typeName`. */
  constructor(message: string, typeName: string, details: Uint8Array) {
    super(message);
    const any = new anyMessages.Any();
    any.pack(details, typeName);
    const report = new statusMessages.Status().setCode(status.UNKNOWN).setMessage(message);
    report.addDetails(any);
    const metadata = new Metadata();
    metadata.set("grpc-status-details-bin", Buffer.from(report.serializeBinary()));
    this.status = { code: status.UNKNOWN, details: message, metadata };
  }
}

function statusOf(error: unknown): Partial<StatusObject> {
  return {
    code: status.UNKNOWN,
    details: error instanceof Error ? error.message : String(error),
  };
}

function portOf(server: Server): Promise<number> {
  return new Promise((resolve, reject) => {
    server.bindAsync("127.0.0.1:0", ServerCredentials.createInsecure(), (error, port) =>
      error === null ? resolve(port) : reject(error),
    );
  });
}

/** An engine that was killed cannot end its plugins. */
function endWithParent(): void {
  const parent = process.ppid;
  setInterval(() => {
    if (process.ppid !== parent) process.exit();
  }, PARENT_CHECK_MS).unref();
}
