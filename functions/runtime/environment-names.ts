/** Names of the environment variables that the infrastructure sets and the functions read. */
export const environmentNames = {
  /** The DynamoDB table. */
  table: 'TALLY_TABLE',
  /** Comma-separated regions that hold a replica of the table, this one included. */
  regions: 'TALLY_REGIONS',
  /** This region. Lambda sets it; it is a part of every cell's key. */
  region: 'AWS_REGION',
  /** AppSync Events: where to publish and subscribe over HTTP, where to listen, and the key to subscribe with. */
  liveHttp: 'TALLY_LIVE_HTTP',
  liveRealtime: 'TALLY_LIVE_REALTIME',
  liveApiKey: 'TALLY_LIVE_API_KEY',
  /** A key with every right, for a server on one's own machine; never set in AWS. */
  adminKey: 'TALLY_ADMIN_KEY',
} as const;
