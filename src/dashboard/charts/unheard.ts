/** Of a picture's own lines and labels: each mark says its time and value itself. */
export const UNHEARD = { "aria-hidden": "true" } as const;
