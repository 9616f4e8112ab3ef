import { Command, Option } from 'commander';

/**
 * The command line. A command's code is loaded when it runs, so that `--help` and the small commands answer at once.
 */
export function createProgram(): Command {
  const program = new Command('crosswire')
    .description('A Wire-compatible messaging backend whose point is federation.')
    .showHelpAfterError('(--help shows what is possible)')
    .configureHelp({ sortSubcommands: false, showGlobalOptions: false })
    .enablePositionalOptions();
  addServe(program);
  addInit(program);
  addDoctor(program);
  addFederation(program);
  addNetwork(program);
  addDemo(program);
  return program;
}

const configOption = () =>
  new Option('--config <file>', 'configuration file').default('crosswire.yaml', './crosswire.yaml');

function addServe(program: Command): void {
  program
    .command('serve')
    .description('Run a backend.')
    .addOption(configOption())
    .addOption(
      new Option('--role <role>', 'run one side of the seam only, or both as two processes')
        .choices(['all', 'federator', 'components', 'split'])
        .default('all'),
    )
    .addHelpText('after', examples('serve --config a.yaml', 'serve --config a.yaml --role federator'))
    .action(async (options) => (await import('./commands/serve.ts')).serve(options));
}

function addInit(program: Command): void {
  program
    .command('init')
    .description(
      'Write a configuration, keys and certificates for a new backend. Asks for what is not given.',
    )
    .option('--dir <folder>', 'folder to write to', '.')
    .option('--domain <domain>', 'backend domain: the part after @ of every user')
    .option('--infrastructure-domain <name>', 'host name that remotes connect to; wire.DOMAIN when left out')
    .addOption(
      new Option('--strategy <strategy>', 'whom to federate with')
        .choices(['allowNone', 'allowDynamic', 'allowAll'])
        .default('allowDynamic'),
    )
    .addOption(
      new Option('--certificate <kind>', 'a development CA with a certificate, or a request for a real CA')
        .choices(['dev', 'csr'])
        .default('dev'),
    )
    .option('--address <address>', 'public address of this machine, for the DNS records')
    .option('--ingress-port <port>', 'port for remotes', '8443')
    .option('--client-port <port>', 'port for clients', '8080')
    .option('--yes', 'take the defaults for what is not given, ask nothing')
    .addHelpText(
      'after',
      examples('init', 'init --dir b --domain b.example.com --certificate csr --address 192.0.2.7 --yes'),
    )
    .action(async (options) => (await import('./commands/init.ts')).init(options));
}

function addDoctor(program: Command): void {
  program
    .command('doctor')
    .description('Check this backend, and its way to and from a remote one, step by step.')
    .argument('[domain]', 'backend domain of the remote; this backend alone when left out')
    .addOption(configOption())
    .option('--json', 'one JSON document instead of text')
    .addHelpText('after', examples('doctor --config a.yaml', 'doctor b.example.com --config a.yaml --json'))
    .action(async (domain, options) => (await import('./commands/doctor.ts')).doctor(domain, options));
}

function addFederation(program: Command): void {
  const federation = program
    .command('federation')
    .description('See and change whom a running backend federates with.')
    .addHelpText(
      'after',
      examples('federation allow b.example.com --search full_search', 'federation status --json'),
    );
  const load = () => import('./commands/federation.ts');
  const json = () => new Option('--json', 'JSON instead of text');
  federation
    .command('list')
    .description('The remotes in the list, and the strategy.')
    .addOption(configOption())
    .addOption(json())
    .action(async (options) => (await load()).listRemotes(options));
  federation
    .command('allow')
    .description('Put a remote on the list, or change its entry. In effect at once.')
    .argument('<domain>', 'backend domain of the remote')
    .addOption(
      new Option('--search <policy>', 'what its users may find here')
        .choices(['no_search', 'exact_handle_search', 'full_search'])
        .default('full_search'),
    )
    .option('--team <id...>', 'only these of its teams')
    .addOption(configOption())
    .addOption(json())
    .action(async (domain, options) => (await load()).allowRemote(domain, options));
  federation
    .command('deny')
    .description('Take a remote off the list. In effect at once.')
    .argument('<domain>', 'backend domain of the remote')
    .addOption(configOption())
    .addOption(json())
    .action(async (domain, options) => (await load()).denyRemote(domain, options));
  federation
    .command('status')
    .description('Sessions, breakers, last errors and queues by remote.')
    .addOption(configOption())
    .addOption(json())
    .action(async (options) => (await load()).federationStatus(options));
  federation
    .command('retry')
    .description('Try a remote at once, and what was set aside for it once more.')
    .argument('<domain>', 'backend domain of the remote')
    .addOption(configOption())
    .addOption(json())
    .action(async (domain, options) => (await load()).retryQueue(domain, options));
  federation
    .command('drop')
    .description('Drop for good what was set aside for a remote, or all that waits for it.')
    .argument('<domain>', 'backend domain of the remote')
    .addOption(
      new Option('--what <what>', 'what to drop').choices(['dead-letters', 'all']).default('dead-letters'),
    )
    .addOption(configOption())
    .addOption(json())
    .action(async (domain, options) => (await load()).dropQueue(domain, options));
}

function addNetwork(program: Command): void {
  program
    .command('network')
    .description(
      'Run several federated backends on this machine, with their own DNS and CA, for trying and testing.',
    )
    .requiredOption('--backends <n>', 'how many, 1 to 26', '2')
    .requiredOption('--dir <folder>', 'an empty folder for their data and network.json')
    .option(
      '--set <key=json>',
      'a configuration value of every backend; may be repeated',
      (value: string, before: string[]) => [...before, value],
      [],
    )
    .addOption(new Option('--storage <kind>', 'database').choices(['sqlite', 'postgres']).default('sqlite'))
    .option('--role-split', 'federator and components of each backend as processes of their own')
    .addHelpText(
      'after',
      examples(
        'network --backends 2 --dir /tmp/net',
        'network --backends 3 --dir /tmp/net --set federation.strategy=\'"allowDynamic"\'',
      ),
    )
    .action(async (options) => (await import('./commands/network.ts')).network(options));
}

function addDemo(program: Command): void {
  program
    .command('demo')
    .description('Two federated backends on this machine play through what federation does, and explain it.')
    .option('--once', 'end after the flows: exit code 0 when all went well')
    .addHelpText('after', examples('demo', 'demo --once'))
    .action(async (options) => (await import('./commands/demo.ts')).demo(options));
}

function examples(...lines: readonly string[]): string {
  return `\nExamples:\n${lines.map((line) => `  crosswire ${line}`).join('\n')}`;
}
