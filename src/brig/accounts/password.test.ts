import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { createPasswords } from './password.ts';

describe('password hashes', () => {
  const passwords = createPasswords(2);

  it('are argon2id in PHC form with 19 MiB and two passes, salted anew each time', async () => {
    const [one, other] = await Promise.all([
      passwords.hash('correct-horse'),
      passwords.hash('correct-horse'),
    ]);
    assert.match(one, /^\$argon2id\$v=19\$m=19456,t=2,p=1\$[A-Za-z0-9+/]{22}\$[A-Za-z0-9+/]{43}$/);
    assert.notEqual(one, other);
  });

  it('verify the password they were made of and no other', async () => {
    const hash = await passwords.hash('pässword-🐎');
    assert.equal(await passwords.verify('pässword-🐎', hash), true);
    assert.equal(await passwords.verify('pässword-🐎 ', hash), false);
    assert.equal(await passwords.verify('', hash), false);
  });

  it('verify under the parameters they were made with', async () => {
    // Made by Python's cryptography with other parameters.
    const hash = '$argon2id$v=19$m=64,t=1,p=1$c29tZXNhbHQ$cpx6VEQbwTVZvcpxNIxOVUWZ5xnAipUmAe1cg2GMG70';
    assert.equal(await passwords.verify('password', hash), true);
    assert.equal(await passwords.verify('Password', hash), false);
  });

  it('never verify an account without a password', async () => {
    assert.equal(await passwords.verify('anything', null), false);
  });

  it('are all computed when more are asked for than run at once', async () => {
    const hashes = await Promise.all(['a', 'b', 'c', 'd', 'e'].map((text) => passwords.hash(text)));
    assert.equal(new Set(hashes).size, 5);
  });

  it('are an error when the stored text is not one', async () => {
    await assert.rejects(passwords.verify('x', 'plain text'), /not in PHC form/);
    assert.equal(await passwords.verify('x', null), false);
  });
});
