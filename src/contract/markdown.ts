/** What generated documents are made of. */

/** Says, in a document, that it is generated. */
export const generatedNotice =
  '<!-- Generated from the contract by `npm run docs`; edits are overwritten. -->';

/** A table with its head. */
export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  return [head, head.map(() => '---'), ...rows].map(row).join('\n');
}

/** A text of lines, ended by a newline. */
export function lines(...all: readonly string[]): string {
  return `${all.join('\n')}\n`;
}

function row(cells: readonly string[]): string {
  return `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
}
