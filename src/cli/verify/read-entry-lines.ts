/** Entries out of a byte stream of NDJSON. */
import { NdjsonLines } from "#formats/ledger/ndjson-lines.ts";
import { MissingEntries } from "./no-verdict.ts";

export async function* readEntryLines(
  chunks: AsyncIterable<Uint8Array>,
): AsyncGenerator<readonly Uint8Array[]> {
  const lines = new NdjsonLines();
  for await (const chunk of chunks) yield lines.push(chunk);
  if (lines.isCut) throw new MissingEntries("the entries end in the middle of a line");
}
