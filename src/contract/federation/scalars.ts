import { Type } from 'typebox';

/** Scalar types that only the federation API has (reference federation-api 0.4). */

/** A UTC time with any number of fraction digits. */
export const UtcTime = Type.String({
  pattern: '^\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\d(?:\\.\\d{1,12})?Z$',
  description: 'a UTC time',
});

/** Bytes in the standard alphabet, with padding. */
export const Base64 = Type.String({
  pattern: '^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$',
  description: 'bytes in base64',
});
