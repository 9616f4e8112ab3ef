import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { paintFor } from '../terminal/paint.ts';
import { stopSignal } from '../terminal/stop-signal.ts';
import { playConversationEstablishment } from './demo/conversation-establishment.ts';
import { playMessageSending } from './demo/message-sending.ts';
import { playMlsGroup } from './demo/mls-group.ts';
import { playPicture } from './demo/picture.ts';
import { tellPlayground } from './demo/playground.ts';
import { playRefusals } from './demo/refusals.ts';
import { introduce } from './demo/setting.ts';
import { Story } from './demo/story.ts';
import { playThirdBackend } from './demo/third-backend.ts';
import { playUserDiscovery } from './demo/user-discovery.ts';
import { openRunningNetwork } from './network/run.ts';

export interface DemoCommand {
  readonly once?: boolean;
}

/** `crosswire demo`: plays every flow against real backends and tells what happened, then stays up to play with. */
export async function demo(command: DemoCommand): Promise<void> {
  const stop = stopSignal();
  await using stack = new AsyncDisposableStack();
  const directory = await mkdtemp(join(tmpdir(), 'crosswire-demo-'));
  stack.defer(() => rm(directory, { recursive: true, force: true }));
  const story = new Story(process.stdout, paintFor(process.stdout));
  story.title('Crosswire: organisations with a backend each, one network of users');
  const network = stack.use(
    await openRunningNetwork({
      backends: 3,
      directory,
      // The list decides, so that allowing and denying can be shown.
      overrides: [{ key: 'federation.strategy', value: 'allowDynamic' }],
      storage: 'sqlite',
      roleSplit: false,
    }),
  );
  introduce(story, network);
  const people = await playUserDiscovery(story, network);
  const established = await playConversationEstablishment(story, network, people);
  stack.use(await playMessageSending(story, network, established));
  await playPicture(story, network, established);
  const { carol, again } = await playThirdBackend(story, network, established);
  stack.use(again);
  await playMlsGroup(story, network, { ...people, carol });
  await playRefusals(story, network, people);
  story.title('All of it happened as it should');
  if (command.once) return;
  tellPlayground(story, network, people);
  await stop.requested;
}
