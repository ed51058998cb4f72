/** What is known of a failure. The message is not: it is never stored, only its hashes are. */

import type { FilterName } from "#dashboard/activity/activity-question.ts";
import type { CallAnswer } from "#dashboard/api/call-answer.ts";
import { CopyButton } from "#dashboard/parts/copy-button.tsx";
import { Hostile } from "#dashboard/parts/hostile.tsx";
import { Link } from "#dashboard/place/link.tsx";
import { hrefOf, place } from "#dashboard/place/place.ts";
import { alikeQuery } from "./alike-query.ts";
import { Fact } from "./call-facts.tsx";

export function ErrorFacts({ call }: { call: CallAnswer }) {
  const { error_code: code, error_hash: hash, error_fingerprint: fingerprint } = call;
  if (code === null && hash === null && fingerprint === null) return null;
  const calls = (name: FilterName, value: string) =>
    hrefOf({ page: "activity", query: alikeQuery(place.value.query, call, name, value) });
  return (
    <section aria-labelledby="call-error">
      <h2 id="call-error">Error</h2>
      <dl class="fact-grid">
        <Fact name="Code">
          {code === null ? null : (
            <Link href={calls("error_code", code)}>
              <Hostile text={code} isCode />
            </Link>
          )}
        </Fact>
        <Fact name="Calls that failed alike">
          {fingerprint === null ? null : (
            <Link href={calls("error_fingerprint", fingerprint)}>
              <code>{fingerprint.slice(0, 16)}…</code>
            </Link>
          )}
        </Fact>
        <Fact name="BLAKE3-256 of the message">
          {hash === null ? null : (
            <span class="fact-copy">
              <code class="hash">{hash}</code>
              <CopyButton text={hash} label="Copy hash" />
            </span>
          )}
        </Fact>
      </dl>
      <p class="muted">
        {hash === null
          ? "No message was reported with it."
          : "The message itself is never stored or logged. Who has it can hash it and compare."}
      </p>
    </section>
  );
}
