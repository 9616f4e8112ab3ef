/** What an operator may choose about teams. */
export interface TeamsSettings {
  /** In a larger team, not every member is told of what concerns all of them. */
  readonly fanOutLimit: number;
}

/** Production values of reference client-api 11. */
export const defaultSettings: TeamsSettings = {
  fanOutLimit: 2000,
};
