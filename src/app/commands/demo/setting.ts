import type { RunningNetwork } from '../network/run.ts';
import type { Story } from './story.ts';

/** Who is there. */
export function introduce(story: Story, { description }: RunningNetwork): void {
  story.say(
    'Each runs as a process of its own, with its own database, and knows nothing of the others but their names.',
  );
  for (const backend of description.backends) {
    story.say('');
    story.fact('backend', `${backend.domain}: what stands after the @ of its users`);
    story.fact('reached as', `${backend.infrastructureDomain}: what DNS leads to and its certificate names`);
    story.fact('for clients', backend.clientApi);
    story.fact('for remotes', `${backend.ingress.host}:${backend.ingress.port} (mutual TLS)`);
    story.fact('process', backend.pids.join(', '));
  }
  story.say('');
  story.fact(
    'name server',
    `${description.dns.host}:${description.dns.port}, with the records that they publish`,
  );
  story.fact('CA', `${description.ca.certificate}, which all trust`);
}
