import type { BackendDomain } from '#contract/ids.ts';
import type { Policy } from '../faces.ts';
import type { RemoteStatus, SessionPool } from '../sessions/index.ts';
import {
  defaultOutwardLimits,
  type ForwardNeeds,
  forward,
  type OutwardAnswer,
  type OutwardCall,
  type OutwardLimits,
} from './forward.ts';

export interface OutwardNeeds {
  readonly ownDomain: BackendDomain;
  readonly policy: Pick<Policy, 'admit'>;
  readonly sessions: SessionPool;
  readonly limits?: Partial<OutwardLimits>;
}

/** The way out, behind both of its doors: `createInProcessTransport` and `openOutwardListener`. */
export interface Outward {
  /** Sends a call; see `forward`. */
  forward(call: OutwardCall): Promise<OutwardAnswer | 'lost'>;
  /** Sessions, breaker and last failure of each remote, or of one. */
  status(domain?: BackendDomain): readonly RemoteStatus[];
}

export function createOutward(needs: OutwardNeeds): Outward {
  const forwardNeeds: ForwardNeeds = {
    ownDomain: needs.ownDomain,
    policy: needs.policy,
    sessions: needs.sessions,
    limits: { ...defaultOutwardLimits, ...needs.limits },
  };
  return {
    forward: (call) => forward(forwardNeeds, call),
    status: (domain) => needs.sessions.status(domain),
  };
}
