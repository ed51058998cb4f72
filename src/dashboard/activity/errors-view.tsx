/** Errors that are one error: by fingerprint, what they say of themselves, when they came, and their calls. */

import { AskedFigure } from "#dashboard/activity/figures/asked-figure.tsx";
import { callsHref } from "#dashboard/activity/figures/column-drill.ts";
import { LabelText } from "#dashboard/activity/figures/top-figure.tsx";
import { Age } from "#dashboard/parts/age.tsx";
import { type Column, DataTable } from "#dashboard/parts/data-table.tsx";
import { formatCount } from "#dashboard/parts/format-figure.ts";
import { Hostile } from "#dashboard/parts/hostile.tsx";
import { FAILED } from "#dashboard/parts/outcomes.ts";
import { Empty } from "#dashboard/parts/states.tsx";
import { Link } from "#dashboard/place/link.tsx";
import { hrefOf } from "#dashboard/place/place.ts";
import { coveredTimes, type ErrorsAnswer, type ListedErrors, msOf } from "./answers.ts";
import { type Asking, useFigures } from "./asking.ts";
import { neighbourQuery } from "./drill-down.ts";

export function ErrorsView({ asking }: { asking: Asking }) {
  const asked = useFigures<ErrorsAnswer>(asking, "errors", { limit: GROUPS_MAX });
  return (
    <section class="panel" aria-labelledby="errors-title">
      <h2 id="errors-title" tabIndex={-1}>
        Errors
      </h2>
      <AskedFigure asked={asked} zone={asking.zone} label="Loading errors">
        {(answer) => <ErrorTable asking={asking} answer={answer} />}
      </AskedFigure>
    </section>
  );
}

const GROUPS_MAX = 50;
const FINGERPRINT_SHOWN = 12;

function ErrorTable({ asking, answer }: { asking: Asking; answer: ErrorsAnswer }) {
  if (answer.errors.length === 0) {
    return (
      <Empty title="No error matches">Calls that failed would stand here by their error.</Empty>
    );
  }
  return (
    <DataTable
      caption={errorsCaption(answer)}
      rows={answer.errors}
      keyOf={(errors) => JSON.stringify(labelsOf(errors))}
      columns={errorColumns(asking, answer)}
    />
  );
}

/** By which the list has these calls alone: of errors without a message each code is a group. */
function labelsOf({ fingerprint, codes }: ListedErrors): Record<string, string> {
  if (fingerprint !== "") return { error_fingerprint: fingerprint };
  return { error_fingerprint: "", error_code: codes[0]?.value ?? "" };
}

function errorsCaption({ errors, total }: ErrorsAnswer): string {
  const groups = total?.groups ?? errors.length;
  const shown = groups > errors.length ? `${formatCount(errors.length)} of ` : "";
  return `${shown}${formatCount(groups)} ${groups === 1 ? "error" : "errors"}, most calls first`;
}

function errorColumns({ query }: Asking, answer: ErrorsAnswer): Column<ListedErrors>[] {
  const drill = { ...coveredTimes(answer), outcomes: FAILED };
  return [
    {
      key: "error",
      title: "Error",
      render: ({ fingerprint, codes }) => (
        <span class="error-name">
          {codes.slice(0, 3).map(({ value, calls }) => (
            <span key={value}>
              <LabelText value={value} />
              {codes.length > 1 && <span class="muted"> ×{formatCount(calls)}</span>}
            </span>
          ))}
          {codes.length > 3 && <span class="muted">and {codes.length - 3} more codes</span>}
          <code class="muted" title={fingerprint}>
            {fingerprint === "" ? "no message" : fingerprint.slice(0, FINGERPRINT_SHOWN)}
          </code>
        </span>
      ),
    },
    {
      key: "calls",
      title: "Calls",
      align: "end",
      render: (errors) => (
        <Link href={callsHref(query, { ...drill, labels: labelsOf(errors) })}>
          {formatCount(errors.calls)}
        </Link>
      ),
    },
    {
      key: "tools",
      title: "Tools",
      render: ({ tools }) => (
        <span class="error-name">
          {tools.slice(0, 3).map(({ labels, calls }) => (
            <span key={JSON.stringify(labels)}>
              <Hostile text={labels.tool ?? ""} />
              <span class="muted"> ×{formatCount(calls)}</span>
            </span>
          ))}
          {tools.length > 3 && <span class="muted">and {tools.length - 3} more</span>}
        </span>
      ),
    },
    {
      key: "first",
      title: "First seen",
      render: ({ first_seen }) => <Age atMs={msOf(first_seen)} />,
    },
    { key: "last", title: "Last seen", render: ({ last_seen }) => <Age atMs={msOf(last_seen)} /> },
    {
      key: "newest",
      title: "Newest",
      render: (errors) => {
        const list = neighbourQuery(query);
        for (const [name, value] of Object.entries(labelsOf(errors))) list.set(name, value);
        const href = hrefOf({ page: "call", id: errors.newest_id, query: list });
        return <Link href={href}>Open call</Link>;
      },
    },
  ];
}
