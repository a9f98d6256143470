import type { WindowKind } from '../rules/windows.ts';
import { type Refusal, refuse } from './refusals.ts';

/** Why a counter cannot be read by a window; undefined if it keeps such windows. */
export function refuseByWindow(
  { windows }: { readonly windows: readonly WindowKind[] },
  kind: WindowKind,
): Refusal | undefined {
  if (windows.includes(kind)) return undefined;
  return refuse(
    'invalid_window',
    `This counter has no window "${kind}"; it has ${windows.join(', ')}.`,
  );
}
