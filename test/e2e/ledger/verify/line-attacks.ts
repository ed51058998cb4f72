/** Every way to alter an export: each is found, and the first bad entry is named. */
import { join } from "node:path";
import { entryHash } from "#formats/ledger/entry.ts";
import { entryBytes, type SyntheticLog } from "../../../harness/synthetic-log.ts";
import { ndjson, packMembers } from "../../../harness/synthetic-pack.ts";
import type { Checks } from "../../checks.ts";
import { writeFiles, writePack } from "./export-files.ts";
import { type CliCase, checkCases, type Expected } from "./run-cli.ts";
import { plainLog, prunedLog } from "./sample-logs.ts";

type Members = Record<string, unknown>;
type Lines = readonly Uint8Array[];

interface LineAttack {
  name: string;
  /** `seq` is the index of the first line. */
  change(lines: Lines, seq: number): Uint8Array;
  expected(lines: Lines, seq: number): Expected;
}

const INVALID = { code: 40 };
/** The line that is attacked, of those that are there. */
const AT = 60;
const TRUNCATED = { code: 50, verdicts: { completeness: "INCOMPLETE" } };

function membersOf(line: Uint8Array): Members {
  return JSON.parse(new TextDecoder().decode(line)) as Members;
}

function rewrite(line: Uint8Array, change: Members): Uint8Array {
  const { previous_hash, ...members } = { ...membersOf(line), ...change };
  return entryBytes(members, String(previous_hash));
}

function named(first: number, last = first): (lines: Lines, seq: number) => Expected {
  return (_lines, seq) => ({ ...INVALID, bad: [seq + first, seq + last] });
}

const FIELDS = Object.keys(membersOf(plainLog(4).entries[3]!));

function otherThan(field: string, value: unknown): unknown {
  if (field === "recorded_at") return String(value).replace(".000Z", ".001Z");
  if (field === "previous_hash") return "0".repeat(64);
  if (field === "details") return { policy: "other" };
  return value === null ? "other" : `${value}x`;
}

const EDITS: LineAttack[] = FIELDS.map((field) => ({
  name: `edit ${field}`,
  change: (lines) => {
    const line = lines[AT]!;
    return ndjson(
      lines.with(AT, rewrite(line, { [field]: otherThan(field, membersOf(line)[field]) })),
    );
  },
  expected: named(AT),
}));

const forged = (lines: Lines, at: number) =>
  entryBytes(
    { ...membersOf(lines[at - 1]!), actor: "user:mallory@acme" },
    entryHash(lines[at - 1]!),
  );

const REMOVALS: LineAttack[] = [
  ...[1, 5].map(
    (k): LineAttack => ({
      name: `delete the first ${k}`,
      change: (lines) => ndjson(lines.slice(k)),
      // A pruned log's first entry cannot tell what came before it, but its announcement can.
      expected: (_lines, seq) => (seq === 0 ? { ...INVALID, bad: [0, 0] } : INVALID),
    }),
  ),
  ...[1, 7].map(
    (k): LineAttack => ({
      name: `delete ${k} in the middle`,
      change: (lines) => ndjson([...lines.slice(0, AT), ...lines.slice(AT + k)]),
      expected: named(AT - 1),
    }),
  ),
  ...[1, 7].map(
    (k): LineAttack => ({
      name: `delete the last ${k}`,
      change: (lines) => ndjson(lines.slice(0, -k)),
      expected: () => ({ ...TRUNCATED, findings: ["truncated"] }),
    }),
  ),
  { name: "delete all", change: () => new Uint8Array(0), expected: () => TRUNCATED },
  {
    name: "cut the last line in the middle",
    change: (lines) => ndjson(lines).slice(0, -200),
    expected: () => ({ ...TRUNCATED, findings: ["interrupted", "truncated"] }),
  },
  {
    name: "cut off the last line's end",
    change: (lines) => ndjson(lines).slice(0, -1),
    expected: () => TRUNCATED,
  },
];

