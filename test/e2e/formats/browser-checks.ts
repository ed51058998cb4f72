/**
 * What runs in the browser: the formats against their published vectors, and a log as its outsider
 * checks it. The page that carries this shows the findings as base64 of JSON, which HTML leaves alone.
 */
import { encodeBase64 } from "#formats/base64.ts";
import { sign, verify } from "#formats/ed25519.ts";
import { decodeHex, encodeHex } from "#formats/hex.ts";
import { decodeTraces, isDecodeError } from "#formats/otlp/decode-traces.ts";
import { encodeTraces } from "#formats/otlp/encode-traces.ts";
import { sha256 } from "#formats/sha256.ts";
import { parseNote, verifyNote } from "#formats/tlog/signed-note.ts";
import { auditOf, codesOf, evidenceOf, keptOf, linesOf } from "../../formats/ledger/evidence-of.ts";
import { officialTrace } from "../../formats/otlp/official-examples.ts";
import { RFC_8032_VECTORS } from "../../formats/rfc8032-vectors.ts";
import { SHA256_VECTORS } from "../../formats/sha256-vectors.ts";
import { C2SP_KEY, C2SP_NOTE } from "../../formats/tlog/published-note.ts";
import {
  consistencyRows,
  inclusionRows,
  isConsistent,
  isIncluded,
  isWrong,
} from "../../formats/tlog/published-proofs.ts";
import { SyntheticLog } from "../../harness/synthetic-log.ts";

export interface BrowserFinding {
  readonly guarantee: string;
  readonly problems: readonly string[];
  readonly seen: string;
}

/** Two bundles of entries and a part of a third. */
const ENTRIES = 600;
const HASHED_BYTES = 480;
const HASH_ROUNDS = 50_000;

const utf8 = new TextEncoder();

/** Called by the page. */
export function findings(): string {
  const all = [
    checkRuntime(),
    checkHashes(),
    checkKeys(),
    checkNote(),
    checkProofs(),
    checkTraces(),
    checkLog(),
    checkForgery(),
  ];
  return encodeBase64(utf8.encode(JSON.stringify(all)));
}

function checkRuntime(): BrowserFinding {
  const present = ["process", "Buffer", "require", "scheduler.wait", "caches.default"].filter(
    (path) => path.split(".").reduce<unknown>(member, globalThis) !== undefined,
  );
  return found(
    "there is nothing of Node or Workers",
    present.map((name) => `${name} is there`),
  );
}

function member(object: unknown, key: string): unknown {
  return (object as Record<string, unknown> | undefined)?.[key];
}

function checkHashes(): BrowserFinding {
  const wrong = SHA256_VECTORS.filter(
    ([text, hex]) => encodeHex(sha256(utf8.encode(text))) !== hex,
  );
  return found(
    `SHA-256 of the ${SHA256_VECTORS.length} vectors of FIPS 180-4`,
    wrong.map(([text, hex]) => `of ${text.slice(0, 40)}: not ${hex}`),
    `${hashMicroseconds().toFixed(1)} µs for ${HASHED_BYTES} bytes`,
  );
}

function hashMicroseconds(): number {
  const bytes = new Uint8Array(HASHED_BYTES);
  const startedAt = performance.now();
  for (let round = 0; round < HASH_ROUNDS; round += 1) sha256(bytes);
  return ((performance.now() - startedAt) * 1e3) / HASH_ROUNDS;
}

function checkKeys(): BrowserFinding {
  const wrong = RFC_8032_VECTORS.filter(({ seed, publicKey, message, signature }) => {
    const bytes = decodeHex(message)!;
    const signed = sign(decodeHex(seed)!, bytes);
    return encodeHex(signed) !== signature || !verify(decodeHex(publicKey)!, bytes, signed);
  });
  return found(
    `Ed25519 signs and verifies the ${RFC_8032_VECTORS.length} vectors of RFC 8032`,
    wrong.map(({ name }) => name),
  );
}

function checkNote(): BrowserFinding {
  const verdicts = [C2SP_NOTE, C2SP_NOTE.replace("example message", "example massage")].map(
    (note) => verifyNote(parseNote(note)!, [C2SP_KEY]).kind,
  );
  return same("C2SP's signed note is verified, and refused with a letter changed", verdicts, [
    "verified",
    "bad_signature",
  ]);
}

function checkProofs(): BrowserFinding {
  const inclusions = inclusionRows.filter((row) => isIncluded(row) === isWrong(row));
  const consistencies = consistencyRows.filter((row) => isConsistent(row) === isWrong(row));
  const count = inclusionRows.length + consistencyRows.length;
  return found(
    `inclusion and consistency: the ${count} vectors of transparency-dev/merkle`,
    [...inclusions, ...consistencies].map(([name]) => name),
  );
}

function checkTraces(): BrowserFinding {
  const official = decodeTraces(utf8.encode(JSON.stringify(officialTrace)), "json");
  if (isDecodeError(official)) return found("OTLP's example is read", [official.reason]);
  const again = decodeTraces(encodeTraces(official, "protobuf"), "protobuf");
  if (isDecodeError(again)) return found("OTLP's example is read again", [again.reason]);
  const [json, protobuf] = [official, again].map((traces) => encodeTraces(traces, "json"));
  const guarantee = "OTLP's example goes through JSON and protobuf, and stays the same";
  return same(guarantee, utf8Text(protobuf!), utf8Text(json!));
}

function utf8Text(bytes: Uint8Array): string {
  return new TextDecoder().decode(bytes);
}

function checkLog(): BrowserFinding {
  const log = new SyntheticLog().append(ENTRIES).sign();
  const startedAt = performance.now();
  const report = auditOf(evidenceOf(log, { kept: [keptOf(log.checkpoint!)] }), linesOf(log));
  const ms = (performance.now() - startedAt).toFixed(0);
  const guarantee = `${ENTRIES} chained entries are verified to their signed checkpoint in ${ms} ms`;
  const { integrity, completeness, history, trust } = report.verdicts;
  return same(
    guarantee,
    [codesOf(report), integrity, completeness, history, trust],
    [[], "VALID", "COMPLETE", "CONSISTENT", "PINNED"],
  );
}

function checkForgery(): BrowserFinding {
  const log = new SyntheticLog().append(ENTRIES).sign();
  const forged = log.rewritten(ENTRIES / 2, { actor: "mallory" });
  const codes = codesOf(auditOf(evidenceOf(log), linesOf(forged, 0, ENTRIES)));
  return same("a log rewritten under an honest checkpoint is not", codes, ["INVALID root_differs"]);
}

function same(guarantee: string, got: unknown, expected: unknown): BrowserFinding {
  const [gotText, expectedText] = [JSON.stringify(got), JSON.stringify(expected)];
  const problems = gotText === expectedText ? [] : [`got ${gotText}, expected ${expectedText}`];
  return found(guarantee, problems);
}

function found(guarantee: string, problems: readonly string[], seen = ""): BrowserFinding {
  return { guarantee, problems, seen };
}
