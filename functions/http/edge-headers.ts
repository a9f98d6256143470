/** Headers that CloudFront adds to a request, as infrastructure and functions call them. */
export const edgeHeaders = {
  /** The secret that only CloudFront and the functions have. */
  originSecret: 'x-tally-origin-secret',
  /** CloudFront's own header, with the address and port of its caller. */
  viewerAddress: 'cloudfront-viewer-address',
} as const;
