import { type MlsClient, type MlsSeen, until } from '#testkit';

/** What the tests of MLS groups share. */

/** Reads a client's stream until what it has found, from now on, is enough. */
export async function followed(client: MlsClient, isEnough: (seen: MlsSeen) => boolean): Promise<MlsSeen> {
  let all: MlsSeen = { texts: [], types: [], failures: [] };
  return until(`${client.user.name} to have read its stream`, async () => {
    const seen = await client.catchUp();
    all = {
      texts: [...all.texts, ...seen.texts],
      types: [...all.types, ...seen.types],
      failures: [...all.failures, ...seen.failures],
    };
    return isEnough(all) ? all : undefined;
  });
}
