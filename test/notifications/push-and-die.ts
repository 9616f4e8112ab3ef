import type { UserId } from '#contract/ids.ts';
import { openNotifications } from '#notifications';
import { openStorage } from '#storage';
import { domain, numbered } from './rig.ts';

/** A process that is killed after the commit of a push and before its delivery: `push-and-die.ts URL USER`. */

const [url = '', user = ''] = process.argv.slice(2);
const storage = await openStorage({ url });
const notifications = await openNotifications({ ownDomain: domain, storage });
await storage.work(async (work) => {
  work.onCommit(() => process.kill(process.pid, 'SIGKILL'));
  await notifications.push(work, numbered(1, { user: user as UserId }));
});
