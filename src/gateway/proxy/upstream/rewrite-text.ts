/** A text with its results replaced by what the caller may see of them. */
import type { RelayTerms, RpcAnswer } from "./relay-answer.ts";
import type { SeenText } from "./rpc-text.ts";

/** Null: as it came. `answers` are the text's messages, null for what is none. */
export async function rewrittenText(
  { messages, isBatch }: SeenText,
  answers: readonly (RpcAnswer | null)[],
  rewrite: RelayTerms["rewrite"],
): Promise<string | null> {
  if (rewrite === null) return null;
  const replaced = await Promise.all(
    answers.map((answer) => (answer === null || answer.result === null ? null : rewrite(answer))),
  );
  return withTexts({ messages, isBatch }, replaced);
}

/** With those of its messages replaced that are given a text. Null: as it came. */
export function withTexts(
  { messages, isBatch }: SeenText,
  replaced: readonly (string | null)[],
): string | null {
  if (replaced.every((text) => text === null)) return null;
  const texts = messages.map(({ text }, index) => replaced[index] ?? text);
  return isBatch ? `[${texts.join(",")}]` : texts.join("");
}
