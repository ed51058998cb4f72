/** Tars to the byte, of which no library would make some. */

const BLOCK_BYTES = 512;

export interface RawHeader {
  name?: string;
  /** The octal digits of a size, or whatever else stands there. */
  size?: string;
  type?: string;
  linkName?: string;
  magic?: string;
  prefix?: string;
  mode?: string;
  uid?: string;
  devMajor?: string;
  body?: Uint8Array | string;
  /** Instead of the right one. */
  checksum?: string;
}

export const TAR_END = new Uint8Array(2 * BLOCK_BYTES);

export function rawMember(header: RawHeader): Uint8Array {
  const body = Buffer.from(header.body ?? "");
  const padding = Buffer.alloc(-body.length & (BLOCK_BYTES - 1));
  return Buffer.concat([rawHeader(header, body.length), body, padding]);
}

function rawHeader(header: RawHeader, bodyBytes: number): Uint8Array {
  const block = Buffer.alloc(BLOCK_BYTES);
  const put = (at: number, text: string) => block.write(text, at, "latin1");
  put(0, header.name ?? "");
  put(100, header.mode ?? "0000644\0");
  put(108, header.uid ?? "0000000\0");
  put(116, "0000000\0");
  put(124, header.size ?? `${bodyBytes.toString(8).padStart(11, "0")}\0`);
  put(136, "00000000000\0");
  put(156, header.type ?? "0");
  put(157, header.linkName ?? "");
  put(257, header.magic ?? "ustar\u000000");
  put(329, header.devMajor ?? "");
  put(345, header.prefix ?? "");
  if (header.checksum === undefined) return withChecksum(block);
  put(148, header.checksum);
  return block;
}

/** The block with the checksum that it should have. */
export function withChecksum(block: Uint8Array): Uint8Array {
  const copy = Buffer.from(block);
  copy.fill(0x20, 148, 156);
  const sum = copy.reduce((total: number, byte: number) => total + byte, 0);
  copy.write(`${sum.toString(8).padStart(6, "0")}\0 `, 148, "latin1");
  return copy;
}

export function paxRecord(key: string, value: string): string {
  const rest = Buffer.byteLength(` ${key}=${value}\n`);
  const length = rest + String(rest + String(rest).length).length;
  return `${length} ${key}=${value}\n`;
}

/** Where the headers of a tar of plain files begin. */
export function headerOffsets(tar: Uint8Array): number[] {
  const offsets: number[] = [];
  for (let at = 0; tar[at] !== 0; ) {
    offsets.push(at);
    const size = Number.parseInt(Buffer.from(tar.subarray(at + 124, at + 135)).toString(), 8);
    at += BLOCK_BYTES + Math.ceil(size / BLOCK_BYTES) * BLOCK_BYTES;
  }
  return offsets;
}
