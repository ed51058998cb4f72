/**
 * What a pack holds. Only its own files may be in it, each once and by its plain name: then a folder to which
 * any tool extracts it, on a file system that folds case too, holds the bytes that are verified here.
 */
import {
  TarCut,
  type TarInput,
  type TarMember,
  TarRefused,
  tarMembers,
} from "#formats/tar/tar-members.ts";
import { utf8Text } from "./read-file.ts";

export const ENTRIES = "entries.ndjson";

const FILES = [
  "README.md",
  "log.json",
  "keys.json",
  "checkpoint",
  "prefix",
  "consistency",
  ENTRIES,
];
/** `checkpoints/300`, `proofs/299.tlog-proof`: which of them there should be, the others tell. */
const NUMBERED =
  /^(?:checkpoints\/(?:0|[1-9][0-9]{0,15})|proofs\/(?:0|[1-9][0-9]{0,15})\.tlog-proof)$/;
/** Tools that pack a folder have members for it and its folders. */
const FOLDERS = [".", "checkpoints", "proofs"];

/** Far above what a file of evidence needs, and what a log's rotated keys need files. */
const EVIDENCE_BYTES_MAX = 4 * 1024 * 1024;
const MEMBERS_MAX = 4_096;
/** More would only say the same. */
const FAULTS_MAX = 20;

export interface PackIndex {
  /** The texts of the files of evidence by name; null for one that is not UTF-8. */
  readonly texts: ReadonlyMap<string, string | null>;
  /** Null if there are none, or the pack was refused before them. */
  readonly entries: { readonly offset: number; readonly size: number } | null;
  /** Why the pack is refused, by name. */
  readonly refused: readonly string[];
  /** Where the pack breaks off; null if it is whole, or refused. */
  readonly cut: string | null;
}

export async function indexPack(input: TarInput): Promise<PackIndex> {
  const reader = new MemberReader(input);
  try {
    for await (const member of tarMembers(input)) {
      await reader.take(member);
      if (reader.refused.length >= FAULTS_MAX) break;
    }
  } catch (error) {
    if (error instanceof TarRefused) reader.refused.push(`no tar of a pack, ${error.message}`);
    else if (error instanceof TarCut) reader.cut = error.message;
    else throw error;
  }
  return reader;
}

class MemberReader implements PackIndex {
  readonly texts = new Map<string, string | null>();
  entries: PackIndex["entries"] = null;
  readonly refused: string[] = [];
  cut: string | null = null;
  readonly #input: TarInput;
  readonly #seen = new Set<string>();

  constructor(input: TarInput) {
    this.#input = input;
  }

  async take(member: TarMember): Promise<void> {
    const { type, offset, size } = member;
    const name = plainName(member);
    const fault = faultOf(member, name, this.#seen);
    this.#seen.add(name);
    if (fault !== null) this.refused.push(fault);
    if (fault !== null || type === "directory") return;
    if (name === ENTRIES) this.entries = { offset, size };
    else this.texts.set(name, utf8Text(await this.#input.read(offset, size)));
  }
}

/** Tools that pack a folder write ./ before names, and / behind those of folders. */
function plainName({ name, type }: TarMember): string {
  const inFolder = name.replace(/^\.\/(?=.)/, "");
  return type === "directory" ? inFolder.replace(/(?<=.)\/$/, "") : inFolder;
}

function faultOf(
  { type, size }: TarMember,
  name: string,
  seen: ReadonlySet<string>,
): string | null {
  const shown = JSON.stringify(name);
  const isKnown =
    type === "directory" ? FOLDERS.includes(name) : FILES.includes(name) || NUMBERED.test(name);
  if (!isKnown) return `the pack has ${shown}, which is none of its files`;
  if (seen.has(name)) return `the pack has two members ${shown}`;
  if (seen.size >= MEMBERS_MAX) return `the pack has more than ${MEMBERS_MAX} members`;
  if (name !== ENTRIES && size > EVIDENCE_BYTES_MAX) return `${shown} has ${size} bytes`;
  return null;
}
