/** How recent the proven head is. A proof cannot tell: an old head is signed as well as a new one. */
import { formatAge, formatCount } from "#dashboard/parts/format-figure.ts";
import { ProofMark } from "./proof-mark.tsx";
import type { HeadFreshness } from "./proof-report.ts";

export function Freshness({ freshness }: { freshness: HeadFreshness }) {
  const { newestRecordedAt, newestAgeMs, unsignedCount, late } = freshness;
  const isLate = late.length > 0;
  return (
    <div class="proof-fresh" data-fresh={isLate ? "late" : "recent"}>
      <h3>How recent</h3>
      <p>
        <ProofMark tone={isLate ? "open" : "good"} word={isLate ? "Late" : "In time"} />{" "}
        {newestRecordedAt === null || newestAgeMs === null ? (
          "The age of the newest signed entry is not proven."
        ) : (
          <>
            The newest signed entry was recorded {formatAge(newestAgeMs)} ago by your clock (
            <time dateTime={newestRecordedAt}>{newestRecordedAt}</time>).
          </>
        )}{" "}
        {unsignedText(unsignedCount)}
      </p>
      {late.map((told) => (
        <p key={told}>{told}</p>
      ))}
    </div>
  );
}

function unsignedText(count: number): string {
  if (count === 0) return "By the server's word nothing waits for a signature.";
  return `By the server's word ${formatCount(count)} newer ${count === 1 ? "entry waits" : "entries wait"} for a signature.`;
}
