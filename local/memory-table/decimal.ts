/** DynamoDB's numbers: exact decimals of up to 38 significant digits, which travel as text. */

/** `digits / 10^scale` */
interface Decimal {
  readonly digits: bigint;
  readonly scale: number;
}

const plainInteger = /^-?\d+$/;
const decimalPattern = /^([+-]?)(\d*)(?:\.(\d*))?(?:[eE]([+-]?\d+))?$/;
const mostDigits = 38;

class NumberError extends Error {
  override readonly name = 'NumberError';
}

export function compareNumbers(a: string, b: string): number {
  const [left, right] = aligned(toDecimal(a), toDecimal(b));
  return left === right ? 0 : left < right ? -1 : 1;
}

/** @throws NumberError if the sum does not fit */
export function addNumbers(a: string, b: string, sign: 1n | -1n = 1n): string {
  const [left, right, scale] = aligned(toDecimal(a), toDecimal(b));
  return toText({ digits: left + sign * right, scale });
}

/**
 * The text that DynamoDB gives back for a number.
 *
 * @throws NumberError if it is not a number, or not one that fits
 */
export const normalNumber = (text: string): string => toText(toDecimal(text));

/** How many digits of a number are significant, which its size depends on. */
export function significantDigits(text: string): number {
  const digits = text.replace(/^-/, '').replace('.', '').replace(/^0+/, '').replace(/0+$/, '');
  return digits.length;
}

function toDecimal(text: string): Decimal {
  if (plainInteger.test(text)) return { digits: BigInt(text), scale: 0 };
  const [, sign = '', whole = '', fraction = '', exponent = '0'] = decimalPattern.exec(text) ?? [];
  if (whole + fraction === '') {
    throw new NumberError(
      `The parameter cannot be converted to a numeric value: ${text || 'an empty text'}`,
    );
  }
  const scale = fraction.length - Number(exponent);
  const digits = BigInt(`${whole}${fraction}`) * (sign === '-' ? -1n : 1n);
  return scale >= 0 ? { digits, scale } : { digits: digits * 10n ** BigInt(-scale), scale: 0 };
}

function aligned(a: Decimal, b: Decimal): [a: bigint, b: bigint, scale: number] {
  const scale = Math.max(a.scale, b.scale);
  return [raised(a, scale), raised(b, scale), scale];
}

const raised = ({ digits, scale }: Decimal, to: number): bigint =>
  scale === to ? digits : digits * 10n ** BigInt(to - scale);

function toText({ digits, scale }: Decimal): string {
  const text = scale === 0 ? String(digits) : fractionText(digits, scale);
  if (significantDigits(text) > mostDigits) {
    throw new NumberError('Attempting to store more than 38 significant digits in a Number');
  }
  return text;
}

function fractionText(digits: bigint, scale: number): string {
  const sign = digits < 0n ? '-' : '';
  const all = String(digits < 0n ? -digits : digits).padStart(scale + 1, '0');
  const fraction = all.slice(-scale).replace(/0+$/, '');
  return `${sign}${all.slice(0, -scale)}${fraction === '' ? '' : `.${fraction}`}`;
}
