/**
 * The texts of all elements of a name, in order. Enough for S3's answers to what is asked here: elements without
 * attributes, and texts that are ids, names of our own and times.
 */
export function textsIn(xml: string, tag: string): readonly string[] {
  return [...xml.matchAll(new RegExp(`<${tag}>([^<]*)</${tag}>`, 'g'))].map(([, text = '']) =>
    text.replaceAll('&quot;', '"').replaceAll('&amp;', '&'),
  );
}
