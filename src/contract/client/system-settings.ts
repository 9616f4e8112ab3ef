import { Type } from 'typebox';
import { route } from '../route.ts';
import { Domain } from '../schema.ts';

const publicSettings = { setRestrictUserCreation: Type.Boolean() };

/** Settings of the backend that clients adapt to. */
export const SystemSettings = Type.Object({ ...publicSettings, setEnableMls: Type.Boolean() });

export const getPublicSystemSettings = route('GET', '/system/settings/unauthorized', {
  about: 'Settings of the backend that matter before a user has logged in.',
  auth: 'anyone',
  answers: { 200: Type.Object(publicSettings) },
});

export const getSystemSettings = route('GET', '/system/settings', {
  about: 'Settings of the backend that clients adapt to.',
  auth: 'user',
  answers: { 200: SystemSettings },
});

export const getSsoSettings = route('GET', '/sso/settings', {
  about: 'The code of the identity provider that everybody logs in with: none.',
  auth: 'anyone',
  answers: { 200: Type.Object({ default_sso_code: Type.Optional(Type.String({ format: 'uuid' })) }) },
});

export const getCustomBackend = route('GET', '/custom-backend/by-domain/:domain', {
  about: 'Always refused: users of no e-mail domain are sent to another backend.',
  auth: 'anyone',
  params: { domain: Domain },
  answers: {
    200: Type.Object({ config_json_url: Type.String(), webapp_welcome_url: Type.String() }),
  },
});
