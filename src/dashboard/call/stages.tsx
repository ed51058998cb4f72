/** Who called, whether they might, and what was called: each with its time and with what it was found by. */
import type { ComponentChildren } from "preact";
import type { CallAnswer } from "#dashboard/api/call-answer.ts";
import { entryIdOf } from "#dashboard/audit/audit-query.ts";
import { formatDuration } from "#dashboard/parts/format-figure.ts";
import { Hostile } from "#dashboard/parts/hostile.tsx";
import { Outcome } from "#dashboard/parts/outcome.tsx";
import { isOutcome } from "#dashboard/parts/outcomes.ts";
import { Link } from "#dashboard/place/link.tsx";
import { hrefOf } from "#dashboard/place/place.ts";
import type { StageTiming, TraceAnswer } from "./call-answers.ts";

const FOUND_BY: Readonly<Record<string, string>> = {
  stage: "timed by a span of its own",
  parent: "timed by the span that brought the call in",
  child: "timed by a span below the call",
  call: "timed by the call's own span",
};

export function Stages({ trace, call }: { trace: TraceAnswer; call: CallAnswer }) {
  const { identity, policy, dispatch } = trace;
  return (
    <section aria-labelledby="call-stages">
      <h2 id="call-stages">Identity, policy, dispatch</h2>
      <ol class="stages">
        <StageCard name="Identity" timing={identity}>
          {identity.actor === null ? (
            <span class="muted">no actor was reported</span>
          ) : (
            <Hostile text={identity.actor} />
          )}
        </StageCard>
        <StageCard name="Policy" timing={policy}>
          <Decision policy={policy} />
        </StageCard>
        <StageCard name="Dispatch" timing={dispatch}>
          <span class="stage-path">
            <Hostile text={dispatch.workspace} />
            {" / "}
            <Hostile text={dispatch.plugin} />
            {" / "}
            <Hostile text={dispatch.tool} />
          </span>
          {isOutcome(call.outcome) && <Outcome outcome={call.outcome} />}
        </StageCard>
      </ol>
    </section>
  );
}

function StageCard(terms: { name: string; timing: StageTiming; children: ComponentChildren }) {
  const { name, timing, children } = terms;
  const isTimed = timing.duration_ms !== null;
  return (
    <li class="stage">
      <h3>{name}</h3>
      <div class="stage-what">{children}</div>
      <p class="muted">
        {isTimed ? formatDuration(timing.duration_ms) : "no span timed it"}
        {timing.found_by !== null && `, ${FOUND_BY[timing.found_by] ?? timing.found_by}`}
      </p>
    </li>
  );
}

function Decision({ policy }: { policy: TraceAnswer["policy"] }) {
  const { decision, action, log, seq } = policy;
  if (decision === null || log === null || seq === null) {
    return <span class="muted">no entry in the audit log decided it</span>;
  }
  return (
    <>
      <strong>{decision}</strong>
      <Link href={hrefOf({ page: "entry", id: entryIdOf(log, seq) })}>
        {action} (entry {seq})
      </Link>
    </>
  );
}
