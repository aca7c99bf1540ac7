const DISCORD_EPOCH = 1420070400000n;

/** Return when an id was made. */
export function timeOf(id) {
  return new Date(Number((BigInt(id) >> 22n) + DISCORD_EPOCH));
}

/** Compare two ids by age; they are too long for numbers. */
export function byAge(a, b) {
  const [first, second] = [BigInt(a), BigInt(b)];
  return first < second ? -1 : Number(first > second);
}

/** Tell whether an id is younger than another one. */
export function younger(a, b) {
  return BigInt(a) > BigInt(b);
}
