/**
 * What a pack holds. Only its own files may be in it, each once and by its plain name: then a folder to which
 * any tool extracts it, on a file system that folds case too, holds the bytes that are verified here.
 */

import { utf8Text } from "#cli/verify/utf8-text.ts";
import {
  TarCut,
  type TarInput,
  type TarMember,
  TarRefused,
  tarMembers,
} from "#formats/tar/tar-members.ts";
import { TAR_BLOCK_BYTES } from "#formats/tar/ustar-header.ts";

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

/** Of all together with their headers, which are held in memory: a hundred rotated keys take 0.1 MB. */
const EVIDENCE_BYTES_MAX = 4 * 1024 * 1024;
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
  #evidenceBytes = 0;

  constructor(input: TarInput) {
    this.#input = input;
  }

  async take(member: TarMember): Promise<void> {
    const { type, offset, size } = member;
    const name = plainName(member);
    if (name !== ENTRIES) this.#evidenceBytes += TAR_BLOCK_BYTES + size;
    const fault = this.#faultOf(member, name);
    this.#seen.add(name);
    if (fault !== null) this.refused.push(fault);
    if (fault !== null || type === "directory") return;
    if (name === ENTRIES) this.entries = { offset, size };
    else this.texts.set(name, utf8Text(await this.#input.read(offset, size)));
  }

  #faultOf(member: TarMember, name: string): string | null {
    const shown = JSON.stringify(member.name);
    const known = member.type === "directory" ? FOLDERS.includes(name) : isFile(name);
    if (!known) return `the pack has ${shown}, which is none of its files`;
    if (this.#seen.has(name)) return `the pack has ${shown} twice`;
    if (this.#evidenceBytes <= EVIDENCE_BYTES_MAX) return null;
    return `the files beside ${ENTRIES} have more than ${EVIDENCE_BYTES_MAX} bytes`;
  }
}

/** Tools that pack a folder write ./ before names, and / behind those of folders. */
function plainName({ name, type }: TarMember): string {
  const inFolder = name.replace(/^\.\/(?=.)/, "");
  return type === "directory" ? inFolder.replace(/(?<=.)\/$/, "") : inFolder;
}

function isFile(name: string): boolean {
  return FILES.includes(name) || NUMBERED.test(name);
}
