/** The environment variables that the infrastructure sets and the functions read. */
export const environmentNames = {
  /** The DynamoDB table. */
  table: 'TALLY_TABLE',
  /** Comma-separated regions that hold a replica of the table, this one included. */
  regions: 'TALLY_REGIONS',
  /** This region. Lambda sets it; it is a part of every cell's key. */
  region: 'AWS_REGION',
  /** AppSync Events: the HTTP endpoint to publish to, the WebSocket endpoint and the API key of listeners. */
  liveHttp: 'TALLY_LIVE_HTTP',
  liveRealtime: 'TALLY_LIVE_REALTIME',
  liveApiKey: 'TALLY_LIVE_API_KEY',
  /** The secret of the site at the provider of a captcha, and where that verifies, if not at its usual address. */
  challengeSecret: 'TALLY_CHALLENGE_SECRET',
  challengeUrl: 'TALLY_CHALLENGE_URL',
  /** The bits of a proof of work, instead of those in tally.config.ts. */
  challengeBits: 'TALLY_CHALLENGE_BITS',
  /** Comma-separated secrets that CloudFront may show; empty where it is not in front. */
  originSecrets: 'TALLY_ORIGIN_SECRETS',
  /** An API key with every right, for a local server; never set in AWS. */
  adminKey: 'TALLY_ADMIN_KEY',
} as const;
