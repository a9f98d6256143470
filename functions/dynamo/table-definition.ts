/** The one table, as data: the CDK stack, `npm start` and the tests all create it from here. */
export const tableDefinition = {
  partitionKey: 'pk',
  sortKey: 'sk',
  ttlAttribute: 'x',
  streamViewType: 'NEW_AND_OLD_IMAGES',
} as const;
