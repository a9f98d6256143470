/** Where live updates go through: AppSync Events, or its stand-in on a laptop. */
export interface LiveEndpoints {
  readonly http: string;
  readonly realtime: string;
  readonly apiKey: string;
}
