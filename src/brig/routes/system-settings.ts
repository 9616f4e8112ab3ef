import {
  getCustomBackend,
  getPublicSystemSettings,
  getSsoSettings,
  getSystemSettings,
} from '#contract/client/system-settings.ts';
import { refuse } from '#contract/refusal.ts';
import { handle, type ServedRoute } from '#contract/route.ts';
import type { BrigSettings } from '../settings.ts';

interface Needs {
  readonly settings: Pick<BrigSettings, 'restrictUserCreation' | 'mlsEnabled'>;
}

/** What clients want to know of the backend's configuration. */
export function systemSettingsRoutes({ settings }: Needs): readonly ServedRoute[] {
  const publicSettings = { setRestrictUserCreation: settings.restrictUserCreation };
  return [
    handle(getPublicSystemSettings, () => ({ status: 200, body: publicSettings })),
    handle(getSystemSettings, () => ({
      status: 200,
      body: { ...publicSettings, setEnableMls: settings.mlsEnabled },
    })),
    handle(getSsoSettings, () => ({ status: 200, body: {} })),
    handle(getCustomBackend, () => {
      throw refuse('custom-backend-not-found');
    }),
  ];
}
