export interface WalkThrough {
  /** Addresses of the two apps. */
  auth: string;
  orders: string;
  password: string;
}

/**
 * The main job as shell commands: each is one line, and works pasted into a plain POSIX shell with
 * curl and node.
 */
export function walkThrough({ auth, orders, password }: WalkThrough): string[] {
  const login = quote(JSON.stringify({ email: 'ada@example.com', password }));
  const order = quote(
    JSON.stringify({ currency: 'EUR', items: [{ sku: 'tea', quantity: 2, unitPrice: 450 }] }),
  );
  const json = `-H 'content-type: application/json'`;
  const bearer = '-H "authorization: Bearer $TOKEN"';
  const timed = (what: string) => String.raw`-w '\n${what}: %{http_code} in %{time_total} s\n'`;
  const token = `node -p 'JSON.parse(require("fs").readFileSync(0)).access_token'`;
  return [
    'Try it, line by line, in another terminal:',
    '',
    '# Log in',
    `TOKEN=$(curl -s ${auth}/auth/login ${json} -d ${login} | ${token})`,
    '# Place an order; orders checks the token by itself',
    `curl -s ${orders}/orders ${bearer} ${json} -d ${order} ${timed('order')}`,
    '# Log out: the token is revoked, long before it expires',
    `curl -s -X POST ${auth}/auth/logout ${bearer} ${timed('logout')}`,
    '# Orders knows, and asked nobody: 401 token_revoked',
    `for i in 1 2 3; do curl -s ${orders}/orders ${bearer} ${timed('orders')}; sleep 0.1; done`,
  ];
}

/** For a POSIX shell. */
function quote(text: string): string {
  return `'${text.replaceAll("'", String.raw`'\''`)}'`;
}
