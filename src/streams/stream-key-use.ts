/** Which of an org's data keys its streams' headers are sealed with, and sealing them with the newest. */
import { findStreams, replaceSealed } from "#streams/store/streams.ts";
import { UNVERSIONED_KEY } from "#vault/data-seal.ts";
import type { KeyUse } from "#vault/key-uses.ts";
import { keyVersionOf } from "#vault/seal.ts";
import { type OwnStreams, ownDestination, STREAMS } from "./observability.ts";
import { mapHeaders, openHeaders, sealHeaders } from "./sealed-headers.ts";
import { forgetStreams } from "./streams-of.ts";

export const streamKeyUse: KeyUse = {
  purpose: "stream_header",
  // The settings twice, their new form, and a key of each version before.
  queries: 3 + 8,
  async count(env, { org }) {
    const { own } = await findStreams(env.DIRECTORY, org);
    const counts = new Map<number, number>();
    for (const version of versionsIn(own)) counts.set(version, (counts.get(version) ?? 0) + 1);
    return counts;
  },
  async reseal(env, org, newest) {
    const { own, version } = await findStreams(env.DIRECTORY, org.org);
    if (versionsIn(own).every((sealedWith) => sealedWith >= newest)) return "done";
    const anew = await mapHeaders(own, async (sealed, stream) => {
      const owner = { org, stream };
      return sealHeaders(env, owner, await openHeaders(env, owner, sealed));
    });
    const isReplaced = await replaceSealed(env.DIRECTORY, org.org, {
      own: anew,
      fromVersion: version,
    });
    forgetStreams(org.org);
    // Changed meanwhile: the next turn looks again.
    return isReplaced ? "done" : "more";
  },
};

function versionsIn(own: OwnStreams): number[] {
  return STREAMS.flatMap((stream) =>
    Object.values(ownDestination(own, stream)?.headers ?? {}).map((sealed) =>
      keyVersionOf(sealed, UNVERSIONED_KEY),
    ),
  );
}
