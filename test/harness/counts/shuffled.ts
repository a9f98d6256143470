/** The same things in another order (Fisher–Yates). @param random in [0, 1) */
export function shuffled<T>(things: readonly T[], random: () => number): T[] {
  const order = [...things];
  for (let last = order.length - 1; last > 0; last--) {
    const other = Math.floor(random() * (last + 1));
    const [a, b] = [order[last], order[other]] as [T, T];
    order[last] = b;
    order[other] = a;
  }
  return order;
}
