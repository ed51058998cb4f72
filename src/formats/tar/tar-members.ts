/**
 * The members of a tar, from its first byte to its last. What any tool could extract is among them, or the
 * tar is refused: nothing is skipped to find the next header, and nothing follows the end.
 */
import { findPaxFault, PAX_BYTES_MAX } from "./pax-records.ts";
import { readUstarHeader, TAR_BLOCK_BYTES } from "./ustar-header.ts";

/** A tar wherever it lies. */
export interface TarInput {
  /** Fewer bytes only where the input ends. */
  read(offset: number, length: number): Promise<Uint8Array>;
}

export interface TarMember {
  readonly name: string;
  readonly type: "file" | "directory";
  /** Where its body begins. The input may end before the body does: then TarCut follows. */
  readonly offset: number;
  readonly size: number;
}

/** Tools may differ about what the tar holds. */
export class TarRefused extends Error {}

/** The tar ends before its end. */
export class TarCut extends Error {}

const ZEROS_AT_ONCE = 128 * TAR_BLOCK_BYTES;

export async function* tarMembers(input: TarInput): AsyncGenerator<TarMember> {
  let isDescribed = false;
  for (let at = 0; ; ) {
    const offset = at + TAR_BLOCK_BYTES;
    const block = await input.read(at, TAR_BLOCK_BYTES);
    if (block.length < TAR_BLOCK_BYTES) throw cutBefore(offset);
    if (isZero(block)) return requireEnd(input, offset, isDescribed);
    const header = readUstarHeader(block);
    if ("fault" in header) throw new TarRefused(`the header at byte ${at}: ${header.fault}`);
    const { name, type, size } = header;
    if (type === "pax") {
      await requireHarmless(input, offset, size, isDescribed);
    } else {
      yield { name, type, offset, size };
    }
    isDescribed = type === "pax";
    at = offset + Math.ceil(size / TAR_BLOCK_BYTES) * TAR_BLOCK_BYTES;
  }
}

async function requireHarmless(
  input: TarInput,
  offset: number,
  size: number,
  isDescribed: boolean,
): Promise<void> {
  const at = `the pax header at byte ${offset - TAR_BLOCK_BYTES}`;
  if (isDescribed) throw new TarRefused(`${at} follows another`);
  if (size > PAX_BYTES_MAX) throw new TarRefused(`${at} has ${size} bytes`);
  const bytes = await input.read(offset, size);
  if (bytes.length < size) throw cutBefore(offset + size);
  const fault = findPaxFault(bytes);
  if (fault !== null) throw new TarRefused(`${at}: ${fault}`);
}

/** Two blocks of zeros end a tar, zeros may fill up a record. Some tools read on behind them, if asked to. */
async function requireEnd(input: TarInput, from: number, isDescribed: boolean): Promise<void> {
  if (isDescribed) throw new TarRefused(`a pax header stands before the end, at byte ${from}`);
  for (let at = from; ; ) {
    const bytes = await input.read(at, ZEROS_AT_ONCE);
    const first = bytes.findIndex((byte) => byte !== 0);
    if (first >= 0) throw new TarRefused(`bytes follow the end of the tar, at byte ${at + first}`);
    at += bytes.length;
    if (bytes.length === ZEROS_AT_ONCE) continue;
    if (at - from < TAR_BLOCK_BYTES) throw cutBefore(from + TAR_BLOCK_BYTES);
    return;
  }
}

function cutBefore(byte: number): TarCut {
  return new TarCut(`it ends before byte ${byte}`);
}

function isZero(block: Uint8Array): boolean {
  return block.every((byte) => byte === 0);
}
