import { randomBytes, scrypt, timingSafeEqual } from 'node:crypto';
import { promisify } from 'node:util';

/** Passwords of codes: shared by all who are invited, so worth less than those of accounts, but never kept as text. */

const derive = promisify<string, Buffer, number, { N: number; r: number; p: number }, Buffer>(scrypt);
const cost = { N: 16_384, r: 8, p: 1 };
const keyBytes = 32;

/** `salt:key`, both base64. */
export async function hashCodePassword(password: string): Promise<string> {
  const salt = randomBytes(16);
  const key = await derive(password, salt, keyBytes, cost);
  return `${salt.toString('base64')}:${key.toString('base64')}`;
}

/** Whether a password is the one that was hashed. */
export async function isCodePassword(password: string, hash: string): Promise<boolean> {
  const [salt = '', key = ''] = hash.split(':');
  const derived = await derive(password, Buffer.from(salt, 'base64'), keyBytes, cost);
  return timingSafeEqual(derived, Buffer.from(key, 'base64'));
}
