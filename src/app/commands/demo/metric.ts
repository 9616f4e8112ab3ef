/** The value of one counter of a backend, by its name and labels as Prometheus' text format writes them. */
export async function readCounter(internalApi: string, name: string, label: string): Promise<number> {
  const answer = await fetch(`${internalApi}/i/metrics`);
  const text = await answer.text();
  const line = text
    .split('\n')
    .find((candidate) => candidate.startsWith(`${name}{`) && candidate.includes(label));
  return line === undefined ? 0 : Number(line.slice(line.lastIndexOf(' ') + 1));
}
