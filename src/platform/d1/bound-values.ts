/** What a statement binds, where its text is put together: each value is named once, by its number. */
export class BoundValues {
  readonly #values: (string | number | null)[] = [];

  /** The value's place in the statement's text. */
  text(value: string | null): string {
    this.#values.push(value);
    return `?${this.#values.length}`;
  }

  /** A whole number's: bound, it is a floating-point one, which divides otherwise. */
  integer(value: number): string {
    this.#values.push(value);
    return `CAST(?${this.#values.length} AS INTEGER)`;
  }

  bindTo(statement: D1PreparedStatement): D1PreparedStatement {
    return statement.bind(...this.#values);
  }
}
