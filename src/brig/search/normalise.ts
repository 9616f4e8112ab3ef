/**
 * Text as the search index compares it: Latin letters without diacritics, lower case, cut into words. wire-server uses
 * ICU's "Any-Latin; Latin-ASCII; Lower"; this does the same for Latin, Greek and Cyrillic. Letters of other scripts
 * stay what they are, so those names are found by whoever writes them in their own script.
 */

/** Longer text is cut: names have at most 128 characters, and an index row is bounded. */
const maxLength = 256;
const maxWords = 16;

/** The words of a text, normalised: letters and digits only, never empty ones. */
export function wordsOf(text: string): readonly string[] {
  return toLatin(fold(text.slice(0, maxLength)))
    .split(/[^\p{L}\p{N}]+/u)
    .filter((word) => word !== '')
    .slice(0, maxWords);
}

/** Lower case may bring new marks (İ), and so does decomposition: marks go last. */
function fold(text: string): string {
  return text
    .normalize('NFKD')
    .toLowerCase()
    .normalize('NFKD')
    .replace(/\p{M}+/gu, '');
}

function toLatin(text: string): string {
  return text
    .replace(/[αε]υ|ου/g, (pair) => greekPairs[pair] ?? pair)
    .replace(/[^\p{ASCII}]/gu, (letter) => latinOf[letter] ?? letter);
}

const greekPairs: Readonly<Record<string, string>> = { αυ: 'au', ευ: 'eu', ου: 'ou' };

/** Pairs of a letter and its Latin form, for what decomposition leaves. */
const latinOf: Readonly<Record<string, string>> = Object.fromEntries(
  [
    'ßss æae œoe øo đd ðd þth łl ħh ıi ĸq ŋn ŧt ɓb ƈc ɖd ɗd əe ɛe ƒf ɠg ɨi ƙk ɔo ƥp ʂs ƭt ʈt ʊu ʋv ƴy ƶz ʃsh ʒzh ɣg ɩi',
    'аa бb вv гg дd еe жz зz иi кk лl мm нn оo пp рr сs тt уu фf хh цc чc шs щs ъ ыy ь эe юu яa',
    'іi ґg єe ћc ђd јj љl њn џd ѕz қk ғg ңn үu ұu һh әa өo ѣe ѳf ѵi',
    'αa βb γg δd εe ζz ηe θth ιi κk λl μm νn ξx οo πp ρr σs ςs τt υy φph χch ψps ωo',
  ]
    .join(' ')
    .split(' ')
    .map((pair) => {
      const [letter = '', ...latin] = [...pair];
      return [letter, latin.join('')];
    }),
);
