import { Redis, type RedisOptions } from "ioredis";

/** Runs one command on a connection of its own. */
export async function askRedis(
  options: Omit<RedisOptions, "replyMapping">,
  command: string,
  ...args: string[]
): Promise<unknown> {
  const client = new Redis({ ...options, lazyConnect: true });
  client.on("error", () => {});
  try {
    await client.connect();
    return await client.call(command, ...args);
  } finally {
    client.disconnect();
  }
}
