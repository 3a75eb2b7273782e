import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { expect, onTestFinished, test } from "vitest";

import { architectureNamed } from "../tools/offline-image/architecture.ts";
import { writeArchive } from "../tools/offline-image/archive.ts";
import { readLastStage } from "../tools/offline-image/dockerfile.ts";
import { readElf } from "../tools/offline-image/elf.ts";
import { settle } from "../tools/offline-image/root-folder.ts";

const ROOT = join(import.meta.dirname, "..");
const read = (path: string) => readFileSync(join(ROOT, path), "utf8");

function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "mcp-fleet-image-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  return folder;
}

function dockerfile(...lines: string[]): string {
  const file = join(temporaryFolder(), "Dockerfile");
  writeFileSync(file, `${lines.join("\n")}\n`);
  return file;
}

test("a plain build of the Dockerfile takes the Node of the Makefile and the version of the runtime", () => {
  const [, node] = /^NODE_VERSION := (.*)$/m.exec(read("Makefile")) ?? [];
  const { version } = JSON.parse(read("runtime/package.json"));
  expect(read("Dockerfile")).toContain(`\nARG NODE_VERSION=${node}\n`);
  expect(read("Dockerfile")).toContain(`\nARG VERSION=${version}\n`);
});

test("the last stage of the Dockerfile copies 2 layers, and a build argument gets into its labels", () => {
  const { configuration, layers } = readLastStage(join(ROOT, "Dockerfile"), { VERSION: "9.8.7" });
  expect(layers).toEqual(["base", "app"]);
  expect(configuration.Labels?.["org.opencontainers.image.version"]).toBe("9.8.7");
});

test.each(["RUN true", "COPY README.md /", "VOLUME /data"])(
  "a last stage with %s cannot be assembled without a build, and says so",
  (line) => {
    const file = dockerfile("FROM scratch", "USER 1:1", line);
    expect(() => readLastStage(file, {})).toThrow("the last stage of the Dockerfile");
  },
);

test("what an earlier stage says is nothing of the image's", () => {
  const file = dockerfile("FROM node AS build", "RUN true", "USER 1", "FROM scratch", "USER 2:2");
  expect(readLastStage(file, {}).configuration).toEqual({ User: "2:2" });
});

test("2 trees with the same files, written at other times by other hands, are the same image byte for byte", async () => {
  const folder = temporaryFolder();
  const digests: string[] = [];
  for (const [name, mode] of [
    ["one", "0700"],
    ["two", "0777"],
  ] as const) {
    const root = join(folder, name);
    mkdirSync(join(root, "app"), { recursive: true });
    const files = name === "one" ? ["a", "b"] : ["b", "a"];
    for (const file of files) writeFileSync(join(root, "app", file), file);
    execFileSync("chmod", ["-R", mode, root]);
    execFileSync("touch", ["-d", name === "one" ? "2001-01-01" : "2002-02-02", root]);
    settle(root);
    const file = join(folder, `${name}.tar`);
    const parts = { name: "a:1", architecture: "amd64", configuration: { User: "1" } } as const;
    await writeArchive({ ...parts, layers: [root] }, file);
    digests.push(createHash("sha256").update(readFileSync(file)).digest("hex"));
  }
  expect(digests[1]).toBe(digests[0]);
});

test.runIf(process.platform === "linux")("of Node, its loader and the C library are known", () => {
  const { interpreter, needed } = readElf(process.execPath);
  expect(interpreter).toMatch(/^\/lib.*\/ld-linux-.*\.so\.\d$/);
  expect(needed).toContain("libc.so.6");
  expect(() => readElf(join(ROOT, "package.json"))).toThrow("no ELF file");
});

test("an architecture that no image is made for is refused by name", () => {
  expect(architectureNamed("arm64")).toBe("arm64");
  expect(() => architectureNamed("s390x")).toThrow(
    "images are made for amd64 and arm64, not for s390x",
  );
});
