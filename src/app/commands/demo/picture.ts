import { createCipheriv, createDecipheriv, createHash, randomBytes } from 'node:crypto';
import type { ProteusDevice } from '#testkit';
import type { RunningNetwork } from '../network/run.ts';
import { backendsOf } from './backends.ts';
import type { Established } from './conversation-establishment.ts';
import { readAt, send } from './messages.ts';
import type { Story } from './story.ts';

/** Big enough for many frames of the way. */
const pictureBytes = 3 * 1024 * 1024;

/** What a client tells the other about a file that it has uploaded: inside of an encrypted message. */
interface PictureTold {
  readonly domain: string;
  readonly key: string;
  readonly token: string;
  readonly otrKey: string;
  readonly sha256: string;
}

/** Alice sends Bob a picture: its bytes lie encrypted at A, its key travels in a message, B fetches the bytes for Bob. */
export async function playPicture(
  story: Story,
  network: RunningNetwork,
  established: Established,
): Promise<void> {
  const { a, b } = backendsOf(network);
  const { alices, bobs, conversation } = established;
  story.flow('Flow: a picture', 'Alice sends Bob a picture; neither backend can look at it.');
  const picture = randomBytes(pictureBytes);
  story.step('Her device encrypts it and uploads it to her own backend');
  const told = await upload(story, alices, a.clientApi, picture);
  story.step('Key, token and hash go to Bob in a message that only his device can read');
  const sent = await send(story, conversation, { from: alices, to: [bobs], text: JSON.stringify(told) });
  await readAt(story, bobs, sent);
  story.step('Bob asks his own backend for it, which streams it from hers (stream-asset)');
  const found = await download(bobs, b.clientApi, told);
  story.fact('Bob got', `${found.length} bytes for ${told.key}@${told.domain}`);
  const seen = decrypt(found, told);
  story.fact('hash sent', sha256(picture));
  story.fact('hash seen', sha256(seen));
  story.check('the hashes agree: it is the same picture', sha256(seen) === sha256(picture), sha256(seen));
}

async function upload(
  story: Story,
  { user }: ProteusDevice,
  clientApi: string,
  picture: Buffer,
): Promise<PictureTold> {
  const otrKey = randomBytes(32);
  const iv = randomBytes(16);
  const cipher = createCipheriv('aes-256-cbc', otrKey, iv);
  const ciphertext = Buffer.concat([iv, cipher.update(picture), cipher.final()]);
  const answer = await fetch(`${clientApi}/v5/assets`, {
    method: 'POST',
    headers: { authorization: `Bearer ${user.token}`, 'content-type': 'multipart/mixed; boundary=frontier' },
    body: new Uint8Array(multipartOf(ciphertext)),
  });
  const { domain, key, token = '' } = (await answer.json()) as Partial<PictureTold>;
  story.fact('uploaded', `${ciphertext.length} bytes as ${key}, ${answer.status}`);
  if (domain === undefined || key === undefined) throw new Error(`the upload was answered ${answer.status}`);
  return { domain, key, token, otrKey: otrKey.toString('base64'), sha256: sha256(ciphertext) };
}

function multipartOf(file: Buffer): Buffer {
  const settings = JSON.stringify({ public: false, retention: 'volatile' });
  const md5 = createHash('md5').update(file).digest('base64');
  const head =
    `--frontier\r\nContent-Type: application/json\r\nContent-Length: ${settings.length}\r\n\r\n${settings}\r\n` +
    `--frontier\r\nContent-Type: application/octet-stream\r\nContent-Length: ${file.length}\r\n` +
    `Content-MD5: ${md5}\r\n\r\n`;
  return Buffer.concat([Buffer.from(head), file, Buffer.from('\r\n--frontier--\r\n')]);
}

async function download(
  { user }: ProteusDevice,
  clientApi: string,
  { domain, key, token }: PictureTold,
): Promise<Buffer> {
  const query = new URLSearchParams({ asset_token: token });
  const answer = await fetch(`${clientApi}/v5/assets/${domain}/${key}?${query}`, {
    headers: { authorization: `Bearer ${user.token}` },
  });
  return Buffer.from(await answer.arrayBuffer());
}

function decrypt(ciphertext: Buffer, { otrKey }: PictureTold): Buffer {
  const decipher = createDecipheriv('aes-256-cbc', Buffer.from(otrKey, 'base64'), ciphertext.subarray(0, 16));
  return Buffer.concat([decipher.update(ciphertext.subarray(16)), decipher.final()]);
}

function sha256(bytes: Buffer): string {
  return createHash('sha256').update(bytes).digest('hex');
}
