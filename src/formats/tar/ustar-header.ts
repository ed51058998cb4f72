/**
 * One header of a tar, in the one form that every reader of tars reads alike: POSIX.1-2017, pax, "ustar
 * Interchange Format", and what GNU tar makes of it. https://pubs.opengroup.org/onlinepubs/9699919799/utilities/pax.html
 *
 *   0 name  100 mode  108 uid  116 gid  124 size  136 mtime  148 checksum  156 type  157 link name
 *   257 magic and version  265 uname  297 gname  329 devmajor  337 devminor  345 prefix  500 nothing
 *
 * Readers part where a header is bent: a name that goes on in the prefix, a size in base 256, a type that
 * is unknown, a checksum that is wrong. Such a header is refused, and not interpreted.
 */

export const TAR_BLOCK_BYTES = 512;

export interface UstarHeader {
  readonly name: string;
  /** `pax`: records about the member after this one. */
  readonly type: "file" | "directory" | "pax";
  /** Of the body, without its padding. */
  readonly size: number;
}

const TYPES: Readonly<Record<string, UstarHeader["type"]>> = {
  "0": "file",
  "5": "directory",
  x: "pax",
};

const REFUSED_TYPES: Readonly<Record<string, string>> = {
  "\0": "a file of the old format",
  "1": "a hard link",
  "2": "a symbolic link",
  "3": "a character device",
  "4": "a block device",
  "6": "a FIFO",
  "7": "a contiguous file",
  g: "a pax header for all that follows",
  K: "a GNU long link name",
  L: "a GNU long name",
  M: "a part of another volume",
  S: "a GNU sparse file",
  V: "a volume label",
};

/** `ustar` with a NUL and version 00 is POSIX's magic, `ustar` with two spaces GNU's. */
const MAGICS = ["ustar\u000000", "ustar  \0"];
/** Digits, and then at least one end mark. */
const OCTAL = /^[0-7]+[\0 ]+$/;
type Field = readonly [name: string, start: number, length: number];
const NUMBERS: readonly Field[] = [
  ["mode", 100, 8],
  ["uid", 108, 8],
  ["gid", 116, 8],
  ["size", 124, 12],
  ["mtime", 136, 12],
  ["checksum", 148, 8],
];
/** Some tools leave these empty. */
const DEVICE_NUMBERS: readonly Field[] = [
  ["devmajor", 329, 8],
  ["devminor", 337, 8],
];
const CHECKSUM = { start: 148, end: 156 };

export function readUstarHeader(block: Uint8Array): UstarHeader | { readonly fault: string } {
  const fault = faultOfNumbers(block);
  if (fault !== null) return { fault };
  if (!MAGICS.includes(text(block, 257, 8))) return { fault: "it is not of the ustar format" };
  const name = /^([^\0]+)\0*$/.exec(text(block, 0, 100))?.[1];
  if (name === undefined) return { fault: "it has no name, or one with a NUL in it" };
  const flag = text(block, 156, 1);
  const type = TYPES[flag];
  const shown = JSON.stringify(name);
  if (type === undefined) return { fault: `${shown} is ${REFUSED_TYPES[flag] ?? UNKNOWN}` };
  if (!isUnused(block, 157, 257)) return { fault: `${shown} has a link name` };
  // Readers of GNU's magic take these bytes for times, or for the map of a sparse file.
  if (!isUnused(block, 345, TAR_BLOCK_BYTES)) return { fault: `${shown} has a prefix` };
  const size = octal(text(block, 124, 12));
  if (type === "directory" && size !== 0) return { fault: `the folder ${shown} has a body` };
  return { name, type, size };
}

const UNKNOWN = "of an unknown type";

function faultOfNumbers(block: Uint8Array): string | null {
  const isBent = ([, start, length]: Field) => !OCTAL.test(text(block, start, length));
  const isDevice = ([, start, length]: Field) => !isUnused(block, start, start + length);
  const bent =
    NUMBERS.find(isBent) ?? DEVICE_NUMBERS.find((field) => isDevice(field) && isBent(field));
  if (bent !== undefined) return `its ${bent[0]} is no octal number`;
  return octal(text(block, 148, 8)) === checksumOf(block) ? null : "its checksum is wrong";
}

/** 8 GiB is the most that eleven digits say: no number is too large to be exact. */
function octal(field: string): number {
  return Number.parseInt(field, 8);
}

/** The sum of all bytes, with the checksum's own taken for spaces. */
function checksumOf(block: Uint8Array): number {
  const { start, end } = CHECKSUM;
  const isOwn = (at: number) => at >= start && at < end;
  return block.reduce((sum, byte, at) => sum + (isOwn(at) ? 0x20 : byte), 0);
}

function isUnused(block: Uint8Array, start: number, end: number): boolean {
  return block.subarray(start, end).every((byte) => byte === 0);
}

/** A character a byte: nothing of it is lost, and a pattern sees every byte. */
function text(block: Uint8Array, start: number, length: number): string {
  return String.fromCharCode(...block.subarray(start, start + length));
}
