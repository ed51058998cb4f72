/** What this browser keeps between two visits. It may forbid that: then it lasts as long as the page. */

export function keptText(name: string): string | null {
  try {
    return localStorage.getItem(name);
  } catch {
    return null;
  }
}

export function keepText(name: string, value: string): void {
  try {
    localStorage.setItem(name, value);
  } catch {
    // It holds here all the same.
  }
}

export function forgetText(name: string): void {
  try {
    localStorage.removeItem(name);
  } catch {
    // Nothing was kept.
  }
}
