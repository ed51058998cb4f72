/** Attacks on what comes with the entries, and on who signed it. */
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { SyntheticLog, seedOf } from "../../../harness/synthetic-log.ts";
import {
  type ExportRange,
  type PackMembers,
  packMembers,
} from "../../../harness/synthetic-pack.ts";
import type { Checks } from "../../checks.ts";
import { writePack } from "./export-files.ts";
import { type CliCase, checkCases, type Expected } from "./run-cli.ts";
import { plainLog, rotatedLog } from "./sample-logs.ts";

const INVALID = { code: 40 };
const INCOMPLETE = { code: 50 };

/** Packs under attack, each a case of its own. */
class PackCases {
  readonly cases: CliCase[] = [];
  readonly #folder: string;
  readonly #label: string;

  constructor(folder: string, label: string) {
    this.#folder = folder;
    this.#label = label;
  }

  path(): string {
    return join(this.#folder, `${this.#label}-${this.cases.length}.tar`);
  }

  async add(
    name: string,
    members: Iterable<[string, string | Uint8Array]>,
    args: readonly string[],
    expected: Expected,
  ): Promise<void> {
    const pack = await writePack(this.path(), members);
    this.cases.push({ name, args: ["--pack", pack, ...args], expected });
  }
}

const NEEDED = [
  "README.md",
  "log.json",
  "keys.json",
  "checkpoint",
  "checkpoints/234",
  "prefix",
  "consistency",
  "proofs/0.tlog-proof",
  "proofs/293.tlog-proof",
  "entries.ndjson",
];

export async function checkEvidenceAttacks(checks: Checks, folder: string): Promise<void> {
  const log = rotatedLog(1);
  const packs = new PackCases(folder, "evidence");
  const vkey = ["--vkey", log.vkey];
  for (const name of NEEDED) {
    const members = packMembers(log);
    if (!members.delete(name)) throw new Error(`the pack has no ${name}`);
    // Without its keys nothing says that the head's key follows the pinned one.
    await packs.add(`without ${name}`, members, vkey, name === "keys.json" ? INVALID : INCOMPLETE);
    const nonsense = packMembers(log).set(name, "nonsense\n");
    await packs.add(`nonsense for ${name}`, nonsense, vkey, INVALID);
  }
  await addPartAttacks(packs, log);
  const note = Buffer.from(log.checkpoint ?? "");
  for (let at = 0; at < note.length; at += 9) {
    const flipped = Buffer.from(note);
    flipped[at]! ^= 1;
    const members = packMembers(log).set("checkpoint", flipped);
    await packs.add(`bit flipped at ${at}`, members, vkey, INVALID);
  }
  const twice: [string, string | Uint8Array][] = [...packMembers(log), ["checkpoint", note]];
  await packs.add("a member twice", twice, vkey, INVALID);
  await addCutPacks(packs, log);
  await checkCases(checks, "evidence that is missing or damaged never passes", packs.cases);
}

async function addPartAttacks(packs: PackCases, log: SyntheticLog): Promise<void> {
  const range: ExportRange = { from: 11, to: 250 };
  const args = ["--vkey", log.vkey, "--partial"];
  await packs.add("a part as it is", packMembers(log, range), args, { code: 0, findings: [] });
  for (const name of ["prefix", "consistency"]) {
    const lines = String(packMembers(log, range).get(name)).split("\n");
    const swapped = [lines[1], lines[0], ...lines.slice(2)].join("\n");
    const change = (text: string): PackMembers => packMembers(log, range).set(name, text);
    await packs.add(`${name} swapped`, change(swapped), args, INVALID);
    await packs.add(`${name} short`, change(lines.slice(1).join("\n")), args, INVALID);
    await packs.add(`${name} empty`, change(""), args, name === "prefix" ? INVALID : INCOMPLETE);
  }
  const summary = JSON.parse(String(packMembers(log, range).get("log.json"))) as object;
  for (const [name, changes, expected] of [
    ["another beginning", { from_seq: 12 }, INVALID],
    ["another end", { to_seq: 249 }, INVALID],
    ["a later end", { to_seq: 251 }, INCOMPLETE],
    ["another size", { tree_size: 290 }, INVALID],
    ["another origin", { origin: "mcpg.local/v1/orgs/other/audit/log" }, INVALID],
  ] as const) {
    const text = JSON.stringify({ ...summary, ...changes });
    const members = packMembers(log, range).set("log.json", text);
    await packs.add(`log.json with ${name}`, members, args, expected);
  }
}

/** A download that broke off. */
async function addCutPacks(packs: PackCases, log: SyntheticLog): Promise<void> {
  const whole = await readFile(await writePack(packs.path(), packMembers(log)));
  for (const share of [0, 0.01, 0.2, 0.6, 0.99]) {
    const path = `${packs.path()}.cut`;
    await writeFile(path, whole.subarray(0, Math.floor(whole.length * share)));
    const args = ["--pack", path, "--vkey", log.vkey];
    packs.cases.push({ name: `cut at ${share}`, args, expected: INCOMPLETE });
  }
}

/** What an operator could sign, or someone who has another key. */
export async function checkSignerAttacks(checks: Checks, folder: string): Promise<void> {
  const packs = new PackCases(folder, "signer");
  const honest = plainLog(300);
  const vkey = ["--vkey", honest.vkey];
  const mallory = new SyntheticLog({ key: "mallory" }).append(300).sign();
  const unpinned = { code: 10, findings: ["unpinned"] };
  await packs.add("another key, nothing pinned", packMembers(mallory), [], unpinned);
  const notPinned = { ...INVALID, findings: ["not_the_pinned_key"] };
  await packs.add("another key", packMembers(mallory), vkey, notPinned);
  const claimed = packMembers(mallory).set("keys.json", honest.keysJson());
  await packs.add("another key that is not listed", claimed, vkey, INVALID);
  const other = new SyntheticLog({ org: "other" }).append(300).sign();
  const wrongOrigin = { ...INVALID, findings: ["wrong_origin"] };
  await packs.add("another log", packMembers(other), vkey, wrongOrigin);
  const moved = packMembers(other).set("checkpoint", honest.checkpoint ?? "");
  await packs.add("another log under this one's head", moved, vkey, INVALID);
  await addPruningAttacks(packs);
  await addRotationAttacks(packs);
  await checkCases(checks, "wrong keys, origins, prunings and rotations never pass", packs.cases);
}

async function addPruningAttacks(packs: PackCases): Promise<void> {
  const cut = plainLog(600);
  cut.minimumIndex = 256;
  const args = ["--vkey", cut.vkey];
  const unannounced = { ...INCOMPLETE, findings: ["pruning_not_announced"] };
  await packs.add("pruned without a word", packMembers(cut), args, unannounced);
  for (const [name, changes] of [
    ["root", { tree_root: "0".repeat(64) }],
    ["last hash", { last_hash: "0".repeat(64) }],
  ] as const) {
    const log = new SyntheticLog().append(600).announcePruning(256, changes).append(5).sign();
    log.minimumIndex = 256;
    const expected = { ...INVALID, findings: ["pruning_contradicted"] };
    await packs.add(`a pruning with a wrong ${name}`, packMembers(log), args, expected);
  }
  const log = new SyntheticLog().append(600).announcePruning(256).append(5).sign();
  log.minimumIndex = 300;
  await packs.add("more pruned than announced", packMembers(log), args, unannounced);
}

async function addRotationAttacks(packs: PackCases): Promise<void> {
  const taken = takenOver();
  const args = ["--vkey", taken.vkey];
  const unannounced = { ...INVALID, findings: ["key_not_announced"] };
  await packs.add("a new key without an entry", packMembers(taken), args, unannounced);
  const late = takenOver();
  late.own("ledger.key_rotated", { epoch: "2", vkey: late.newestVkey }).append(3).sign();
  await packs.add("an entry after the cutover", packMembers(late), args, unannounced);
  const rotated = rotatedLog(2);
  const single = rotated.signedBy(234, [rotated.keys[1]!.seed]);
  const forged = packMembers(rotated).set("checkpoints/234", single);
  const invalid = { ...INVALID, findings: ["cutover_invalid"] };
  await packs.add("a cutover that the old key did not sign", forged, args, invalid);
  const old = rotated.signedBy(rotated.size, [rotated.keys[0]!.seed]);
  const retired = { ...INVALID, findings: ["key_out_of_range"] };
  await packs.add("a retired key", packMembers(rotated).set("checkpoint", old), args, retired);
}

/** Both keys sign the cutover, as if it were one; no entry says that the key is to change. */
function takenOver(): SyntheticLog {
  const log = new SyntheticLog().append(200).sign();
  log.keys[0]!.toSize = 200;
  log.keys.push({ seed: seedOf("mallory"), fromSize: 200, toSize: null });
  const seeds = log.keys.map(({ seed }) => seed);
  log.checkpoints.set(200, log.signedBy(200, seeds));
  return log.append(20).sign();
}
