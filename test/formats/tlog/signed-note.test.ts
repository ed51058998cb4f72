import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { decodeBase64, encodeBase64 } from "#formats/base64.ts";
import { publicKeyOf } from "#formats/ed25519.ts";
import { isKeyName, parseVkey, verifierKey } from "#formats/tlog/note-key.ts";
import {
  formatNote,
  isNoteText,
  type NoteSignature,
  parseNote,
  SIGNATURES_MAX,
  signNote,
  verifyNote,
} from "#formats/tlog/signed-note.ts";
import { mutationOf } from "./mutation.ts";
import { C2SP_KEY, C2SP_NOTE } from "./published-note.ts";

/** The documentation of golang.org/x/mod/sumdb/note; its private key is type 01 and the seed. */
const PETER_KEY = parseVkey("PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW")!;
const PETER = {
  name: "PeterNeumann",
  seed: decodeBase64("AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz")!.subarray(1),
};
const ENOCH_KEY = parseVkey("EnochRoot+af0cfe78+ATtqJ7zOtqQtYqOo0CpvDXNlMhV3HeJDpjrASKGLWdop")!;
const PETER_TEXT = `If you think cryptography is the answer to your problem,
then you don't know what your problem is.
`;
const PETER_NOTE = `${PETER_TEXT}
— PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=
`;
const BOTH_NOTE = `${PETER_NOTE}— EnochRoot rwz+eBzmZa0SO3NbfRGzPCpDckykFXSdeX+MNtCOXm2/5n2tiOHp+vAF1aGrQ5ovTG01oOTGwnWLox33WWd1RvMc+QQ=
`;

/** C2SP signed-note.md, opening; its key is not published. */
const BLANK_LINES_NOTE = `Ognuno sta solo sul cuor della terra
trafitto da un raggio di sole:

ed è subito sera.

— quasimodo.example/salvatore NnugSzTjtVAewIS+Z/iJhUPeFDkO/5QQ2i5ddnGITLlC+EhfLW9oJKONrMouFSQU0xMcXxj99ihAQwaqP3ZekRwNtIc=
`;

const [PETER_SIGNATURE, ENOCH_SIGNATURE] = parseNote(BOTH_NOTE)!.signatures;

const line = fc.string({ unit: "binary", maxLength: 10 }).map((text) => text.replaceAll(/\s/g, ""));
const noteText = fc
  .array(line, { minLength: 1, maxLength: 5 })
  .map((lines) => `${lines.join("\n")}\n`)
  .filter(isNoteText);
const noteSignature: fc.Arbitrary<NoteSignature> = fc.record({
  name: fc.string({ unit: "binary", minLength: 1, maxLength: 10 }).filter(isKeyName),
  id: fc.uint8Array({ minLength: 4, maxLength: 4 }),
  signature: fc.uint8Array({ minLength: 1, maxLength: 80 }),
});

function flipped(signature: NoteSignature): NoteSignature {
  return { ...signature, signature: signature.signature.map((byte) => byte ^ 0x10) };
}

