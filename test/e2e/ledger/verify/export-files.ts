/** A synthetic log as its exports: a pack, or files of their own. */
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { type PackMembers, tarOf } from "../../../harness/synthetic-pack.ts";

export async function writePack(
  path: string,
  members: Iterable<[string, string | Uint8Array]>,
): Promise<string> {
  await writeFile(path, await tarOf(members));
  return path;
}

/** The arguments that name the same members as files of their own. */
export async function writeFiles(folder: string, members: PackMembers): Promise<string[]> {
  await mkdir(folder, { recursive: true });
  const write = async (name: string) => {
    const path = join(folder, name.replaceAll("/", "-"));
    await writeFile(path, members.get(name) ?? "");
    return path;
  };
  const cutovers = [...members.keys()].filter((name) => name.startsWith("checkpoints/"));
  const summary = JSON.parse(String(members.get("log.json"))) as { from_seq: number };
  const args = [
    "--entries",
    await write("entries.ndjson"),
    "--checkpoint",
    await write("checkpoint"),
  ];
  args.push("--keys", await write("keys.json"), "--prefix", await write("prefix"));
  args.push("--from-seq", String(summary.from_seq));
  if (members.get("consistency") !== "") args.push("--consistency", await write("consistency"));
  if (cutovers.length > 0) args.push("--cutover", ...(await Promise.all(cutovers.map(write))));
  return args;
}
