import { Menu } from "#dashboard/parts/menu.tsx";
import { goTo, hrefWith } from "#dashboard/place/place.ts";
import { CALL_COLUMNS, type CallColumn, formatColumns } from "./call-columns.ts";

export function ColumnPicker({ columns }: { columns: readonly CallColumn[] }) {
  const toggle = (column: CallColumn) => {
    const isShown = columns.includes(column);
    const next = isShown ? columns.filter((one) => one !== column) : [...columns, column];
    if (next.length > 0) goTo(hrefWith({ columns: formatColumns(next) }), { replace: true });
  };
  return (
    <Menu label={`Columns (${columns.length})`} align="end">
      {() => (
        <fieldset class="choice column-choice">
          <legend>Columns that are shown</legend>
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
      )}
    </Menu>
  );
}
