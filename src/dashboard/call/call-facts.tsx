import type { ComponentChildren } from "preact";
import type { FilterName } from "#dashboard/activity/activity-question.ts";
import type { CallAnswer } from "#dashboard/api/call-answer.ts";
import { formatBytes, formatDuration } from "#dashboard/parts/format-figure.ts";
import { Hostile } from "#dashboard/parts/hostile.tsx";
import { Link } from "#dashboard/place/link.tsx";
import { hrefOf, place } from "#dashboard/place/place.ts";
import { alikeQuery } from "./alike-query.ts";

/** What the call was, each leading to the calls that have it too. */
export function CallFacts({ call, org }: { call: CallAnswer; org: string }) {
  const calls = (name: FilterName, value: string) =>
    hrefOf({ org, page: "activity", query: alikeQuery(place.value.query, call, name, value) });
  const linked = (name: FilterName, value: string | null) =>
    value === null ? null : (
      <Link href={calls(name, value)}>
        <Hostile text={value} />
      </Link>
    );
  return (
    <section aria-label="The call">
      <dl class="fact-grid">
        <Fact name="Duration">{formatDuration(call.duration_ms)}</Fact>
        <Fact name="Workspace">{linked("workspace", call.workspace)}</Fact>
        <Fact name="Plugin">{linked("plugin", call.plugin)}</Fact>
        <Fact name="Tool">
          {linked("tool", call.tool)}
          <CountedAs call={call} />
        </Fact>
        <Fact name="Actor">{linked("actor", call.actor)}</Fact>
        <Fact name="Instance">{linked("instance", call.instance_id)}</Fact>
        <Fact name="Session">{linked("session_id", call.session_id)}</Fact>
        <Fact name="Request">{linked("request_id", call.request_id)}</Fact>
        <Fact name="Trace">{linked("trace_id", call.trace_id)}</Fact>
        <Fact name="Request size">{sizeText(call.request_bytes)}</Fact>
        <Fact name="Response size">{sizeText(call.response_bytes)}</Fact>
      </dl>
    </section>
  );
}

/** One that was not reported is told so: a dash could be a zero. */
export function Fact({ name, children }: { name: string; children: ComponentChildren }) {
  return (
    <div class="fact">
      <dt>{name}</dt>
      <dd>{children ?? <span class="muted">not reported</span>}</dd>
    </div>
  );
}

function CountedAs({ call }: { call: CallAnswer }) {
  const name = call.counted_as;
  if (name === null || name === call.tool) return null;
  return (
    <span class="muted">
      {" counted as "}
      <Hostile text={name} />
    </span>
  );
}

function sizeText(bytes: number | null): string | null {
  return bytes === null ? null : formatBytes(bytes);
}
