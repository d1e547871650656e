import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';
import type { Slots } from '../slots.ts';
import type { RequestRecord } from './requestRecord.ts';

const SECONDS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300];

export interface Metrics {
  readonly contentType: string;
  /** In Prometheus' text format. */
  text(): Promise<string>;
  /** Counts a request that has ended. */
  count(record: RequestRecord): void;
  /** Counts a frame of a caption session, or one that was skipped for a newer one. */
  countFrame(outcome: 'captioned' | 'skipped', tokens: number): void;
}

export function createMetrics(slots: Slots, conversations: number): Metrics {
  const registry = new Registry();
  const registers = [registry];
  collectDefaultMetrics({ register: registry });
  const gauge = (name: string, help: string, value: () => number) =>
    new Gauge({
      name,
      help,
      registers,
      collect() {
        this.set(value());
      },
    });
  gauge('casement_sessions', 'Conversations that can go on at the same time', () => conversations);
  gauge('casement_sessions_busy', 'Conversations that go on', () => slots.busy);
  gauge('casement_queue_length', 'Requests that wait for a conversation', () => slots.waiting);
  const labelNames = ['route', 'method', 'status'] as const;
  const requests = new Counter({ name: 'casement_requests_total', help: 'Requests that ended', labelNames, registers });
  const rejected = new Counter({
    name: 'casement_rejected_total',
    help: 'Requests that ended with an error, by its code',
    labelNames: ['code'],
    registers,
  });
  const disconnected = new Counter({
    name: 'casement_disconnected_total',
    help: 'Requests whose client left before the end',
    registers,
  });
  const duration = new Histogram({
    name: 'casement_request_seconds',
    help: 'From the request to the end of its answer',
    labelNames: ['route'],
    buckets: SECONDS,
    registers,
  });
  const firstToken = new Histogram({
    name: 'casement_first_token_seconds',
    help: 'From the request to the first token of its answer, waiting included',
    buckets: SECONDS,
    registers,
  });
  const tokens = new Counter({
    name: 'casement_tokens_total',
    help: 'Tokens of prompts, pictures included, those of them that were in the caches, and of answers',
    labelNames: ['kind'],
    registers,
  });
  const frames = new Counter({
    name: 'casement_frames_total',
    help: 'Frames of caption sessions',
    labelNames: ['outcome'],
    registers,
  });
  return {
    contentType: registry.contentType,
    text: () => registry.metrics(),
    count(record) {
      const { route, method, status, milliseconds, promptTokens = 0, cachedTokens = 0, completionTokens = 0 } = record;
      requests.inc({ route, method, status });
      duration.observe({ route }, milliseconds / 1000);
      if (record.error !== undefined) rejected.inc({ code: record.error });
      if (record.disconnected) disconnected.inc();
      if (record.firstTokenMilliseconds !== undefined) firstToken.observe(record.firstTokenMilliseconds / 1000);
      tokens.inc({ kind: 'prompt' }, promptTokens);
      tokens.inc({ kind: 'cached' }, cachedTokens);
      tokens.inc({ kind: 'completion' }, completionTokens);
    },
    countFrame(outcome, generated) {
      frames.inc({ outcome });
      tokens.inc({ kind: 'completion' }, generated);
    },
  };
}
