/** The compiler's JavaScript interface, which TypeScript 7 does not have: a copy of version 5 without a `tsc`. */
import { ts } from '@ts-morph/common';

export default ts;
