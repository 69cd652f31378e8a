import { readdirSync, readFileSync } from 'node:fs';

/** A file that never changes under its name. */
export interface Asset {
  readonly type: string;
  readonly content: Buffer;
}

const TYPES: Readonly<Record<string, string>> = {
  css: 'text/css; charset=utf-8',
  js: 'text/javascript; charset=utf-8',
  svg: 'image/svg+xml',
};

/** The files of the built console. Each is read once, when it is first asked for. */
export class ConsoleFiles {
  private html: string | undefined;
  private names: ReadonlySet<string> | undefined;
  private readonly assets = new Map<string, Asset>();

  constructor(private readonly directory: URL) {}

  /**
   * The page, whose links to assets begin with the base path, because it is served at any depth.
   * `undefined` if the console was not built.
   */
  page(basePath: string): string | undefined {
    this.html ??= this.read('index.html')?.toString();
    return this.html?.replaceAll('="./assets/', `="${basePath}/console/assets/`);
  }

  /** @param name compared with the names of the files there are, so no path leads elsewhere */
  asset(name: string): Asset | undefined {
    const known = this.assets.get(name);
    if (known) return known;
    this.names ??= this.list();
    const type = TYPES[name.slice(name.lastIndexOf('.') + 1)];
    const content = type && this.names.has(name) && this.read(`assets/${name}`);
    if (!type || !content) return undefined;
    const asset = { type, content };
    this.assets.set(name, asset);
    return asset;
  }

  private list(): ReadonlySet<string> {
    return new Set(orNone(() => readdirSync(new URL('assets/', this.directory))) ?? []);
  }

  private read(path: string): Buffer | undefined {
    return orNone(() => readFileSync(new URL(path, this.directory)));
  }
}

/** `undefined` for a file that is not there. */
function orNone<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}
