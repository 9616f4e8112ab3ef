import { Type } from 'typebox';
import { route } from '../route.ts';

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