describe("parseNote and formatNote", () => {
  it.each([C2SP_NOTE, PETER_NOTE, BOTH_NOTE, BLANK_LINES_NOTE])("gives %o back", (note) => {
    const { text, signatures } = parseNote(note)!;
    expect(formatNote(text, signatures)).toBe(note);
  });

  it("splits at the last blank line, the text keeping those before it", () => {
    expect(parseNote(BLANK_LINES_NOTE)?.text.endsWith("sole:\n\ned è subito sera.\n")).toBe(true);
    const signatureLine = C2SP_NOTE.slice(C2SP_NOTE.indexOf("—"));
    expect(parseNote(`${C2SP_NOTE}\n${signatureLine}`)?.text).toBe(C2SP_NOTE);
    expect(parseNote(`\n\n\n${signatureLine}`)?.text).toBe("\n\n");
  });

  it("gives any text and signatures back", () => {
    const signatures = fc.array(noteSignature, { minLength: 1, maxLength: 20 });
    fc.assert(
      fc.property(noteText, signatures, (text, written) => {
        expect(parseNote(formatNote(text, written))).toEqual({ text, signatures: written });
      }),
    );
  });

  it("takes one text alone for a note: what is read is what is written", () => {
    const note = fc.constantFrom(BOTH_NOTE, BLANK_LINES_NOTE).chain(mutationOf);
    fc.assert(
      fc.property(note, (text) => {
        const parsed = parseNote(text);
        expect(parsed && formatNote(parsed.text, parsed.signatures)).toBe(parsed && text);
      }),
      { numRuns: 5_000 },
    );
  });

  it("reads 16 signatures of 5 kB, and up to SIGNATURES_MAX", () => {
    const large = { ...PETER_SIGNATURE!, signature: new Uint8Array(5_000) };
    for (const count of [16, SIGNATURES_MAX]) {
      const note = formatNote(
        "text\n",
        Array.from({ length: count }, () => large),
      );
      expect(parseNote(note)?.signatures).toHaveLength(count);
    }
    const [head = "", signatureLine = ""] = formatNote("\n", [large]).split("\n—");
    const tooMany = `${head}\n${`—${signatureLine}`.repeat(SIGNATURES_MAX + 1)}`;
    expect(parseNote(tooMany)).toBeNull();
  });

  it.each([
    ["nothing", ""],
    ["a text alone", "text\n"],
    ["no signature", "text\n\n"],
    ["no blank line", C2SP_NOTE.replace("\n\n", "\n")],
    ["no newline at the end", C2SP_NOTE.slice(0, -1)],
    ["a blank line at the end", `${C2SP_NOTE}\n`],
    ["a line that is no signature", `${C2SP_NOTE}text\n`],
    ["a hyphen for the dash", C2SP_NOTE.replace("—", "-")],
    ["no space after the dash", C2SP_NOTE.replace("— ", "—")],
    ["two spaces", C2SP_NOTE.replace("foo ", "foo  ")],
    ["a space at the end of a line", C2SP_NOTE.replace("=\n", "= \n")],
    ["no name", C2SP_NOTE.replace("example.com/foo ", "")],
    ["a plus in the name", C2SP_NOTE.replace("/foo", "/f+o")],
    ["a no-break space in the name", C2SP_NOTE.replace("/foo", "/f\u00a0o")],
    ["base64 without padding", C2SP_NOTE.replace("=\n", "\n")],
    ["base64 with spare bits", C2SP_NOTE.replace("aQM=", "aQN=")],
    ["base64 of URLs", BOTH_NOTE.replace("rwz+", "rwz-")],
    ["a key id alone", "text\n\n— a AAAAAA==\n"],
    ["carriage returns", C2SP_NOTE.replaceAll("\n", "\r\n")],
    ["a tab in the text", C2SP_NOTE.replace(" ", "\t")],
    ["a zero byte in the text", C2SP_NOTE.replace(" ", "\u0000")],
    ["half a surrogate pair", C2SP_NOTE.replace(" ", "\udc00")],
  ])("refuses %s", (_, note) => {
    expect(parseNote(C2SP_NOTE)).not.toBeNull();
    expect(parseNote(note)).toBeNull();
  });

  it("writes nothing that it would not read", () => {
    const signature = PETER_SIGNATURE!;
    for (const text of ["", "text", "a\tb\n", "a\r\n", "\ud800\n"]) {
      expect(() => formatNote(text, [signature])).toThrow(RangeError);
      expect(() => signNote(text, PETER)).toThrow(RangeError);
    }
    const tooMany = Array.from({ length: SIGNATURES_MAX + 1 }, () => signature);
    for (const signatures of [[], tooMany]) {
      expect(() => formatNote("text\n", signatures)).toThrow(RangeError);
    }
    const bytes3 = new Uint8Array(3);
    for (const wrong of [{ name: "a b" }, { id: bytes3 }, { signature: new Uint8Array() }]) {
      expect(() => formatNote("text\n", [{ ...signature, ...wrong }])).toThrow(RangeError);
    }
    expect(() => signNote("text\n", { ...PETER, name: "" })).toThrow(RangeError);
    expect(() => signNote("text\n", { ...PETER, seed: bytes3 })).toThrow(RangeError);
  });
});

describe("signNote", () => {
  it("signs the note of sumdb/note's documentation byte for byte", () => {
    expect(formatNote(PETER_TEXT, [signNote(PETER_TEXT, PETER)])).toBe(PETER_NOTE);
  });

  it("signs what verifyNote verifies, whatever the text", () => {
    fc.assert(
      fc.property(noteText, noteText, (text, other) => {
        const signatures = [signNote(text, PETER)];
        const verdict = { kind: "verified", verifiedBy: [PETER_KEY] };
        expect(verifyNote({ text, signatures }, [PETER_KEY])).toEqual(verdict);
        fc.pre(other !== text);
        expect(verifyNote({ text: other, signatures }, [PETER_KEY]).kind).toBe("bad_signature");
      }),
    );
  });
});

