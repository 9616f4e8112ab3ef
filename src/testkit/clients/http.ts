/** An answer with its body read: JSON when it says so, text otherwise. */
export interface TestAnswer {
  readonly status: number;
  readonly headers: Headers;
  readonly body: unknown;
  /** A member of a JSON body. */
  get(member: string): unknown;
}

export interface TestRequest {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** Sent as JSON. */
  readonly body?: unknown;
}

/** One request over real HTTP. Fails after 30 s rather than hang a test. */
export async function request(url: string, options: TestRequest = {}): Promise<TestAnswer> {
  const answer = await fetch(url, {
    method: options.method ?? (options.body === undefined ? 'GET' : 'POST'),
    headers: {
      ...(options.body === undefined ? {} : { 'content-type': 'application/json' }),
      ...options.headers,
    },
    body: options.body === undefined ? undefined : JSON.stringify(options.body),
    signal: AbortSignal.timeout(30_000),
    redirect: 'manual',
  });
  const text = await answer.text();
  const isJson = answer.headers.get('content-type')?.includes('json') ?? false;
  const body: unknown = isJson && text !== '' ? JSON.parse(text) : text;
  return {
    status: answer.status,
    headers: answer.headers,
    body,
    get: (member) => (body as Readonly<Record<string, unknown>> | null)?.[member],
  };
}
