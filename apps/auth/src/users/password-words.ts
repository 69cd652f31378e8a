/** Of a longer text: its parts that a guesser would take, as `ada` and `example` of `ada.l@example.com`. */
const MIN_WORD = 3;
/** What a password has to have besides such words. As many letters in a row are guessed in seconds. */
const MIN_OTHER_LETTERS = 6;

/** The words that a text consists of, such as an e-mail or the name of a host. */
export function wordsIn(text: string): string[] {
  const words = text
    .toLowerCase()
    .normalize('NFKC')
    .split(/[^\p{L}\p{M}\p{N}]+/u);
  return words.filter((word) => [...word].length >= MIN_WORD);
}

/**
 * Whether a password is little more than words that its guesser knows: the e-mail, the name of the
 * service. A long one may have them in it.
 */
export function isMadeOf(password: string, words: readonly string[]): boolean {
  const whole = password.toLowerCase();
  // The longest first: `example` and not `exam` of it.
  const longestFirst = [...new Set(words)].sort((one, other) => other.length - one.length);
  let rest = whole;
  // Not joined: what is left of both sides would make new words.
  for (const word of longestFirst) rest = rest.replaceAll(word, ' ');
  return rest !== whole && (rest.match(/\p{L}/gu)?.length ?? 0) < MIN_OTHER_LETTERS;
}
