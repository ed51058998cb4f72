/** What changes without being asked for, said once to who cannot see it. */
import { signal } from "@preact/signals";

const said = signal("");

export function announce(text: string): void {
  said.value = text;
}

export function Status() {
  return (
    <p role="status" class="visually-hidden">
      {said.value}
    </p>
  );
}
