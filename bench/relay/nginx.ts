import { existsSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { answer } from './payload.ts';
import { type BenchProcess, startProgram } from './processes.ts';
import { freePorts, hosts, type Stage } from './stage.ts';

const nginx = ['/usr/sbin/nginx', '/usr/local/sbin/nginx', '/usr/bin/nginx'].find((path) => existsSync(path));

const upstream = (name: string, port: number) =>
  `upstream ${name} { server 127.0.0.1:${port}; keepalive 64; keepalive_requests 100000000; keepalive_timeout 300s; }`;
const kept = 'proxy_http_version 1.1; proxy_set_header Connection "";';

/** What the backend serves, and what the egress speaks: by default the relay's small answer over HTTP/2. */
export interface NginxOptions {
  /** The inside of the backend's `location /`. */
  readonly content?: string;
  readonly egressHttp2?: boolean;
}

/** nginx as egress, ingress and backend, one worker each; undefined when the machine has none. */
export async function startNginx(
  stage: Stage,
  {
    content = `default_type application/json; return 200 '${answer}';`,
    egressHttp2 = true,
  }: NginxOptions = {},
): Promise<{ readonly port: number; readonly processes: readonly BenchProcess[] } | undefined> {
  if (nginx === undefined) return undefined;
  const program = nginx;
  const [front = 0, ingress = 0, back = 0] = await freePorts(3);
  const start = async (name: string, port: number, http: string) => {
    const folder = stage.scratch(`nginx-${name}`);
    await mkdir(folder);
    const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'];
    await writeFile(
      `${folder}/nginx.conf`,
      `user root; worker_processes 1; master_process off; daemon off; pid ${folder}/pid;
error_log ${folder}/error.log warn; events { worker_connections 4096; }
http { access_log off; keepalive_timeout 300s; keepalive_requests 100000000;
ssl_protocols TLSv1.2 TLSv1.3; proxy_ssl_protocols TLSv1.2 TLSv1.3;
${temporary.map((path) => `${path}_temp_path ${folder}/${path};`).join(' ')}
${http} }`,
    );
    return startProgram(
      program,
      ['-p', folder, '-e', `${folder}/error.log`, '-c', `${folder}/nginx.conf`],
      port,
    );
  };
  const backend = await start(
    'backend',
    back,
    `server { listen 127.0.0.1:${back}; location / { ${content} } }`,
  );
  const door = await start(
    'ingress',
    ingress,
    `${upstream('backend', back)}
server { listen 127.0.0.1:${ingress} ssl; server_name ${hosts.b};
ssl_certificate ${stage.file('b.pem')}; ssl_certificate_key ${stage.file('b.key')};
ssl_client_certificate ${stage.file('ca.pem')}; ssl_verify_client on;
location / { proxy_pass http://backend; ${kept} } }`,
  );
  const egress = await start(
    'egress',
    front,
    `${upstream('remote', ingress)}
server { listen 127.0.0.1:${front}${egressHttp2 ? ' http2' : ''}; location / { proxy_pass https://remote; ${kept}
proxy_ssl_certificate ${stage.file('a.pem')}; proxy_ssl_certificate_key ${stage.file('a.key')};
proxy_ssl_trusted_certificate ${stage.file('ca.pem')}; proxy_ssl_verify on; proxy_ssl_name ${hosts.b};
proxy_ssl_server_name on; } }`,
  );
  return { port: front, processes: [egress, door, backend] };
}
