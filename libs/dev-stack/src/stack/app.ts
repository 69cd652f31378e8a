import { fileURLToPath } from 'node:url';

/** The directory of the repository, from the sources and from dist alike. */
export const ROOT = fileURLToPath(new URL('../../../../', import.meta.url));

/** A program of the stack, as data. */
export interface App {
  name: string;
  /** The built program, absolute or from the root of the repository. */
  main: string;
  /** The setting with its port, and the port without it. */
  portSetting: string;
  defaultPort: number;
  /** The setting with the address of its database, and what that is called when we make it. */
  databaseSetting: string;
  database: string;
}

/** Every app of this repository, by its name. */
export const APPS = {
  auth: {
    name: 'auth',
    main: 'apps/auth/dist/main.js',
    portSetting: 'AUTH_PORT',
    defaultPort: 3000,
    databaseSetting: 'DATABASE_URL',
    database: 'auth',
  },
  orders: {
    name: 'orders',
    main: 'apps/orders/dist/main.js',
    portSetting: 'ORDERS_PORT',
    defaultPort: 3001,
    databaseSetting: 'ORDERS_DATABASE_URL',
    database: 'orders',
  },
} as const satisfies Record<string, App>;

export type AppName = keyof typeof APPS;
