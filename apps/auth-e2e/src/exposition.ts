/** One scrape, in the text format of Prometheus, version 0.0.4. */
export class Exposition {
  /** By name and labels, as they stand there: `up{job="x"}`. */
  readonly samples = new Map<string, number>();
  /** The type of each metric. */
  readonly types = new Map<string, string>();

  /** @throws Error for a line that is none of the format */
  constructor(readonly text: string) {
    for (const line of text.split('\n').filter(Boolean)) {
      const [, name, type] = /^# TYPE (\S+) (counter|gauge|histogram|summary)$/.exec(line) ?? [];
      if (name && type) this.types.set(name, type);
      else if (!line.startsWith('# HELP ')) this.add(line);
    }
  }

  /** The value of a sample. @throws Error when it is not there: 0 is something else */
  value(sample: string): number {
    const value = this.samples.get(sample);
    if (value === undefined) throw new Error(`There is no ${sample} in\n${this.text}`);
    return value;
  }

  private add(line: string): void {
    const labels = /\{(?:[a-z_]\w*="(?:[^"\\\n]|\\.)*",?)*\}/;
    const form = new RegExp(`^([a-z_:][\\w:]*(?:${labels.source})?) (\\S+)$`, 'i');
    const [, sample, text = ''] = form.exec(line) ?? [];
    const value = text === '+Inf' ? Infinity : Number(text);
    // The mean of no samples is NaN, which Prometheus reads in any spelling.
    if (!sample || (Number.isNaN(value) && !/^nan$/i.test(text)))
      throw new Error(`Not a sample: ${line}`);
    this.samples.set(sample, value);
  }
}

/** Asks a process for its metrics. */
export async function scrape(origin: string): Promise<Exposition> {
  const response = await fetch(`${origin}/metrics`);
  if (response.status !== 200) throw new Error(`${origin} answers ${response.status}`);
  return new Exposition(await response.text());
}

/** By how much these samples have grown between two scrapes. */
export function growth(
  before: Exposition,
  after: Exposition,
  samples: readonly string[],
): Record<string, number> {
  return Object.fromEntries(
    samples.map((sample) => [sample, after.value(sample) - (before.samples.get(sample) ?? 0)]),
  );
}
