import { goTo, hrefWith } from "#dashboard/place/place.ts";
import { CALL_COLUMNS, type CallColumn, formatColumns } from "./call-columns.ts";

export function ColumnPicker({ columns }: { columns: readonly CallColumn[] }) {
  const toggle = (column: CallColumn) => {
    const isShown = columns.includes(column);
    const next = isShown ? columns.filter((one) => one !== column) : [...columns, column];
    if (next.length > 0) goTo(hrefWith({ columns: formatColumns(next) }), { replace: true });
  };
  return (
    <details class="column-picker">
      <summary class="button button-small">Columns ({columns.length})</summary>
      <fieldset>
        <legend class="visually-hidden">Columns that are shown</legend>
        {CALL_COLUMNS.map((column) => (
          <label key={column.name}>
            <input
              type="checkbox"
              checked={columns.includes(column)}
              onChange={() => toggle(column)}
            />
            {column.title}
          </label>
        ))}
      </fieldset>
    </details>
  );
}
