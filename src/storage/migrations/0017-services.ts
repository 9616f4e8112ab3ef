import type { Migration } from './index.ts';

/** Accounts of single sign-on, and accounts that are bots of services. */
export const services: Migration = {
  name: '0017-services',
  breaking: false,
  async up(db) {
    await db.schema.alterTable('account').addColumn('sso_id', 'text').execute();
    await db.schema.alterTable('account').addColumn('service', 'text').execute();
  },
};
