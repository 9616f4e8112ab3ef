import type { Storage, StorageOptions } from '../storage.ts';

export async function openPostgres(_options: StorageOptions): Promise<Storage> {
  throw new Error('PostgreSQL');
}
