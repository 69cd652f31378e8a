/** The `jti` of a token, read without any check: who uses it has verified the token before. */
export function tokenIdOf(token: string): string {
  const start = token.indexOf('.') + 1;
  const payload = Buffer.from(token.slice(start, token.indexOf('.', start)), 'base64url');
  return (JSON.parse(payload.toString()) as { jti: string }).jti;
}
