import { StringDecoder } from 'node:string_decoder';

const KEPT_CHARACTERS = 16_384;
const MASK = '[secret]';

/**
 * Keeps the end of what a program writes, in bounded memory, and shows it without the secrets. Only whole
 * lines are cut off, so that no half of a secret stays behind.
 */
export class LastLines {
  private readonly decoder = new StringDecoder('utf8');
  private kept = '';

  constructor(private readonly secrets: readonly string[]) {}

  add(chunk: Buffer): void {
    this.kept += this.decoder.write(chunk);
    const surplus = this.kept.length - KEPT_CHARACTERS;
    if (surplus <= 0) return;
    const lineEnd = this.kept.indexOf('\n', surplus - 1);
    // One line longer than all we keep: what is left of it may begin in the middle of a secret.
    this.kept = lineEnd === -1 ? '' : this.kept.slice(lineEnd + 1);
  }

  get text(): string {
    const spellings = this.secrets.flatMap((secret) => [secret, encodeURIComponent(secret)]);
    return [...new Set(spellings)]
      .filter((spelling) => spelling !== '')
      .reduce((text, spelling) => text.replaceAll(spelling, MASK), this.kept)
      .trim();
  }
}
