import { once } from 'node:events';
import { request } from 'node:http';
import { json } from 'node:stream/consumers';

/** A GET with a JSON body, which `fetch` refuses to send and some operators' tools do. */
export async function getWithBody(
  url: string,
  body: unknown,
): Promise<{ readonly status: number | undefined; readonly body: unknown }> {
  const text = JSON.stringify(body);
  const headers = {
    'content-type': 'application/json',
    'content-length': Buffer.byteLength(text),
    'z-user': '6562d941-4f40-4db4-b96e-56a06d71c2c3',
  };
  const sent = request(url, { method: 'GET', headers, agent: false });
  sent.end(text);
  const [answer] = await once(sent, 'response');
  return { status: answer.statusCode, body: await json(answer) };
}
