/**
 * How to take each defence of docs/security.md out of the code, for `npm run defences`: the tests that
 * stand for it have to fail then.
 */
export interface Defence {
  /** The row of the table that it belongs to. */
  readonly attack: string;
  readonly file: string;
  /** Texts in the file, each there once, and what stands in their place without the defence. */
  readonly without: readonly (readonly [text: string, instead: string])[];
  /** The test of the row that has to fail; the first one if left out. */
  readonly test?: number;
}

export const defences: readonly Defence[] = [
  {
    attack: 'Replaying a change after its idempotency key was forgotten',
    file: 'functions/rules/tokens.ts',
    without: [["if (nowMs - madeAtMs > lifetimeMs) return 'too_old';", '']],
  },
  {
    attack: 'Replaying an idempotency key with another amount',
    file: 'functions/counters/register.ts',
    without: [['form.fingerprint !== own.fingerprint', 'false']],
  },
  {
    attack: 'Replaying a pass after its time',
    file: 'functions/access/passes.ts',
    without: [['pass.expiresAt * 1000 <= nowMs', 'false']],
  },
  {
    attack: 'Forging a pass, or making one of other signatures',
    file: 'functions/access/signatures.ts',
    without: [['!timingSafeEqual(Buffer.from(mac), Buffer.from(expected))', 'false']],
  },
  {
    attack: 'Forging a pass, or making one of other signatures',
    file: 'functions/access/signatures.ts',
    // biome-ignore lint/suspicious/noTemplateCurlyInString: it is code.
    without: [['update(`${purpose}#', 'update(`']],
    test: 1,
  },
  {
    attack: 'Forging a pass, or making one of other signatures',
    file: 'functions/access/signatures.ts',
    without: [['!timingSafeEqual(Buffer.from(mac), Buffer.from(expected))', 'false']],
    test: 2,
  },
  {
    attack: 'Using a pass of a secret that leaked',
    file: 'functions/rules/secret-versions.ts',
    without: [[' && (it.endsAtMs ?? Infinity) > nowMs', '']],
  },
  {
    attack: 'Renewing a pass that was over long ago',
    file: 'functions/access/visitors.ts',
    without: [
      ['return now() < renewableUntilMs ? pass.member : undefined;', 'return pass.member;'],
    ],
  },
  {
    attack: 'Voting as many invented members',
    file: 'functions/access/access.ts',
    without: [['need.member !== caller.member;', 'false;']],
  },
  {
    attack: 'Voting as many invented members',
    file: 'functions/http/authorise.ts',
    without: [["const isPublic = open === 'public';", "const isPublic = open !== 'key';"]],
    test: 1,
  },
  {
    attack: 'Undoing the vote of somebody else, or making a viewer leave',
    file: 'functions/access/access.ts',
    without: [['need.member !== caller.member;', 'false;']],
  },
  {
    attack: 'Making visitors without work',
    file: 'functions/access/challenges/proof-of-work.ts',
    without: [
      ["leadingZeroBits(createHash('sha256').update(solution).digest()) < bitsAsked", 'false'],
    ],
  },
  {
    attack: 'Making visitors without work',
    file: 'functions/access/challenges/proof-of-work.ts',
    without: [['update(seed).digest()', 'update(solution).digest()']],
    test: 1,
  },
  {
    attack: 'Making visitors without work',
    file: 'functions/access/challenges/proof-of-work.ts',
    // biome-ignore lint/suspicious/noTemplateCurlyInString: it is code.
    without: [['`challenge#${address}`', "`challenge#${address === '' ? '' : 'any'}`"]],
    test: 2,
  },
  {
    attack: 'Making visitors without work',
    file: 'functions/access/challenges/proof-of-work.ts',
    without: [['if (expiresAt * 1000 <= now())', 'if (expiresAt < 0)']],
    test: 2,
  },
  {
    attack: 'Making visitors by the dozen',
    file: 'functions/access/table-visitors.ts',
    without: [['limits.take(callerLimits.newVisitors, address, 1)', 'Promise.resolve(undefined)']],
  },
  {
    attack: 'Making visitors by the dozen',
    file: 'functions/access/visitors.ts',
    without: [['address === undefined ? undefined : await limitNewcomers(address)', 'undefined']],
    test: 1,
  },
  {
    attack: 'A visitor that writes too often, or from many addresses, or as many visitors',
    file: 'functions/access/access.ts',
    without: [['limits.take(callerLimits.visitorWrites, member, writes)', 'undefined']],
  },
  {
    attack: 'A visitor that writes too often, or from many addresses, or as many visitors',
    file: 'functions/access/access.ts',
    without: [
      ['(await chargeVisitor(sender, work)) ?? chargeAddress(work)', 'chargeVisitor(sender, work)'],
    ],
    test: 1,
  },
  {
    attack: 'Becoming a visitor while the captcha cannot be verified',
    file: 'functions/access/challenges/captcha.ts',
    without: [
      [
        // biome-ignore lint/suspicious/noTemplateCurlyInString: it is code.
        'throw new ChallengeUnavailableError(`${type} does not verify`, { cause: error });',
        "return { success: true, 'error-codes': [String(error)] };",
      ],
    ],
  },
  {
    attack: 'Using a pass for another member, subject or action',
    file: 'functions/access/access.ts',
    without: [['need.member !== caller.member;', 'false;']],
  },
  {
    attack: 'Making a pass, or a chain of passes, that is stronger than the key',
    file: 'functions/http/operations/pass-operations.ts',
    without: [[' || !isWithin(scope, caller.scopes)', '']],
  },
  {
    attack: 'Making a pass, or a chain of passes, that is stronger than the key',
    file: 'functions/http/operations/pass-operations.ts',
    without: [['caller.member !== undefined || ', '']],
    test: 1,
  },
  {
    attack: 'Colliding idempotency keys across tenants',
    file: 'functions/dynamo/item-keys.ts',
    without: [
      // biome-ignore lint/suspicious/noTemplateCurlyInString: it is code.
      ['`${escapeName(subject)}#${counter}#${escapeName(sender)}#${text}`', '`${sender}#${text}`'],
      // biome-ignore lint/suspicious/noTemplateCurlyInString: it is code.
      ['`${escapeName(name.subject)}#${name.counter}#${tokenHash(name)}`', 'tokenHash(name)'],
    ],
  },
  {
    attack: 'Using up, or learning of, an idempotency key of somebody else',
    file: 'functions/dynamo/item-keys.ts',
    // biome-ignore lint/suspicious/noTemplateCurlyInString: it is code.
    without: [['#${escapeName(sender)}#${text}`', '#${text}`']],
  },
  {
    attack: 'Using up, or learning of, an idempotency key of somebody else',
    file: 'functions/dynamo/item-keys.ts',
    // biome-ignore lint/suspicious/noTemplateCurlyInString: it is code.
    without: [['#${escapeName(sender)}#${text}`', '#${text}`']],
    test: 1,
  },
  {
    attack: 'Using up, or learning of, an idempotency key of somebody else',
    file: 'functions/access/access.ts',
    without: [
      [
        "return credential.type === 'none' ? { ok: true, sender: senders.anyone } : caller();",
        "const it = credential.type === 'none' ? undefined : await caller();\nreturn it?.ok ? it : { ok: true, sender: senders.anyone };",
      ],
    ],
    test: 2,
  },
  {
    attack: "Reaching another tenant's subjects",
    file: 'functions/access/access.ts',
    without: [
      [
        "if (need.about === 'counter' && need.isPublic) return { ok: true };",
        "if (need.about === 'counter') return { ok: true };",
      ],
    ],
  },
  {
    attack: "Reaching another tenant's subjects",
    file: 'functions/rules/scopes.ts',
    without: [['scope.subjects.some((pattern) => matchesSubject(pattern, subject)) &&', '']],
    test: 1,
  },
  {
    attack: "Learning whether another tenant's subject exists",
    file: 'functions/access/access.ts',
    without: [
      [
        "return refuse('forbidden',",
        "if (need.about !== 'deployment') return { ok: true };\nreturn refuse('forbidden',",
      ],
    ],
  },
  {
    attack: "Learning whether another tenant's subject exists",
    file: 'functions/access/access.ts',
    without: [
      [
        "return refuse('forbidden',",
        "if (need.about !== 'deployment') return { ok: true };\nreturn refuse('forbidden',",
      ],
    ],
    test: 1,
  },
  {
    attack: "Learning of others through a user's unread counts",
    file: 'functions/http/authorise.ts',
    without: [['return answer.ok;', 'return true;']],
  },
  {
    attack: "Learning of others through a user's unread counts",
    file: 'functions/counters/unread.ts',
    without: [
      ['const shown = await readable(user, mayRead);', 'const shown = await store.list(user);'],
    ],
    test: 1,
  },
  {
    attack: 'A route that forgets its right',
    file: 'functions/http/routes.ts',
    without: [
      [
        "operation: 'listKeys',\n    servedBy: 'write',\n    right: 'deployment',",
        "operation: 'listKeys',\n    servedBy: 'write',\n    right: 'none',",
      ],
    ],
  },
  {
    attack: 'Injecting `#`, `/`, markup or control characters through names',
    file: 'functions/rules/names.ts',
    without: [['"[A-Za-z0-9._:~@+|!#$&\'=?^{}-]"', "'[^]'"]],
  },
  {
    attack: 'Injecting `#`, `/`, markup or control characters through names',
    file: 'functions/dynamo/escape-name.ts',
    without: [
      ["name.replaceAll(/[#%]/g, (character) => (character === '#' ? '%23' : '%25'))", 'name'],
    ],
    test: 1,
  },
  {
    attack: 'Injecting `#`, `/`, markup or control characters through names',
    file: 'functions/pages/counter-page.ts',
    without: [['escapeHtml(shown.subject)', 'shown.subject']],
    test: 2,
  },
  {
    attack: 'Polluting prototypes through field names',
    file: 'functions/counters/strict-object.ts',
    without: [['v.strictObject(entries)', 'v.object(entries) as never']],
  },
  {
    attack: 'Floats, strings, zero or negative amounts',
    file: 'functions/http/schemas/schema-parts.ts',
    without: [
      [
        'v.integer(),\n    v.minValue(1),\n    v.maxValue(limits.amount)',
        'v.minValue(1),\n    v.maxValue(limits.amount)',
      ],
    ],
  },
  {
    attack: 'Ruining a public count by one request',
    file: 'functions/counters/refuse-by-amount.ts',
    without: [['amount < 0 && !amounts.decrement', 'false']],
  },
  {
    attack: 'Ruining a public count by one request',
    file: 'functions/rules/amounts.ts',
    without: [['{ max: 1, decrement: false }', '{ max: limits.amount, decrement: true }']],
    test: 1,
  },
  {
    attack: 'Ruining a public count by one request',
    file: 'functions/counters/count.ts',
    without: [
      [
        'refuseByAmount(definition, amount) ??',
        '(isSaturating ? undefined : refuseByAmount(definition, amount)) ??',
      ],
    ],
    test: 2,
  },
  {
    attack: 'Overflowing a total',
    file: 'functions/counters/count-answers.ts',
    without: [['Number.isSafeInteger(asNumber)', 'Number.isFinite(asNumber)']],
  },
  {
    attack: 'Oversized bodies, names, idempotency keys, batches and ranges',
    file: 'functions/http/read-body.ts',
    without: [['bytes > limits.bodyBytes', 'bytes > Infinity']],
  },
  {
    attack: 'Oversized bodies, names, idempotency keys, batches and ranges',
    file: 'functions/http/read-body.ts',
    without: [['{ maxOutputLength: limits.bodyBytes }', '{}']],
    test: 1,
  },
  {
    attack: 'Oversized bodies, names, idempotency keys, batches and ranges',
    file: 'functions/http/operations/batch-operations.ts',
    without: [['items.length > limits.batchItems', 'items.length > Infinity']],
  },
  {
    attack: 'Making API keys without end',
    file: 'functions/access/api-keys.ts',
    without: [['>= limits.apiKeys)', '>= Infinity)']],
  },
  {
    attack: 'Making subscriptions without end',
    file: 'functions/counters/unread.ts',
    without: [['names.length > limits.subscriptions', 'false']],
  },
  {
    attack: 'Making subscriptions without end',
    file: 'functions/counters/unread.ts',
    without: [
      [
        'store.list(user),',
        'store.list(user).then((all) => all.filter((it) => it.subject === name.subject)),',
      ],
      ['await store.list(user))', 'others)'],
    ],
    test: 1,
  },
  {
    attack: 'Filling the table by reading and listening',
    file: 'functions/dynamo/dynamo-watch-store.ts',
    without: [
      // biome-ignore lint/suspicious/noTemplateCurlyInString: it is code.
      [', ${names.expiresAt} = :x`', '`'],
      ["':x': Math.ceil(untilMs / 1000) + limits.keepWatchSeconds,", ''],
    ],
  },
  {
    attack: 'Flooding one counter',
    file: 'functions/counters/count-writes.ts',
    without: [
      [
        'Promise.all([defer(planned), crowding.relieve(growable)])',
        "Promise.all([{ how: 'contended' as const }, crowding.relieve(growable)])",
      ],
    ],
  },
  {
    attack: 'One key that calls too often',
    file: 'functions/access/access.ts',
    without: [
      [
        'return limits.take(callsOfKey(key.callsPerMinute), key.id, weight, whole);',
        'return undefined;',
      ],
    ],
  },
  {
    attack: 'One key that calls too often',
    file: 'functions/access/access.ts',
    without: [
      [
        'return limits.take(callsOfKey(key.callsPerMinute), key.id, weight, whole);',
        'return limits.take(callsOfKey(key.callsPerMinute), key.id, weight, whole).catch(() => undefined);',
      ],
    ],
    test: 1,
  },
  {
    attack: 'Going on with a used-up key where everybody may write',
    file: 'functions/access/access.ts',
    without: [["credential.type === 'none' ? undefined : await caller()", 'undefined']],
  },
  {
    attack: 'Many changes in one request',
    file: 'functions/http/operations/batch-operations.ts',
    without: [['await charge(request, workOf(items, config));', '']],
  },
  {
    attack: 'Requests that read a thousand times as much',
    file: 'functions/http/authorise.ts',
    without: [['readWeight(items) - 1', '0']],
  },
  {
    attack: 'One address that calls too often',
    file: 'functions/access/access.ts',
    without: [
      ['if (address === undefined) return undefined;', 'if (address !== null) return undefined;'],
    ],
  },
  {
    attack: 'One address that calls too often',
    file: 'functions/http/caller-address.ts',
    without: [['.slice(0, 4)', '']],
    test: 1,
  },
  {
    attack: 'One address that calls too often',
    file: 'functions/access/caller-limits.ts',
    without: [['if (counts === 0) return undefined;', 'if (counts >= 0) return undefined;']],
    test: 2,
  },
  {
    attack: 'Making room beyond a limit by giving back',
    file: 'functions/rules/allowance.ts',
    without: [['Math.max(arrivalUs ?? nowUs, nowUs)', 'arrivalUs ?? nowUs']],
  },
  {
    attack: 'Calling more often by way of passes',
    file: 'functions/access/access.ts',
    without: [['sender: senders.member(member),\n    key,', 'sender: senders.member(member),']],
  },
  {
    attack: 'Learning a count by writing',
    file: 'functions/http/authorise.ts',
    without: [["may(request, counterNeed('read', counter))", 'Promise.resolve(true)']],
  },
  {
    attack: 'Choosing ids that make a few visitors look like many',
    file: 'functions/counters/unique.ts',
    without: [["definition.access.write === 'public'", "definition.kind !== 'unique'"]],
  },
  {
    attack: 'Choosing ids that make a few visitors look like many',
    file: 'functions/counters/unique.ts',
    without: [["createHmac('sha256', hashKey)", "createHmac('sha256', '')"]],
    test: 1,
  },
  {
    attack: 'Choosing ids that make a few visitors look like many',
    file: 'functions/http/operations/member-operations.ts',
    without: [['canRead ? json(200, { changed }) : noContent()', 'json(200, { changed })']],
    test: 2,
  },
  {
    attack: 'Driving up the cost of a limited key',
    file: 'functions/counters/allowances.ts',
    without: [
      ['if (isCurrent && room.retryAfterMs > 0)', 'if (attempts > 0 && room.retryAfterMs > 0)'],
    ],
  },
  {
    attack: 'Driving up the bill',
    file: 'lib/counter-api.ts',
    without: [['throttle: { rateLimit: requestsPerSecond, burstLimit: requestsPerSecond },', '']],
  },
  {
    attack: 'Driving up the bill',
    file: 'lib/counter-table.ts',
    without: [['maxWriteRequestUnits: maxWriteUnits,', '']],
    test: 1,
  },
  {
    attack: 'Driving up the bill',
    file: 'lib/tally-stack.ts',
    without: [['if (budget) new', 'if (budget && !alarmEmail) new']],
    test: 2,
  },
  {
    attack: 'Starving reads with writes',
    file: 'lib/tally-stack.ts',
    without: [['reservedConcurrency: options.writeConcurrency,', '']],
  },
  {
    attack: 'Resetting without a right',
    file: 'functions/http/routes.ts',
    without: [
      [
        "operation: 'resetCounter',\n    servedBy: 'write',\n    right: 'admin',",
        "operation: 'resetCounter',\n    servedBy: 'write',\n    right: 'write',",
      ],
    ],
  },
  {
    attack: 'Guessing keys',
    file: 'functions/access/api-keys.ts',
    without: [['missed.set(id, { key, atMs });', '']],
  },
  {
    attack: 'Guessing keys',
    file: 'functions/access/api-keys.ts',
    without: [['missed.set(id, { key, atMs });', 'found.set(id, { key, atMs });']],
    test: 1,
  },
  {
    attack: 'Measuring how long a comparison takes',
    file: 'functions/access/api-keys.ts',
    without: [
      [
        '!timingSafeEqual(hashSecret(secret), key.secretHash)',
        '!hashSecret(secret).equals(key.secretHash)',
      ],
    ],
  },
  {
    attack: 'Using a revoked key',
    file: 'functions/access/api-keys.ts',
    without: [['now() - memory.atMs < limits.keyCacheSeconds * 1000', 'true']],
  },
  {
    attack: 'Using a revoked key',
    file: 'functions/access/api-keys.ts',
    without: [
      ['await noteUse(key.id);', 'await noteUse(key.id);\nfound.set(id, { key, atMs: now() });'],
    ],
    test: 1,
  },
  {
    attack: 'Bringing a revoked key back by using it in another region',
    file: 'functions/dynamo/dynamo-api-key-store.ts',
    without: [['Key: apiKeyUseItemKey(id),', 'Key: apiKeyItemKey(id),']],
  },
  {
    attack: 'Stealing keys from the table or its backups',
    file: 'functions/access/api-keys.ts',
    without: [["createHash('sha256').update(secret).digest()", 'Buffer.from(secret)']],
  },
  {
    attack: 'Stealing keys, passes or names from the logs',
    file: 'functions/http/answer-request.ts',
    without: [
      [
        "logError('a request failed', cause);",
        'logError(JSON.stringify(event), new Error(JSON.stringify(event)));',
      ],
    ],
  },
  {
    attack: 'Stealing keys, passes or names from the logs',
    file: 'lib/counter-api.ts',
    without: [['route: AccessLogField.contextRouteKey(),', 'route: AccessLogField.contextPath(),']],
    test: 2,
  },
  {
    attack: 'Reading about the inside in error answers',
    file: 'functions/http/answer-request.ts',
    without: [["'See the log of this request.'", 'cause.message']],
  },
  {
    attack: 'Reading about the inside in error answers',
    file: 'functions/http/answer-request.ts',
    without: [["'The database does not answer; nothing was changed.'", 'String(cause.cause)']],
    test: 1,
  },
  {
    attack: 'Forging claims of an identity provider',
    file: 'functions/http/answer-request.ts',
    without: [['isTwin && isVerified', 'isTwin']],
  },
  {
    attack: 'Forging claims of an identity provider',
    file: 'functions/http/credential.ts',
    without: [
      ['const claims = authorizer?.jwt?.claims', 'const claims = claimsIn(arguments[0])'],
      [
        'const bearer = ',
        'function claimsIn(event: APIGatewayProxyEventV2) { try { return JSON.parse(event.headers.authorizer ?? "")?.jwt?.claims; } catch { return undefined; } }\nconst bearer = ',
      ],
    ],
    test: 1,
  },
  {
    attack: 'Identity tokens made for other services',
    file: 'lib/deployment-options.ts',
    without: [['  if (audience.length === 0)\n', '  if (audience.length < 0)\n']],
  },
  {
    attack: 'Identity tokens made for other services',
    file: 'functions/rules/scopes.ts',
    without: [["prefix !== 'tally' ||\n", '']],
    test: 1,
  },
  {
    attack: 'Calling from pages of other origins',
    file: 'functions/http/pipeline.ts',
    without: [['origins: [...corsOrigins],', "origins: ['*'],"]],
  },
  {
    attack: 'Writing from pages of other origins, by requests without a preflight',
    file: 'functions/rules/origins.ts',
    without: [['patterns.some((pattern) => pattern.test(origin))', 'true']],
  },
  {
    attack: 'Writing from pages of other origins, by requests without a preflight',
    file: 'functions/http/answer-request.ts',
    without: [["if (route.servedBy === 'write') checkOrigin(event, originRule);", '']],
    test: 1,
  },
  {
    attack: 'Writing from pages of other origins, by requests without a preflight',
    file: 'functions/rules/origins.ts',
    without: [["'[^.:/]*'", "'.*'"]],
    test: 2,
  },
  {
    attack: 'Mixing up answers in caches',
    file: 'functions/http/pipeline.ts',
    without: [['[vary, Vary, ...dependsOn]', '[vary, Vary]']],
  },
  {
    attack: 'Scripts in pages, framed pages, sniffed types',
    file: 'functions/http/pipeline.ts',
    without: [["'x-frame-options': 'DENY',", '']],
  },
  {
    attack: 'Scripts in pages, framed pages, sniffed types',
    file: 'functions/pages/static-page.ts',
    without: [
      [
        'directives[directive] = [hashSource(text),',
        'directives[directive] = ["\'unsafe-inline\'",',
      ],
    ],
    test: 1,
  },
  {
    attack: 'Listening in on counters',
    file: 'lib/live-updates.ts',
    without: [["includes('*')", "includes('**')"]],
  },
  {
    attack: 'A broken read function that writes',
    file: 'lib/counter-table.ts',
    without: [['apiKeyUsesPartition);', "itemPrefixes.apiKey + '*');"]],
  },
  {
    attack: 'The key of a laptop in AWS',
    file: 'lib/counter-function.ts',
    without: [
      [
        "POWERTOOLS_METRICS_NAMESPACE: 'Tally',",
        "TALLY_ADMIN_KEY: process.env.TALLY_ADMIN_KEY ?? '',",
      ],
    ],
  },
  {
    attack: "Going around CloudFront and WAF, by the API's own address",
    file: 'functions/http/behind-edge.ts',
    without: [['!accepted.some((digest) => timingSafeEqual(digest, shown))', 'false']],
  },
  {
    attack: "Going around CloudFront and WAF, by the API's own address",
    file: 'lib/edge.ts',
    without: [['for (const each of functions) secret.addTo(each);', '']],
    test: 1,
  },
  {
    attack: 'Claiming the address of somebody else',
    file: 'functions/http/behind-edge.ts',
    without: [['if (secrets.length === 0) return handler;', "secrets = [...secrets, ''];"]],
  },
  {
    attack: 'One address that sends a flood',
    file: 'lib/edge-firewall.ts',
    without: [['[addressRule(requestsPerAddress, tooMany), ', '[']],
  },
  {
    attack: 'Reaching the database of a laptop, for its secret or a key',
    file: 'local/engine.ts',
    without: [
      ["'LoopbackEngine',", "'software.amazon.dynamodb.services.local.main.ServerRunner',"],
    ],
  },
  {
    attack: 'Reaching the database of a laptop, for its secret or a key',
    file: 'local/engine.ts',
    without: [["'-disableTelemetry',", "'-disableTelemetry',\n      '-sharedDb',"]],
    test: 1,
  },
  {
    attack: 'Reaching the database of a laptop, for its secret or a key',
    file: 'local/listen.ts',
    without: [["host ?? '127.0.0.1'", 'host']],
    test: 2,
  },
  {
    attack: "Reaching the server of a laptop by a name of one's own",
    file: 'local/http-server.ts',
    without: [['!isOwnHost(request.headers.host)', 'false']],
  },
  {
    attack: "Reaching the server of a laptop by a name of one's own",
    file: 'local/live-server.ts',
    without: [['!options.isOwnHost(request.headers.host)', 'false']],
    test: 1,
  },
  {
    attack: 'Forging live messages on a laptop',
    file: 'local/live-server.ts',
    without: [['!(await isSigned(signed))', 'false']],
  },
  {
    attack: 'Forging live messages on a laptop',
    file: 'local/signature-check.ts',
    without: [
      [
        ' &&\n    timingSafeEqual(Buffer.from(claim.signature), Buffer.from(expected.signature))',
        '',
      ],
    ],
    test: 1,
  },
];
