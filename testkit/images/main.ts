import { basename, dirname, join } from "node:path";

import { architectureNamed } from "../../tools/offline-image/architecture.ts";
import { makeCounterImage } from "./counter-image.ts";
import { makeRedisImage } from "./redis-image.ts";

// Makes one of the images that tests on a cluster run beside our own, named by its file: FILE
const MAKERS = { "redis.tar": makeRedisImage, "counter.tar": makeCounterImage };

const [file = ""] = process.argv.slice(2);
const architecture = architectureNamed(undefined);
const name = basename(file) === "redis.tar" ? "redis.tar" : "counter.tar";
await MAKERS[name](file, join(dirname(file), architecture), architecture);
process.stdout.write(`${file}\n`);
