/** An answer with its body read: JSON when it says so, text otherwise. */
export interface TestAnswer {
  readonly status: number;
  readonly headers: Headers;
  readonly body: unknown;
  /** The body as it came. */
  readonly bytes: Buffer;
  /** A member of a JSON body. */
  get(member: string): unknown;
}

export interface TestRequest {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** Sent as JSON. */
  readonly body?: unknown;
  /** Sent as it is, in place of `body`. */
  readonly raw?: { readonly type: string; readonly bytes: Buffer };
}

/** One request over real HTTP. Fails after 30 s rather than hang a test. */
export async function request(url: string, options: TestRequest = {}): Promise<TestAnswer> {
  const content = contentOf(options);
  const answer = await fetch(url, {
    method: options.method ?? (content === undefined ? 'GET' : 'POST'),
    headers: {
      ...(content === undefined ? {} : { 'content-type': content.type }),
      ...options.headers,
    },
    body: content === undefined ? undefined : new Uint8Array(content.bytes),
    signal: AbortSignal.timeout(30_000),
    redirect: 'manual',
  });
  const bytes = Buffer.from(await answer.arrayBuffer());
  const text = bytes.toString();
  const isJson = answer.headers.get('content-type')?.includes('json') ?? false;
  const body: unknown = isJson && text !== '' ? JSON.parse(text) : text;
  return {
    status: answer.status,
    headers: answer.headers,
    body,
    bytes,
    get: (member) => (body as Readonly<Record<string, unknown>> | null)?.[member],
  };
}

function contentOf({ body, raw }: TestRequest): TestRequest['raw'] {
  if (raw !== undefined || body === undefined) return raw;
  return { type: 'application/json', bytes: Buffer.from(JSON.stringify(body)) };
}
