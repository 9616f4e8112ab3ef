/** What an operator may choose about teams. */
export interface TeamsSettings {
  /** In a larger team, not every member is told of what concerns all of them. */
  readonly fanOutLimit: number;
  /** Most members of a team, and most open invitations. */
  readonly maxTeamSize: number;
  /** How long an invitation is good. */
  readonly invitationSeconds: number;
  /** Where the link in an invitation leads; `team-code` is added as a query parameter. */
  readonly invitationUrl: string;
  /** How long the queue of a team keeps an event. */
  readonly queueSeconds: number;
  /** Whether the feature `mls` is on where no team has set it. */
  readonly offersMls: boolean;
  readonly legalhold: LegalholdPolicy;
}

/** Which teams may have legal hold: none, those that turn it on, or those that operators list. */
export type LegalholdPolicy =
  | 'disabled-permanently'
  | 'disabled-by-default'
  | 'whitelist-teams-and-implicit-consent';

const daySeconds = 86_400;

/** Production values of wire-server. The link needs the address of the client API: give it. */
export const defaultSettings: TeamsSettings = {
  fanOutLimit: 2000,
  maxTeamSize: 10_000,
  invitationSeconds: 21 * daySeconds,
  invitationUrl: 'http://127.0.0.1:8080/join',
  queueSeconds: 28 * daySeconds,
  offersMls: false,
  legalhold: 'disabled-by-default',
};