describe("verifyNote", () => {
  it("verifies the example of C2SP", () => {
    const verdict = verifyNote(parseNote(C2SP_NOTE)!, [PETER_KEY, C2SP_KEY]);
    expect(verdict).toEqual({ kind: "verified", verifiedBy: [C2SP_KEY] });
  });

  it("names each known key that signed, and ignores the others", () => {
    const note = parseNote(BOTH_NOTE)!;
    const verifiedBy = (keys: (typeof PETER_KEY)[]) => verifyNote(note, keys);
    expect(verifiedBy([ENOCH_KEY, PETER_KEY, C2SP_KEY])).toEqual({
      kind: "verified",
      verifiedBy: [PETER_KEY, ENOCH_KEY],
    });
    expect(verifiedBy([ENOCH_KEY])).toEqual({ kind: "verified", verifiedBy: [ENOCH_KEY] });
  });

  it("verifies nothing without a known key", () => {
    const unknown = { kind: "no_known_key" };
    expect(verifyNote(parseNote(BOTH_NOTE)!, [])).toEqual(unknown);
    expect(verifyNote(parseNote(BOTH_NOTE)!, [C2SP_KEY])).toEqual(unknown);
  });

  it("does not take a key for known by its name or its id alone", () => {
    const note = parseNote(PETER_NOTE)!;
    const sameName = verifierKey(PETER.name, C2SP_KEY.publicKey);
    const sameId = { ...C2SP_KEY, id: PETER_KEY.id };
    expect(verifyNote(note, [sameName, sameId])).toEqual({ kind: "no_known_key" });
    expect(verifyNote(note, [sameName, sameId, PETER_KEY]).kind).toBe("verified");
  });

  it("rejects the note for one bad signature of a known key, though others are good", () => {
    const verdict = { kind: "bad_signature", key: ENOCH_KEY };
    const keys = [PETER_KEY, ENOCH_KEY];
    const forged = flipped(ENOCH_SIGNATURE!);
    for (const signatures of [
      [PETER_SIGNATURE!, forged],
      [forged, PETER_SIGNATURE!],
      [PETER_SIGNATURE!, ENOCH_SIGNATURE!, forged],
    ]) {
      expect(verifyNote({ text: PETER_TEXT, signatures }, keys)).toEqual(verdict);
    }
  });

  it("rejects a signature of a known key that is of another length", () => {
    for (const length of [1, 63, 65, 72, 2420]) {
      const signatures = [{ ...PETER_SIGNATURE!, signature: new Uint8Array(length) }];
      const { kind } = verifyNote({ text: PETER_TEXT, signatures }, [PETER_KEY]);
      expect(kind).toBe("bad_signature");
    }
  });

  it("rejects the note when two known keys share a name and id: one of them did not sign", () => {
    const collision = { ...PETER_KEY, publicKey: C2SP_KEY.publicKey };
    for (const keys of [
      [PETER_KEY, collision],
      [collision, PETER_KEY],
    ]) {
      expect(verifyNote(parseNote(PETER_NOTE)!, keys)).toEqual({
        kind: "bad_signature",
        key: collision,
      });
    }
  });

  it("counts a key once, however often it signed", () => {
    const signatures = [PETER_SIGNATURE!, PETER_SIGNATURE!, PETER_SIGNATURE!];
    expect(verifyNote({ text: PETER_TEXT, signatures }, [PETER_KEY])).toEqual({
      kind: "verified",
      verifiedBy: [PETER_KEY],
    });
  });

  it("never verifies an edited note of one signature", () => {
    fc.assert(
      fc.property(mutationOf(PETER_NOTE), (edited) => {
        fc.pre(edited !== PETER_NOTE);
        const note = parseNote(edited);
        expect(note && verifyNote(note, [PETER_KEY]).kind).not.toBe("verified");
      }),
      { numRuns: 2_000 },
    );
  });

  it("never verifies a text that was not signed, however a note of two signatures is edited", () => {
    fc.assert(
      fc.property(mutationOf(BOTH_NOTE), (edited) => {
        const note = parseNote(edited);
        const isVerified = note && verifyNote(note, [PETER_KEY, ENOCH_KEY]).kind === "verified";
        expect(isVerified ? note.text : PETER_TEXT).toBe(PETER_TEXT);
      }),
      { numRuns: 1_000 },
    );
  });

  it("never verifies a signature with any one bit changed", () => {
    const original = encodeBase64(PETER_SIGNATURE!.signature);
    for (let bit = 0; bit < 512; bit++) {
      const signature = decodeBase64(original)!;
      signature[bit >> 3]! ^= 1 << (bit & 7);
      const note = { text: PETER_TEXT, signatures: [{ ...PETER_SIGNATURE!, signature }] };
      expect(verifyNote(note, [PETER_KEY])).toEqual({ kind: "bad_signature", key: PETER_KEY });
    }
  });

  it("knows the signer's key from its seed", () => {
    expect(verifierKey(PETER.name, publicKeyOf(PETER.seed))).toEqual(PETER_KEY);
  });
});
