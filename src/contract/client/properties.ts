import { Type } from 'typebox';
import { route } from '../route.ts';
import { JsonBytes } from '../schema.ts';

/** What a user's clients remember for each other (reference client-api 9.1). */

/** Longer keys than allowed are refused by the handler, with their own label. */
const PropertyKey = Type.String({ pattern: '^[ -~]+$', description: 'printable ASCII characters' });

const key = { key: PropertyKey };

export const putProperty = route('PUT', '/properties/:key', {
  about: 'Sets a property to any JSON value.',
  auth: 'user',
  params: key,
  body: JsonBytes,
  answers: { 200: null },
});

export const getProperty = route('GET', '/properties/:key', {
  about: 'The value of a property, as it was sent.',
  auth: 'user',
  params: key,
  answers: { 200: JsonBytes, 404: null },
});

export const removeProperty = route('DELETE', '/properties/:key', {
  about: 'Removes a property.',
  auth: 'user',
  params: key,
  answers: { 200: null },
});

export const listPropertyKeys = route('GET', '/properties', {
  about: 'The keys of all properties.',
  auth: 'user',
  answers: { 200: Type.Array(PropertyKey) },
});

export const listProperties = route('GET', '/properties-values', {
  about: 'All properties with their values.',
  auth: 'user',
  answers: { 200: JsonBytes },
});

export const clearProperties = route('DELETE', '/properties', {
  about: 'Removes all properties.',
  auth: 'user',
  answers: { 200: null },
});
