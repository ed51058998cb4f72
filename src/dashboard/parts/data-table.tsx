/** A list: a real table, whose rows lead where their first cell leads. */
import type { ComponentChildren } from "preact";
import { Link } from "#dashboard/place/link.tsx";
import { goTo } from "#dashboard/place/place.ts";

export interface Column<Row> {
  readonly key: string;
  readonly title: string;
  readonly align?: "start" | "end";
  /** What it is sorted by; without, it cannot be. */
  readonly sortKey?: string;
  render(row: Row): ComponentChildren;
}

export interface TableSort {
  readonly key: string;
  readonly isDescending: boolean;
  /** The order is of the address, as all else. */
  hrefOf(key: string, isDescending: boolean): string;
}

export interface TableTerms<Row> {
  caption: ComponentChildren;
  columns: readonly Column<Row>[];
  rows: readonly Row[];
  keyOf?: (row: Row) => string;
  sort?: TableSort | undefined;
  rowHref?: (row: Row) => string;
}

export function DataTable<Row>({ caption, columns, rows, keyOf, sort, rowHref }: TableTerms<Row>) {
  return (
    <div class="table-room">
      <table class="table table-cards">
        <caption>{caption}</caption>
        <thead>
          <tr>
            {columns.map((column) => (
              <HeadCell key={column.key} column={column} sort={sort} />
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map((row) => {
            const href = rowHref?.(row);
            return (
              <tr
                key={keyOf?.(row)}
                class={href === undefined ? undefined : "row-linked"}
                onClick={(event) => href !== undefined && followRow(event, href)}
              >
                {columns.map((column, at) => (
                  <td key={column.key} data-title={column.title} class={cellClass(column)}>
                    {at === 0 && href !== undefined ? (
                      <Link href={href}>{column.render(row)}</Link>
                    ) : (
                      column.render(row)
                    )}
                  </td>
                ))}
              </tr>
            );
          })}
        </tbody>
      </table>
    </div>
  );
}

function HeadCell<Row>({ column, sort }: { column: Column<Row>; sort: TableSort | undefined }) {
  const { sortKey, title } = column;
  if (sortKey === undefined || sort === undefined) {
    return (
      <th scope="col" class={cellClass(column)}>
        {title}
      </th>
    );
  }
  const isSorted = sort.key === sortKey;
  const order = sort.isDescending ? "descending" : "ascending";
  // What is largest is looked for first.
  const href = sort.hrefOf(sortKey, isSorted ? !sort.isDescending : true);
  return (
    <th scope="col" class={cellClass(column)} aria-sort={isSorted ? order : undefined}>
      <Link href={href}>
        {title}
        <span aria-hidden="true">{isSorted ? (sort.isDescending ? " ↓" : " ↑") : ""}</span>
      </Link>
    </th>
  );
}

function cellClass<Row>({ align }: Column<Row>): string | undefined {
  return align === "end" ? "end" : undefined;
}

/** A click anywhere in a row, unless it was for something in it, or marked text. */
function followRow(event: MouseEvent, href: string): void {
  const target = event.target as Element;
  if (event.defaultPrevented || event.button !== 0) return;
  if (target.closest("a, button, input, summary, label") !== null) return;
  if (getSelection()?.isCollapsed === false) return;
  if (event.ctrlKey || event.metaKey) open(href, "_blank", "noopener");
  else goTo(href);
}
