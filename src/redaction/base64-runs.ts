/** Texts within a text, in base 64 of either alphabet: what is no text when it is decoded is no concern here. */

export interface Base64Run {
  readonly start: number;
  readonly end: number;
  readonly decoded: string;
}

/** A secret of 16 characters takes 22; what is shorter is a word. */
const RUN = /[A-Za-z0-9+/_-]{22,}={0,2}/g;
const CONTROL = /[^\t\n\r\P{Cc}]/u;
const UTF_8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

export function base64RunsOf(text: string): Base64Run[] {
  const runs: Base64Run[] = [];
  for (const { index, 0: run } of text.matchAll(RUN)) {
    const decoded = decodedText(run);
    if (decoded !== null) runs.push({ start: index, end: index + run.length, decoded });
  }
  return runs;
}

function decodedText(run: string): string | null {
  const standard = run.replaceAll("-", "+").replaceAll("_", "/").replace(/=+$/, "");
  // One character more than whole groups have says nothing.
  const whole = standard.length % 4 === 1 ? standard.slice(0, -1) : standard;
  const bytes = Uint8Array.from(atob(whole), (character) => character.charCodeAt(0));
  try {
    const text = UTF_8.decode(bytes);
    return CONTROL.test(text) ? null : text;
  } catch {
    return null;
  }
}
