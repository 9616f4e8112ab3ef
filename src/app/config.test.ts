import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { ConfigError, configDocument, parseConfig } from './config.ts';

const good = 'domain: A.example.com\ninfrastructureDomain: wire.a.example.com\n';
const source = { directory: '/srv/crosswire', environment: { DATABASE: 'postgres://db/crosswire' } };

describe('configuration', () => {
  it('is complete with two names; everything else has a default', () => {
    const config = parseConfig('x.yaml', good, source);
    assert.equal(config.domain, 'a.example.com');
    assert.deepEqual(config.listen.client, { host: '127.0.0.1', port: 8080 });
    assert.equal(config.federation.strategy, 'allowDynamic');
    assert.equal(config.listen.ingress, undefined);
    assert.equal(config.cookies.secure, true);
  });

  it('takes paths relative to the file', () => {
    const config = parseConfig('x.yaml', `${good}federation: { key: ../keys/key.pem }\n`, source);
    assert.equal(config.federation.key, '/srv/keys/key.pem');
    assert.equal(config.storage.url, 'sqlite:/srv/crosswire/data/crosswire.db');
  });

  it('reads secrets from variables and files', () => {
    const directory = mkdtempSync(join(tmpdir(), 'crosswire-secret-'));
    try {
      writeFileSync(join(directory, 'smtp'), 'smtp://user:word@mail.example.com\n');
      const text = `${good}storage: { url: { env: DATABASE } }\nmail: { smtp: { file: smtp } }\n`;
      const config = parseConfig('x.yaml', text, { ...source, directory });
      assert.equal(config.storage.url, 'postgres://db/crosswire');
      assert.equal(config.mail.smtp, 'smtp://user:word@mail.example.com');
    } finally {
      rmSync(directory, { recursive: true });
    }
  });

  it('never shows the value of a secret', () => {
    const text = `${good}storage: { url: "mysql://user:hunter2@db" }\n`;
    assert.throws(
      () => parseConfig('x.yaml', text, source),
      (error: Error) => {
        assert.ok(error instanceof ConfigError);
        assert.doesNotMatch(error.message, /hunter2/);
        return true;
      },
    );
  });

  it('tells every mistake with its path', () => {
    const text = 'domain: nodots\nlimits: { conections: 3 }\n';
    assert.throws(
      () => parseConfig('x.yaml', text, source),
      (error: Error) => {
        assert.ok(error instanceof ConfigError);
        assert.deepEqual(
          error.problems.map(({ path }) => path),
          ['domain', 'infrastructureDomain', 'limits.conections'],
        );
        return true;
      },
    );
  });

  it('documents every setting of its schema', () => {
    const document = configDocument();
    for (const key of [
      'federation.dns.staleSeconds',
      'listen.ingress.port',
      'api.disabledVersions',
      'mail.smtp',
    ])
      assert.match(document, new RegExp(`\\| \`${key.replaceAll('.', '\\.')}\``));
  });
});