const ADDITIONS: LineAttack[] = [
  {
    name: "insert one that follows",
    change: (lines) => ndjson(lines.toSpliced(AT, 0, forged(lines, AT))),
    expected: named(AT),
  },
  {
    name: "insert one at the beginning",
    change: (lines) => ndjson([rewrite(lines[0]!, { actor: "user:mallory@acme" }), ...lines]),
    expected: named(0),
  },
  {
    name: "repeat one",
    change: (lines) => ndjson(lines.toSpliced(AT, 0, lines[AT]!)),
    expected: named(AT),
  },
  {
    name: "swap two",
    change: (lines) => ndjson(lines.with(AT, lines[AT + 1]!).with(AT + 1, lines[AT]!)),
    expected: named(AT),
  },
  {
    name: "edit the last but one",
    change: (lines) => {
      const at = lines.length - 2;
      return ndjson(lines.with(at, rewrite(lines[at]!, { actor: "user:mallory@acme" })));
    },
    expected: (lines, seq) => ({
      ...INVALID,
      bad: [seq + lines.length - 2, seq + lines.length - 1],
    }),
  },
  {
    name: "edit the last",
    change: (lines) => {
      const at = lines.length - 1;
      return ndjson(lines.with(at, rewrite(lines[at]!, { actor: "user:mallory@acme" })));
    },
    expected: () => ({ ...INVALID, findings: ["root_differs"] }),
  },
  {
    name: "rewrite all that follows, hashes recomputed",
    change: (lines) => ndjson(rechained(lines, AT)),
    expected: () => ({ ...INVALID, findings: ["root_differs"] }),
  },
];

/** From `at` on with another actor there, each entry with the hash of the one before. */
function rechained(lines: Lines, at: number): Uint8Array[] {
  const changed = lines.slice(0, at);
  for (const line of lines.slice(at)) {
    const { previous_hash: _, ...members } = membersOf(line);
    const actor = changed.length === at ? "user:mallory@acme" : members["actor"];
    changed.push(entryBytes({ ...members, actor }, entryHash(changed.at(-1)!)));
  }
  return changed;
}

const asText = (lines: Lines) => new TextDecoder().decode(ndjson(lines));

const FORMS: LineAttack[] = [
  {
    name: "CRLF line ends",
    change: (lines) => Buffer.from(asText(lines).replaceAll("\n", "\r\n")),
    expected: (_lines, seq) => ({ ...INVALID, bad: [seq, seq], findings: ["not_canonical"] }),
  },
  {
    name: "a byte order mark",
    change: (lines) => Buffer.from(`\u{feff}${asText(lines)}`),
    expected: named(0),
  },
  {
    name: "an empty line",
    change: (lines) => ndjson(lines.toSpliced(AT, 0, new Uint8Array(0))),
    expected: named(AT),
  },
  {
    name: "a line that is not canonical",
    change: (lines) => {
      const spaced = JSON.stringify(membersOf(lines[AT]!), null, 1).replaceAll("\n", "");
      return ndjson(lines.with(AT, Buffer.from(spaced)));
    },
    expected: named(AT),
  },
  {
    name: "a line of twenty megabytes",
    change: (lines) => ndjson(lines.with(AT, new Uint8Array(20_000_000).fill(0x61))),
    expected: named(AT),
  },
];

const LINE_ATTACKS = [...EDITS, ...REMOVALS, ...ADDITIONS, ...FORMS];

async function lineCases(folder: string, label: string, log: SyntheticLog): Promise<CliCase[]> {
  const lines = log.entries.slice(log.minimumIndex, log.size);
  const cases: CliCase[] = [];
  for (const [at, attack] of LINE_ATTACKS.entries()) {
    const members = packMembers(log).set("entries.ndjson", attack.change(lines, log.minimumIndex));
    const expected = attack.expected(lines, log.minimumIndex);
    const path = join(folder, `${label}-${at}`);
    const pack = await writePack(`${path}.tar`, members);
    const name = `${label}, ${attack.name}`;
    const pinned = ["--vkey", log.vkey];
    cases.push({ name: `${name}, pack`, args: ["--pack", pack, ...pinned], expected });
    const files = await writeFiles(path, members);
    cases.push({ name: `${name}, files`, args: [...files, ...pinned], expected });
  }
  return cases;
}

export async function checkLineAttacks(checks: Checks, folder: string): Promise<void> {
  const plain = await lineCases(folder, "plain", plainLog(300));
  await checkCases(checks, "altered entries are found and named", plain);
  const pruned = await lineCases(folder, "pruned", prunedLog(256));
  await checkCases(checks, "altered entries of a pruned log are found and named", pruned);
  const appended = await appendedCases(folder, plainLog(300));
  await checkCases(checks, "entries that nobody signed are found", appended);
}

async function appendedCases(folder: string, log: SyntheticLog): Promise<CliCase[]> {
  const lines = [...log.entries, forged(log.entries, log.entries.length)];
  const members = packMembers(log).set("entries.ndjson", ndjson(lines));
  const pack = await writePack(join(folder, "appended.tar"), members);
  const files = await writeFiles(join(folder, "appended"), members);
  const surplus = { ...INVALID, bad: [300, 300] as const, findings: ["surplus_entry"] };
  const unsigned = { code: 50, findings: ["unsigned_entries"] };
  return [
    { name: "pack", args: ["--pack", pack, "--vkey", log.vkey], expected: surplus },
    { name: "files", args: [...files, "--vkey", log.vkey], expected: unsigned },
  ];
}
