import { useEffect, useState } from 'preact/hooks';

import { announce } from '../announcements.js';
import { texts } from '../texts.js';
import { Button } from './controls.js';
import { durationInWords, inWords } from './time.js';

/** The time of the browser, which moves by itself. */
export function useNow(everyMs = 1_000): number {
  const [now, setNow] = useState(() => Date.now());
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), everyMs);
    return () => clearInterval(timer);
  }, [everyMs]);
  return now;
}

/** An instant in words, such as "3 minutes ago"; exact when pointed at. */
export function Time({ at }: { readonly at: string }) {
  // Renders again as time goes on. A new instant is compared with the time now, not with the last one.
  useNow(15_000);
  return (
    <time dateTime={at} title={exactly(at)}>
      {inWords(Date.parse(at), Date.now())}
    </time>
  );
}

export const exactly = (at: string | number) =>
  new Date(at).toLocaleString(undefined, { dateStyle: 'medium', timeStyle: 'medium' });

/** What is left of a time, as it runs out. */
export function Countdown({ fromMs, toMs }: { readonly fromMs: number; readonly toMs: number }) {
  const now = useNow();
  const left = Math.max(0, toMs - now);
  return (
    <div class="countdown">
      <progress max={toMs - fromMs} value={left} aria-label={texts.token.timeLeft} />
      <span>{left > 0 ? texts.token.left(durationInWords(left)) : texts.token.expired}</span>
    </div>
  );
}

/** A text with a button that copies it. */
export function Copyable({ text, label }: { readonly text: string; readonly label: string }) {
  const copy = async () => {
    try {
      // Absent from a page over plain http.
      await navigator.clipboard.writeText(text);
      announce(texts.copied);
    } catch {
      announce(texts.notCopied);
    }
  };
  return (
    <div class="copyable">
      <code tabIndex={0} aria-label={label}>
        {text}
      </code>
      <Button onClick={() => void copy()} label={`${texts.copy}: ${label}`}>
        {texts.copy}
      </Button>
    </div>
  );
}
