/** The odd primes up to 167: those that the flawed generator builds its moduli on. */
const PRIMES = [
  3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37, 41, 43, 47, 53, 59, 61, 67, 71, 73, 79, 83, 89, 97, 101,
  103, 107, 109, 113, 127, 131, 137, 139, 149, 151, 157, 163, 167,
];
const GENERATOR = 65_537;

/** For each prime the remainders that powers of the generator have. */
const REMAINDERS = PRIMES.map((prime) => {
  const powers = new Set<number>();
  for (let power = 1; !powers.has(power); power = (power * GENERATOR) % prime) powers.add(power);
  return { prime: BigInt(prime), powers };
});

/**
 * Whether an RSA modulus (base64url) has the pattern of the Infineon key generator (ROCA,
 * CVE-2017-15361), whose keys can be factored: modulo each small prime it is a power of 65537. Of
 * sound keys one in 200 million has it by chance.
 */
export function hasRocaPattern(modulus: string): boolean {
  const n = BigInt(`0x${Buffer.from(modulus, 'base64url').toString('hex')}`);
  return REMAINDERS.every(({ prime, powers }) => powers.has(Number(n % prime)));
}
