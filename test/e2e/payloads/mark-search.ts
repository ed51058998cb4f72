/** Looks for marks in bytes, in whatever form they may have got there. */
import { constants, inflateRawSync, inflateSync } from "node:zlib";

export interface Mark {
  /** Where it was put in. */
  readonly name: string;
  readonly text: string;
}

interface Form {
  readonly mark: string;
  readonly form: string;
  readonly bytes: Buffer;
}

/** What was found, each told as `<mark>, <form>`. */
export function findMarks(marks: readonly Mark[], bytes: Buffer): string[] {
  const forms = marks.flatMap(formsOf);
  const found = formsIn(forms, bytes);
  for (const inner of compressedIn(bytes)) {
    found.push(...formsIn(forms, inner).map((form) => `${form}, compressed`));
  }
  return [...new Set(found)];
}

function formsIn(forms: readonly Form[], bytes: Buffer): string[] {
  return forms
    .filter((form) => bytes.includes(form.bytes))
    .map(({ mark, form }) => `${mark}, ${form}`);
}

function formsOf({ name: mark, text }: Mark): Form[] {
  const utf16 = Buffer.from(text, "utf16le");
  const hex = Buffer.from(text).toString("hex");
  const plain: [form: string, bytes: Buffer][] = [
    ["plain", Buffer.from(text)],
    ["UTF-16 LE", utf16],
    ["UTF-16 BE", Buffer.from(utf16).swap16()],
    ["hex", Buffer.from(hex)],
    ["hex in capitals", Buffer.from(hex.toUpperCase())],
    ["reversed", Buffer.from([...text].reverse().join(""))],
  ];
  const base64 = [0, 1, 2].flatMap((before) => base64Of(text, before));
  return [...plain, ...base64].map(([form, bytes]) => ({ mark, form, bytes }));
}

/** With so many bytes before it: without the characters at both ends, which have bits of others. */
function base64Of(text: string, before: number): [form: string, bytes: Buffer][] {
  const whole = Buffer.concat([Buffer.alloc(before), Buffer.from(text)]);
  return (["base64", "base64url"] as const).map((form) => {
    const encoded = whole.toString(form).replace(/=+$/, "");
    return [`${form} at ${before}`, Buffer.from(encoded.slice(before === 0 ? 0 : 4, -4))];
  });
}

const GZIP = Buffer.from([0x1f, 0x8b, 0x08]);
const ZLIBS = [0x01, 0x5e, 0x9c, 0xda].map((level) => Buffer.from([0x78, level]));
const CUT_OFF = { finishFlush: constants.Z_SYNC_FLUSH };

/** Of a header without a name, as programs write it: what is behind the stream is then no fault. */
const GZIP_HEADER_BYTES = 10;

/** Whatever may be read of a stream that begins there. */
function* compressedIn(bytes: Buffer): Generator<Buffer> {
  for (const magic of [GZIP, ...ZLIBS]) {
    for (let at = bytes.indexOf(magic); at >= 0; at = bytes.indexOf(magic, at + 1)) {
      const inner = attempt(() => inflatedAt(bytes, at, magic === GZIP));
      if (inner !== null) yield inner;
    }
  }
}

function inflatedAt(bytes: Buffer, at: number, isGzip: boolean): Buffer {
  return isGzip
    ? inflateRawSync(bytes.subarray(at + GZIP_HEADER_BYTES), CUT_OFF)
    : inflateSync(bytes.subarray(at), CUT_OFF);
}

function attempt(work: () => Buffer): Buffer | null {
  try {
    return work();
  } catch {
    return null;
  }
}
