import { Type } from 'typebox';
import { route } from '../route.ts';

/** Providers of services on the operations listener. */

export const getProviderActivationCode = route('GET', '/i/provider/activation-code', {
  about: 'The pending activation code of an e-mail address of a provider.',
  auth: 'internal',
  query: { email: Type.String({ maxLength: 1024 }) },
  answers: { 200: Type.Object({ key: Type.String(), code: Type.String() }) },
});
