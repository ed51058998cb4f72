/** The same call in the user's other tools. */
import { useState } from "preact/hooks";
import type { CallAnswer } from "#dashboard/api/call-answer.ts";
import { Dialog } from "#dashboard/parts/dialog.tsx";
import { Link } from "#dashboard/place/link.tsx";
import { hrefOf } from "#dashboard/place/place.ts";
import { OutsideForm } from "./outside-form.tsx";
import { prometheusLink, traceLink } from "./outside-links.ts";
import { outsideSettings } from "./outside-settings.ts";

export function Elsewhere({ org, call }: { org: string; call: CallAnswer }) {
  const [isOpen, setOpen] = useState(false);
  const { traceTemplate, prometheusUrl } = outsideSettings.value;
  const trace = traceLink(traceTemplate, call);
  const prometheus = prometheusLink(prometheusUrl, org, call);
  return (
    <section aria-labelledby="call-elsewhere">
      <h2 id="call-elsewhere">Elsewhere</h2>
      <ul class="elsewhere">
        <li>
          <Link href={hrefOf({ page: "audit", query: new Map([["invocation_id", call.id]]) })}>
            Audit entries that name this call
          </Link>
        </li>
        {trace !== null && <OutsideLink href={trace}>Its trace in your trace UI</OutsideLink>}
        {prometheus !== null && (
          <OutsideLink href={prometheus}>Its tool's calls in Prometheus</OutsideLink>
        )}
        {traceTemplate !== "" && call.trace_id === null && (
          <li class="muted">The call has no trace to link to.</li>
        )}
        <li>
          <button type="button" class="button button-small" onClick={() => setOpen(true)}>
            {traceTemplate === "" && prometheusUrl === ""
              ? "Link your trace UI and Prometheus…"
              : "Change these links…"}
          </button>
        </li>
      </ul>
      <Dialog title="Links to your tools" isOpen={isOpen} onClose={() => setOpen(false)}>
        <OutsideForm onDone={() => setOpen(false)} />
      </Dialog>
    </section>
  );
}

/** It leaves this page: neither where one was nor a handle on the tab goes along. */
function OutsideLink({ href, children }: { href: string; children: string }) {
  return (
    <li>
      <a href={href} target="_blank" rel="noopener noreferrer">
        {children} <span aria-hidden="true">↗</span>
      </a>
    </li>
  );
}
