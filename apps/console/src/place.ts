const script = import.meta.url;

/** Where the console is, such as `https://auth.example.com/console/`. Scripts are in `assets/` below. */
export const CONSOLE = new URL('../', script);

/** The address of auth, which serves the console; it ends with a slash. */
export const AUTH = new URL('../', CONSOLE);
