import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { crosswireArgv, openProcess } from '#testkit';

/*
 * What an operator gets for a configuration that cannot work: one clear line for each mistake, and exit code 1.
 */

const good = 'domain: a.example.com\ninfrastructureDomain: wire.a.example.com\n';

interface Case {
  readonly name: string;
  readonly text: string;
  readonly lines: readonly RegExp[];
}

const cases: readonly Case[] = [
  {
    name: 'an unknown key, and the one that was probably meant',
    text: `${good}federation: { strategi: allowAll }\n`,
    lines: [/: federation\.strategi: is not a setting; did you mean "strategy"\?$/],
  },
  {
    name: 'an unknown key that resembles none, and the known ones',
    text: `${good}zauth: { colour: blue }\n`,
    lines: [/: zauth\.colour: is not a setting; known here: keys$/],
  },
  {
    name: 'a required key that is missing',
    text: 'infrastructureDomain: wire.a.example.com\n',
    lines: [/: domain: is missing, expected a domain such as b\.example\.com$/],
  },
  {
    name: 'a value outside the choices',
    text: `${good}federation: { strategy: allowAl }\n`,
    lines: [
      /: federation\.strategy: found "allowAl", expected one of allowNone, allowDynamic, allowAll; did you mean "allowAll"\?$/,
    ],
  },
  {
    name: 'a number of the wrong kind',
    text: `${good}listen: { client: { port: http } }\n`,
    lines: [/: listen\.client\.port: found "http", expected a whole number, 0 to 65535$/],
  },
  {
    name: 'a text where a list belongs',
    text: `${good}federation: { trustedIngress: 127.0.0.1 }\n`,
    lines: [/: federation\.trustedIngress: found "127\.0\.0\.1", expected a list$/],
  },
  {
    name: 'a wrong entry of a list, by its number',
    text: `${good}federation: { remotes: [{ domain: b.example.com }, { domain: localhost }] }\n`,
    lines: [/: federation\.remotes\[1\]\.domain: found "localhost", expected a domain/],
  },
  {
    name: 'every mistake at once',
    text: 'domian: a.example.com\nlisten: { client: { port: 99999 } }\nstorage: { url: "mysql://x" }\n',
    lines: [
      /: domian: is not a setting; did you mean "domain"\?$/,
      /: domain: is missing/,
      /: infrastructureDomain: is missing/,
      /: listen\.client\.port: found 99999/,
      /: storage\.url: found a secret of another form, expected sqlite:PATH or postgres:/,
    ],
  },
  {
    name: 'a secret whose variable is not set',
    text: `${good}storage: { url: { env: CROSSWIRE_TEST_NOT_SET } }\n`,
    lines: [/: storage\.url: the environment variable CROSSWIRE_TEST_NOT_SET is not set$/],
  },
  {
    name: 'a secret whose file is missing',
    text: `${good}storage: { url: { file: nowhere } }\n`,
    lines: [/: storage\.url: the file .*nowhere cannot be read: no such file$/],
  },
  {
    name: 'two listeners on one port',
    text: `${good}listen: { client: { port: 8090 } }\n`,
    lines: [/: listen\.internal\.port: 127\.0\.0\.1:8090 is already used by listen\.client$/],
  },
  {
    name: 'a remote that is listed twice in different ways',
    text: `${good}federation:\n  remotes:\n    - { domain: b.example.com, search_policy: no_search }\n    - { domain: B.example.com, search_policy: full_search }\n`,
    lines: [/: federation\.remotes\[1\]\.domain: b\.example\.com is listed before with other settings/],
  },
  {
    name: 'a text that is no YAML',
    text: 'domain: [a.example.com\n',
    lines: [/ at line \d+, column \d+$/],
  },
];

describe('a configuration that cannot work stops the start with one line for each mistake', () => {
  for (const { name, text, lines } of cases) {
    it(name, async () => {
      const { code, stderr } = await serve(text);
      assert.equal(code, 1);
      const found = stderr.trimEnd().split('\n');
      assert.equal(found.length, lines.length, stderr);
      for (const [index, line] of lines.entries()) assert.match(found[index] ?? '', line);
    });
  }

  it('a file that is not there', async () => {
    await using run = openProcess(crosswireArgv('serve', '--config', '/nonexistent/crosswire.yaml'));
    assert.equal((await run.ended).code, 1);
    assert.match(run.stderr(), /^\/nonexistent\/crosswire\.yaml: cannot be read: no such file; .*init.*\n$/);
  });

  it('a certificate that cannot be read, by its path', async () => {
    const { code, stderr } = await serve(`${good}${freePorts}`);
    assert.equal(code, 1);
    assert.match(stderr, /^federation\.(certificate|key|ca): .*tls\/(cert|key|ca)\.pem: cannot be read/);
    assert.equal(stderr.trimEnd().split('\n').length, 1, stderr);
  });

  // Below /proc nothing can be made, and Node's own recursive mkdir tries there for ever.
  for (const path of ['/dev/null/crosswire.db', '/proc/nowhere/crosswire.db']) {
    it(`a database at ${path}`, async () => {
      const { code, stderr } = await serve(
        `${good}federation: { enabled: false }\nstorage: { url: "sqlite:${path}" }\n${freePorts}`,
      );
      assert.equal(code, 1);
      assert.match(stderr, new RegExp(`storage\\.url: cannot use ${path}: E[A-Z]+`));
      assert.equal(stderr.trimEnd().split('\n').length, 1, stderr);
    });
  }

  for (const [setting, section] of [
    ['zauth.keys', 'zauth: { keys: /proc/nowhere }'],
    ['assets.directory', 'assets: { directory: /proc/nowhere }'],
  ] as const) {
    it(`a folder that cannot be made: ${setting}`, async () => {
      const { code, stderr } = await serve(`${good}federation: { enabled: false }\n${section}\n${freePorts}`);
      assert.equal(code, 1);
      assert.match(stderr, new RegExp(`^${setting}: cannot make /proc/nowhere: ENOENT`, 'm'));
      assert.equal(stderr.trimEnd().split('\n').length, 1, stderr);
    });
  }

  it('a port that another program has', async () => {
    const holder = createServer().listen(0, '127.0.0.1');
    await new Promise((resolve) => holder.once('listening', resolve));
    const { port } = holder.address() as { readonly port: number };
    try {
      const listen = freePorts.replace('client: { port: 0 }', `client: { port: ${port} }`);
      const { code, stderr } = await serve(`${good}federation: { enabled: false }\n${listen}`);
      assert.equal(code, 1);
      assert.match(stderr, new RegExp(`listen\\.client: 127\\.0\\.0\\.1:${port} is in use`));
      assert.equal(stderr.trimEnd().split('\n').length, 1, stderr);
    } finally {
      holder.close();
    }
  });
});

const freePorts =
  'log: { level: error }\nlisten: { client: { port: 0 }, internal: { port: 0 }, outward: { port: 0 }, inward: { port: 0 }, ingress: { port: 0 } }\n';

async function serve(text: string): Promise<{ readonly code: number | null; readonly stderr: string }> {
  const directory = await mkdtemp(join(tmpdir(), 'crosswire-config-'));
  try {
    const file = join(directory, 'crosswire.yaml');
    await writeFile(file, text);
    await using run = openProcess(crosswireArgv('serve', '--config', file));
    const { code } = await run.ended;
    return { code, stderr: run.stderr() };
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}
