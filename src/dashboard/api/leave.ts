/** To the sign-in page, and from it back to where one was. */
import { goTo, place } from "#dashboard/place/place.ts";

export function leaveForSignIn(): void {
  if (place.value.page === "sign-in") return;
  const here = location.pathname + location.search;
  goTo(`/sign-in?return=${encodeURIComponent(here)}`, { replace: true });
}
