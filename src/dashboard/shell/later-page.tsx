/** A page whose code is fetched when it is first shown: what a pager's first look needs comes first. */
import type { ComponentType } from "preact";
import { useLayoutEffect, useState } from "preact/hooks";
import { Loading } from "#dashboard/parts/states.tsx";

/** A chunk that is gone was of a deployment before: the page of now names its own. Once, or it would never end. */
const RELOADED = "mcpg-reloaded";

export function laterPage<Props extends object>(
  load: () => Promise<ComponentType<Props>>,
): ComponentType<Props> {
  let loaded: ComponentType<Props> | null = null;
  return function LaterPage(props: Props) {
    const [, redraw] = useState(0);
    // Not after what is shown meanwhile has been painted.
    useLayoutEffect(() => {
      if (loaded === null) fetchPage().catch(reloadOnce);
    }, []);
    async function fetchPage() {
      loaded = await load();
      sessionStorage.removeItem(RELOADED);
      redraw(1);
    }
    const Page = loaded;
    return Page === null ? <Loading /> : <Page {...props} />;
  };
}

function reloadOnce(): void {
  if (sessionStorage.getItem(RELOADED) !== null) return;
  sessionStorage.setItem(RELOADED, "1");
  location.reload();
}
