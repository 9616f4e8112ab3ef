import { createHash } from 'node:crypto';

/**
 * The page that shows the API's description. It is one file of our own: nothing is loaded from elsewhere, so that it
 * works on a closed network and shows no third party who reads it. Text from the description enters the page as text
 * only.
 */
export function documentationPage(versions: readonly number[], shown: number): string {
  const options = versions
    .toReversed()
    .map(
      (version) => `<option value="v${version}"${version === shown ? ' selected' : ''}>v${version}</option>`,
    )
    .join('');
  return page.replace('{versions}', options);
}

const style = `
body { font: 15px/1.45 system-ui, sans-serif; margin: 0 auto; max-width: 60rem; padding: 1rem }
h2 { border-bottom: 1px solid #ccc; margin: 1.6rem 0 .4rem; font-size: 1.1rem }
summary { cursor: pointer; padding: .2rem 0 }
summary b { display: inline-block; width: 4.5rem; font-family: monospace }
summary code { font-weight: bold }
details > div { margin: .2rem 0 1rem 4.8rem }
pre { background: #f4f4f4; padding: .6rem; overflow: auto; margin: .2rem 0 }
small { color: #666 }
`;

const script = `
const at = (id) => document.getElementById(id);
function element(name, text, ...children) {
  const made = document.createElement(name);
  if (text) made.textContent = text;
  made.append(...children);
  return made;
}
function schemaBlock(title, content) {
  const schema = content && content['application/json'] && content['application/json'].schema;
  return schema ? [element('small', title), element('pre', JSON.stringify(schema, null, 2))] : [element('small', title)];
}
function operation(method, path, route) {
  const head = element('summary', '', element('b', method.toUpperCase()), element('code', path), ' ' + route.summary);
  const body = element('div');
  if (route.security) body.append(element('p', 'Needs an access token.'));
  for (const parameter of route.parameters)
    body.append(element('small', parameter.in + ' ' + parameter.name + (parameter.required ? '' : ' (optional)')),
      element('pre', JSON.stringify(parameter.schema)));
  if (route.requestBody) body.append(...schemaBlock('request body', route.requestBody.content));
  for (const [status, answer] of Object.entries(route.responses))
    body.append(...schemaBlock(status + ': ' + answer.description, answer.content));
  return element('details', '', head, body);
}
async function show() {
  const url = '/' + at('version').value + '/api/swagger.json';
  at('raw').href = url;
  const description = await (await fetch(url)).json();
  at('title').textContent = description.info.title + ' ' + description.info.version;
  const tags = new Map();
  for (const [path, methods] of Object.entries(description.paths))
    for (const [method, route] of Object.entries(methods)) {
      const list = tags.get(route.tags[0]) || [];
      tags.set(route.tags[0], [...list, operation(method, path, route)]);
    }
  at('routes').replaceChildren(...[...tags].sort().map(([tag, list]) =>
    element('section', '', element('h2', tag), ...list)));
  filter();
}
function filter() {
  const wanted = at('filter').value.toLowerCase();
  for (const item of document.querySelectorAll('details'))
    item.hidden = !item.querySelector('summary').textContent.toLowerCase().includes(wanted);
  for (const section of document.querySelectorAll('section'))
    section.hidden = !section.querySelector('details:not([hidden])');
}
at('version').onchange = show;
at('filter').oninput = filter;
show();
`;

const page = `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>Client API</title>
<style>${style}</style>
<h1 id="title">Client API</h1>
<p><select id="version" aria-label="API version">{versions}</select>
<input id="filter" type="search" placeholder="filter" aria-label="Filter">
<a id="raw">swagger.json</a></p>
<main id="routes"></main>
<script>${script}</script>
</html>
`;

/** Allows the script and style of the page, by their hashes, and requests to this backend; nothing else. */
export const pagePolicy = [
  "default-src 'none'",
  "connect-src 'self'",
  `script-src ${hashOf(script)}`,
  `style-src ${hashOf(style)}`,
  "frame-ancestors 'none'",
].join('; ');

function hashOf(text: string): string {
  return `'sha256-${createHash('sha256').update(text).digest('base64')}'`;
}
