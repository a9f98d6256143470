/** Every limit of Tally, each with its reason. */
export const limits = {
  /** Characters of a subject, member or user: long enough for a UUID behind a prefix, and far from DynamoDB's 2,048 bytes of key. */
  nameLength: 128,
  /** Characters of a counter name: a segment of a live-update channel takes 50. */
  counterNameLength: 32,
  /** Characters of an Idempotency-Key: four times a UUID's; only a hash is stored. */
  tokenLength: 255,
  /** |amount| of one change: nine million of the largest changes fit before a total leaves the exact integers of JSON. */
  amount: 1_000_000_000,
  /** Bytes of a request body: a hundred batch items with room to spare, far below the 10 MB that API Gateway would pass on. */
  bodyBytes: 64 * 1024,
  /** Mistakes of a request that its answer names: more than anybody mends at once, and an answer stays short. */
  mistakes: 20,
  /** Entries of one page of a list, unless asked for fewer. */
  pageEntries: 100,
  /** Headers beyond the usual that pages of other origins may send: they come with every preflight. */
  corsHeaders: 20,
  /** Hours a token is remembered unless configured: retries end within minutes, offline phones within a day. */
  tokenHours: 24,
  /** Longest configurable token memory. */
  tokenHoursMax: 24 * 30,
  /** Seconds that a stored token outlives its lifetime: covers the difference of clocks between functions. */
  tokenGraceSeconds: 3600,
  /** Seconds that functions of the deployment before may answer for after a new one has begun: regions are deployed one after the other. */
  deploymentOverlapSeconds: 3_600,
  /** Seconds that a count takes no changes for after it was given bounds: a request may land five minutes late, and the fold takes a second; the rest is margin. */
  boundsSettleSeconds: 600,
  /** Shards of one total in one region that growth stops at: reads cost one key a shard, and overflow takes what is beyond. */
  maxShards: 16,
  /** Largest configurable shard count: a read is then three BatchGetItem calls in parallel. */
  maxShardsMax: 256,
  /** Seconds a multi-cell total may be served from a function's memory, unless configured. */
  readCacheSeconds: 1,
  readCacheSecondsMax: 3600,
  /** Totals, shard counts and hot counters a function remembers; room for them is made at its start. */
  rememberedCounters: 2_000,
  /** Milliseconds a counter that met contention twice is written through the ledger only. */
  hotForMs: 3_000,
  /** Seconds after which a deferred change that comes again is taken for folded: the fold usually takes one. */
  foldedAfterSeconds: 60,
  /** Attempts on a bounded counter, or with a token that is in use: there is no other, so it waits for its turn. */
  boundedAttempts: 8,
  /** First and longest pause between those attempts, in ms; doubled each time, with full jitter. */
  retryPauseMs: { first: 20, longest: 400 },
  /** Keys of one BatchGetItem: DynamoDB's own limit. */
  batchGetKeys: 100,
  /** Rounds of asking again for keys that DynamoDB left unprocessed. */
  batchGetRounds: 8,
  /** Milliseconds for one DynamoDB call and for its connection: the SDK waits without end by default. */
  dynamoRequestMs: 3_000,
  dynamoConnectMs: 3_000,
  /** Connections to DynamoDB at once: a batch makes a hundred calls, and waiting for one counts as connecting. */
  dynamoSockets: 256,
  /** Tries to fold into one cell in a call: the first may find its mark moved, the others throttling. */
  foldAttempts: 8,
  /** Milliseconds that a mark is kept after its stream shard was created: it takes records for about four hours and keeps them for 24; the rest is margin. */
  keepMarksMs: 30 * 3_600_000,
  /** Hours after which AWS replaces a stream shard, and how many of these generations have marks in a cell that is a day old. */
  generationHours: 4,
  markGenerations: 8,
  /** Marks that fit into a kilobyte, the write unit, beside the rest of a cell: 23 bytes each. */
  marksOfCell: 36,
  /** Stale marks that are worth a write of their own, and how many go at once: an expression may have 4 KB. */
  staleMarks: 4,
  pruneSlice: 100,
  /** Milliseconds from the writing of a growth until the fold goes by it, and for which a function remembers a history: see rules/spreading.ts. */
  growthMarginMs: 15 * 60_000,
  growthCacheMs: 5 * 60_000,
  /** Days that a history of shard counts is kept after its last use: as long as a batch that failed may wait to be folded. */
  keepGrowthDays: 14,
  /** Milliseconds for which a function remembers whether a batch lies in the failure bucket: hours pass between that and the first mark that must stay. */
  failedBatchCacheMs: 60_000,
  /** Cells that one stream batch is folded into at the same time: enough to hide the round trips. */
  foldConcurrency: 32,
  /** Seconds a counter publishes live updates after somebody asked where to listen, and when to ask again. */
  watchSeconds: 600,
  /** Seconds that the item of a watch outlives it: covers the difference of clocks. */
  keepWatchSeconds: 600,
  renewWatchAfterSeconds: 300,
  /** Milliseconds between two live messages of a counter at least: four a second is as much as an eye can follow. */
  publishEveryMs: 250,
  /** Milliseconds for which a function remembers that nobody listens to a counter; a new listener reads again after a little more. */
  unwatchedCacheMs: 2_000,
  /** Live messages sent at the same time. */
  publishConcurrency: 16,
  /** Milliseconds for the publication of one live message; late ones are dropped, the next has a newer total. */
  publishMs: 2_000,
  /** Milliseconds after which a batch sends no more of its live messages: the next batch waits for it. */
  publishBatchMs: 3_000,
  /** Seconds a subject's settings are remembered: a change of time zone takes that long to be seen everywhere. */
  settingsCacheSeconds: 60,
  /** Calendars of a subject that are remembered: settings are corrected a few times, then stay. */
  earlierCalendars: 8,
  /** Rows of a history: 41 days of hours, or almost three years of days, in ten BatchGetItem calls. */
  historyRows: 1_000,
  /** Reads and writes of one batch request. */
  batchItems: 100,
  /** Milliseconds that a register is tried for while the database throttles it: less than a function's time. */
  registerMs: 8_000,
  /** Calls of one change for its register: with the pauses between them some four seconds. */
  registerAttempts: 24,
  /**
   * Entries at which a register is turned: as many as fit into one write unit (1 KB). An entry of a
   * cell has 20 bytes, one of a book 27. `step` later the next writer turns, if that one could not. At
   * most `leavingMax` leave in one update, whose expression has 4 KB.
   */
  registerTurn: { first: 44, firstOfBook: 33, step: 8, leavingMax: 250 },
  /** Attempts at a turn while the register is over its rate: with the pauses between them some three seconds. */
  turnAttempts: 20,
  /** A register is hot when so many `entries` were claimed within `momentMs`: with more it outgrows its turns. */
  hotRegister: { momentMs: 200, entries: 32 },
  /** Changes that a function makes at the same time and for which one register is enough. */
  changesOfRegister: 16,
  /** Milliseconds after a growth in which registers may still look hot by what came before it. */
  growthShowsMs: 1_000,
  /** A claim that is older than this is prolonged before it is counted on: it has to outlive its entry by a token's life. */
  prolongAfterMs: 3_600_000,
  /** Days that registers and their pages outlive the tokens they remember: covers any clock. */
  registerGraceDays: 7,
  /** Shifts of one book: a day has fewer seconds. */
  shifts: 90_000,
  /** Days that books of tickets are kept after their day. */
  keepBookDays: 35,
  /** Choices of one reaction: each is an attribute of the cell. */
  choices: 32,
  /** Longest heartbeat and away time, in seconds. */
  heartbeatSecondsMax: 300,
  awayAfterSecondsMax: 3_600,
  /** Seconds that a member who has left is remembered: a request can land five minutes late; the rest is for clocks that differ. */
  keepLeftMemberSeconds: 3_600,
  /** Sessions of a viewer: more tabs and devices than anybody watches with, and few enough for one write unit. The oldest goes. */
  sessionsOfViewer: 16,
  /** Seconds that a session is known to have left: longer than a heartbeat that overlaps with that can take. */
  keepLeftSessionSeconds: 60,
  /** Buckets that a count of viewers adds up. */
  presentBuckets: 32,
  /** Seconds that a heartbeat is remembered: longer than the stream keeps what the fold has to see of it. */
  keepBeatSeconds: 86_400,
  /** Seconds by which clocks may differ before a bucket of viewers that one holds for over is shown by another. */
  bucketGraceSeconds: 60,
  /** Buckets that are over and stay in a cell: taking them out is a write, so it is done for several at once. */
  bucketsOver: 8,
  /** Windows of one union of uniques: each is 32 items a region. */
  uniqueWindows: 31,
  /** Sketches that a function remembers, of 4 KB each. */
  rememberedSketches: 1_000,
  /** Subscriptions of one user, with all tenants together: they are one query, and their counts are read together. */
  subscriptions: 100,
  /** API keys of a deployment: they are listed in one answer. */
  apiKeys: 1_000,
  /** Days that the last use of an API key is remembered: who lists the keys to revoke old ones does so every year. */
  keepKeyUseDays: 400,
  /** Scopes of a key, and subjects and counters of a scope: a key's item stays within a few kilobytes. */
  scopes: 20,
  namesOfScope: 50,
  /**
   * What callers may do who show no API key, in units of one read or change. Many people share an
   * address: an office, a school, a mobile network. They come all at once, and a script keeps on. So a
   * burst is large, and the rate behind it bounds what an address costs: some $0.40 a day by writing,
   * $2.50 by reading.
   */
  callers: {
    addressWrites: { max: 120, perSeconds: 60, burst: 600 },
    addressReads: { max: 1_200, perSeconds: 60, burst: 6_000 },
    /** Nobody presses a button more often than once a second for long; tabs send heartbeats besides. */
    visitorWrites: { max: 60, perSeconds: 60, burst: 120 },
    /** A class that opens the page together, and again the next hour. */
    newVisitors: { max: 60, perSeconds: 3_600, burst: 60 },
  },
  /** Items of half a read unit that cost as much as the request that reads them: $1.37 a million, and $0.0625. */
  itemsOfRequest: 20,
  /** One in so many requests of a caller without an exact limit is counted, for as many: an eighth of a write unit for each. */
  sampleOf: 8,
  /** A function goes by what it has read of a caller for so long, and for so great a part of the burst that it lets through itself. */
  callerReadMs: 2_000,
  callerReadPart: 32,
  /** Allowances that a function remembers. */
  rememberedAllowances: 5_000,
  /** Attempts at a take: the first may not know the allowance, the second may meet the first take of another. */
  takeAttempts: 5,
  /** Milliseconds for which a function remembers that a limit has no room: a flood writes no more, and what is given back is seen soon. */
  trustRefusalMs: 1_000,
  /** Seconds that an allowance outlives the time at which it is whole: covers the difference of clocks. */
  allowanceGraceSeconds: 60,
  /** Largest `max` and `burst` of a limit, and units a second: times are microseconds, so at this rate a unit is 1 % exact. */
  limitUnits: 1_000_000,
  limitUnitsPerSecond: 10_000,
  /** Longest `perSeconds` of a limit: a month. */
  limitPerSeconds: 31 * 86_400,
  /** Requests a minute that a key may be limited to: they are counted in one item, which takes 1,000 writes a second. */
  callsPerMinuteMax: 60_000,
  /** Keys a function remembers, and for how many seconds: a revoked key works no longer than that. */
  rememberedKeys: 2_000,
  keyCacheSeconds: 30,
  /** Ids of no key that a function remembers, so that one wrong key, tried ever again, reads the table once. */
  rememberedGuesses: 200,
  /** Seconds that a pass is good for at most: it cannot be revoked. */
  passSecondsMax: 86_400,
  /** Seconds for which an expired pass of a visitor can still be renewed: who comes back within a month stays the same visitor. */
  renewPassSeconds: 30 * 86_400,
  /** Hours that a visitor's pass lasts, unless configured; at most a week, since it cannot be revoked. */
  visitorPassHours: 24,
  visitorPassHoursMax: 168,
  /** Zero bits of a proof of work, unless configured: 6 s measured in a browser (docs/security.md). At most 16 times that: a device four times slower still solves most within `challengeSeconds`. */
  proofOfWorkBits: 18,
  proofOfWorkBitsMax: 22,
  /** Seconds for the solution of a challenge: a slow phone with a hard one. */
  challengeSeconds: 600,
  /** Milliseconds for a provider to verify a solution: people wait for it. */
  challengeMs: 3_000,
  /** Characters of a solution: hCaptcha's are the longest, with up to some thousands. */
  solutionLength: 8_192,
  /** Characters of a site's public key at a provider: four times those of today. */
  siteKeyLength: 128,
  /** Bytes of a secret: as many as SHA-256 has. */
  secretBytes: 32,
  /** Seconds that a function remembers the secret, and after which a new version of it signs: all functions know it by then, in all regions. */
  secretCacheSeconds: 60,
  secretSettleSeconds: 120,
  /** Seconds that what a version has signed is valid after it has signed its last: the longest life of a pass, and the time for its renewal. */
  keepSecretSeconds: 37 * 86_400,
  /** Versions of the secret: more rotations within a month than anybody needs, in an item of a kilobyte. */
  secretVersions: 16,
  /** Hours over which the expiry of one window's items is spread, so that they do not all go at midnight. */
  expiryJitterHours: 3,
  /** Days that bounded windows are kept after they end, unless configured. */
  keepDays: { day: 400, hour: 35, minute: 1 },
  keepDaysMax: 3650,
  /** Bytes from which an answer is compressed: below, the headers cost more than they save. */
  compressFromBytes: 256,
  /** Milliseconds before a function's time is over at which it answers that it does not know the outcome. */
  answerBeforeTimeoutMs: 300,
  /** Seconds a caller should wait before it sends a refused request again. */
  retryAfterSeconds: 1,
} as const;
