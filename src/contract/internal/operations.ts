import { Type } from 'typebox';
import { route } from '../route.ts';

/** What operators and their tools ask a running backend (reference client-api 2.9). */

export const getStatus = route('GET', '/i/status', {
  about: 'Whether the backend serves requests.',
  auth: 'internal',
  answers: { 200: null },
});

export const getMetrics = route('GET', '/i/metrics', {
  about: "All metrics in Prometheus' text format.",
  auth: 'internal',
  answers: { 200: Type.Unsafe<Uint8Array>(Type.String()) },
});
