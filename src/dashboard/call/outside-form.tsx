import { useId, useState } from "preact/hooks";
import { prometheusFault, type TemplateFault, traceTemplateFault } from "./outside-links.ts";
import { outsideSettings, setOutsideSettings } from "./outside-settings.ts";

const FAULTS: Readonly<Record<TemplateFault, string>> = {
  no_address: "This is no whole address, without a user in it.",
  not_https: "It has to begin with https:// (http:// only for this very machine).",
  no_trace_id: "It has to say {trace_id} where the trace's id belongs.",
};

export function OutsideForm({ onDone }: { onDone(): void }) {
  const [settings, setSettings] = useState(outsideSettings.value);
  const { traceTemplate, prometheusUrl } = settings;
  const traceFault = traceTemplate === "" ? null : traceTemplateFault(traceTemplate);
  const urlFault = prometheusUrl === "" ? null : prometheusFault(prometheusUrl);
  const save = (event: SubmitEvent) => {
    event.preventDefault();
    if (traceFault !== null || urlFault !== null) return;
    setOutsideSettings(settings);
    onDone();
  };
  return (
    <form class="dialog-form" onSubmit={save}>
      <AddressField
        label="Trace UI"
        hint="https://traces.example.com/trace/{trace_id}"
        value={traceTemplate}
        fault={traceFault}
        onText={(text) => setSettings({ ...settings, traceTemplate: text.trim() })}
      />
      <AddressField
        label="Prometheus"
        hint="https://prometheus.example.com"
        value={prometheusUrl}
        fault={urlFault}
        onText={(text) => setSettings({ ...settings, prometheusUrl: text.trim() })}
      />
      <p class="muted">Kept in this browser only.</p>
      <p class="dialog-actions">
        <button type="button" class="button" onClick={onDone}>
          Cancel
        </button>
        <button type="submit" class="button button-main">
          Save
        </button>
      </p>
    </form>
  );
}

interface AddressFieldTerms {
  label: string;
  hint: string;
  value: string;
  fault: TemplateFault | null;
  onText(text: string): void;
}

function AddressField({ label, hint, value, fault, onText }: AddressFieldTerms) {
  const id = useId();
  return (
    <>
      <label for={id}>{label}</label>
      <input
        id={id}
        class="input"
        inputMode="url"
        autocomplete="off"
        spellcheck={false}
        value={value}
        aria-invalid={fault !== null}
        aria-describedby={`${id}-note`}
        onInput={({ currentTarget }) => onText(currentTarget.value)}
      />
      <p
        id={`${id}-note`}
        class={fault === null ? "muted" : "field-fault"}
        role={fault === null ? undefined : "alert"}
      >
        {fault === null ? `For example ${hint}` : FAULTS[fault]}
      </p>
    </>
  );
}
