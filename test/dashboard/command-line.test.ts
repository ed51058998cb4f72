import { expect, it } from "vitest";
import { parseOptions } from "#cli/verify/options.ts";
import { shellWord, verifyLogCommand, verifyPackCommand } from "#dashboard/proof/command-line.ts";
import { formatVkey } from "#formats/tlog/note-key.ts";
import { SyntheticLog } from "../harness/synthetic-log.ts";

const VKEY = new SyntheticLog().vkey;

/** What a shell makes of a line whose words are plain or in single quotes. */
function argumentsOf(line: string): string[] {
  const words = line.match(/(?:'[^']*'|\\'|[^\s'\\])+/g) ?? [];
  const plain = words.map((word) =>
    word.replace(/'([^']*)'|\\(')/g, (_, quoted, bare) => bare ?? quoted),
  );
  return plain.slice(plain.indexOf("--") + 1);
}

it("the line for a log is one that the verifier takes", () => {
  const log = { url: "https://mcpg.example", org: "acme", log: 2, vkey: VKEY };
  const options = parseOptions(argumentsOf(verifyLogCommand(log)));
  expect(options?.source).toMatchObject({ kind: "online", org: "acme", log: 2, url: log.url });
  expect(options?.vkey && formatVkey(options.vkey)).toBe(VKEY);
});

it("the line for a pack is one that the verifier takes", () => {
  const options = parseOptions(argumentsOf(verifyPackCommand("acme's audit.tar", VKEY)));
  expect(options).toMatchObject({
    source: { kind: "pack", file: "acme's audit.tar" },
    isPartAccepted: true,
  });
});

it("no word ends its quotes, or stands for more than itself", () => {
  expect(shellWord("plain/word-1.tar")).toBe("plain/word-1.tar");
  expect(shellWord("$(rm -rf ~); 'x'")).toBe("'$(rm -rf ~); '\\''x'\\'''");
  expect(shellWord("")).toBe("''");
});
