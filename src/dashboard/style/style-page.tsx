/** Every token and part in every state, on one page that tests look at, and whoever adds a part. */
import { PageTitle } from "#dashboard/parts/page-title.tsx";
import { ControlSamples } from "./control-samples.tsx";
import { StateSamples } from "./state-samples.tsx";
import { TextSamples } from "./text-samples.tsx";
import { TokenSamples } from "./token-samples.tsx";

export function StylePage() {
  return (
    <>
      <PageTitle title="Style" />
      <p class="muted">
        Calm, dense, precise. Figures first; colour only where it means something, and never alone.
      </p>
      <TokenSamples />
      <TextSamples />
      <ControlSamples />
      <StateSamples />
    </>
  );
}
